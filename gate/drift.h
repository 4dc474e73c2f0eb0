#ifndef GATE_DRIFT_H
#define GATE_DRIFT_H

#include "report/drift.h"

struct err;
struct gate;
struct gather;
struct store_tx;

/*
 * Slow drift, looked for whenever a ref has landed and its history has grown:
 * on the branch that HEAD stands for (any branch where that one is not there)
 * and on refs for which `drift` is set by a pattern. An alert is raised once,
 * again when it has grown by another threshold, and stands until it has gone;
 * what stands is kept in the store, what changes goes into the ledger, and the
 * report of the commit that landed says both.
 *
 * The points that count are those on the first-parent line behind the commit
 * that is the test's baseline now: of the same environment and definition, and
 * held against that very baseline. So neither an accepted change nor a reset, a
 * new definition or another machine is ever taken for drift.
 */

/* What follows from land_record() of the same update. */
int drift_land(struct gate *gate, const struct gather *gather, struct err *err);

/* All alerts that stand; release them in any case. */
int drift_standing(struct store_tx *tx, struct report_drifts *drifts,
		   struct err *err);

#endif
