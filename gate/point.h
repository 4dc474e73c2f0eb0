#ifndef GATE_POINT_H
#define GATE_POINT_H

#include <stdint.h>

#include "base/oid.h"

struct report_metric;
struct store_series;
struct store_tx;

/*
 * Points of the history that come afterwards, from a session that measured a
 * commit beside another one. Values of another hour do not compare: so what
 * the other commit had in the history is multiplied by the ratio that the
 * session showed. Only where it has no point of its own the session's values
 * stand as they are.
 */
struct point_chain {
	struct oid commit, beside;
	int64_t time_s, beside_time_s; /* when they were committed */
	int backfilled;
};

/* Nothing where the commit has a point already, or there is no ratio. */
int point_chain(struct store_tx *tx, const struct store_series *series,
		const struct point_chain *chain,
		const struct report_metric *metric);

#endif
