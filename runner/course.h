#ifndef RUNNER_COURSE_H
#define RUNNER_COURSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The course of a trial: what its processes used, over time. However long it
 * takes, the points are few: when there are too many, every second one goes and
 * the interval doubles. So nobody has to know beforehand how long it will be.
 * No input or output here.
 */

enum {
	COURSE_MAX = 200, /* while it runs */
	COURSE_KEPT = 100 /* afterwards */
};

struct course_point {
	int64_t at_ns; /* CLOCK_MONOTONIC; once finished, since the start */
	int64_t memory_bytes, cpu_ns, threads, read_bytes, written_bytes;
};

struct course {
	struct course_point points[COURSE_MAX];
	size_t count;
	int64_t interval_ns;
	int by_group; /* memory is the control group's, with its files; else
			 the sum of the resident sets */
};

void course_init(struct course *course, int64_t interval_ns);

/* In the order of time. Sums that fall back stay where they were. */
void course_add(struct course *course, const struct course_point *point);

/* Keep what lies within the trial, COURSE_KEPT points at most, times since its
 * start. */
void course_finish(struct course *course, int64_t start_ns, int64_t end_ns);

#endif
