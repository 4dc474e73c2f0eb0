#ifndef GATE_SEARCH_RECORD_H
#define GATE_SEARCH_RECORD_H

#include <jansson.h>
#include <stdint.h>

#include "base/oid.h"

struct report_metric;
struct store_tx;

/*
 * What is known in a search for the commit that brought a change (search.h): a
 * note of the store, of this form,
 *
 *     {"test": "perf/a", "metric": "cpu", "worse": true, "ref": "refs/...",
 *      "definition": COMMIT, "good": COMMIT, "bad": COMMIT, "tips": [COMMIT],
 *      "push": {...},
 *      "line": {"good": COMMIT, "bad": COMMIT, "merge": COMMIT, "side": 1,
 *               "outside": COMMIT, "depth": 1},
 *      "asked": [{"commit": COMMIT, "beside": COMMIT}],
 *      "answers": [{"commit": COMMIT, "beside": COMMIT, "found": "changed",
 *                   "why": "...", "ratio": 1.3, "low": 1.2, "high": 1.4}],
 *      "result": {...}, "told": true}
 *
 * `definition` is the commit whose test is measured, `tips` are those whose
 * reports are to tell of the result; `line` is where is looked now, the first
 * parents from bad back to good, and of a merge's side also which merge.
 * `asked` are the jobs that the queue holds. Each answer is stored as it comes,
 * so that nothing is weighed twice.
 */

/* The note's name, freed by the caller; NULL for a test of too long a name. */
char *search_name(const struct oid *bad, const char *test);

/* NULL where there is none; freed by the caller. */
json_t *search_record_get(struct store_tx *tx, const char *name);
int search_record_put(struct store_tx *tx, const char *name,
		      const json_t *record);

/* What to look for. */
struct search_seed {
	const char *test, *metric, *ref;
	int worse; /* a regression, else an improvement */
	struct oid definition, good, bad;
};

/* A new one. */
json_t *search_record_new(const struct search_seed *seed);

/* Two commits side by side. */
struct search_ask {
	struct oid commit, beside;
};

/* Answers. The newest of a pair is the last; NULL: none, whatever was asked. */
const json_t *search_record_answer(const json_t *record,
				   const struct search_ask *ask);
/* found: as search_found_name() says; metric may be NULL. The answer is
 * borrowed from the record. */
json_t *search_record_add(json_t *record, const struct search_ask *ask,
			  const char *found, const char *why,
			  const struct report_metric *metric);

/* What the queue holds. */
int search_record_is_asked(const json_t *record, const struct search_ask *ask);
void search_record_set_asked(json_t *record, const struct search_ask *ask,
			     int asked);

/* A commit whose report is to tell of the result, once. */
void search_record_add_tip(json_t *record, const struct oid *tip);

#endif
