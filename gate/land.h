#ifndef GATE_LAND_H
#define GATE_LAND_H

#include <jansson.h>

struct err;
struct gate;
struct gather;

/*
 * What follows once a ref has been seen at its new value, and never before:
 * baselines move, the history gets its points, the ledger its entries.
 */

/* An update as the journal keeps it, for the time after the push. `decided`:
 * its verdicts are in the store already. The caller owns it. */
json_t *land_note(const struct gather *gather, const char *old, const char *new,
		  int decided);

/*
 * An update of the journal has landed. What was not decided in the push is
 * queued, the rest is recorded, and those who want to know are told. push is
 * the journal's entry, with its id (messages.h).
 */
int land_update(struct gate *gate, const json_t *update, const json_t *push,
		struct err *err);

/* The other half, for a queued update that the worker has weighed: record what
 * the store says of its commits. pusher may be "". */
int land_record(struct gate *gate, const struct gather *gather,
		const char *pusher, struct err *err);

/* Gather an update of the journal again. */
int land_gather(struct gate *gate, const json_t *update, int facts_only,
		struct gather *gather, struct err *err);

#endif
