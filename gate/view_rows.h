#ifndef GATE_VIEW_ROWS_H
#define GATE_VIEW_ROWS_H

#include <stddef.h>

#include "view_row.h"

struct err;
struct gate;

/*
 * The rows of all tests, by the store's ids of them. When somebody wrote to the
 * store, only what was written to is read again: with 10,000 tests, all of them
 * take a second. Where a push wrote to many at once, some of them are read by
 * each who asks, and a row may then be older than its neighbour.
 */
struct view_rows {
	struct view_row *items;
	size_t count, cap;
	const struct view_row **sorted; /* those with a history, worst first */
	size_t shown;
	uint64_t generation; /* of the store when it was looked at last */
	int is_behind;       /* some rows are left to be read */
	int is_unsorted;     /* one was read for somebody who asked for it */
	struct view_past past;
	char *release;       /* name of the newest tag, or NULL */
	int64_t looked_s;    /* for tags */
	json_t *drifts;      /* alerts that stand */
	json_t *findings[2]; /* newest of all tests, by kind */
};

/* Read what is new, at most max rows (the first time all): then is_behind says
 * whether some are left. */
int view_rows_refresh(struct view_rows *rows, struct gate *gate, size_t max,
		      struct err *err);
void view_rows_release(struct view_rows *rows);

/* The newest findings of a kind, with their authors: of a row or of all rows
 * (row NULL). */
json_t *view_rows_findings(const struct view_rows *rows,
			   const struct view_row *row, enum view_finding kind,
			   const struct gate *gate);

#endif
