#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/names.h"
#include "base/proc.h"
#include "courier.h"
#include "gate.h"
#include "gather.h"
#include "land.h"
#include "messages.h"
#include "repo/repo.h"
#include "report/accept.h"
#include "report/text.h"
#include "study.h"

enum {
	MAX_TRIES = 3,
	BUSY_S = 2,       /* until a job that gave way asks again */
	RETRY_S = 5,      /* and after a failure, the longer the more tries */
	RETRY_FACTOR = 6, /* 5 s, 30 s */
	PAUSE_MS = 500,   /* between looks at jobs that have to wait */
	STUCK_MS = 5000,  /* and at pushes that cannot be settled */
	MAX_PAUSE_MS = 15 * 60 * 1000, /* in which nothing gets done */
	GRACE_S = 120, /* from a hook's end until its ref has moved */
	MAX_ENTRIES = 256,
	LOOK_MS = 500,       /* of a study, for pushes that came meanwhile */
	MAX_STUDY_TRIES = 20 /* of a session that always gives way */
};

struct worker {
	struct gate *gate;
	const struct worker_input *input;
	struct worker_counts *counts;
	char owner[PROC_ID_SIZE];
};

static void say(const struct worker *worker, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void
say(const struct worker *worker, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	log_event(LOG_INFO, "%s", buf_text(&text));
	if (worker->input->tell)
		worker->input->tell(buf_text(&text));
	buf_release(&text);
}

/* The journal. */

struct entries {
	struct store_entry items[MAX_ENTRIES];
	size_t count;
};

static int
on_entry(void *data, const struct store_entry *entry)
{
	struct entries *entries = data;

	if (entries->count == MAX_ENTRIES)
		return 1;
	entries->items[entries->count] = *entry;
	json_incref(entry->doc);
	entries->count++;
	return 0;
}

static void
entries_clear(struct entries *entries)
{
	while (entries->count)
		json_decref(entries->items[--entries->count].doc);
}

static int
read_entries(struct store_tx *tx, void *data, struct err *err)
{
	struct entries *entries = data;
	int ret;

	(void)err;
	entries_clear(entries);
	ret = store_journal_each(tx, STORE_LANDED, on_entry, entries);
	return ret < 0 ? ret
		       : store_journal_each(tx, STORE_PENDING, on_entry,
					    entries);
}

/* 1 the ref holds it, 0 it does not. It may have moved on since. */
static int
has_landed(const struct worker *worker, const json_t *update)
{
	const struct repo *repo = worker->gate->repo;
	struct oid new, now, commit;

	if (json_get_oid(update, "new", &new, NULL) < 0 ||
	    repo_ref(repo, json_text_or(update, "ref", ""), &now, NULL) < 0)
		return 0;
	if (oid_equal(&new, &now))
		return 1;
	return !repo_peel(repo, &now, &now, NULL) &&
	       !repo_peel(repo, &new, &commit, NULL) &&
	       repo_is_ancestor(repo, &commit, &now, NULL) == 1;
}

struct set_state {
	const struct worker *worker;
	const json_t *push;
	uint64_t id;
	enum store_state state;
};

static int
set_state(struct store_tx *tx, void *data, struct err *err)
{
	const struct set_state *set = data;
	int ret = store_journal_set(tx, set->id, set->state,
				    clock_wall_s(&clock_real));

	if (!ret && set->state == STORE_DONE)
		ret = messages_end_push(tx, set->worker->gate, set->push, err);
	return ret;
}

/* 1 settled, 0 not yet. */
static int
settle_entry(const struct worker *worker, const struct store_entry *entry,
	     struct err *err)
{
	const char *pusher = json_text_or(entry->doc, "pusher", "");
	struct set_state set = { worker, entry->doc, entry->id, STORE_DROPPED };
	int64_t age_s = clock_wall_s(&clock_real) - entry->changed_s;
	json_t *update;
	size_t i;
	int ret = 0;

	json_object_set_new(entry->doc, "push",
			    json_integer((json_int_t)entry->id));
	json_array_foreach(json_object_get(entry->doc, "updates"), i, update)
	{
		if (!has_landed(worker, update))
			continue;
		set.state = STORE_DONE;
		ret = land_update(worker->gate, update, entry->doc, err);
		if (ret < 0)
			break;
	}
	if (ret < 0) {
		say(worker, "a push of %s cannot be settled: %s",
		    *pusher ? pusher : "somebody", err->text);
		/* What cannot be read today cannot be read tomorrow. */
		set.state = age_s > GRACE_S ? STORE_DROPPED : STORE_PENDING;
	}
	if (set.state == STORE_DROPPED && entry->state == STORE_PENDING &&
	    (age_s < GRACE_S ||
	     proc_is_alive(json_text_or(entry->doc, "process", ""))))
		return 0;
	if (set.state == STORE_PENDING)
		return 0;
	ret = store_write(worker->gate->store, set_state, &set, err);
	if (ret == ERR_NOT_FOUND)
		ret = 0;
	return ret < 0 ? ret : 1;
}

static int
settle_journal(const struct worker *worker, struct err *err)
{
	struct entries *entries = mem_new(1, sizeof(*entries));
	int ret = store_read(worker->gate->store, read_entries, entries, err);

	for (size_t i = 0; ret >= 0 && i < entries->count; i++) {
		ret = settle_entry(worker, &entries->items[i], err);
		worker->counts->settled += ret > 0;
	}
	entries_clear(entries);
	free(entries);
	return ret < 0 ? ret : 0;
}

/* The queue. */

static int
recover(struct store_tx *tx, void *data, struct err *err)
{
	size_t count = 0;

	(void)data;
	(void)err;
	store_queue_recover(tx, &count);
	return store_outbox_recover(tx, clock_wall_s(&clock_real), &count);
}

struct take {
	const char *owner;
	struct store_job job;
};

static int
take_job(struct store_tx *tx, void *data, struct err *err)
{
	struct take *take = data;

	(void)err;
	return store_queue_take(tx, take->owner, clock_wall_s(&clock_real),
				&take->job);
}

struct end {
	const struct worker *worker;
	const json_t *push; /* the job's doc */
	uint64_t id;
	int64_t again_s;           /* 0: done */
	const struct study *study; /* what to store then, or NULL */
};

static int
end_job(struct store_tx *tx, void *data, struct err *err)
{
	const struct end *end = data;
	int ret;

	if (end->again_s)
		return store_queue_requeue(tx, end->id, end->again_s);
	ret = store_queue_done(tx, end->id);
	if (ret)
		return ret;
	return end->study ? study_finish(tx, end->study)
			  : messages_end_push(tx, end->worker->gate, end->push,
					      err);
}

static int
is_stopped(const struct worker *worker)
{
	/* Of a repository that was removed nothing is left to do. */
	if (!file_exists(repo_gitdir(worker->gate->repo)))
		return 1;
	return worker->input->stopped && worker->input->stopped();
}

static int
give_way(void *data)
{
	const struct worker *worker = data;
	struct slot_rules rules;

	gate_slots(worker->gate, &rules);
	return slot_is_wanted(&rules);
}

static int
put_all(struct store_tx *tx, void *data, struct err *err)
{
	const struct weigh_result *result = data;

	(void)err;
	for (size_t i = 0; i < result->count; i++)
		gate_put_report(tx, &result->reports[i]);
	return store_tx_error(tx);
}

static int
weigh_job(const struct worker *worker, struct gather *gather, struct err *err)
{
	struct gate_run run = { .class = SLOT_BACKGROUND,
				.deadline_ms = -1,
				.give_way = give_way,
				.data = (void *)(uintptr_t)worker };
	struct weigh_result result;
	struct texts lines = { 0 };
	struct buf text = BUF_INIT;
	int ret = gate_weigh(worker->gate, gather, &run, &result, err);

	for (size_t i = 0; !ret && i < result.count; i++)
		report_accept(&result.reports[i], &gather->trailers, &lines);
	if (!ret) {
		ret = store_write(worker->gate->store, put_all, &result, err);
		report_add_summary(&text, &result.reports[result.count - 1]);
		say(worker, "%s: %s", gather->ref, buf_text(&text));
	}
	for (size_t i = 0; i < lines.count; i++)
		say(worker, "%s: %s", gather->ref, lines.items[i]);
	buf_release(&text);
	texts_release(&lines);
	weigh_release(&result);
	return ret;
}

/* Our own failure, after as many tries as make sense: a verdict of its own. */
static int
give_up(const struct worker *worker, const struct gather *gather,
	const char *why, struct err *err)
{
	struct weigh_result result = { .count = 1 };
	int ret;

	/* What could not even be read has no commit to say it of. */
	if (oid_is_zero(&gather->update.tip))
		return 0;
	result.reports = mem_new(1, sizeof(*result.reports));
	report_init(&result.reports[0], &gather->update.tip);
	result.reports[0].verdict = VERDICT_FAILURE;
	result.reports[0].time_s = clock_wall_s(&clock_real);
	report_set(&result.reports[0].why, why);
	gather_describe(gather, &result.reports[0]);
	ret = store_write(worker->gate->store, put_all, &result, err);
	weigh_release(&result);
	return ret;
}

static int
run_job(const struct worker *worker, const struct store_job *job,
	struct err *err)
{
	const json_t *update = json_object_get(job->doc, "update");
	const char *pusher = json_text_or(job->doc, "pusher", "");
	struct gather gather;
	struct err why = ERR_INIT;
	int ret = land_gather(worker->gate, update, 0, &gather, &why);

	if (!ret && gather.outcome == GATHER_WEIGH)
		ret = weigh_job(worker, &gather, &why);
	if (!ret)
		ret = land_record(worker->gate, &gather, pusher, &why);
	if (!ret)
		ret = messages_tell(worker->gate, &gather, job->doc, 1, &why);
	if (ret < 0) {
		say(worker, "%s: %s", json_text_or(update, "ref", "?"),
		    why.text);
		*err = why;
		if (ret != ERR_BUSY && job->tries + 1 >= MAX_TRIES) {
			give_up(worker, &gather, why.text, &why);
			messages_tell(worker->gate, &gather, job->doc, 1, &why);
			ret = 0;
		}
	}
	gather_release(&gather);
	return ret;
}

/* When a job is due again that ended with this. */
static int64_t
retry_at(const struct store_job *job, int error)
{
	int64_t wait_s = error == ERR_BUSY ? BUSY_S : RETRY_S;

	for (unsigned i = 0; error != ERR_BUSY && i < job->tries; i++)
		wait_s *= RETRY_FACTOR;
	return clock_wall_s(&clock_real) + wait_s;
}

/* What a study has to make room for. */
struct urgent {
	int64_t now_s;
	size_t count;
};

static int
on_urgent_job(void *data, const struct store_job *job)
{
	struct urgent *urgent = data;

	urgent->count += job->class < CLASS_STUDY && !job->owner[0] &&
			 job->not_before_s <= urgent->now_s;
	return 0;
}

static int
on_urgent_push(void *data, const struct store_entry *entry)
{
	(void)entry;
	((struct urgent *)data)->count++;
	return 0;
}

static int
count_urgent(struct store_tx *tx, void *data, struct err *err)
{
	struct urgent *urgent = data;

	(void)err;
	*urgent = (struct urgent){ clock_wall_s(&clock_real), 0 };
	store_queue_each(tx, on_urgent_job, urgent);
	store_journal_each(tx, STORE_LANDED, on_urgent_push, urgent);
	return store_tx_error(tx);
}

struct studying {
	const struct worker *worker;
	int64_t looked_ms;
};

/* To whoever waits for a slot, like all that runs in the background, and to
 * pushes that this worker itself is to weigh. */
static int
study_gives_way(void *data)
{
	struct studying *studying = data;
	const struct worker *worker = studying->worker;
	int64_t now_ms = clock_monotonic_ms(&clock_real);
	struct urgent urgent = { 0 };

	if (give_way((void *)(uintptr_t)worker) || is_stopped(worker))
		return 1;
	if (now_ms - studying->looked_ms < LOOK_MS)
		return 0;
	studying->looked_ms = now_ms;
	return !store_read(worker->gate->store, count_urgent, &urgent, NULL) &&
	       urgent.count;
}

static int
run_study(const struct worker *worker, const struct store_job *job,
	  struct study *study, struct err *err)
{
	struct studying studying = { worker, 0 };
	const struct gate_run run = { .class = SLOT_BACKGROUND,
				      .deadline_ms = -1,
				      .give_way = study_gives_way,
				      .data = &studying };
	char *text = study_text(job);
	int ret = study_run(study, worker->gate, job, &run, err);

	if (!ret)
		say(worker, "%s", text);
	else
		say(worker, "%s: %s", text, err->text);
	worker->counts->studied += !ret;
	free(text);
	if (ret == ERR_BUSY && job->tries < MAX_STUDY_TRIES)
		return ret;
	/* Nobody waits for it, and pushes will tell the noise as well. */
	study->is_over = ret < 0 && ret != ERR_BUSY;
	return ret < 0 && job->tries + 1 < MAX_TRIES ? ret : 0;
}

/* 1 a job was run, 0 there was none. */
static int
next_job(const struct worker *worker, struct err *err)
{
	struct take take = { .owner = worker->owner };
	struct study study = { 0 };
	struct end end = { .worker = worker };
	int ret = store_write(worker->gate->store, take_job, &take, err);
	int is_study;

	if (ret == ERR_NOT_FOUND)
		return 0;
	if (ret < 0)
		return ret;
	is_study = !strcmp(json_text_or(take.job.doc, "kind", ""), KIND_STUDY);
	ret = is_study ? run_study(worker, &take.job, &study, err)
		       : run_job(worker, &take.job, err);
	end.id = take.job.id;
	end.push = take.job.doc;
	if (ret < 0)
		end.again_s = retry_at(&take.job, ret);
	else if (is_study)
		end.study = &study;
	worker->counts->weighed += !is_study && !end.again_s;
	worker->counts->failed += end.again_s != 0;
	ret = store_write(worker->gate->store, end_job, &end, err);
	study_release(&study);
	json_decref(take.job.doc);
	return ret < 0 ? ret : 1;
}

/* What there is still to do, though perhaps not now. */
struct rest {
	size_t landed;  /* pushes that are not settled */
	size_t waiting; /* jobs */
};

static int
on_waiting(void *data, const struct store_job *job)
{
	struct rest *rest = data;

	rest->waiting += !job->owner[0];
	return 0;
}

static int
on_landed(void *data, const struct store_entry *entry)
{
	struct rest *rest = data;

	(void)entry;
	rest->landed++;
	return 0;
}

static int
count_rest(struct store_tx *tx, void *data, struct err *err)
{
	struct rest *rest = data;

	(void)err;
	*rest = (struct rest){ 0 };
	store_queue_each(tx, on_waiting, rest);
	store_journal_each(tx, STORE_LANDED, on_landed, rest);
	return store_tx_error(tx);
}

/*
 * Until nothing is left, nor waits for its time: nobody may come to start
 * another worker for it. That wait is bounded by the jobs' tries and the
 * journal's grace, and where somebody always has the slots, by MAX_PAUSE_MS.
 */
static int
drain_locked(const struct worker *worker, struct courier *courier,
	     struct err *err)
{
	int ret = store_write(worker->gate->store, recover, NULL, err);
	struct rest rest = { 0 };
	int64_t paused_ms = 0;

	while (ret >= 0 && !is_stopped(worker)) {
		ret = settle_journal(worker, err);
		courier_poke(courier);
		if (ret >= 0)
			ret = next_job(worker, err);
		if (ret > 0)
			paused_ms = 0;
		if (ret)
			continue;
		ret = store_read(worker->gate->store, count_rest, &rest, err);
		if (ret < 0 || (!rest.landed && !rest.waiting) ||
		    paused_ms >= MAX_PAUSE_MS)
			break;
		clock_sleep_ms(rest.landed ? STUCK_MS : PAUSE_MS);
		paused_ms += rest.landed ? STUCK_MS : PAUSE_MS;
	}
	return ret < 0 ? ret : 0;
}

static int
on_any_job(void *data, const struct store_job *job)
{
	struct rest *rest = data;

	(void)job;
	rest->waiting++;
	return 0;
}

/* Of another worker as well: what it has taken waits for a slot. */
static int
count_all(struct store_tx *tx, void *data, struct err *err)
{
	struct rest *rest = data;

	(void)err;
	*rest = (struct rest){ 0 };
	store_queue_each(tx, on_any_job, rest);
	store_journal_each(tx, STORE_LANDED, on_landed, rest);
	return store_tx_error(tx);
}

int
worker_is_needed(struct gate *gate)
{
	struct rest rest = { 0 };

	return !store_read(gate->store, count_all, &rest, NULL) &&
	       (rest.landed || rest.waiting);
}

int
worker_drain(struct gate *gate, const struct worker_input *input,
	     struct worker_counts *counts, struct err *err)
{
	struct worker worker = { .gate = gate,
				 .input = input,
				 .counts = counts };
	struct courier courier = { .gate = gate };
	struct rest rest = { 0 };
	int fd = -1, ret;

	*counts = (struct worker_counts){ 0 };
	proc_identify(worker.owner);
	/* A push may land between the last look and the lock's release, and
	 * its worker finds the lock taken: so look once more without it. */
	do {
		ret = gate_lock(gate, FILE_WORKER_LOCK, &fd, err);
		counts->busy = !ret;
		if (ret <= 0)
			return ret;
		ret = drain_locked(&worker, &courier, err);
		io_close(&fd);
		if (!ret)
			ret = store_read(gate->store, count_rest, &rest, err);
	} while (!ret && rest.landed && !is_stopped(&worker));
	/* Without the lock: a host that is slow holds up no other worker. */
	courier_end(&courier, input->stopped);
	return ret;
}
