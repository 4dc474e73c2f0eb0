#ifndef GATE_DELIVER_H
#define GATE_DELIVER_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct gate;

/*
 * Delivery: takes what is due from the outbox, posts it, and notes what became
 * of it. Only one process delivers for a repository at a time.
 */
struct deliver_counts {
	size_t delivered;
	size_t failed;  /* to be tried again */
	size_t refused; /* for good, until somebody sends them again */
	int busy;       /* another process is at it */
};

/* Until nothing is due. stopped (or NULL) is asked between posts. */
int deliver_run(struct gate *gate, int (*stopped)(void),
		struct deliver_counts *counts, struct err *err);

/* When the next message is due: 1, or 0 when none waits. */
int deliver_next(const struct gate *gate, int64_t *next_s, struct err *err);

#endif
