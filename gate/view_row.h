#ifndef GATE_VIEW_ROW_H
#define GATE_VIEW_ROW_H

#include <jansson.h>
#include <stdint.h>

struct store_tx;

/*
 * What overview and feeds show of one test. Reading it takes a tenth of a
 * millisecond, so it is kept, and read again when the store says that something
 * of the test was written.
 */
struct view_row {
	char *test;
	uint64_t generation; /* of the test, when it was read */
	int is_read;
	int badness;      /* the newest verdict, -1: none */
	json_t *shown;    /* the overview's row; NULL: it has no history */
	json_t *findings; /* worse and better, newest first; NULL: none */
};

/* The times that the newest value is compared with; a release of 0 is none. */
struct view_past {
	int64_t month_s, release_s;
};

/* Both kinds of findings: regressions or improvements. */
enum view_finding { VIEW_WORSE, VIEW_BETTER, VIEW_ANY };

/* At most so many findings of a kind are kept and told. */
enum { VIEW_FINDINGS = 50 };

/* Read the row of row->test anew. 0, or the transaction's error. */
int view_row_read(struct store_tx *tx, const struct view_past *past,
		  struct view_row *row);
void view_row_release(struct view_row *row);

/* Whether a finding (as in view_row) is of this kind. */
int view_finding_is(const json_t *finding, enum view_finding kind);

#endif
