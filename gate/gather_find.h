#ifndef GATE_GATHER_FIND_H
#define GATE_GATHER_FIND_H

#include "gather.h"

/*
 * Which tests a tip holds, and what of them changed since the base: the first
 * half of gather_tests.c. The directories that the patterns lead to are read
 * once; all the rest comes from what differs between the two trees, so that a
 * small push is cheap among many tests.
 */
struct finder {
	struct gather *gather;
	const struct gather_input *input;
	const struct texts *patterns, *old_patterns; /* of tip and base */
	const struct texts *ignore;
	const struct oid *tree, *base_tree; /* base_tree zero: none */
	size_t looked_at; /* files that may be meant as tests */
};

/* Fill the gather's tests, by path, with is_new and is_touched; touched,
 * ignored and gone. */
int gather_find_tests(struct finder *finder, struct err *err);

#endif
