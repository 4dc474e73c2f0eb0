#include "sim.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "judge/session.h"
#include "plan/schedule.h"
#include "tests/unit/judge_help.h"

enum {
	BRANCHES = 400,
	BUSY_BRANCHES = 5, /* which get half of all pushes */
	PUSHERS = 60,
	CLASSES = 16,
	MAX_TRIES = 3,
	RETRY_MS = 5000,
	DOWN_MS = 600000, /* a node that failed */
	LAUNCH_MS = 300,
	STUDIES = 8,
	BACKLOG = 100, /* backfill that always waits */
	LOOK_MS = 500  /* between two looks of the worker */
};

enum state { WAITS, RUNS, DONE, FAILED, OVERTAKEN };

struct job {
	uint64_t number;
	unsigned class, branch, pusher;
	unsigned first, last; /* commits of the branch */
	int kept, blocks, cursed, brings_test;
	double ratio;  /* what is planted */
	unsigned left; /* sessions that follow this one */
	int64_t added_ms, due_ms, start_ms, round_ms;
	unsigned tries, session;
	int leaving, waited, alarm;
	enum state state;
	size_t by;
	unsigned node;
};

enum event_kind { PUSH, END, DIE, LEAVE, NODE_UP, LOOK };

struct event {
	int64_t at_ms;
	uint64_t order; /* of equals: as they were made */
	enum event_kind kind;
	size_t job;
	unsigned session; /* of the job: another one has begun since */
};

struct list {
	size_t *items;
	size_t count, cap;
};

struct sim {
	const struct sim_rules *rules;
	struct sim_result *result;
	struct source chance;
	int64_t now_ms, end_ms;
	struct job *jobs;
	size_t count, cap;
	struct list queue[CLASSES]; /* by number, finished ones among them */
	struct event *events;       /* a heap */
	size_t event_count, event_cap;
	uint64_t events_made;
	struct list free_nodes;
	unsigned up; /* nodes */
	unsigned last[BRANCHES + 1];
	size_t backlog; /* backfill that waits */
	int is_due;     /* a look is */
	double used_ms, pushing_ms;
	double *blocking, *others;
	size_t blocking_count, blocking_cap, others_count, others_cap;
};

__attribute__((format(printf, 2, 3))) static void
violated(struct sim *sim, const char *fmt, ...)
{
	va_list ap;

	if (sim->result->violations++)
		return;
	va_start(ap, fmt);
	vsnprintf(sim->result->first, sizeof(sim->result->first), fmt, ap);
	va_end(ap);
}

static void
note(struct sim *sim, const char *what, size_t job)
{
	struct sim_result *result = sim->result;

	result->hash = hash_add(result->hash, what, strlen(what));
	result->hash = hash_add(result->hash, &job, sizeof(job));
	result->hash = hash_add(result->hash, &sim->now_ms,
				sizeof(sim->now_ms));
}

/* The clock's heap. */

