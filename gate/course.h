#ifndef GATE_COURSE_H
#define GATE_COURSE_H

#include <jansson.h>
#include <stddef.h>

#include "base/metrics.h"

struct err;

/*
 * The course of a trial, what it used over time, as the runner sends it and as
 * the store keeps it. Pure.
 */
struct sample_course {
	double *columns[COURSE_COLUMNS]; /* of course_rows; NULL: none */
	size_t count;                    /* points */
};

/* Take a `course` message's body. ERR_PROTOCOL when it does not hold to the
 * protocol; the course is then empty. */
int course_take(struct sample_course *course, const json_t *body,
		struct err *err);
void course_release(struct sample_course *course);

#endif
