#ifndef GATE_SEARCH_H
#define GATE_SEARCH_H

#include <jansson.h>
#include <stddef.h>

#include "base/oid.h"
#include "plan/bisect.h"
#include "search_record.h"

struct err;
struct repo;

/*
 * The search for the commit that brought a change, from what is known to what
 * to weigh next. plan/bisect.h decides along one line; here lines follow upon
 * each other: the first parents from the good commit to the bad one, and where
 * the culprit is a merge, what it brings, one side after the other.
 *
 * A commit that is found has also been weighed beside the one before it: so it
 * has brought the change alone, and not as the last of several drops.
 *
 * It reads the repository, and neither reads nor writes the store: the record
 * (search_record.h) comes from the caller and goes back there.
 */
struct search {
	json_t *record;   /* borrowed */
	struct oid *line; /* the good commit first, the bad one last */
	size_t count;
	struct oid good, bad; /* of the line, as the record has it */
};

/* Read the line that the record says. ERR_INPUT where bad does not come after
 * good along first parents. Release it in any case. */
int search_open(struct search *search, const struct repo *repo, json_t *record,
		struct err *err);
void search_release(struct search *search);

/* Still the line of the record, which may have come from the store anew. */
int search_is_at(const struct search *search, const json_t *record);

enum search_next {
	SEARCH_ASKS,   /* these are to be weighed */
	SEARCH_WAITS,  /* for what was asked */
	SEARCH_TURNED, /* the record says another line: open it again */
	SEARCH_DONE    /* the record has its result */
};

/*
 * What follows from what is known, with so many places free. asks[] has room
 * for them. Only the record is changed. Negative: the repository failed.
 */
int search_step(struct search *search, const struct repo *repo, size_t places,
		struct search_ask *asks, size_t *count, enum search_next *next,
		struct err *err);

/* Whether an answer of this pair still narrows the search. */
int search_wants(const struct search *search, const struct search_ask *ask);

/* `changed`, `unchanged`, `unclear`, `untestable`. */
const char *search_found_name(enum bisect_found found);

#endif
