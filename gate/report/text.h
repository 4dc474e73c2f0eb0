#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stddef.h>

struct buf;
struct report;
struct report_floor;
struct report_metric;
struct report_test;

/*
 * A report as people read it, in `remote:` lines and on a terminal. Everything
 * that a commit or a test may have written is cleaned.
 */
struct text_style {
	size_t rows;    /* of the table at most; the others are counted */
	int color;      /* ANSI colours */
	size_t columns; /* the terminal's, 0: not known; a narrow one does not
			   show the interval */
	int all;        /* passing tests too, one row each */
};

/* The table: one row a test, its main metric, worst first; more rows for other
 * metrics of a test that changed. */
void report_add_table(struct buf *buf, const struct report *report,
		      const struct text_style *style);

/* `smallest detectable change 1.2 %, still being studied (3 of 8 sessions)`. */
void report_add_floor(struct buf *buf, const struct report_floor *floor);

/* The same of each test and metric, a line each. */
void report_add_floors(struct buf *buf, const struct report *report);

/* One line: `severe: perf/sort cpu is 30.1 % slower than 1a2b3c4d5e`. */
void report_add_summary(struct buf *buf, const struct report *report);

/* What to do about it: the trailer to paste, how to reproduce, where the logs
 * of broken tests end; praise for improvements, by name. */
void report_add_advice(struct buf *buf, const struct report *report,
		       const struct text_style *style);

/* `+29.0 % .. +31.2 %`; nothing where nothing was compared. */
void report_add_interval(struct buf *buf, const struct report_metric *metric);

/* The command that shows a test's change again, for a shell. */
void report_add_command(struct buf *buf, const struct report *report,
			const struct report_test *test);

/* The lines to paste that accept a test, one for each metric that stands in
 * the way; their number. */
size_t report_add_trailers(struct buf *buf, const struct report_test *test,
			   const char *indent);

/* A line for each metric of which the history says more by now: `in
 * retrospect: perf/sort: cpu became 2.0 % slower (+1.8 % .. +2.2 %) with this
 * commit`. */
void report_add_later(struct buf *buf, const struct report *report);

/* `30.1 % slower`, `2.0 % smaller`: words for a metric's change. */
void report_add_change_words(struct buf *buf, const char *metric,
			     const char *unit, int higher_is_better,
			     double ratio);

#endif
