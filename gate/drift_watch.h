#ifndef GATE_DRIFT_WATCH_H
#define GATE_DRIFT_WATCH_H

#include <stdint.h>

#include "drift_run.h"
#include "report/report.h"

struct gate;
struct gather;
struct store_tx;

/* Inside drift.c: what a landing makes of the alerts that stood before. */

/* One landing: what stood before, and what is to be said of it now. */
struct landing {
	struct gate *gate;
	const struct gather *gather;
	struct line line;
	int64_t now_s;
	struct report report; /* of the tip */
	struct report_drifts before;
	struct report_drifts after; /* what stands of all refs */
	struct report_drifts said;  /* for the report, with what has gone */
};

/* Fill after and said from report, before, and what the store holds. */
int landing_look(struct store_tx *tx, struct landing *landing);

/* The alert of the landing's ref that stood before, or NULL. */
const struct report_drift *landing_standing(const struct landing *landing,
					    const char *test,
					    const char *metric);

#endif
