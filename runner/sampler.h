#ifndef RUNNER_SAMPLER_H
#define RUNNER_SAMPLER_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup;
struct course;
struct err;

/*
 * Takes the course of a trial in a thread of its own, on the CPUs that are not
 * the slot's, where there are any. Memory and CPU time come from the control
 * group, where there is one, the rest from /proc.
 */
struct sampler;

struct sampler_setup {
	pid_t root;                 /* pid 1 of the sandbox, seen from here */
	const struct cgroup *group; /* or NULL; borrowed until the stop */
	const cpu_set_t *slot;      /* CPUs to keep away from */
	struct course *course;      /* the thread's until the stop */
};

/* The course begins with what its interval says. NULL and err where there can
 * be no thread. */
struct sampler *sampler_start(const struct sampler_setup *setup,
			      struct err *err);

/* Stops it and waits for it; NULL is fine. The course may then be finished. */
void sampler_stop(struct sampler *sampler);

#endif
