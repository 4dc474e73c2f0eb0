#ifndef POLICY_TRAILER_H
#define POLICY_TRAILER_H

#include <stddef.h>

#include "base/metrics.h"
#include "base/oid.h"

struct buf;
struct problems;

/*
 * Trailers: what the author of a commit says to the gate, in the syntax of
 * git-interpret-trailers(1), keys without case. The page pacegate-trailers(7)
 * is tested against the names here.
 */
#define TRAILER_ACCEPT "Perf-Accept" /* TEST METRIC <=+12% | REASON */
#define TRAILER_EXPECT "Perf-Expect" /* TEST METRIC -20% */
#define TRAILER_RENAME "Perf-Rename" /* OLD -> NEW */
#define TRAILER_RESET "Perf-Reset"   /* TEST | REASON */
#define TRAILER_SKIP "Perf-Skip"     /* REASON */
/* A message without this, in whatever case, has none. */
#define TRAILER_MENTION "perf-"
/* The same as push options: perf.accept=..., perf.skip=... */
#define PUSH_OPTION_PREFIX "perf."

enum trailer_kind {
	TRAILER_KIND_ACCEPT,
	TRAILER_KIND_EXPECT,
	TRAILER_KIND_RENAME,
	TRAILER_KIND_RESET,
	TRAILER_KIND_SKIP
};

struct trailer {
	enum trailer_kind kind;
	char *test;        /* exact name; the old one of a rename */
	char *metric;      /* "*": every metric of the test */
	char *to;          /* the new name of a rename */
	char *reason;      /* of accept, reset and skip; at most 400 bytes */
	double bound;      /* of accept and expect, as a ratio: 1.12, 0.8 */
	struct oid commit; /* that carries it; zero: a push option */
	int used;          /* for the caller: it did something */
	int narrow;        /* for the caller: it was too narrow for something */
};

struct trailers {
	struct trailer *items;
	size_t count, cap;
};

/*
 * Read a commit message's trailers: its last paragraph, if that is no prose as
 * git sees it (a `---` line is nothing special, and the subject is no trailer).
 * Ours that stand elsewhere, do not parse or are misspelt become problems.
 */
void trailers_read(struct trailers *trailers, const char *message, size_t len,
		   const struct oid *commit, struct problems *problems);

/* Read a push option; others than perf.* are passed over. */
void trailers_read_option(struct trailers *trailers, const char *option,
			  struct problems *problems);

void trailers_release(struct trailers *trailers);
void trailer_release(struct trailer *trailer); /* its texts alone */

/* The last one of a kind for a test (NULL: any) that names the metric, else the
 * last with `*`; metric NULL: any. */
struct trailer *trailers_find(struct trailers *trailers, enum trailer_kind kind,
			      const char *test, const char *metric);

/* Whether an accept trailer's bound covers a measured ratio. The bound is how
 * much worse it may be: where high is better, `<=+12%` under a `*` means 12 %
 * less. */
int trailer_covers(const struct trailer *trailer, enum better better,
		   double ratio);

/* Append the line to paste that accepts this: the bound is the interval's far
 * end, at most twice the change, rounded up to a whole percent. The ratio may
 * be infinite. */
void trailer_format_accept(struct buf *buf, const char *test,
			   const char *metric, enum better better, double ratio,
			   double low, double high);

const char *trailer_kind_name(enum trailer_kind kind);

#endif
