#ifndef REPORT_DRIFT_H
#define REPORT_DRIFT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/oid.h"

struct buf;
struct err;

/*
 * An alert of slow drift: what stands in the store as long as it holds, what
 * the report of a commit says of it, and what the ledger keeps. It is never a
 * verdict and refuses nothing.
 */
enum drift_state {
	DRIFT_RAISED, /* by this commit: to be told */
	DRIFT_GREW,   /* by another threshold since it was last told */
	DRIFT_STANDS, /* known */
	DRIFT_GONE    /* better again, or what it was held against changed */
};

struct report_drift {
	char *test, *metric, *unit;
	char *environment, *ref;
	char *why;    /* of one that is gone: accepted, reset, ...; NULL: it got
			 better again */
	char *author; /* of one that is gone: who may be thanked; or NULL */
	enum drift_state state;
	enum better better;
	int is_against_best; /* of the best level since, else of the baseline */
	double ratio, low, high; /* newest level / the other; worse above 1, or
				    below it where higher is better */
	double threshold;        /* fraction, by which it was judged */
	double told; /* size (worse above 1) when it was last told of */
	double best; /* the other / baseline, worse above 1 */
	struct oid baseline;
	struct oid from; /* the last commit of the level it is held against */
	struct oid first, last; /* the drift came with these */
	struct oid at;          /* the commit by which it was last told */
	unsigned commits;       /* measured, from first to the newest */
	int64_t time_s;
};

struct report_drifts {
	struct report_drift *items;
	size_t count, cap;
};

void report_drift_release(struct report_drift *drift);
void report_drifts_release(struct report_drifts *drifts);

/* A copy at the end, which the list owns. */
struct report_drift *report_drifts_add(struct report_drifts *drifts,
				       const struct report_drift *drift);

/* How many of them somebody should be told of: all but those that stand. */
size_t report_drifts_news(const struct report_drifts *drifts);

json_t *report_drift_json(const struct report_drift *drift);
json_t *report_drifts_json(const struct report_drifts *drifts);

/* Adds what an array of JSON holds; NULL is an empty one. */
int report_drifts_read(struct report_drifts *drifts, const json_t *json,
		       struct err *err);

/* One line without its end: `drift: perf/a: cpu is 4.1 % slower (3.9 % .. 4.4
 * %) than its baseline 1a2b3c4d5e, by 5 commits since 2b3c4d5e6f, none of them
 * a regression by itself`. */
void report_add_drift(struct buf *buf, const struct report_drift *drift);

/* The first of those that somebody should be told of, and how many more there
 * are; nothing where there is none. */
void report_add_drift_news(struct buf *buf, const struct report_drifts *drifts);

/* All of them, indented: a line for each test and state. */
void report_add_drifts(struct buf *buf, const struct report_drifts *drifts);

#endif
