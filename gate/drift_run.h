#ifndef GATE_DRIFT_RUN_H
#define GATE_DRIFT_RUN_H

#include <stddef.h>

#include "judge/replay.h"
#include "line.h"
#include "store/store.h"

/* Inside drift.c: the points of a history that can be held side by side. */

/* A baseline that is older than so many commits is looked at from there on. */
enum { RUN_MAX = 2000 };

/* The commits of a line that were held against one baseline of a test, and
 * measured by one definition: the first `count` of them. */
struct run {
	struct store_baseline baseline;
	size_t count;
};

/* ERR_NOT_FOUND: nothing has landed of that test. */
int run_find(struct store_tx *tx, const struct line *line, const char *test,
	     struct run *run);

/* The points of a run, oldest first. */
struct run_points {
	struct replay_point *points; /* as they are stored */
	size_t *places;              /* in the line */
	size_t count;
};

int run_read(struct store_tx *tx, const struct line *line,
	     const struct run *run, const struct store_series *series,
	     struct run_points *points);
void run_points_release(struct run_points *points);

#endif
