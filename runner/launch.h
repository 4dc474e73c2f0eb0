#ifndef RUNNER_LAUNCH_H
#define RUNNER_LAUNCH_H

#include <stdint.h>
#include <sys/types.h>

#include "runner/sandbox.h"
#include "runner/shim.h"

struct cgroup;
struct cgroup_limits;
struct err;

/* The descriptors that bwrap finds; those of shim.h stay for the shim. */
enum {
	LAUNCH_FD_FILTER = SHIM_FD_PACK + 1,
	LAUNCH_FD_FILES, /* sandbox->files */
	LAUNCH_FD_COUNT = LAUNCH_FD_FILES + SANDBOX_MAX_FILES
};

/* What a run gets; all are borrowed and stay open here. */
struct launch {
	struct sandbox *sandbox;
	const struct sandbox_command *command;
	const struct sandbox_limits *limits;
	int out, err, events, report; /* events may be -1 */
};

/*
 * A child that waits in groups of its own to become the bwrap of one run.
 * Entering groups of v1 takes the kernel some 15 ms of waiting; so the one of
 * the next run does it while the present run lasts.
 *
 * While it waits, waitpid(-1) does not count it as a child.
 */
struct launcher;

int launcher_new(const struct sandbox *sandbox,
		 const struct cgroup_limits *limits, struct launcher **launcher,
		 struct err *err);

/* Whether it was made with the same limits. */
int launcher_fits(const struct launcher *launcher,
		  const struct cgroup_limits *limits);

/*
 * Start bwrap: in its group, on its CPUs, as the slot's user, with no other
 * descriptors. Whatever goes wrong in the child before the shim is there is
 * said on `err`, and the report ends. pid and group are the caller's from
 * now on, also after an error; the pid wants __WALL until bwrap is executed.
 */
int launcher_start(struct launcher *launcher, const struct launch *launch,
		   pid_t *pid, struct cgroup **group, struct err *err);

/* One that was not started, or NULL: it dies, its groups go. */
void launcher_free(struct launcher *launcher);

/*
 * Inside: the child's half. The request is a message on LAUNCH_FD_REQUEST, of
 * one struct and the descriptors that it names, in their order; its texts, one
 * NUL behind each, are the host's paths of shim, tree, source and cache
 * ("": none), then bwrap's arguments.
 */
enum { LAUNCH_FD_REQUEST = LAUNCH_FD_COUNT, LAUNCH_FD_TEXTS };

enum launch_passed {
	LAUNCH_TEXTS, /* a memory file */
	LAUNCH_IN,
	LAUNCH_OUT,
	LAUNCH_ERR,
	LAUNCH_EVENTS,
	LAUNCH_REPORT,
	LAUNCH_PACK,
	LAUNCH_PASSED
};

struct launch_request {
	int64_t file_bytes; /* limit of one file */
	uint64_t texts_bytes, texts_count;
	unsigned passed; /* bits of enum launch_passed */
};

#define LAUNCH_STAGED_TREE "/run/pacegate/t"
#define LAUNCH_STAGED_SOURCE "/run/pacegate/src"
#define LAUNCH_STAGED_CACHE "/run/pacegate/ccache"
#define LAUNCH_STAGED_SHIM "/run/pacegate/shim"

__attribute__((noreturn)) void launch_child(const struct sandbox *sandbox,
					    const struct cgroup *group,
					    int is_in_v2, int request);

#endif
