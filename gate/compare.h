#ifndef GATE_COMPARE_H
#define GATE_COMPARE_H

#include <jansson.h>
#include <stddef.h>

#include "judge/session.h"
#include "store/store.h"

/*
 * Two commits by what the store holds of them. Only rounds of one session can
 * be compared with certainty; where there is none that ran both, the medians of
 * two sessions in the same environment are put side by side, without an
 * interval: the machine may have had another hour.
 */
struct compare_row {
	char *test, *metric, *environment;
	double base, value;       /* medians */
	size_t rounds;            /* side by side; 0: measured apart */
	struct estimate estimate; /* low 0 and high INFINITY: no interval */
};

struct compare {
	struct compare_row *rows; /* by test, then metric in their order */
	size_t count, cap;
};

/* Read all that both commits have in common; none is fine. Release compare in
 * any case. */
int compare_commits(struct store_tx *tx, const struct oid *base,
		    const struct oid *commit, struct compare *compare);
/* One object a row, as `pacegate compare --json` prints them. */
json_t *compare_json(const struct compare *compare);

void compare_release(struct compare *compare);

#endif
