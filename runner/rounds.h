#ifndef RUNNER_ROUNDS_H
#define RUNNER_ROUNDS_H

#include <stddef.h>

#include "runner/random.h"

struct spec;

/*
 * Which trial comes next. A session first warms every test up at each of its
 * revisions; then come rounds: in each, every test that has not enough runs
 * once at each of its revisions. The order of the tests, and of the revisions
 * within a test, is drawn anew in every round from the session's seed, so that
 * neighbours in time are what is compared. No input or output here.
 */

enum { ROUNDS_MAX_FAILURES = 3 }; /* in a row, at one revision */

struct rounds_step {
	size_t test, revision;
	int round;
	int warmup;
};

enum rounds_next { ROUNDS_OVER, ROUNDS_TRIAL, ROUNDS_ROUND_DONE };

struct rounds {
	const struct spec *spec; /* borrowed */
	struct random random;
	struct rounds_step *steps; /* of the round in hand */
	size_t step_count, at;
	int round, warming;
	int begun;               /* the round in hand was drawn */
	unsigned char *enough;   /* a test: no more trials */
	unsigned char *unusable; /* a revision: no trials at all */
	unsigned char *failures; /* in a row, [test * revisions + revision] */
};

void rounds_init(struct rounds *rounds, const struct spec *spec);
void rounds_release(struct rounds *rounds);

/*
 * ROUNDS_TRIAL and the step, ROUNDS_ROUND_DONE and its round once every trial
 * of a round was given, ROUNDS_OVER.
 */
enum rounds_next rounds_next(struct rounds *rounds, struct rounds_step *step);

/* How the last step went. A test that fails ROUNDS_MAX_FAILURES times in a row
 * at one revision gets no more trials. */
void rounds_note(struct rounds *rounds, const struct rounds_step *step, int ok);

/* The judge has seen enough of a test; out of range is ERR_INPUT. */
int rounds_set_enough(struct rounds *rounds, long long test);

/* A revision could not be built. */
void rounds_drop_revision(struct rounds *rounds, size_t revision);

/* True when something is left that rounds_next() would give. */
int rounds_wants_revision(const struct rounds *rounds, size_t revision);

#endif
