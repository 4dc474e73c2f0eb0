#ifndef GATE_SAMPLES_H
#define GATE_SAMPLES_H

#include <jansson.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "course.h"

struct err;
struct plan;

/*
 * The trials of one session, as the runner's messages bring them in: values by
 * test, metric, round and revision. Pure, and suspicious: what a runner sends
 * may be anything.
 */

struct sample_metric {
	char *name, *unit;
	enum better better;
	int declared;   /* by the test itself, not measured by the runner */
	int once;       /* counted once a revision, it stands in round 0 */
	double *values; /* [round * revisions + revision], NAN: no trial */
	size_t rounds;  /* that there is room for */
};

/* What went wrong at one revision of a test. */
struct sample_trouble {
	unsigned bad, good; /* trials */
	char *outcome, *why, *log;
};

struct sample_test {
	struct sample_metric *metrics;
	size_t count, cap;
	struct sample_trouble *trouble; /* one a revision */
	struct sample_course *courses;  /* one a revision, may be empty */
	unsigned char *unquiet;         /* one a round */
	size_t rounds;
	struct texts problems; /* each said once */
};

struct samples {
	struct sample_test *tests;
	size_t test_count, revision_count;
	char **build_why, **build_log; /* one a revision, NULL: it stands */
};

void samples_init(struct samples *samples, const struct plan *plan);
void samples_release(struct samples *samples);

/* Take in a `trial`, `count`, `course` or `phase` message's body. ERR_PROTOCOL
 * when it does not hold to the protocol. Warm-up trials count only where they
 * fail. */
int samples_add_trial(struct samples *samples, const json_t *trial,
		      struct err *err);
int samples_add_count(struct samples *samples, const json_t *count,
		      struct err *err);
int samples_add_course(struct samples *samples, const json_t *course,
		       struct err *err);
int samples_add_phase(struct samples *samples, const json_t *phase,
		      struct err *err);

const struct sample_metric *samples_metric(const struct samples *samples,
					   size_t test, const char *name);

/* Value of one trial, or NAN. */
double samples_value(const struct samples *samples,
		     const struct sample_metric *metric, size_t round,
		     size_t revision);

/* Median over the rounds, NAN for none; *count gets their number. */
double samples_median(const struct samples *samples,
		      const struct sample_metric *metric, size_t revision,
		      unsigned *count);

#endif
