#ifndef GATE_CANARY_H
#define GATE_CANARY_H

#include <jansson.h>
#include <stdint.h>

#include "judge/verdict.h"

struct err;
struct gate;
struct weigh_progress;

/*
 * The canary: does the gate still bite, and does it cry wolf? Commits with
 * planted slowdowns, and with none, go through the whole gate, with its
 * configuration, pool, sandbox and judge; what it said is kept as a record in
 * the store and never mixed with the verdicts of real commits.
 */

/* The size of slowdown, a fraction, that --every and doctor use. */
#define CANARY_SIZE 0.10

/* The built-in tests, tests of one push. */
enum {
	CANARY_CPU = 1,    /* computes, about 50 ms */
	CANARY_MEMORY = 2, /* follows pointers through 32 MB */
	CANARY_WAIT = 4,   /* sleeps */
	CANARY_ALL = 7
};

/* 0 for a word that is no kind. */
unsigned canary_kind(const char *word);

/* What one test of one push got: a (test, push) pair. */
struct canary_pair {
	const char *test; /* `cpu`, or a path in the repository */
	double size;      /* planted, as a fraction; 0: none */
	double threshold; /* in force */
	enum verdict verdict;
	int candidate; /* the first session raised it, or its build-mates */
	int alarm;     /* confirmed: a regression, or without a plant any
			  change */
	const char *metric; /* the one to name first, or NULL */
	double ratio;
	unsigned trials; /* on both sides, of all sessions */
	unsigned sessions;
	int64_t ms; /* of the push's sessions, which its tests share */
};

struct canary {
	unsigned kinds;   /* CANARY_..., or */
	const char *test; /* one of the repository, at its HEAD */
	double size;
	unsigned pairs; /* pushes */
	/* Each may be NULL, as in struct gate_run. */
	int (*give_way)(void *data);
	int (*stopped)(void *data);
	void (*placed)(void *data, const char *where);
	void (*progress)(void *data, const struct weigh_progress *progress);
	/* Gets each pair as it comes, or NULL. */
	void (*tell)(void *data, const struct canary_pair *pair);
	void *data;
};

/* Run it; every pair is added to the store's record at once. ERR_BUSY when it
 * gave way. */
int canary_run(struct gate *gate, const struct canary *canary, struct err *err);

/*
 * The record so far: {"last": SECONDS, "rows": [{"test", "size", "threshold",
 * "pairs", "candidates", "alarms", "undecided", "sessions", "trials", "ms",
 * "rate", "low", "high"}]}, the last three of alarms. The caller owns it.
 */
json_t *canary_record(struct gate *gate);

/* Whether the configured time has come for one in idle time. */
int canary_is_due(struct gate *gate);

#endif
