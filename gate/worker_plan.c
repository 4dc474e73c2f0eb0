#include "worker_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "gate.h"
#include "job.h"
#include "plan/schedule.h"
#include "worker_children.h"
#include "worker_overtake.h"

enum {
	CAPACITY_MS = 10000, /* between two questions to the pool */
	MAX_STARTS = 16,     /* at a time */
	MAX_IDLE = 64        /* jobs of idle time that are looked at */
};

/* The queue, as the schedule wants it. */
struct queue_look {
	const struct worker_plan *plan;
	struct schedule_item *items;
	struct store_job *jobs; /* of the same index */
	size_t count, cap, jobs_cap;
	struct texts pushers, branches;
	size_t idle; /* that wait */
	size_t waiting, running, lost;
	size_t ours; /* of those that run */
	int64_t now_s;
};

/* A number for a name, from 1 on. */
static unsigned
number_of(struct texts *names, const char *name)
{
	size_t i = 0;

	while (i < names->count && strcmp(names->items[i], name))
		i++;
	if (i == names->count)
		texts_add(names, name);
	return (unsigned)i + 1;
}

static void
describe_push(struct queue_look *look, struct schedule_item *item,
	      const json_t *doc)
{
	const json_t *update = json_object_get(doc, "update");
	const json_t *note = json_object_get(update, "note");
	const char *ref = json_text_or(update, "ref", "");
	const char *pusher = json_text_or(doc, "pusher", "");
	struct ref_policy policy;

	policy_ref(look->plan->gate->policy, ref, &policy);
	if (*pusher)
		item->pusher = number_of(&look->pushers, pusher);
	/* A trailer is for the push that brings it. */
	item->kept = json_bool_or(doc, "waits", 0) || !policy.overtake ||
		     look->plan->no_overtaking ||
		     json_array_size(json_object_get(note, "trailers"));
	if (!strncmp(ref, "refs/heads/", 11) &&
	    !json_get_oid(update, "old", &item->from, NULL) &&
	    !json_get_oid(update, "new", &item->to, NULL))
		item->branch = number_of(&look->branches, ref);
}

static int
on_job(void *data, const struct store_job *job)
{
	struct queue_look *look = data;
	const struct worker_child *child = worker_children_find(
		look->plan->children, job->id);
	int held = job->owner[0] && !child && !proc_is_alive(job->owner);
	struct schedule_item item = {
		.class = job->class,
		.number = store_job_number(job),
		.running = child || (job->owner[0] && !held),
		.leaving = child && child->leaving,
		.due = !job->owner[0] && job->not_before_s <= look->now_s,
		.since_s = child ? child->since_s : job->leased_s
	};

	look->lost += held != 0;
	look->running += item.running != 0;
	look->waiting += !item.running;
	look->ours += child != NULL;
	/* What comes after so much of idle time waits for another look. */
	if (job->class >= CLASS_STUDY && !item.running &&
	    ++look->idle > look->plan->capacity + MAX_IDLE)
		return 1;
	if (job_kind_of(job) == &job_push)
		describe_push(look, &item, job->doc);
	MEM_GROW(look->items, look->count, look->cap);
	if (look->jobs_cap < look->cap) {
		look->jobs_cap = look->cap;
		look->jobs = mem_resize(look->jobs, look->jobs_cap,
					sizeof(*look->jobs));
	}
	look->items[look->count] = item;
	look->jobs[look->count] = *job;
	json_incref(job->doc);
	look->count++;
	return 0;
}

static void
look_clear(struct queue_look *look)
{
	while (look->count)
		json_decref(look->jobs[--look->count].doc);
	texts_release(&look->pushers);
	texts_release(&look->branches);
	look->idle = look->waiting = look->running = look->lost = 0;
	look->ours = 0;
}

static int
read_queue(struct store_tx *tx, void *data, struct err *err)
{
	struct queue_look *look = data;

	(void)err;
	look_clear(look);
	return store_queue_each(tx, on_job, look);
}

/* Where the pool does not answer, one session at a time will tell why. */
static void
ask_capacity(struct worker_plan *plan, const struct pool_policy *policy)
{
	int64_t now_ms = clock_monotonic_ms(&clock_real);
	struct pool_rules rules;
	int got;

	if (plan->capacity && now_ms - plan->asked_ms < CAPACITY_MS)
		return;
	gate_pool(plan->gate, &rules);
	got = pool_capacity(&rules, NULL);
	plan->asked_ms = now_ms;
	plan->capacity = got > 1 ? (size_t)got : 1;
	if (policy->per_repository && plan->capacity > policy->per_repository)
		plan->capacity = policy->per_repository;
}

/* 1: the queue is another one now. */
static int
overtake(struct worker_plan *plan, const struct queue_look *look)
{
	struct err err = ERR_INIT;
	int changed = 0;

	for (size_t i = 0; i < look->count && !plan->no_overtaking; i++) {
		const struct schedule_item *item = &look->items[i];

		if (item->step != STEP_OVERTAKEN)
			continue;
		changed = 1;
		if (worker_overtake(plan->gate, &look->jobs[i],
				    &look->jobs[item->by], &err) < 0) {
			log_event(LOG_WARNING, "a push is not overtaken: %s",
				  err.text);
			plan->no_overtaking = 1;
		}
		/* The newer one has another id and doc by now. */
		break;
	}
	return changed;
}

static int
start(struct worker_plan *plan, const struct queue_look *look, struct err *err)
{
	size_t started = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < look->count; i++) {
		const struct store_job *job = &look->jobs[i];

		switch (look->items[i].step) {
		case STEP_NONE:
		case STEP_OVERTAKEN:
			break;
		case STEP_START:
			if (started++ < MAX_STARTS)
				ret = worker_children_start(
					plan->children, job->id,
					job_kind_of(job), err);
			break;
		case STEP_GIVE_WAY:
			ret = worker_children_stop(plan->children, job->id,
						   err);
			break;
		}
	}
	return ret;
}

int
worker_plan_run(struct worker_plan *plan, struct err *err)
{
	struct queue_look look = { .plan = plan,
				   .now_s = clock_wall_s(&clock_real) };
	struct schedule_rules rules = { .preempt = 1 };
	struct pool_policy policy;
	int ret;

	policy_pool(plan->gate->policy, &policy);
	ask_capacity(plan, &policy);
	rules.per_pusher = policy.per_pusher;
	do {
		size_t others;

		ret = store_read(plan->gate->store, read_queue, &look, err);
		others = plan->children->count - look.ours;
		rules.capacity = plan->capacity > others
					 ? plan->capacity - others
					 : 0;
		if (!ret)
			schedule_plan(look.items, look.count, &rules);
	} while (!ret && overtake(plan, &look));
	plan->waiting = look.waiting;
	plan->running = look.running;
	plan->lost = look.lost;
	if (!ret)
		ret = start(plan, &look, err);
	look_clear(&look);
	free(look.items);
	free(look.jobs);
	return ret;
}
