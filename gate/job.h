#ifndef GATE_JOB_H
#define GATE_JOB_H

struct err;
struct gate;
struct job;
struct store_job;
struct store_tx;

/*
 * One job of the queue, from its lease to what is left of it. What runs it is
 * found by the `kind` of its doc, a row each: a file job_KIND.c.
 */
struct job_kind {
	const char *name;
	unsigned class; /* of the queue: 0 goes first */

	/*
	 * 0: it is done, and finish() is called. Negative: it is due again
	 * later, ERR_BUSY where it only gave way. A failure that makes no sense
	 * to try again is for run() to note, and 0.
	 */
	int (*run)(struct job *job, struct err *err);

	/* In the transaction that takes the job from the queue, which may run
	 * more than once. */
	int (*finish)(struct store_tx *tx, const struct job *job,
		      struct err *err);

	/* Of job->state; or NULL. */
	void (*release)(struct job *job);
};

extern const struct job_kind job_push, job_study, job_bisect;

enum { JOB_MAX_TRIES = 3 };

struct job {
	struct gate *gate;
	const struct job_kind *kind;
	const struct store_job *item;
	void (*tell)(const char *line); /* or NULL: a line for each step */
	int (*stopped)(void);           /* or NULL: asked between rounds */
	void *state;                    /* of its kind, from run() on */
};

enum job_end {
	JOB_NONE, /* none is due */
	JOB_DONE,
	JOB_AGAIN /* it failed, or gave way */
};

/*
 * Take the first job that is due, run it, and end it or give it back. gate,
 * tell and stopped are given; kind is set. Negative: the store failed.
 */
int job_next(struct job *job, const char *owner, enum job_end *outcome,
	     struct err *err);

const struct job_kind *job_kind_of(const struct store_job *item);

/* For the kinds: a line for the log and for whoever looks on. */
void job_say(const struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* True when the worker is to stop, or its repository is gone. */
int job_is_stopped(const struct job *job);

/* gate_run.give_way of a job, which is its data: somebody who blocks waits for
 * a slot. */
int job_gives_way(void *data);

#endif
