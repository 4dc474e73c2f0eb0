#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include <sys/types.h>

#include "runner/cgroup.h"
#include "runner/machine.h"
#include "runner/sandbox.h"
#include "runner/shim.h"

struct err;

/* Inside of sandbox_run(): one run while it lasts. */

enum { RUN_READY_MS = 30000 }; /* for bwrap to build its namespaces */

enum { FD_REPORT, FD_OUT, FD_ERR, FD_EVENTS, FD_WATCH, FD_COUNT };

struct run {
	struct sandbox *sandbox;
	const struct sandbox_command *command;
	struct sandbox_limits limits;
	struct sandbox_result *result;
	cpu_set_t cpus;
	struct cgroup *group;
	struct cgroup_stats before;
	struct counters counters;
	struct sampler *sampler;
	struct machine_sample machine;
	int64_t available_bytes; /* before, where no group limits memory */
	int fds[FD_COUNT];       /* our ends; watch is borrowed */
	pid_t pid, shim;
	int64_t deadline_ms, next_tick_ms;
	int64_t event_bytes;
	int is_ready, is_started, is_over; /* READY, START, DONE or its end */
	int is_stopped;                    /* we ended it, for result->end */
	int has_end;                       /* the shim said how a step ended */
	struct shim_message last;
	char *bytes;
};

/*
 * Everybody is gone: read the counters and say how it ended. Negative where the
 * sandbox failed.
 */
int run_conclude(struct run *run, struct err *err);

#endif
