#ifndef RUNNER_CGROUP_H
#define RUNNER_CGROUP_H

#include <stdint.h>
#include <sys/types.h>

struct buf;
struct err;
struct texts;

/*
 * Control groups, whichever the machine has: v2, v1 with or without a v2
 * beside it, or none. One group a run; nothing here is needed for a run to be
 * contained, but with it limits hold for all processes of the run together
 * and are told apart from a test's own failure.
 */
struct cgroups; /* what this machine lets us use; one a session */
struct cgroup;  /* of one run */

struct cgroup_limits {
	int64_t memory_bytes, processes;
	const char *cpus; /* NULL: as the parent */
};

/* What the counters said. -1: there is none for it. */
struct cgroup_stats {
	int64_t cpu_ns;
	int64_t peak_bytes;
	int64_t oom_kills;
	int64_t refused_forks;
	int64_t waited_ns;    /* CPU pressure */
	int64_t throttled_ns; /* by a quota of this group */
};

/*
 * Look at what there is and may be used. Never fails: with nothing at all the
 * groups do nothing. notes receives what is missing and how to get it.
 */
struct cgroups *cgroups_open(struct texts *notes);
struct cgroups *cgroups_none(void);
void cgroups_free(struct cgroups *cgroups);

/* `cgroup v1: memory pids cpuset cpuacct`, `no cgroup`. */
void cgroups_describe(const struct cgroups *cgroups, struct buf *text);

/* Whether memory and processes are limited by groups here. */
int cgroups_limit_memory(const struct cgroups *cgroups);
int cgroups_limit_processes(const struct cgroups *cgroups);

/* A new group with its limits; it must be freed. */
int cgroup_new(struct cgroups *cgroups, const struct cgroup_limits *limits,
	       struct cgroup **group, struct err *err);

/* In the child: enter all of it, but for v2 where it was cloned into that. 0,
 * or -1 with errno. Async-signal-safe. */
int cgroup_enter(const struct cgroup *group, int is_in_v2);

/* For CLONE_INTO_CGROUP: the v2 group's directory, or -1; borrowed. */
int cgroup_clone_fd(const struct cgroup *group);

/* Kill all that is in it, once; call again until cgroup_is_empty(). */
void cgroup_kill(struct cgroup *group);
int cgroup_is_empty(const struct cgroup *group);

void cgroup_read(const struct cgroup *group, struct cgroup_stats *stats);

/* Just the number of OOM kills, cheaply; -1: unknown. */
int64_t cgroup_oom_kills(const struct cgroup *group);

/* Just the CPU time used; -1: unknown. */
int64_t cgroup_cpu_ns(const struct cgroup *group);

/* Just the memory in use, files in memory too; -1: unknown. */
int64_t cgroup_memory_bytes(const struct cgroup *group);

/* Start the peak of memory afresh, where the kernel can. */
void cgroup_reset_peak(const struct cgroup *group);

/* Remove it; it must be empty. NULL is fine. */
void cgroup_free(struct cgroup *group);

#endif
