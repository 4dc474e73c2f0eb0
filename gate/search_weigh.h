#ifndef GATE_SEARCH_WEIGH_H
#define GATE_SEARCH_WEIGH_H

#include <jansson.h>

#include "gather.h"
#include "search_record.h"
#include "plan/bisect.h"
#include "weigh.h"

struct err;
struct gate;
struct gate_run;
struct store_tx;

/* One step of a search (search.h): a commit weighed beside another one by the
 * search's test, with the confirmation that any alarm needs. */
struct search_weighed {
	struct search_ask ask;
	enum bisect_found found;
	char *why; /* of one that cannot be told */
	struct gather gather;
	struct weigh_result result; /* one report */
	int64_t beside_time_s;      /* when the other was committed */
};

/* The same out of the store: 1 where the commit has a verdict that was measured
 * beside the other one, by the same test, and is clear. */
int search_recall(struct store_tx *tx, const json_t *record,
		  const struct search_ask *ask, struct search_weighed *weighed);

/* Weigh; samples alone are stored. Negative is our own failure, and nothing is
 * found. Release it in any case. */
int search_weigh(struct gate *gate, const json_t *record,
		 const struct search_ask *ask, const struct gate_run *run,
		 struct search_weighed *weighed, struct err *err);
void search_weighed_release(struct search_weighed *weighed);

/* The answer into the record alone, or into the store as well: the verdict,
 * where the commit has none of a push, and its points of the history. */
void search_weighed_note(json_t *record, const struct search_weighed *weighed);
int search_weighed_store(struct store_tx *tx, json_t *record,
			 const struct search_weighed *weighed, struct err *err);

#endif
