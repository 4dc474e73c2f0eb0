#ifndef POLICY_TREE_CONFIG_H
#define POLICY_TREE_CONFIG_H

#include <stddef.h>

#include "base/mem.h"

struct directives;
struct problems;

/*
 * `.pacegate` in a tree: what belongs to the project. How to build and run,
 * never how to judge: the candidate has no say in that.
 *
 *     [pacegate]
 *         tests = perf/bench*
 *         build = make -s
 *     [test "perf/ssl"]
 *         timeout = 30s
 */
struct tree_config {
	struct texts tests;  /* patterns, none empty; none: the server's */
	char *build, *setup; /* commands for /bin/sh, or NULL */
	struct texts names;  /* of [test "..."] settings: pattern, word, */
	struct texts words;  /* value and place, in the file's order */
	struct texts values;
	struct texts places;
};

/* Initialises config. file names it in problems, which may be NULL. */
void tree_config_read(struct tree_config *config, const char *text, size_t len,
		      const char *file, struct problems *problems);
void tree_config_release(struct tree_config *config);

/* Put what [test "..."] says of this test into directives; a more exact pattern
 * has no precedence here, the later line counts. */
void tree_config_apply(const struct tree_config *config, const char *test,
		       struct directives *directives,
		       struct problems *problems);

#endif
