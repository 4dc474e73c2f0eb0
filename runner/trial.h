#ifndef RUNNER_TRIAL_H
#define RUNNER_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "runner/sandbox.h"

struct err;

/*
 * One trial: a test of a tree, run in the sandbox and measured, with what
 * became of it in the words of base/protocol.h.
 */

struct trial_metric {
	const char *name; /* of base/metrics.h */
	double value;
};

enum { TRIAL_MAX_METRICS = 24 };

struct trial_command {
	const char *tree; /* host path of the built tree */
	const char *test; /* path in the tree: perf/ssl */
	int64_t timeout_ms;
	const struct sandbox_limits *limits;  /* NULL: the sandbox's */
	const struct texts *env;              /* NAME=VALUE, or NULL */
	const struct counter_event *counters; /* or NULL */
	struct course *course;                /* or NULL */
	int64_t course_interval_ns;

	/* As in struct sandbox_command. */
	struct buf *keep_stdout;
	size_t stdout_max;
	void *data;
	void (*on_start)(void *data, int64_t start_ns);
	int (*on_event_bytes)(void *data, const char *bytes, size_t len,
			      int64_t received_ns);
	int watch;
	int (*on_watch)(void *data);
};

#define TRIAL_COMMAND_INIT                                                     \
	{                                                                      \
		.watch = -1                                                    \
	}

struct trial_result {
	const char *outcome; /* OUTCOME_…; a caller may replace OUTCOME_OK by
				what the events say */
	int stopped;         /* by on_watch(): not to be reported at all */
	int status;          /* exit status, or 128 + signal */
	char why[512];       /* "" when ok */
	struct trial_metric metrics[TRIAL_MAX_METRICS];
	size_t metric_count;
	struct texts marks;        /* what was unquiet: `steal 12 %` */
	struct sandbox_result run; /* start_ns, log, … */
};

#define TRIAL_RESULT_INIT                                                      \
	{                                                                      \
		.run = SANDBOX_RESULT_INIT                                     \
	}

/* 0 and a result, or negative when the sandbox failed: OUTCOME_OURS. */
int trial_run(struct sandbox *sandbox, const struct trial_command *command,
	      struct trial_result *result, struct err *err);
void trial_result_release(struct trial_result *result);

/*
 * The pure halves, for tests: outcome, status and why out of run; metrics;
 * marks. test is the path as people know it.
 */
void trial_classify(const struct sandbox_limits *limits, const char *tree,
		    const char *test, int64_t timeout_ms,
		    struct trial_result *result);
void trial_measure(struct trial_result *result);
void trial_mark(struct trial_result *result);

/* The value of a metric of the result, or -1. */
double trial_metric(const struct trial_result *result, const char *name);

/* `exit 2`, `killed by signal 11 (Segmentation fault)`, `took longer than 60 s
 * (raise timeout= …)` and so on: why a run ended as it did; "" for exit 0. */
void trial_explain(const struct sandbox_limits *limits,
		   const struct sandbox_result *run, int64_t timeout_ms,
		   const char *timeout_key, char *why, size_t size);

#endif
