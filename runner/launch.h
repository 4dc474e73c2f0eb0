#ifndef RUNNER_LAUNCH_H
#define RUNNER_LAUNCH_H

#include <sys/types.h>

#include "runner/shim.h"

struct cgroup;
struct err;
struct sandbox;
struct sandbox_command;
struct sandbox_limits;

/* The descriptors that bwrap finds; those of shim.h stay for the shim. */
enum {
	LAUNCH_FD_FILTER = SHIM_FD_PACK + 1,
	LAUNCH_FD_PASSWD,
	LAUNCH_FD_GROUP,
	LAUNCH_FD_HOSTS,
	LAUNCH_FD_NSSWITCH,
	LAUNCH_FD_COUNT
};

/* What the child gets; all are borrowed and stay open here. */
struct launch {
	struct sandbox *sandbox;
	const struct sandbox_command *command;
	const struct sandbox_limits *limits;
	const struct cgroup *group;   /* NULL: none */
	int out, err, events, report; /* events may be -1 */
};

/*
 * Start bwrap: in its group, on its CPUs, as the slot's user, with no other
 * descriptors. Whatever goes wrong in the child before the shim is there is
 * said on `err`, and the report ends. Only a fork that fails is an error here.
 */
int launch_start(const struct launch *launch, pid_t *pid, struct err *err);

#endif
