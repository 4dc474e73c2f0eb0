#ifndef GATE_WORKER_NURSERY_H
#define GATE_WORKER_NURSERY_H

#include <stdint.h>
#include <sys/types.h>

struct err;

/*
 * Where the worker's processes come from. A program that is started anew
 * dirties more than a megabyte of its libraries' pages before it has done
 * anything; one that is forked shares them. So a process that has nothing open,
 * above all no store, is forked from the worker early on, and forks one for
 * each job.
 *
 * Their stdin is a pipe from the worker that nothing is written to: it is at
 * its end when the worker is gone.
 */
struct worker_nursery {
	pid_t pid;
	int fd;   /* to it and back */
	int hold; /* the worker's end of the pipe */
};

/* What the process of a job does: its exit code. */
typedef int worker_job_fn(const void *data, uint64_t id);

/* Before the store is opened. quiet: what they print goes nowhere. */
int worker_nursery_start(struct worker_nursery *nursery, worker_job_fn *run,
			 const void *data, int quiet, struct err *err);

enum nursery_wish {
	NURSERY_START, /* a process for the job */
	NURSERY_STOP,  /* SIGTERM for it */
	NURSERY_KILL
};

/* The job's id is the name of its process. */
int worker_nursery_ask(const struct worker_nursery *nursery,
		       enum nursery_wish wish, uint64_t id, struct err *err);

/* Wait so long for one to end: 1, with its job and status as waitpid(2), also
 * where none could be forked; 0 none did; negative where the nursery is gone.
 */
int worker_nursery_next(const struct worker_nursery *nursery, int timeout_ms,
			uint64_t *id, int *status, struct err *err);

/* Those that are left see the end of the pipe. */
void worker_nursery_end(struct worker_nursery *nursery);

#endif
