#ifndef RUNNER_COUNTERS_H
#define RUNNER_COUNTERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/*
 * Counters of perf_event_open(2) over a whole tree of processes. The
 * descriptors stay in the runner: what is counted can neither read nor stop
 * them, and the system call is denied to it.
 *
 * They are attached to the shim while it waits, asleep: what it starts inherits
 * them, and execve() of the test sets them going. So neither bwrap nor the shim
 * is counted. User mode alone: that is what the program itself does, it is
 * free of interrupts, it is what valgrind counts, and it is all that
 * kernel.perf_event_paranoid=2 allows.
 */

struct counter_event {
	const char *metric; /* of base/metrics.h */
	uint32_t type;      /* PERF_TYPE_… */
	uint64_t config;
};

enum { COUNTERS_MAX = 4 };

/* Each ends with a NULL metric. The first event must be there, the others may
 * be missing. */
extern const struct counter_event counters_hardware[];

/* What every kernel counts, to try the way there: CPU time in ns and page
 * faults. Their metrics are `cpu` and `minflt`. */
extern const struct counter_event counters_software[];

/* As read(2) gives it. */
struct counter_raw {
	uint64_t value, enabled_ns, running_ns;
};

struct counter_value {
	const char *metric; /* NULL: it never ran */
	double value;
	double share; /* of the time that it was counted: 1, less when the
			 processor had too few counters and took turns */
};

struct counters {
	const struct counter_event *events;
	int fds[COUNTERS_MAX];
};

#define COUNTERS_INIT                                                          \
	{                                                                      \
		.fds = { -1, -1, -1, -1 }                                      \
	}

/* Pure: what a reading stands for, scaled to the whole time. */
void counter_scale(const struct counter_event *event,
		   const struct counter_raw *raw, struct counter_value *value);

/* Pure: why perf_event_open() failed so, and what to change. paranoid is
 * kernel.perf_event_paranoid, or -2 where it cannot be read. */
const char *counters_explain(int error, int paranoid);

/*
 * Whether events can be counted here: opens the first one on this process.
 * ERR_UNSUPPORTED and why not, with what to change.
 */
int counters_probe(const struct counter_event *events, struct err *err);

/* Attach to a process that is about to start what is to be counted. Negative
 * when the first event cannot be; the others are then closed again. */
int counters_attach(struct counters *counters,
		    const struct counter_event *events, pid_t pid,
		    struct err *err);

/* What the tree has counted so far; all of it once its processes are gone. */
void counters_read(const struct counters *counters,
		   struct counter_value values[COUNTERS_MAX]);
void counters_close(struct counters *counters);

#endif
