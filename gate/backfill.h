#ifndef GATE_BACKFILL_H
#define GATE_BACKFILL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/oid.h"
#include "gather.h"
#include "weigh.h"

struct err;
struct gate;
struct gate_run;
struct store_tx;

/*
 * Backfill: a new test is laid over commits from before it, to give it a
 * history. Each is measured in one session beside the commit that the test's
 * history begins with, and gets the point that this one has there times the
 * ratio (point.h): so the points compare, whenever they were measured. No
 * verdict comes of it, and no baseline.
 *
 * What is to be done is a note of the store,
 *
 *     {"test": "perf/a", "ref": "refs/...", "from": COMMIT,
 *      "left": [COMMIT], "asked": [COMMIT], "done": [COMMIT],
 *      "skipped": [{"commit": COMMIT, "why": "..."}]}
 *
 * with `from` the commit whose test it is, `asked` the jobs that the queue
 * holds, one a commit. It changes with the queue, in one transaction.
 */
#define KIND_BACKFILL "backfill" /* `kind` of a job */

enum { BACKFILL_MAX = 1000 /* commits of a test */ };

/* What was gathered has landed and is recorded: queue what its new tests are
 * to be laid over, as the configuration says. */
int backfill_land(struct gate *gate, const struct gather *gather,
		  struct err *err);

/* For a test that has a history along the first parents of tip. */
struct backfill_wish {
	const char *test, *ref;
	struct oid tip;
	struct oid since; /* evenly from this commit on; zero: each one */
	size_t commits;   /* so many of them */
	int again;        /* those as well that could not be measured */
};

struct backfill_counts {
	size_t queued, left, done, skipped; /* queued: by this call */
};

/* Queue those commits that are not dealt with yet. ERR_NOT_FOUND where the test
 * has no history. */
int backfill_queue(struct gate *gate, const struct backfill_wish *wish,
		   struct backfill_counts *counts, struct err *err);

/* The record of a test, NULL for none; freed by the caller. */
json_t *backfill_get(struct store_tx *tx, const char *test);

/* One commit. */
struct backfill {
	struct oid commit, from;
	struct gather gather;
	struct weigh_session session;
	int64_t from_time_s;
	char *why;       /* it cannot be measured */
	int is_hopeless; /* nor can any other: the first commit fails */
};

/* Measure; nothing is stored. Negative is our own failure. Release it in any
 * case. */
int backfill_measure(struct gate *gate, const json_t *record,
		     const struct oid *commit, const struct gate_run *run,
		     struct backfill *backfill, struct err *err);
void backfill_release(struct backfill *backfill);

/* Store what it showed, or why it showed nothing. */
int backfill_store(struct store_tx *tx, json_t *record,
		   const struct backfill *backfill);

/* So many more jobs, of those that are left. */
int backfill_ask(struct store_tx *tx, json_t *record, size_t places);
int backfill_put(struct store_tx *tx, const json_t *record);

#endif
