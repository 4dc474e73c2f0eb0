#ifndef GATE_JOB_H
#define GATE_JOB_H

#include <stdint.h>

struct err;
struct gate;
struct gate_run;
struct job;
struct store_job;
struct store_tx;

/*
 * One job of the queue, from its lease to what is left of it. What runs it is
 * found by the `kind` of its doc, a row each: a file job_KIND.c. The worker
 * runs each in a process of its own.
 */
struct job_kind {
	const char *name;
	unsigned class; /* of the queue, as plan/schedule.h has it */

	/*
	 * 0: it is done, and finish() is called. Negative: it is due again
	 * later, ERR_BUSY where it only gave way. A failure that makes no sense
	 * to try again is for run() to note, and 0.
	 */
	int (*run)(struct job *job, struct err *err);

	/* In the transaction that takes the job from the queue, which may run
	 * more than once; or NULL. */
	int (*finish)(struct store_tx *tx, const struct job *job,
		      struct err *err);

	/* Instead of run(), of one whose processes die again and again: note
	 * why, and it is finished; or NULL, and it is only dropped. */
	int (*give_up)(struct job *job, const char *why, struct err *err);

	/* Of job->state; or NULL. */
	void (*release)(struct job *job);
};

extern const struct job_kind job_push, job_study, job_canary, job_bisect,
	job_backfill;

enum { JOB_MAX_TRIES = 3 };

struct job {
	struct gate *gate;
	const struct job_kind *kind;
	const struct store_job *item;
	void (*tell)(const char *line); /* or NULL: a line for each step */
	int (*stopped)(void);           /* or NULL: asked between rounds */
	void *state;                    /* of its kind, from run() on */
	int64_t placed_s;               /* since when it has had a slot */
};

/* How it ended; the exit code of its process, EXIT_OURS is a failure of the
 * store. */
enum job_end {
	JOB_DONE = 0,
	JOB_AGAIN = 1, /* it failed, and is due again later */
	JOB_GAVE_WAY = 4,
	JOB_NONE = 5 /* it does not wait any more */
};

/*
 * Take the job of that id, run it, and end it or give it back. gate, tell and
 * stopped are given; kind is set. Negative: the store failed.
 */
int job_run(struct job *job, uint64_t id, enum job_end *outcome,
	    struct err *err);

const struct job_kind *job_kind_of(const struct store_job *item);

/* For the kinds: a line for the log and for whoever looks on. */
void job_say(const struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* How a job is weighed: in the background, without a deadline, and with the
 * rest below, whose data is the job: it is to stop, or its repository
 * is gone; so it is, or somebody who blocks waits for a slot; it has one. */
struct gate_run job_gate_run(struct job *job);
int job_is_stopped(void *data);
int job_gives_way(void *data);
void job_is_placed(void *data, const char *where);

#endif
