#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/oid.h"
#include "judge/verdict.h"
#include "report/culprit.h"
#include "report/drift.h"

struct err;

/*
 * The report of one commit: what the gate says of it, with everything that it
 * rests on. It is what the store keeps, what --json prints, and what the
 * pusher's table, the status, the comment, the mail and the pages are made of.
 * All texts are owned by the report; NULL means that there is none.
 */

/* What its history says of a commit later on: that a new level began here. */
struct report_later {
	double ratio, low, high; /* of the levels */
	struct oid first, last;  /* with one of these */
	unsigned commits;        /* how many they are; 0: nothing is said */
};

/* Noise between sessions of the same code, as known when it was filled in. */
struct report_floor {
	double sd;         /* of ln ratio; NAN: nothing was asked */
	double detectable; /* fraction: smallest change that sessions find */
	unsigned sessions; /* that it was learnt from */
	int exact;         /* it never varies */
};

struct report_metric {
	char *name, *unit;
	enum better better;
	enum verdict verdict;
	enum verdict measured; /* of an accepted one: what it would be */
	double base, value;    /* medians of the trials, in unit */
	double ratio;          /* value / base, with its interval */
	double low, high;
	double threshold;  /* fraction, what it was judged by */
	double severe;     /* fraction; infinite for never */
	double detectable; /* fraction: smallest change that would be seen */
	double width;      /* sd of ln ratio that the rounds explain; NAN */
	unsigned trials;   /* on each side */
	unsigned sessions;
	int unconfirmed;           /* an alarm that did not come again */
	struct report_later later; /* for who reads it, not stored */
	struct report_floor floor;
};

struct report_test {
	char *path;
	enum verdict verdict;
	char *why;        /* of new, broken, unweighed, failure, ... */
	char *evidence;   /* "12 % more work" */
	char *note;       /* what is odd about a test that ran: "event 3: " */
	char *definition; /* hash of what the test measures */
	char *log;        /* tail, where the build or the test failed */
	char *accepted;   /* reason of the trailer that accepted it */
	struct oid baseline; /* zero: there is none */
	struct oid changed;  /* first commit of the push that shows it, or 0 */
	struct report_culprit culprit; /* once a bisection has found it */
	struct report_metric *metrics;
	size_t count, cap;
};

struct report {
	struct oid commit;
	char *subject, *author, *email;
	char *ref;
	enum verdict verdict;
	char *why;
	char *environment; /* 16 hex digits */
	char *machine;     /* what people call the environment */
	char *counter;     /* of instructions: "none: why" */
	char *sessions;    /* ids, separated by blanks */
	int64_t time_s;    /* when it was judged */
	int64_t spent_ms;  /* of sessions */
	struct report_test *tests;
	size_t count, cap;
	struct report_drifts drifts; /* of its tests; once it has landed */
};

void report_init(struct report *report, const struct oid *commit);
void report_release(struct report *report);

/* A test's entry, made when it is not there yet; borrowed until the next. */
struct report_test *report_test(struct report *report, const char *path);
struct report_metric *report_test_metric(struct report_test *test,
					 const char *name);
void report_test_release(struct report_test *test);

/* The entry or NULL. */
const struct report_test *report_find(const struct report *report,
				      const char *path);

/* Set the tests' verdicts from their metrics where those say more, and the
 * report's from its tests. */
void report_conclude(struct report *report);

/* The metric to name first: the worst, then the largest change. NULL for a
 * test without metrics. */
const struct report_metric *report_main_metric(const struct report_test *test);

/* Its tests, worst first; freed by the caller. */
const struct report_test **report_sorted_tests(const struct report *report);

/* How many tests have this verdict. */
size_t report_count(const struct report *report, enum verdict verdict);

/* Replace *text with a copy of new (may be NULL). */
void report_set(char **text, const char *new);

/*
 * JSON, documented in pacegate-show(1). The store keeps the head and the tests
 * apart: report_head_json() leaves the tests out.
 */
json_t *report_json(const struct report *report);
json_t *report_floor_json(const struct report_floor *floor);
json_t *report_head_json(const struct report *report);
json_t *report_test_json(const struct report_test *test);
int report_head_read(struct report *report, const json_t *json,
		     struct err *err);
int report_test_read(struct report *report, const json_t *json,
		     struct err *err);

#endif
