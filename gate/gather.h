#ifndef GATE_GATHER_H
#define GATE_GATHER_H

#include <jansson.h>
#include <stddef.h>

#include "plan/plan.h"
#include "policy/directive.h"
#include "policy/policy.h"
#include "policy/problem.h"
#include "policy/trailer.h"
#include "policy/tree_config.h"
#include "repo/repo.h"

struct buf;
struct err;
struct report;
struct store;

/*
 * The facts of one ref update: which commits, tests, trailers and baselines it
 * is about, and from them the request for a plan. It reads the repository and
 * the store and changes neither, so that hook, worker and `pacegate run` see
 * the same.
 */

enum gather_outcome {
	GATHER_WEIGH,     /* the request says what */
	GATHER_NOTHING,   /* the update brings no commit */
	GATHER_NO_TESTS,  /* there is none in the tip's tree */
	GATHER_UNTOUCHED, /* what it touches matters to no test */
	GATHER_SKIPPED    /* Perf-Skip */
};

struct gather_test {
	char *path;
	char *known_as;  /* name in the store: the old one of a renamed test */
	struct oid blob; /* zero for a program that the build makes */
	unsigned mode;
	char definition[41]; /* of one that runs */
	struct directives directives;
	struct oid baseline; /* zero: none */
	int changed;         /* the baseline holds another definition */
	int is_new;          /* the base does not hold it */
	int is_touched;      /* its own file differs from the base's */
	int runs;
	const char *reset; /* reason of a Perf-Reset, borrowed from trailers */
};

/* A test that the base holds and the tip does not. */
struct gather_gone {
	char *path;
	struct oid blob;
};

/* A revision with what its own .pacegate says. */
struct gather_revision {
	struct plan_commit facts;
	struct tree_config config;
};

struct gather {
	char *ref;
	struct repo_update update;
	enum gather_outcome outcome;
	struct repo_commit *commits;        /* selected, oldest first */
	struct gather_revision **revisions; /* commits first, then baselines */
	size_t revision_count, revision_cap;
	struct gather_test *tests; /* by path */
	size_t test_count, test_cap, run_count;
	struct texts touched; /* changed paths that are not ignored, sorted */
	int touched_more;     /* and more than are listed */
	int ignored;          /* some are */
	struct gather_gone *gone; /* by path */
	size_t gone_count, gone_cap;
	struct trailers trailers;
	struct problems problems;
	struct plan_file *overlay;
	size_t overlay_count, overlay_cap;
	struct plan_commit *plan_commits;
	struct plan_request_test *plan_tests;
	unsigned char *laid_over;
	struct plan_request request;
};

struct gather_input {
	const struct repo *repo;
	struct store *store; /* NULL: no records of baselines */
	const struct policy *policy;
	const char *ref;
	struct oid old, new;
	const struct texts *options; /* of the push, or NULL */
	const struct texts *only;    /* tests to run, NULL: as usual */
	const json_t *noted; /* by gather_note() in pre-receive: what came new
				cannot be told any more once it has landed */
	int may_accept;      /* the pusher is one of the accepters */
	int facts_only;      /* no baselines, no request: for a plan's line */
};

/* Fill gather (release it in any case). Problems of what people wrote are in
 * gather->problems; negative is our own failure. */
int gather_update(struct gather *gather, const struct gather_input *input,
		  struct err *err);
void gather_release(struct gather *gather);
void gather_test_release(struct gather_test *test); /* its contents */

const struct gather_test *gather_find(const struct gather *gather,
				      const char *path);

/* Author, subject and ref into a report of one of the selected commits. */
void gather_describe(const struct gather *gather, struct report *report);

/* What of this must outlive the push: update and trailers, as JSON. */
json_t *gather_note(const struct gather *gather);
/* The other way; for gather.c. */
int gather_restore(struct gather *gather, const json_t *note, struct err *err);

/* Why nothing is weighed; nothing where something is. */
void gather_add_reason(const struct gather *gather, struct buf *buf);

/* `main: 3 commits, 4 tests against 1a2b3c4d5e`, or why nothing is weighed. */
void gather_add_text(const struct gather *gather, struct buf *buf);

#endif
