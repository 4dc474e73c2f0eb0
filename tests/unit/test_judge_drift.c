#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge/drift.h"
#include "judge/replay.h"
#include "judge_help.h"

enum { N = 200 };

static const struct drift_rule usual = { 0.03, 0.03 };

/* A point of this ratio to the baseline, known within `width` of its ln. */
static struct replay_point
point_of(double shift, double width)
{
	return (struct replay_point){ .low = exp(shift - width),
				      .high = exp(shift + width),
				      .value = 1e7 * exp(shift),
				      .base = 1e7 };
}

static void
fill(struct replay_point *points, const double *percent, size_t n)
{
	for (size_t i = 0; i < n; i++)
		points[i] = point_of(log1p(percent[i] / 100), 0.002);
}

static void
judge(const double *percent, size_t n, struct drift_finding *finding)
{
	struct replay_point points[N];

	fill(points, percent, n);
	drift_judge(&usual, points, n, finding);
}

static void
one_per_cent_a_push(void **state)
{
	const double percent[] = { 1, 2, 3, 4, 5, 6 };
	struct drift_finding finding;

	(void)state;
	for (size_t n = 0; n < 5; n++) {
		judge(percent, n, &finding);
		assert_int_equal(finding.against, DRIFT_NONE);
	}
	judge(percent, 5, &finding);
	assert_int_equal(finding.against, DRIFT_BASELINE);
	assert_near(finding.ratio, 1.04, 0.001);
	assert_true(finding.low > 1.03 && finding.high < 1.05);
	assert_int_equal(finding.first, 0);
	assert_int_equal(finding.last, 2);
	judge(percent, 6, &finding);
	assert_near(finding.ratio, 1.05, 0.001);
}

/* The commits before it are not to blame. */
static void
it_is_dated(void **state)
{
	const double percent[] = { 0.1, 0, -0.1, 0.1, 0.1, 1, 2, 3, 4, 5 };
	struct drift_finding finding;

	(void)state;
	judge(percent, 10, &finding);
	assert_int_equal(finding.against, DRIFT_BASELINE);
	assert_int_equal(finding.first, 5);
	assert_int_equal(finding.last, 7);
}

/* What the gate called a regression is no drift, what comes on top is; once it
 * was taken back nothing is left of it. */
