#include "worker.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/names.h"
#include "base/proc.h"
#include "courier.h"
#include "gate.h"
#include "job.h"
#include "worker_journal.h"

enum {
	PAUSE_MS = 500,  /* between looks at jobs that have to wait */
	STUCK_MS = 5000, /* and at pushes that cannot be settled */
	MAX_PAUSE_MS = 15 * 60 * 1000 /* in which nothing gets done */
};

struct worker {
	struct job job; /* the one that is run */
	struct worker_counts *counts;
	char owner[PROC_ID_SIZE];
};

static int
recover(struct store_tx *tx, void *data, struct err *err)
{
	size_t count = 0;

	(void)data;
	(void)err;
	store_queue_recover(tx, &count);
	return store_outbox_recover(tx, clock_wall_s(&clock_real), &count);
}

/* 1 a job was run, 0 there was none. */
static int
next_job(struct worker *worker, struct err *err)
{
	enum job_end end = JOB_NONE;
	int ret = job_next(&worker->job, worker->owner, &end, err);

	if (ret < 0)
		return ret;
	worker->counts->failed += end == JOB_AGAIN;
	if (end == JOB_DONE && worker->job.kind == &job_study)
		worker->counts->studied++;
	else if (end == JOB_DONE)
		worker->counts->weighed++;
	return end != JOB_NONE;
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
drain_locked(struct worker *worker, struct courier *courier, struct err *err)
{
	int ret = store_write(worker->job.gate->store, recover, NULL, err);
	struct rest rest = { 0 };
	int64_t paused_ms = 0;

	while (ret >= 0 && !job_is_stopped(&worker->job)) {
		ret = worker_settle(worker->job.gate, worker->job.tell,
				    &worker->counts->settled, err);
		courier_poke(courier);
		if (ret >= 0)
			ret = next_job(worker, err);
		if (ret > 0)
			paused_ms = 0;
		if (ret)
			continue;
		ret = store_read(worker->job.gate->store, count_rest, &rest,
				 err);
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
	struct worker worker = { .job = { .gate = gate,
					  .tell = input->tell,
					  .stopped = input->stopped },
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
	} while (!ret && rest.landed && !job_is_stopped(&worker.job));
	/* Without the lock: a host that is slow holds up no other worker. */
	courier_end(&courier, input->stopped);
	return ret;
}
