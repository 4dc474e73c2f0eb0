#ifndef GATE_WORKER_PLAN_H
#define GATE_WORKER_PLAN_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct gate;
struct worker_children;

/*
 * The worker's look at the queue: what plan/schedule.h makes of it is done.
 * Jobs start, older pushes are dropped for newer ones, others give way.
 */
struct worker_plan {
	struct gate *gate;
	struct worker_children *children;
	size_t capacity;   /* of the pool, as far as this repository goes */
	int64_t asked_ms;  /* when that was asked for */
	int no_overtaking; /* it has failed */

	/* Of the last look. */
	size_t waiting; /* jobs, due or not */
	size_t running; /* of a worker before this one as well */
	size_t lost;    /* leases of the dead */
};

int worker_plan_run(struct worker_plan *plan, struct err *err);

#endif
