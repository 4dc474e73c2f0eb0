#ifndef GATE_GATHER_TOUCH_H
#define GATE_GATHER_TOUCH_H

#include "gather.h"

/*
 * What a push touches beside the tests themselves, which matter to themselves
 * alone, made ready to be held against the `affects` of many tests.
 */
struct touch {
	const struct texts *all; /* every touched path, sorted; borrowed */
	char **paths;            /* those that are no tests, sorted; borrowed */
	size_t count;
	int is_endless; /* more than can be listed: it matters to every test */
};

/* From a gather that knows its tests, touched and gone, and outlives it. */
void touch_init(struct touch *touch, const struct gather *gather);
void touch_release(struct touch *touch);

/* Nothing was touched that could matter to any test but itself. */
int touch_is_empty(const struct touch *touch);

/* Whether something that was touched is one of the inputs, or is affected. */
int touch_matters(const struct touch *touch,
		  const struct directives *directives);

#endif
