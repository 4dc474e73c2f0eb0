#include "worker.h"

#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/names.h"
#include "canary.h"
#include "courier.h"
#include "gate.h"
#include "job.h"
#include "worker_children.h"
#include "worker_journal.h"
#include "worker_plan.h"

enum {
	PAUSE_MS = 500,  /* between looks, unless a process ends sooner */
	STUCK_MS = 5000, /* and at pushes that cannot be settled */
	MAX_PAUSE_MS = 15 * 60 * 1000, /* in which nothing gets done */
	DIED_MS = 2000, /* until another job starts after a process died */
	MAX_DIED = 10   /* one after the other: no use to go on */
};

struct worker {
	struct gate *gate;
	const struct worker_input *input;
	struct worker_counts *counts;
	struct worker_children children;
	struct worker_plan plan;
	size_t stuck;       /* pushes that could not be settled */
	int64_t settled_ms; /* when that was tried */
	unsigned died;      /* processes, since one has ended well */
	int64_t until_ms;   /* before which nothing starts */
};

static int
recover(struct store_tx *tx, void *data, struct err *err)
{
	size_t count = 0;

	(void)data;
	(void)err;
	return store_queue_recover(tx, &count);
}

static int
recover_all(struct store_tx *tx, void *data, struct err *err)
{
	size_t count = 0;
	int ret = recover(tx, data, err);

	return ret < 0 ? ret
		       : store_outbox_recover(tx, clock_wall_s(&clock_real),
					      &count);
}

static int
is_stopped(const struct worker *worker)
{
	const struct job job = { .gate = worker->gate,
				 .stopped = worker->input->stopped };

	return job_is_stopped((void *)(uintptr_t)&job);
}

/* Idle time is what the queue's last places are. */
static int
add_canary(struct store_tx *tx, void *data, struct err *err)
{
	json_t *doc = json_pack("{s:s}", "kind", job_canary.name);
	int ret = store_queue_add(tx, job_canary.class, job_canary.name,
				  clock_wall_s(&clock_real), doc, NULL);

	(void)data;
	(void)err;
	json_decref(doc);
	return ret < 0 ? ret : 0;
}

static void
count_end(struct worker *worker, const struct job_kind *kind, int code)
{
	worker->counts->failed += code == JOB_AGAIN;
	if (code != JOB_DONE)
		return;
	if (kind == &job_study)
		worker->counts->studied++;
	else if (kind == &job_push)
		worker->counts->weighed++;
}

/* Wait until one ends, at most so long, and take what has. Negative where they
 * all die. What one had that died goes back to the queue. */
static int
reap(struct worker *worker, int timeout_ms, struct err *err)
{
	struct worker_child child;
	int status = 0, died = 0, ret;

	while ((ret = worker_children_reap(&worker->children, timeout_ms,
					   &child, &status, err)) > 0) {
		timeout_ms = 0;
		if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_OURS) {
			count_end(worker, child.kind, WEXITSTATUS(status));
			worker->died = 0;
			continue;
		}
		log_event(LOG_ERROR, "the process of a %s ended by %s %d",
			  child.kind->name,
			  WIFEXITED(status) ? "exit" : "signal",
			  WIFEXITED(status) ? WEXITSTATUS(status)
					    : WTERMSIG(status));
		died = 1;
		worker->died++;
		worker->counts->failed++;
		worker->until_ms = clock_monotonic_ms(&clock_real) + DIED_MS;
	}
	if (ret < 0 || !died)
		return ret;
	gate_recover_pool(worker->gate);
	ret = store_write(worker->gate->store, recover, NULL, err);
	if (!ret && worker->died >= MAX_DIED)
		ret = err_set(err, ERR_SYSTEM,
			      "the processes that run jobs die, one after the "
			      "other: " FILE_LOG " may say why");
	return ret;
}

/* What is not settled of the journal. */
static int
on_landed(void *data, const struct store_entry *entry)
{
	(void)entry;
	++*(size_t *)data;
	return 0;
}

static int
count_landed(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	*(size_t *)data = 0;
	return store_journal_each(tx, STORE_LANDED, on_landed, data);
}

/* Pushes that cannot be settled are tried again, but not at every look. */
static int
settle(struct worker *worker, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms(&clock_real);
	size_t landed = 0;
	int ret = store_read(worker->gate->store, count_landed, &landed, err);

	if (ret < 0 || (landed && landed == worker->stuck &&
			now_ms < worker->settled_ms + STUCK_MS))
		return ret;
	worker->settled_ms = now_ms;
	ret = worker_settle(worker->gate, worker->input->tell,
			    &worker->counts->settled, err);
	if (ret >= 0)
		ret = store_read(worker->gate->store, count_landed,
				 &worker->stuck, err);
	return ret;
}

static int
look(struct worker *worker, struct courier *courier, struct err *err)
{
	int ret = settle(worker, err);

	courier_poke(courier);
	if (ret >= 0 && clock_monotonic_ms(&clock_real) >= worker->until_ms)
		ret = worker_plan_run(&worker->plan, err);
	if (ret >= 0 && worker->plan.lost)
		ret = store_write(worker->gate->store, recover, NULL, err);
	return ret;
}

/*
 * Until nothing is left, nor waits for its time: nobody may come to start
 * another worker for it. That wait is bounded by the jobs' tries and the
 * journal's grace, and where nothing can be done, by MAX_PAUSE_MS.
 */
static int
drain_locked(struct worker *worker, struct courier *courier, struct err *err)
{
	int ret = store_write(worker->gate->store, recover_all, NULL, err);
	int64_t paused_ms = 0;

	gate_recover_pool(worker->gate);
	if (!ret && canary_is_due(worker->gate))
		ret = store_write(worker->gate->store, add_canary, NULL, err);
	while (ret >= 0 && !is_stopped(worker)) {
		ret = look(worker, courier, err);
		if (ret < 0)
			break;
		if (worker->children.count)
			paused_ms = 0;
		else if ((!worker->stuck && !worker->plan.waiting &&
			  !worker->plan.running) ||
			 paused_ms >= MAX_PAUSE_MS)
			break;
		paused_ms += PAUSE_MS;
		ret = reap(worker, PAUSE_MS, err);
	}
	return ret < 0 ? ret : 0;
}

int
worker_drain(struct gate *gate, const struct worker_input *input,
	     struct worker_counts *counts, struct err *err)
{
	struct worker worker = { .gate = gate,
				 .input = input,
				 .counts = counts,
				 .children = { .nursery = input->nursery } };
	struct courier courier = { .gate = gate };
	size_t landed = 0;
	int fd = -1, ret;

	*counts = (struct worker_counts){ 0 };
	/* A push may land between the last look and the lock's release, and
	 * its worker finds the lock taken: so look once more without it. */
	do {
		ret = gate_lock(gate, FILE_WORKER_LOCK, &fd, err);
		counts->busy = !ret;
		if (ret <= 0)
			return ret;
		worker.plan = (struct worker_plan){
			.gate = gate, .children = &worker.children
		};
		ret = drain_locked(&worker, &courier, err);
		worker_children_end(&worker.children);
		io_close(&fd);
		if (!ret)
			ret = store_read(gate->store, count_landed, &landed,
					 err);
	} while (!ret && landed && !is_stopped(&worker));
	/* Without the lock: a host that is slow holds up no other worker. */
	courier_end(&courier, input->stopped);
	return ret;
}