static int
is_before(const struct event *a, const struct event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void
swap(struct event *a, struct event *b)
{
	struct event held = *a;

	*a = *b;
	*b = held;
}

static void
add_event(struct sim *sim, int64_t at_ms, enum event_kind kind, size_t job)
{
	size_t at = sim->event_count;

	MEM_GROW(sim->events, sim->event_count, sim->event_cap);
	sim->events[sim->event_count++] =
		(struct event){ at_ms, sim->events_made++, kind, job,
				job < sim->count ? sim->jobs[job].session : 0 };
	while (at && is_before(&sim->events[at], &sim->events[(at - 1) / 2])) {
		swap(&sim->events[at], &sim->events[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static struct event
next_event(struct sim *sim)
{
	struct event first = sim->events[0];
	size_t at = 0;

	sim->events[0] = sim->events[--sim->event_count];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < sim->event_count &&
		    is_before(&sim->events[child + 1], &sim->events[child]))
			child++;
		if (child >= sim->event_count ||
		    !is_before(&sim->events[child], &sim->events[at]))
			break;
		swap(&sim->events[child], &sim->events[at]);
		at = child;
	}
	return first;
}

static void
list_add(struct list *list, size_t item)
{
	MEM_GROW(list->items, list->count, list->cap);
	list->items[list->count++] = item;
}

static int
happens(struct sim *sim, double chance)
{
	return uniform(&sim->chance) < chance;
}

static double
exponential(struct sim *sim, double mean)
{
	return -mean * log(uniform(&sim->chance));
}

/* A worker looks twice a second; here once, where there is something to see. */
static void
wake(struct sim *sim, int64_t at_ms)
{
	if (at_ms <= sim->now_ms) {
		if (sim->is_due)
			return;
		sim->is_due = 1;
		at_ms = sim->now_ms + LOOK_MS;
	}
	add_event(sim, at_ms, LOOK, SIZE_MAX);
}

static struct job *
add_job(struct sim *sim, unsigned class)
{
	struct job *job;

	MEM_GROW(sim->jobs, sim->count, sim->cap);
	job = &sim->jobs[sim->count];
	*job = (struct job){ .number = sim->count + 1,
			     .class = class,
			     .added_ms = sim->now_ms,
			     .due_ms = sim->now_ms,
			     .ratio = 1 };
	list_add(&sim->queue[class], sim->count++);
	sim->backlog += class == CLASS_BACKFILL;
	note(sim, "add", sim->count);
	return job;
}

/* More by day than by night. */
static void
foresee_push(struct sim *sim)
{
	double hour = fmod((double)sim->now_ms / 3.6e6, 24);
	double a_day = sim->rules->pushes_a_day *
		       (1 + 0.7 * sin((hour - 9) / 24 * 2 * M_PI));
	int64_t at_ms = sim->now_ms +
			(int64_t)exponential(sim, 86400e3 / a_day) + 1;

	if (at_ms < sim->end_ms)
		add_event(sim, at_ms, PUSH, SIZE_MAX);
}

static void
push(struct sim *sim)
{
	unsigned branches = happens(sim, 0.5) ? BUSY_BRANCHES : BRANCHES;
	int blocks = happens(sim, 0.1), brings_test = happens(sim, 0.03);
	struct job *job = add_job(sim, blocks || brings_test ? CLASS_FIRST
							     : CLASS_PUSH);

	job->branch = 1 + (unsigned)(uniform(&sim->chance) * branches);
	job->pusher = 1 + (unsigned)(uniform(&sim->chance) * PUSHERS);
	job->first = job->last = ++sim->last[job->branch];
	job->blocks = blocks;
	job->brings_test = brings_test;
	job->kept = happens(sim, 0.03);
	job->cursed = happens(sim, sim->rules->cursed);
	job->ratio = happens(sim, 0.05) ? 1.1 : 1;
	sim->result->pushes++;
	sim->result->planted += job->ratio > 1;
	wake(sim, sim->now_ms);
	foresee_push(sim);
}

/* One session as the judge sees it: its rounds; whether it raises an alarm. */
static unsigned
judge(struct source *source, double ratio, int *alarm)
{
	struct rule rule = RULE_INIT;
	struct pair pairs[40];
	struct look look = { .outlook = OUTLOOK_MORE };
	unsigned rounds = 0;

	while (look.outlook == OUTLOOK_MORE && rounds < 40) {
		pairs[rounds++] =
			(struct pair){ exp(0.012 * gauss(source)),
				       ratio * exp(0.012 * gauss(source)), 0 };
		if (rounds >= rule.min_rounds)
			look_at(&rule, pairs, rounds, &look);
	}
	*alarm = look.outlook == OUTLOOK_WORSE;
	return rounds;
}

/* How long its sessions take: builds, rounds, and the confirmation. */
static int64_t
length_ms(struct sim *sim, struct job *job)
{
	struct source source = {
		sim->rules->seed ^ (job->number << 8) ^ job->session, 0
	};
	double trial_ms = 1e3 * sim->rules->trial_s * exp(0.5 * gauss(&source));
	double ms = LAUNCH_MS;
	int alarm = 1;

	job->round_ms = (int64_t)(2 * trial_ms);
	for (int i = 0; alarm && i < 2; i++) {
		ms += 1e3 * (5 + 20 * uniform(&source));
		ms += 2 * trial_ms * judge(&source, job->ratio, &alarm);
	}
	job->alarm = alarm;
	return (int64_t)ms;
}

static void
begin(struct sim *sim, size_t index)
{
	struct job *job = &sim->jobs[index];
	int64_t end_ms, length = length_ms(sim, job);

	if (!sim->free_nodes.count || job->state != WAITS) {
		violated(sim, "job %zu starts without a node, or twice", index);
		return;
	}
	job->node = (unsigned)sim->free_nodes.items[--sim->free_nodes.count];
	job->state = RUNS;
	job->start_ms = sim->now_ms;
	job->session++;
	sim->backlog -= job->class == CLASS_BACKFILL;
	sim->result->sessions++;
	if (job->class < CLASS_STUDY && !job->waited) {
		double waited_s = (double)(sim->now_ms - job->added_ms) / 1e3;

		job->waited = 1;
		if (job->blocks) {
			MEM_GROW(sim->blocking, sim->blocking_count,
				 sim->blocking_cap);
			sim->blocking[sim->blocking_count++] = waited_s;
		} else {
			MEM_GROW(sim->others, sim->others_count,
				 sim->others_cap);
			sim->others[sim->others_count++] = waited_s;
		}
	}
	note(sim, "begin", index);
	end_ms = sim->now_ms + length;
	if (job->cursed ||
	    (sim->rules->mtbf_h > 0 &&
	     happens(sim, (double)length / (sim->rules->mtbf_h * 3.6e6))))
		add_event(sim,
			  sim->now_ms + 1 +
				  (int64_t)(uniform(&sim->chance) *
					    (double)length),
			  DIE, index);
	else
		add_event(sim, end_ms, END, index);
}

/* What a session has used of the time in which pushes came. */
static void
leave_node(struct sim *sim, struct job *job)
{
	int64_t until_ms = sim->now_ms < sim->end_ms ? sim->now_ms
						     : sim->end_ms;
	double used_ms = (double)(until_ms - job->start_ms);

	if (used_ms > 0) {
		sim->used_ms += used_ms;
		sim->pushing_ms += job->class < CLASS_STUDY ? used_ms : 0;
	}
	job->leaving = 0;
	wake(sim, sim->now_ms);
}

/* Studies go on until they are done; an alarm of several commits is bisected,
 * and half of them at a time are left. */
static void
follow(struct sim *sim, size_t index)
{
	struct job done = sim->jobs[index], *next;

	if (done.class < CLASS_STUDY && done.brings_test)
		add_job(sim, CLASS_STUDY)->left = STUDIES - 1;
	else if (done.class == CLASS_STUDY && done.left)
		add_job(sim, CLASS_STUDY)->left = done.left - 1;
	if (done.class == CLASS_BISECT && done.left > 1) {
		add_job(sim, CLASS_BISECT)->left = done.left / 2;
	} else if (done.class < CLASS_STUDY && done.alarm &&
		   done.last > done.first) {
		next = add_job(sim, CLASS_BISECT);
		next->left = done.last - done.first;
	}
}

static void
end(struct sim *sim, size_t index)
{
	struct job *job = &sim->jobs[index];

	note(sim, "end", index);
	leave_node(sim, job);
	list_add(&sim->free_nodes, job->node);
	job->state = DONE;
	if (job->class < CLASS_STUDY) {
		sim->result->weighed++;
		sim->result->found += job->ratio > 1 && job->alarm;
		sim->result->false_alarms += !(job->ratio > 1) && job->alarm;
	}
	follow(sim, index);
}

/* Its node has gone: the job goes back, some times. */
static void
die(struct sim *sim, size_t index)
{
	struct job *job = &sim->jobs[index];

	note(sim, "die", index);
	leave_node(sim, job);
	sim->up--;
	add_event(sim, sim->now_ms + DOWN_MS, NODE_UP, job->node);
	sim->result->lost++;
	if (++job->tries > sim->result->most_tries)
		sim->result->most_tries = job->tries;
	if (job->tries >= MAX_TRIES) {
		job->state = FAILED;
		sim->result->failed += job->class < CLASS_STUDY;
		return;
	}
	job->state = WAITS;
	job->due_ms = sim->now_ms + RETRY_MS;
	sim->backlog += job->class == CLASS_BACKFILL;
	wake(sim, job->due_ms);
}

static void
give_way(struct sim *sim, size_t index)
{
	struct job *job = &sim->jobs[index];

	note(sim, "leave", index);
	leave_node(sim, job);
	list_add(&sim->free_nodes, job->node);
	job->state = WAITS;
	job->session++; /* its end does not come */
	sim->backlog += job->class == CLASS_BACKFILL;
	sim->result->gave_way++;
}

/* Finished ones leave the list where it is read. */
static void
compact(struct sim *sim, struct list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (sim->jobs[list->items[i]].state < DONE)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

static struct oid
oid_of(const struct job *job, unsigned commit)
{
	struct oid oid = { { 0 } };

	memcpy(oid.bytes, &commit, sizeof(commit));
	memcpy(oid.bytes + sizeof(commit), &job->branch, sizeof(job->branch));
	return oid;
}

static struct schedule_item
item_of(const struct sim *sim, const struct job *job)
{
	struct schedule_item item = { .class = job->class,
				      .number = job->number,
				      .pusher = job->pusher,
				      .branch = job->branch,
				      .kept = job->kept,
				      .blocks = job->blocks,
				      .running = job->state == RUNS,
				      .leaving = job->leaving,
				      .since_s = job->start_ms / 1000 };

	item.due = !item.running && job->due_ms <= sim->now_ms;
	item.from = oid_of(job, job->first - 1);
	item.to = oid_of(job, job->last);
	return item;
}

/* The newer one has the older one's place, and what was before both. */
static void
overtake(struct sim *sim, size_t old, size_t new)
{
	struct job *older = &sim->jobs[old], *newer = &sim->jobs[new];
	struct list *from = &sim->queue[newer->class];
	struct list *to = &sim->queue[older->class];

	note(sim, "overtake", old);
	if (older->branch != newer->branch || older->kept || older->blocks ||
	    older->state != WAITS || newer->state != WAITS ||
	    older->last >= newer->last)
		violated(sim, "%zu overtakes %zu", new, old);
	older->state = OVERTAKEN;
	older->by = new;
	sim->result->overtaken++;
	if (older->first < newer->first)
		newer->first = older->first;
	if (older->ratio > newer->ratio)
		newer->ratio = older->ratio;
	newer->brings_test |= older->brings_test;
	if (older->class > newer->class)
		return;
	for (size_t i = 0; i < from->count; i++)
		if (from->items[i] == new)
			from->items[i] = old;
	for (size_t i = 0; i < to->count; i++)
		if (to->items[i] == old) {
			to->items[i] = new;
			break;
		}
	newer->class = older->class;
	newer->number = older->number;
}

static int
is_held(const struct schedule_item *items, size_t count, size_t at)
{
	for (size_t i = 0; i < count; i++)
		if (i != at && items[i].kept &&
		    items[i].branch == items[at].branch &&
		    oid_equal(&items[i].to, &items[at].from))
			return 1;
	return 0;
}

/* By the rules, found out in another way than the schedule does. */
static void
check_plan(struct sim *sim, const struct schedule_item *items, size_t count)
{
	unsigned limit = sim->rules->per_pusher, of[PUSHERS + 1] = { 0 };
	size_t running = 0, idle_starts = 0, leave = 0;

	for (size_t i = 0; i < count; i++) {
		int runs = items[i].running || items[i].step == STEP_START;

		running += runs != 0;
		idle_starts += items[i].step == STEP_START &&
			       items[i].class >= CLASS_STUDY;
		leave += items[i].step == STEP_GIVE_WAY || items[i].leaving;
		if (runs && items[i].class < CLASS_STUDY && !items[i].blocks)
			of[items[i].pusher]++;
	}
	if (running > sim->up)
		violated(sim, "%zu sessions on %u nodes", running, sim->up);
	for (unsigned i = 1; limit && i <= PUSHERS; i++)
		if (of[i] > limit)
			violated(sim, "%u sessions of a pusher", of[i]);
	for (size_t i = 0; i < count; i++) {
		const struct schedule_item *item = &items[i];
		int could = item->class < CLASS_STUDY && item->due &&
			    item->step == STEP_NONE &&
			    (item->blocks ||
			     (!(limit && of[item->pusher] >= limit) &&
			      !is_held(items, count, i)));

		if (could && (idle_starts || running < sim->up))
			violated(sim, "a push waits while idle work starts");
		if (could && item->blocks && sim->rules->preempt && !leave &&
		    running == sim->up)
			for (size_t j = 0; j < count; j++)
				if (items[j].running && !items[j].blocks)
					violated(sim, "nobody makes room");
	}
}

static void
apply(struct sim *sim, const struct schedule_item *items, const size_t *indexes,
      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct job *job = &sim->jobs[indexes[i]];

		switch (items[i].step) {
		case STEP_NONE:
			break;
		case STEP_START:
			begin(sim, indexes[i]);
			break;
		case STEP_OVERTAKEN:
			overtake(sim, indexes[i], indexes[items[i].by]);
			break;
		case STEP_GIVE_WAY:
			job->leaving = 1;
			add_event(sim,
				  sim->now_ms +
					  (int64_t)(uniform(&sim->chance) *
						    (double)job->round_ms),
				  LEAVE, indexes[i]);
			break;
		}
	}
}

/* One look of the worker; 1 when it has to look again. */
static int
look(struct sim *sim)
{
	const struct schedule_rules rules = {
		.capacity = sim->up,
		.per_pusher = sim->rules->per_pusher,
		.preempt = sim->rules->preempt
	};
	struct schedule_item *items;
	size_t *indexes, count = 0, all = 0, idle = 0;
	int again = 0;

	while (sim->rules->backfill && sim->now_ms < sim->end_ms &&
	       sim->backlog < sim->free_nodes.count + BACKLOG)
		add_job(sim, CLASS_BACKFILL);
	for (unsigned class = 0; class < CLASSES; class ++) {
		compact(sim, &sim->queue[class]);
		all += sim->queue[class].count;
	}
	items = mem_new(all, sizeof(*items));
	indexes = mem_new(all, sizeof(*indexes));
	for (unsigned class = 0; class < CLASSES; class ++) {
		for (size_t i = 0; i < sim->queue[class].count; i++) {
			size_t index = sim->queue[class].items[i];
			const struct job *job = &sim->jobs[index];

			/* As the worker does. */
			if (class >= CLASS_STUDY && job->state == WAITS &&
			    ++idle > sim->up + 64)
				continue;
			indexes[count] = index;
			items[count++] = item_of(sim, job);
		}
	}
	schedule_plan(items, count, &rules);
	for (size_t i = 0; i < count; i++)
		again |= items[i].step == STEP_OVERTAKEN;
	if (sim->rules->checks && !again)
		check_plan(sim, items, count);
	apply(sim, items, indexes, count);
	free(items);
	free(indexes);
	return again;
}

static void
handle(struct sim *sim, const struct event *event)
{
	const struct job *job = event->job < sim->count ? &sim->jobs[event->job]
							: NULL;
	int is_current = job && job->state == RUNS &&
			 job->session == event->session;

	switch (event->kind) {
	case PUSH:
		push(sim);
		break;
	case END:
		if (is_current)
			end(sim, event->job);
		break;
	case DIE:
		if (is_current)
			die(sim, event->job);
		break;
	case LEAVE:
		if (is_current)
			give_way(sim, event->job);
		break;
	case NODE_UP:
		sim->up++;
		list_add(&sim->free_nodes, event->job);
		wake(sim, sim->now_ms);
		break;
	case LOOK:
		sim->is_due = 0;
		while (look(sim))
			;
		break;
	}
}

static int
by_value(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static struct sim_waits
waits_of(double *values, size_t count)
{
	struct sim_waits waits = { .count = count };

	if (!count)
		return waits;
	qsort(values, count, sizeof(*values), by_value);
	waits.p50_s = values[count / 2];
	waits.p99_s = values[(size_t)((double)(count - 1) * 0.99)];
	waits.most_s = values[count - 1];
	return waits;
}

/* Every commit of every branch is in what one job had, and in no other. */
static void
check_commits(struct sim *sim)
{
	for (unsigned branch = 1; branch <= BRANCHES; branch++) {
		unsigned char *had = mem_new(sim->last[branch] + 1, 1);

		for (size_t i = 0; i < sim->count; i++) {
			const struct job *job = &sim->jobs[i];

			if (job->branch != branch || job->state == OVERTAKEN)
				continue;
			for (unsigned j = job->first; j <= job->last; j++)
				if (had[j]++)
					violated(sim, "a commit in two jobs");
		}
		for (unsigned j = 1; j <= sim->last[branch]; j++)
			if (!had[j])
				violated(sim, "a commit in no job");
		free(had);
	}
}

static void
conclude(struct sim *sim)
{
	struct sim_result *result = sim->result;
	double all_ms = (double)sim->end_ms * sim->rules->nodes;

	for (size_t i = 0; i < sim->count; i++)
		result->unfinished += sim->jobs[i].state < DONE;
	if (sim->rules->checks)
		check_commits(sim);
	result->used = sim->used_ms / all_ms;
	result->pushing = sim->pushing_ms / all_ms;
	result->blocking = waits_of(sim->blocking, sim->blocking_count);
	result->others = waits_of(sim->others, sim->others_count);
}

void
sim_run(const struct sim_rules *rules, struct sim_result *result)
{
	struct sim sim = { .rules = rules,
			   .result = result,
			   .chance = { rules->seed, 0 },
			   .end_ms = (int64_t)(rules->hours * 3.6e6),
			   .up = rules->nodes };

	*result = (struct sim_result){ .hash = HASH_START };
	for (unsigned i = rules->nodes; i-- > 0;)
		list_add(&sim.free_nodes, i);
	foresee_push(&sim);
	wake(&sim, 0);
	while (sim.event_count) {
		struct event event = next_event(&sim);

		sim.now_ms = event.at_ms;
		handle(&sim, &event);
	}
	conclude(&sim);
	for (unsigned class = 0; class < CLASSES; class ++)
		free(sim.queue[class].items);
	free(sim.free_nodes.items);
	free(sim.blocking);
	free(sim.others);
	free(sim.events);
	free(sim.jobs);
}
