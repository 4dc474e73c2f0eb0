#ifndef GATE_HISTORY_H
#define GATE_HISTORY_H

#include <stddef.h>

#include "base/metrics.h"
#include "judge/series.h"
#include "judge/verdict.h"
#include "line.h"
#include "store/store.h"

/*
 * The history of a (test, metric) in an environment as one reads it: its points
 * in order, where an epoch begins, where the baseline moved, and the changes
 * that the judge finds within each epoch. An epoch ends where the test's
 * definition changes: what is measured then is something else, and nothing is
 * learnt across.
 */
struct history_point {
	struct store_point point;
	int is_known;       /* what landed with it: the rest */
	enum store_why why; /* of its baseline; STORE_HELD: it did not move */
	struct oid baseline;
	char definition[41];
};

struct history_epoch {
	size_t start;
	const char *why; /* "first", "definition" */
};

struct history_change {
	struct change change; /* places in the whole history */
	int is_told;          /* the gate's verdict at the time is known: */
	enum verdict told;    /* the worst of those that may have made it, or
				 the best of them where it got better */
	struct oid culprit;   /* that a bisection named, or zero */
};

struct history {
	char *test, *metric, *environment, *unit;
	enum better better;
	struct history_point *points;
	double *values; /* of the points, in the metric's unit */
	size_t count, cap;
	struct history_epoch *epochs; /* at least one where there are points */
	size_t epoch_count, epoch_cap;
	struct history_change *changes; /* oldest first */
	size_t change_count, change_cap;
	double noise;    /* of the newest epoch: sd of ln value */
	size_t left_out; /* points of other branches */
};

/*
 * Read and judge. Of a line (NULL: of all branches) only its own points count;
 * where it has none of them, all do. A history that the store does not know is
 * empty. Start from zeros; release it in any case.
 */
int history_read(struct store_tx *tx, const struct store_series *series,
		 const struct line *line, struct history *history,
		 struct err *err);
void history_release(struct history *history);

/* Lower *time_s to the oldest commit that the histories of a test hold. */
int history_oldest(struct store_tx *tx, const char *test, int64_t *time_s);

/* Where the newest epoch begins; 0 without points. */
size_t history_newest_epoch(const struct history *history);

/* Whether two definitions are known and not the same. */
int history_differs(const char *definition, const char *other);

#endif
