#ifndef GATE_WORKER_H
#define GATE_WORKER_H

#include <stddef.h>

struct err;
struct gate;
struct worker_nursery;

/*
 * The worker: settles the journal, runs what is queued, ends when nothing is
 * left. Each job is run by a process of its own, as many at a time as the pool
 * has slots. Only one worker runs for a repository; a second one returns at
 * once.
 */
struct worker_counts {
	size_t settled; /* pushes of the journal */
	size_t weighed; /* jobs done */
	size_t studied; /* sessions of studies */
	size_t failed;  /* jobs that will be tried again, or were given up */
	int busy;       /* another worker is at it */
};

struct worker_input {
	void (*tell)(const char *line); /* or NULL: a line for each step */
	int (*stopped)(void);           /* or NULL: asked between steps */
	struct worker_nursery *nursery; /* of the processes that run jobs */
};

/* Until nothing is left, nor waits to be tried again. */
int worker_drain(struct gate *gate, const struct worker_input *input,
		 struct worker_counts *counts, struct err *err);

#endif
