#ifndef GATE_WORKER_CHILDREN_H
#define GATE_WORKER_CHILDREN_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct job_kind;
struct worker_nursery;

/*
 * The worker's processes, one a job that runs. Each leases its job itself, so
 * that what it had goes back to the queue however it ends; and it ends when the
 * worker does.
 */
struct worker_child {
	uint64_t id; /* of the job */
	const struct job_kind *kind;
	int64_t since_s;
	int leaving; /* was told to give way */
};

struct worker_children {
	struct worker_nursery *nursery; /* borrowed */
	struct worker_child *items;
	size_t count, cap;
};

int worker_children_start(struct worker_children *children, uint64_t id,
			  const struct job_kind *kind, struct err *err);

/* NULL: it is none of ours. */
struct worker_child *
worker_children_find(const struct worker_children *children, uint64_t id);

/* Its job is to go back to the queue. */
int worker_children_stop(struct worker_children *children, uint64_t id,
			 struct err *err);

/* Wait so long for one to end, and take it out of the list: 1, and its status
 * as waitpid(2); 0: none did. */
int worker_children_reap(struct worker_children *children, int timeout_ms,
			 struct worker_child *child, int *status,
			 struct err *err);

/* Have them all end. */
void worker_children_end(struct worker_children *children);

#endif
