#ifndef RUNNER_ATTEMPT_H
#define RUNNER_ATTEMPT_H

#include "base/protocol.h"
#include "runner/readings.h"
#include "runner/trial.h"

struct control;
struct counter_event;
struct err;
struct sandbox;
struct spec_revision;
struct spec_test;

/*
 * A trial as the gate hears of it: what the sandbox measured (runner/trial.h)
 * together with what the test said by events or in a format.
 */
struct attempt {
	struct trial_result result;
	struct readings readings;
	const char *outcome; /* OUTCOME_… */
	char why[PROTOCOL_MAX_TEXT + 1];
};

#define ATTEMPT_INIT                                                           \
	{                                                                      \
		.result = TRIAL_RESULT_INIT, .readings = READINGS_INIT         \
	}

/* Run one. 0 and the attempt (result.stopped: not to be reported); a sandbox
 * that fails is an attempt with OUTCOME_OURS. */
struct attempt_setup {
	struct sandbox *sandbox;
	struct control *control;
	const struct spec_test *test;
	const struct spec_revision *revision;
	const char *tree;                     /* where it was built */
	const struct counter_event *counters; /* or NULL */
	struct course *course;                /* or NULL */
	int64_t course_interval_ns;
};

void attempt_run(struct attempt *attempt, const struct attempt_setup *setup);
void attempt_release(struct attempt *attempt);

/* The pure half: outcome and why, once result and readings are complete. where
 * says which test it was: `perf/x at baseline 1a2b3c`. */
void attempt_judge(struct attempt *attempt, const char *where);

/* True when only the machine is to blame for events that cannot be used. */
int attempt_is_to_repeat(const struct attempt *attempt);

#endif
