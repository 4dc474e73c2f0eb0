#ifndef GATE_WORKER_H
#define GATE_WORKER_H

#include <stddef.h>

struct err;
struct gate;

/*
 * The worker: settles the journal, runs what is queued, ends when nothing is
 * left. Only one runs for a repository at a time; a second one returns at once.
 */
struct worker_counts {
	size_t settled; /* pushes of the journal */
	size_t weighed; /* jobs done */
	size_t failed;  /* jobs that will be tried again, or were given up */
	int busy;       /* another worker is at it */
};

/* Drain once. tell (may be NULL) gets a line for each step. */
int worker_drain(struct gate *gate, void (*tell)(const char *line),
		 struct worker_counts *counts, struct err *err);

#endif
