#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stddef.h>

#include "base/oid.h"

struct directives;

/*
 * The plan: which revisions and tests make up one session. Pure: it is made
 * from facts that repo/ and store/ found, and touches neither.
 *
 * A session measures one definition of each test, the one at the tip. Where
 * the baseline holds another, or none, the tip's test files are laid over the
 * baseline's tree (an overlaid revision), so that a change of the test cannot
 * hide a change of the code. Tests that did not change run on the plain
 * baseline: an overlay that breaks the old build must not take them along.
 */

/* A commit that a session may run: facts, borrowed by the plan. */
struct plan_commit {
	struct oid commit, tree;
	const char *setup, *build; /* of its own .pacegate, or NULL */
};

/* A file of the tip that is laid over an older tree. */
struct plan_file {
	const char *path;
	struct oid blob;
	unsigned mode;
};

struct plan_request_test {
	const char *path;
	const struct directives *directives;
	const struct plan_commit *baseline; /* NULL: nothing to compare with */
	int changed; /* the baseline holds another definition, or none */
};

struct plan_request {
	const struct plan_commit *commits; /* oldest first, the tip last */
	size_t commit_count;
	const struct plan_request_test *tests;
	size_t test_count;
	const struct plan_file *overlay; /* changed test files and inputs */
	size_t overlay_count;
	/* Which of the commits it is laid over as well; NULL: none. */
	const unsigned char *laid_over;
	/* The tip's commands, for an overlaid revision that has none of its
	 * own: one from before the project had a .pacegate. */
	const char *overlay_setup, *overlay_build;
	/* The baselines may be the commits themselves: both are built. */
	int against_itself;
};

struct plan_revision {
	const struct plan_commit *commit;
	int overlaid;
	int again; /* a commit's second build, to be held against the first */
};

struct plan_test {
	const char *path;
	const struct directives *directives;
	int has_baseline;  /* then revisions[0] is it */
	size_t *revisions; /* indexes into the plan's, the tip last */
	size_t count;
};

struct plan {
	struct plan_revision *revisions;
	size_t revision_count, revision_cap;
	struct plan_test *tests;
	size_t test_count, test_cap;
	const struct plan_file *overlay;
	size_t overlay_count;
	const char *overlay_setup, *overlay_build;
};

/* Fill plan; it borrows everything that the request points to. */
void plan_make(struct plan *plan, const struct plan_request *request);

/*
 * A plan of some tests of another: those whose keep[] is set, each at its
 * baseline, its tip, and the revision that extra[] names (SIZE_MAX: none).
 * from[] gets, for each test of the new plan, its index in the old one; it has
 * room for all.
 */
void plan_narrow(struct plan *plan, const struct plan *old,
		 const unsigned char *keep, const size_t *extra, size_t *from);

void plan_release(struct plan *plan);

/* The index of the revision that a test is judged at: its last. */
size_t plan_test_tip(const struct plan_test *test);

#endif
