#ifndef GATE_WORKER_CHILDREN_H
#define GATE_WORKER_CHILDREN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct job_kind;

/*
 * The worker's processes, one a job that runs: `pacegate work --job ID`. Each
 * leases its job itself, so that what it had goes back to the queue however it
 * ends. Their stdin is a pipe from the worker that nothing is written to: they
 * end when it does.
 */
struct worker_child {
	uint64_t id; /* of the job */
	const struct job_kind *kind;
	pid_t pid;
	int fd; /* readable when it has ended; -1 where there are none */
	int64_t since_s;
	int leaving; /* was told to give way */
};

struct worker_children {
	const char *gitdir; /* borrowed */
	int quiet;          /* what they tell is not printed */
	struct worker_child *items;
	size_t count, cap;
	int pipe[2];
	char *program;
};

int worker_children_init(struct worker_children *children, const char *gitdir,
			 int quiet, struct err *err);

int worker_children_start(struct worker_children *children, uint64_t id,
			  const struct job_kind *kind, struct err *err);

/* NULL: it is none of ours. */
struct worker_child *
worker_children_find(const struct worker_children *children, uint64_t id);

/* Its job goes back to the queue. */
void worker_child_leave(struct worker_child *child);

/* Wait so long for one to end. */
void worker_children_wait(const struct worker_children *children,
			  int timeout_ms);

/* Take one that has ended out of the list: 1, and its wait status; 0: none. */
int worker_children_reap(struct worker_children *children,
			 struct worker_child *child, int *status);

/* Have them all end, and release. */
void worker_children_end(struct worker_children *children);

#endif