static void
a_step_that_was_told_is_none(void **state)
{
	const double step[] = { 0, 0, 10, 10, 10, 10 };
	const double at_once[] = { 10, 10, 10, 10 };
	const double more[] = { 0, 0, 10, 10, 11, 12, 13, 14, 15 };
	const double back[] = { 0, 0, 10, 10, 10, 0, 0, 0, 1, 2, 3, 4, 5 };
	struct drift_finding finding;

	(void)state;
	judge(step, 6, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	judge(at_once, 4, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	judge(more, 9, &finding);
	assert_int_equal(finding.against, DRIFT_BASELINE);
	assert_near(finding.ratio, 1.14 / 1.10, 0.002);
	judge(back, 8, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	assert_near(finding.now, 1, 0.001);
	judge(back, 13, &finding);
	assert_int_equal(finding.against, DRIFT_BASELINE);
}

/* A drift that one commit takes back has gone. */
static void
a_drift_may_go(void **state)
{
	const double percent[] = { 1, 2, 3, 4, 5, 6, 0, 0, 0 };
	struct drift_finding finding;

	(void)state;
	judge(percent, 6, &finding);
	assert_int_equal(finding.against, DRIFT_BASELINE);
	judge(percent, 9, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	assert_near(finding.now, 1, 0.001);
}

/* 2 % better, which moved no baseline, then 2 % worse than that: 4 % in all,
 * though within the threshold of the baseline. */
static void
the_best_level_counts(void **state)
{
	struct replay_point points[60];
	struct drift_finding finding;
	struct source source = { 1, 0 };

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		double level = i < 20 ? 0 : i < 40 ? log1p(-0.02) : log1p(0.02);

		points[i] = point_of(level + 0.002 * gauss(&source), 0.006);
	}
	drift_judge(&usual, points, 40, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	drift_judge(&usual, points, 60, &finding);
	assert_int_equal(finding.against, DRIFT_BEST);
	assert_near(finding.ratio, 1.02 / 0.98, 0.003);
	assert_near(finding.best, 0.98, 0.002);
	assert_true(finding.first >= 38 && finding.first <= 42);
}

/* Intervals of 5 %, which never clear the threshold, yet many of them. */
static void
levels_see_what_no_interval_shows(void **state)
{
	struct drift_finding finding;
	struct source source = { 2, 0 };
	size_t found = 0;

	(void)state;
	for (int run = 0; run < 50; run++) {
		struct replay_point points[100];

		for (size_t i = 0; i < 100; i++)
			points[i] = point_of(0.0005 * (double)i +
						     0.01 * gauss(&source),
					     0.05);
		drift_judge(&usual, points, 100, &finding);
		found += finding.against != DRIFT_NONE;
	}
	/* 5 % over 100 commits: all found. */
	assert_int_equal(found, 50);
}

/* Looked at after every push, as the gate does, and under several kinds of
 * noise: no change is no drift. */
static void
no_change_is_no_drift(void **state)
{
	/* What one in a hundred of each kind is beyond. */
	static const double wrong_once[KINDS] = { 2.33, 2.77, 21.3,
						  1.5,  8.9,  2.33 };
	size_t alarms = 0, runs = repeats(6, 200);

	(void)state;
	for (size_t run = 0; run < runs * KINDS; run++) {
		enum kind kind = (enum kind)(run % KINDS);
		struct source source = { run * 7919, 0 };
		struct replay_point points[N];
		struct drift_finding finding = { 0 };

		for (size_t i = 0; i < N; i++) {
			double e = 0.01 * noise_of(&source, kind);

			points[i] = point_of(e, 0.01 * wrong_once[kind]);
			drift_judge(&usual, points, i + 1, &finding);
			if (finding.against != DRIFT_NONE)
				break;
		}
		alarms += finding.against != DRIFT_NONE;
	}
	printf("# %zu histories of %d commits: %zu alarms\n", runs * KINDS, N,
	       alarms);
	assert_true(alarms * 100 <= runs * KINDS);
}

/* A history as the gate makes it: sessions that stop when they are clear of the
 * threshold, each with an error of its own (build, layout). Returns after how
 * many pushes an alert was raised; 0: never. */
static size_t
alert_after(size_t pushes, double slope, uint64_t seed)
{
	static struct pair pairs[LOOK_MAX_PAIRS];
	struct replay_point points[N];
	struct source source = { seed, 0 };
	struct rule rule = RULE_INIT;
	struct drift_finding finding;

	for (size_t i = 0; i < pushes; i++) {
		double shift = slope * (double)i + 0.004 * gauss(&source);
		struct look look;

		run_session(&rule, &source, seed % KINDS, shift, 0.01, pairs,
			    &look);
		points[i] = (struct replay_point){ look.estimate.low,
						   look.estimate.high,
						   1e7 * look.estimate.ratio,
						   1e7, NAN };
		drift_judge(&usual, points, i + 1, &finding);
		if (finding.against != DRIFT_NONE)
			return i + 1;
	}
	return 0;
}

/* 5 % over 100 pushes is always found, before it is much more than the
 * threshold; nothing is never found. */
static void
drift_of_sessions(void **state)
{
	size_t runs = repeats(2, 40) * KINDS, found = 0, alarms = 0, sum = 0;

	(void)state;
	for (size_t run = 0; run < runs; run++) {
		size_t after = alert_after(100, 0.0005, run);

		found += after > 0;
		sum += after;
		alarms += alert_after(100, 0, run + 1000) > 0;
	}
	printf("# %zu histories of 100 pushes: 5 %% drift found in %zu, at "
	       "%.1f %%; without drift in %zu\n",
	       runs, found, found ? 0.05 * (double)sum / (double)found : 0,
	       alarms);
	assert_int_equal(found, runs);
	assert_int_equal(alarms, 0);
}

/* Scale, direction of time within the ties, and points that say nothing. */
static void
what_does_not_matter(void **state)
{
	struct drift_finding a, b;
	struct replay_point points[N], other[N];
	struct source source = { 3, 0 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 80; i++) {
		points[i] = point_of(
			0.0007 * (double)i + 0.003 * gauss(&source), 0.01);
		other[n] = points[i];
		other[n].value *= 1e-9;
		other[n++].base *= 1e-9;
		if (i % 3)
			continue;
		other[n++] = (struct replay_point){ 0, INFINITY, 5, NAN, NAN };
		other[n++] = (struct replay_point){ -1, 2, -5, 5, NAN };
		other[n++] = (struct replay_point){ NAN, NAN, NAN, NAN, NAN };
		other[n++] = (struct replay_point){ 2, 1, 0, 0, NAN };
	}
	drift_judge(&usual, points, 80, &a);
	drift_judge(&usual, other, n, &b);
	assert_int_not_equal(a.against, DRIFT_NONE);
	assert_int_equal(a.against, b.against);
	assert_near(a.ratio, b.ratio, 1e-12);
	assert_near(a.low, b.low, 1e-12);
	assert_true(b.first < n && b.last < n && b.first <= b.last);
}

static void
extremes_do_no_harm(void **state)
{
	const size_t million = 1000000;
	struct replay_point *many = mem_new(million, sizeof(*many));
	const double same[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct replay_point infinite[4];
	struct drift_rule never = { INFINITY, INFINITY };
	struct drift_finding finding;

	(void)state;
	judge(same, 0, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	assert_true(isnan(finding.now));
	judge(same, 14, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	for (size_t i = 0; i < 4; i++)
		infinite[i] = (struct replay_point){ 1, INFINITY, INFINITY, 1,
						     NAN };
	drift_judge(&usual, infinite, 4, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	for (size_t i = 0; i < million; i++)
		many[i] = point_of(1e-7 * (double)i, 0.002);
	drift_judge(&usual, many, million, &finding);
	assert_int_not_equal(finding.against, DRIFT_NONE);
	drift_judge(&never, many, million, &finding);
	assert_int_equal(finding.against, DRIFT_NONE);
	free(many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_per_cent_a_push),
		cmocka_unit_test(it_is_dated),
		cmocka_unit_test(a_step_that_was_told_is_none),
		cmocka_unit_test(a_drift_may_go),
		cmocka_unit_test(the_best_level_counts),
		cmocka_unit_test(levels_see_what_no_interval_shows),
		cmocka_unit_test(no_change_is_no_drift),
		cmocka_unit_test(drift_of_sessions),
		cmocka_unit_test(what_does_not_matter),
		cmocka_unit_test(extremes_do_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge drift", tests, NULL, NULL);
}
