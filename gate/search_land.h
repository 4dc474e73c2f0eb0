#ifndef GATE_SEARCH_LAND_H
#define GATE_SEARCH_LAND_H

#include <jansson.h>
#include <stddef.h>

#include "search.h"

struct err;
struct gate;
struct gather;
struct store_tx;

/*
 * Where searches (search.h) come from and where their results go. A change that
 * is confirmed at a commit may have come with any other since the newest one
 * that is known not to have it: those that a push thinned out, that newer
 * pushes overtook, that were never weighed, or that a merge brought.
 */
#define KIND_BISECT "bisect" /* `kind` of a job */

/*
 * What was gathered has landed and is recorded: begin a search for each change
 * that it shows and that could have come with several commits. What is known
 * of an earlier one goes into its report. push is the journal's entry, or what
 * a job keeps of it (messages.h).
 */
int search_begin(struct gate *gate, const struct gather *gather,
		 const json_t *push, struct err *err);

/* Queue a job of a search, in idle time: what to weigh, or NULL to look what
 * is next. */
int search_queue(struct store_tx *tx, const json_t *record, const char *name,
		 const struct search_ask *ask);

/* The record has a result: into the reports that are to tell of it. */
int search_conclude(struct store_tx *tx, const json_t *record, struct err *err);

/* Tell services and people: of the commit that was found, and once more of
 * those where the change was seen. The same again adds nothing. */
int search_tell(struct gate *gate, const json_t *record, struct err *err);

#endif
