#ifndef RUNNER_COUNTING_H
#define RUNNER_COUNTING_H

#include <stddef.h>

#include "runner/spec.h"

struct control;
struct err;
struct rounds;
struct sandbox;
struct tree;

/*
 * The instruction counts of a session by valgrind (runner/count.h): each test
 * once at each of its revisions. Where a revision's count differs from the
 * baseline's, both are counted again: only a difference that is far above what
 * two counts of the same code differ by is told.
 */

/* Counts that differ by less are the same, and are not counted again. */
#define COUNTING_SAME 0.001

/* A difference is at least so many times what the same code differs by. */
#define COUNTING_CLEAR 10

/* Of one test at one revision. */
struct tally {
	double first, again; /* negative: not counted */
	char why[512];       /* not "": left out, and why */
};

struct counting {
	const struct spec *spec;
	const struct rounds *rounds; /* which tests still run */
	const struct tree *built;
	struct sandbox *sandbox;
	struct control *control;

	/* What came of a test at a revision; negative ends it. */
	int (*report)(void *data, size_t test, size_t revision,
		      const struct tally *tally);
	void *data;
};

/* What counts instructions here, NONE and why where it is not what was wanted.
 * AUTO is perf or nothing: valgrind is slow, and so has to be asked for. */
enum spec_counter counting_choose(enum spec_counter wanted,
				  const struct sandbox *sandbox,
				  struct err *why);

/* 1, 0 when the session is to stop, or an error. */
int counting_run(const struct counting *counting, struct err *err);

/* Pure: whether the counts of a revision and of the baseline have to be taken
 * again, and what the second ones make of them. */
int counting_differs(const struct tally *base, const struct tally *tally);
void counting_judge(const struct tally *base, struct tally *tally);

#endif
