#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include <stddef.h>

/*
 * The metrics that the runner measures of every trial. What a test declares
 * with events or a format comes beside them, with its own unit and direction.
 */
enum better { BETTER_LOWER, BETTER_HIGHER };

struct metric_row {
	const char *name;
	const char *unit; /* "ns", "B" or "1" (a count) */
	enum better better;
	int judged;  /* judged without being asked for in `metrics=` */
	int counted; /* counts events: may be exact, see the judge */
	const char *help;
};

/* Ends with a NULL name. */
extern const struct metric_row metric_rows[];

/* The row, or NULL for a name that is not ours. */
const struct metric_row *metric_find(const char *name);

/* Its place in the table, which puts first what people look at first; what a
 * test declares comes behind. */
int metric_rank(const char *name);

/* What is sampled of a trial over time, and kept as its course: the time first,
 * the others as they are or have added up at that time. */
enum { COURSE_COLUMNS = 7 };

struct course_row {
	const char *name, *unit, *help;
};

extern const struct course_row course_rows[COURSE_COLUMNS];

#endif
