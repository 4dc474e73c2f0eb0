#ifndef GATE_GATHER_TESTS_H
#define GATE_GATHER_TESTS_H

#include "gather.h"

/* The half of gather.c that finds the tests: fills tests, touched, gone and
 * run_count from the tip and the base. */
int gather_tests(struct gather *gather, const struct gather_input *input,
		 const struct ref_policy *policy, struct err *err);

/* In gather_baselines.c: what each test is held against, the nearest record
 * before the push or the commit before it; zero for one that is reset. */
int gather_baselines(struct gather *gather, const struct gather_input *input,
		     struct err *err);

/* The tree's .pacegate, empty where there is none. problems may be NULL. */
int gather_tree_config(const struct repo *repo, const struct oid *tree,
		       struct tree_config *config, struct problems *problems,
		       struct err *err);

/* What a test says of itself at a commit, in its file and in .pacegate; what is
 * wrong with that is nobody's business here. directives_init() before, release
 * after in any case. */
int gather_directives(const struct repo *repo, const struct oid *commit,
		      const char *path, struct directives *directives,
		      struct err *err);

/* What fixes what a test measures, at a tree: its file and its inputs. 40
 * letters; all `0` where it is not there. */
void gather_definition(const struct repo *repo, const struct oid *tree,
		       const struct gather_test *test, char definition[41]);

/* For gather.c and gather_beside.c: a commit to be built, added once. */
int gather_revision(struct gather *gather, const struct gather_input *input,
		    const struct oid *commit, struct gather_revision **result,
		    struct err *err);

/* Where a revision's own .pacegate does not say how it is built, the server's
 * configuration does. */
void gather_commands(struct gather *gather, const struct ref_policy *policy);

/* The files of a test that is changed, for the overlay. */
void gather_overlay(struct gather *gather, const struct gather_input *input,
		    const struct gather_test *test);

#endif
