#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "judge/rate.h"
#include "judge/series.h"

enum { N = 300 };

/* Noise of a fixed seed: the sum of twelve uniforms is nearly normal. */
static double
noise(uint64_t *state)
{
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		sum += (double)(*state >> 11) / 9007199254740992.0;
	}
	return sum;
}

static void
fill(double *values, size_t n, double sd, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		values[i] = 100 * exp(sd * noise(&seed));
}

static void
step(double *values, size_t n, size_t at, double ratio)
{
	for (size_t i = at; i < n; i++)
		values[i] *= ratio;
}

static void
a_step_is_found_and_dated(void **state)
{
	double values[N];
	struct changes changes;

	(void)state;
	fill(values, N, 0.01, 1);
	step(values, N, 180, 1.05);
	changes_find(values, N, &changes);
	assert_int_equal(changes.count, 1);
	assert_true(changes.items[0].first <= 180);
	assert_true(changes.items[0].last >= 180);
	assert_true(labs((long)changes.items[0].at - 180) <= 2);
	assert_true(changes.items[0].low < 1.05 &&
		    changes.items[0].high > 1.05);
	assert_true(fabs(changes.noise - 0.01) < 0.003);
	changes_release(&changes);
}

static void
no_change_is_no_change(void **state)
{
	double *values = mem_new(N, sizeof(*values));
	size_t found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct changes changes;

		fill(values, N, 0.02, seed * 7919);
		changes_find(values, N, &changes);
		found += changes.count;
		changes_release(&changes);
	}
	/* 90,000 commits: at most 0.05 in 1000. */
	assert_true(found <= 4);
	free(values);
}

/* Two modes, equally frequent: half of the differences are next to nothing, and
 * neighbours often agree by chance. */
static void
two_modes_are_noise(void **state)
{
	double values[N];
	size_t found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		uint64_t coin = seed * 104729;
		struct changes changes;

		fill(values, N, 0.003, seed * 7919);
		for (size_t i = 0; i < N; i++)
			if (noise(&coin) > 0)
				values[i] *= 1.04;
		changes_find(values, N, &changes);
		found += changes.count;
		changes_release(&changes);
	}
	/* 60,000 commits: at most 0.05 in 1000. */
	assert_true(found <= 3);
}

/* So few points that any order of them is likely enough by chance. */
static void
few_points_prove_nothing(void **state)
{
	(void)state;
	for (size_t n = 3; n <= 12; n++) {
		for (uint64_t seed = 1; seed <= 200; seed++) {
			struct changes changes;
			double values[12];

			fill(values, n, 0.02, seed * 7919 + n);
			changes_find(values, n, &changes);
			assert_int_equal(changes.count, 0);
			changes_release(&changes);
		}
	}
}

/* A step of one sd of the noise, which no single point shows. */
static void
small_steps_are_found(void **state)
{
	size_t found = 0, near = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct changes changes;
		double values[N];

		fill(values, N, 0.01, seed * 7919);
		step(values, N, 150, 1.01);
		changes_find(values, N, &changes);
		found += changes.count == 1;
		for (size_t i = 0; i < changes.count; i++)
			near += changes.items[i].first <= 150 &&
				changes.items[i].last >= 150;
		changes_release(&changes);
	}
	assert_true(found >= 95);
	assert_true(near >= 85);
}

static void
an_outlier_is_no_change(void **state)
{
	double values[N];
	struct changes changes;

	(void)state;
	fill(values, N, 0.01, 3);
	values[100] *= 3;
	values[200] /= 2;
	changes_find(values, N, &changes);
	assert_int_equal(changes.count, 0);
	changes_release(&changes);
}

static void
scale_and_direction_do_not_matter(void **state)
{
	double values[N], scaled[N], turned[N];
	struct changes a, b, c;

	(void)state;
	fill(values, N, 0.01, 5);
	step(values, N, 100, 1.1);
	step(values, N, 220, 0.8);
	for (size_t i = 0; i < N; i++) {
		scaled[i] = values[i] * 1e-9;
		turned[i] = 1 / values[i];
	}
	changes_find(values, N, &a);
	changes_find(scaled, N, &b);
	changes_find(turned, N, &c);
	assert_int_equal(a.count, 2);
	assert_int_equal(b.count, 2);
	assert_int_equal(c.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(a.items[i].at, b.items[i].at);
		assert_int_equal(a.items[i].at, c.items[i].at);
		assert_true(fabs(a.items[i].ratio * c.items[i].ratio - 1) <
			    1e-6);
	}
	changes_release(&a);
	changes_release(&b);
	changes_release(&c);
}

/* A level that comes back after a few points is told apart. */
static void
an_excursion_is_marked(void **state)
{
	double values[N];
	struct changes changes;

	(void)state;
	fill(values, N, 0.01, 13);
	step(values, N, 100, 1.2);
	step(values, N, 108, 1 / 1.2);
	step(values, N, 200, 1.1);
	changes_find(values, N, &changes);
	assert_int_equal(changes.count, 3);
	assert_int_equal(changes.items[0].at, 100);
	assert_int_equal(changes.items[1].at, 108);
	assert_int_equal(changes.items[2].at, 200);
	assert_true(changes.items[0].passing && changes.items[1].passing);
	assert_false(changes.items[2].passing);
	assert_true(fabs(changes.items[2].before - 100) < 1);
	assert_true(fabs(changes.items[2].after - 110) < 1);
	changes_release(&changes);
}

/* Noise of 9 %, which three values in ten leave far above: a step of half the
 * noise still shows, since the other values agree. */
static void
the_shape_of_noise_is_used(void **state)
{
	size_t found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		uint64_t coin = seed * 104729;
		struct changes changes;
		double values[N];

		fill(values, N, 0.01, seed * 7919);
		for (size_t i = 0; i < N; i++)
			if (noise(&coin) > 0.52)
				values[i] *= 1.22;
		step(values, N, 120, 1.05);
		changes_find(values, N, &changes);
		for (size_t i = 0; i < changes.count; i++)
			found += labs((long)changes.items[i].at - 120) <= 3;
		changes_release(&changes);
	}
	assert_true(found >= 90);
}

/* Values that are alike from one to the next move together by chance. */
static void
wandering_is_no_change(void **state)
{
	size_t found = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		uint64_t source = seed * 7919;
		struct changes changes;
		double values[N], x = 0;

		for (size_t i = 0; i < N; i++) {
			x = 0.4 * x + 0.01 * noise(&source);
			values[i] = 100 * exp(x);
		}
		changes_find(values, N, &changes);
		found += changes.count;
		changes_release(&changes);
	}
	/* 60,000 commits: at most 0.3 in 1000. */
	assert_true(found <= 18);
}

/* What was not measured leaves a gap, and dates count it. */
static void
gaps_are_left_out(void **state)
{
	double values[N];
	struct changes changes;

	(void)state;
	fill(values, N, 0.01, 17);
	step(values, N, 200, 1.1);
	for (size_t i = 0; i < 150; i += 3)
		values[i] = i % 2 ? NAN : 0;
	changes_find(values, N, &changes);
	assert_int_equal(changes.count, 1);
	assert_int_equal(changes.items[0].at, 200);
	changes_release(&changes);
}

/* Counts that never vary. */
static void
exact_values_have_exact_changes(void **state)
{
	double values[N];
	struct changes changes;

	(void)state;
	for (size_t i = 0; i < N; i++)
		values[i] = i < 77 ? 1000000 : 1020000;
	changes_find(values, N, &changes);
	assert_int_equal(changes.count, 1);
	assert_int_equal(changes.items[0].at, 77);
	assert_true(changes.items[0].first == 77 &&
		    changes.items[0].last == 77);
	assert_true(fabs(changes.items[0].ratio - 1.02) < 1e-9);
	changes_release(&changes);
}

/* A change every hundred points, a million of them: no time bound asserted, but
 * anything worse than linear would not end. */
static void
many_changes_in_many_points(void **state)
{
	const size_t n = 1000000;
	size_t found = 0;
	double *values = mem_new(n, sizeof(*values));
	struct changes changes;

	(void)state;
	fill(values, n, 0.01, 19);
	for (size_t i = 0; i < n; i++)
		if (i / 100 % 2)
			values[i] *= 1.1;
	changes_find(values, n, &changes);
	for (size_t i = 0; i < changes.count; i++)
		found += labs((long)changes.items[i].at -
			      (long)(changes.items[i].at + 50) / 100 * 100) <=
			 1;
	assert_int_equal(found, n / 100 - 1);
	/* And by chance at most 0.05 in 1000. */
	assert_true(changes.count <= found + 50);
	changes_release(&changes);
	free(values);
}

static void
drift_adds_up(void **state)
{
	double values[N];
	struct drift drift;

	(void)state;
	fill(values, N, 0.01, 7);
	for (size_t i = 100; i < N; i++)
		values[i] *= 1 + 0.08 * (double)(i - 100) / 200;
	drift_find(values, N, 0, 0, &drift);
	assert_true(drift.since_best > 1.05 && drift.since_best < 1.1);
	assert_true(drift.since_reference > 1.05);
	assert_true(drift.best < 120);
	fill(values, N, 0.01, 8);
	drift_find(values, N, 0, 0, &drift);
	assert_true(drift.since_best < 1.0001);
}

static void
extremes_do_no_harm(void **state)
{
	static const double few[] = { 1, 2, 3 };
	double odd[N], *many;
	struct changes changes;
	const size_t million = 1000000;

	(void)state;
	for (size_t n = 0; n <= 3; n++) {
		changes_find(few, n, &changes);
		changes_release(&changes);
	}
	/* One sample again and again, and nothing that is a number. */
	for (size_t i = 0; i < N; i++)
		odd[i] = i == 9 ? 3 : 0;
	changes_find(odd, N, &changes);
	assert_int_equal(changes.count, 0);
	changes_release(&changes);
	for (size_t i = 0; i < N; i++)
		odd[i] = i % 2 ? -INFINITY : NAN;
	changes_find(odd, N, &changes);
	assert_int_equal(changes.count, 0);
	changes_release(&changes);
	for (size_t i = 0; i < N; i++)
		odd[i] = 7;
	changes_find(odd, N, &changes);
	assert_int_equal(changes.count, 0);
	changes_release(&changes);
	odd[3] = NAN;
	odd[4] = INFINITY;
	odd[5] = -1;
	odd[6] = 0;
	odd[7] = 1e308;
	odd[8] = 1e-308;
	changes_find(odd, N, &changes);
	assert_int_equal(changes.count, 0);
	changes_release(&changes);
	many = mem_new(million, sizeof(*many));
	fill(many, million, 0.01, 11);
	step(many, million, 600000, 1.03);
	changes_find(many, million, &changes);
	assert_true(changes.count >= 1);
	changes_release(&changes);
	free(many);
}

/* Clopper and Pearson's table values, 95 %. */
static void
rates_have_exact_intervals(void **state)
{
	struct rate rate = rate_of(0, 10);

	(void)state;
	assert_true(fabs(rate.high - 0.3085) < 1e-4);
	rate = rate_of(5, 10);
	assert_true(fabs(rate.low - 0.1871) < 1e-4);
	assert_true(fabs(rate.high - 0.8129) < 1e-4);
	rate = rate_of(10, 10);
	assert_true(fabs(rate.low - 0.6915) < 1e-4);
	rate = rate_of(0, 0);
	assert_true(rate.low <= 0 && rate.high >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_found_and_dated),
		cmocka_unit_test(no_change_is_no_change),
		cmocka_unit_test(two_modes_are_noise),
		cmocka_unit_test(few_points_prove_nothing),
		cmocka_unit_test(small_steps_are_found),
		cmocka_unit_test(an_outlier_is_no_change),
		cmocka_unit_test(scale_and_direction_do_not_matter),
		cmocka_unit_test(an_excursion_is_marked),
		cmocka_unit_test(the_shape_of_noise_is_used),
		cmocka_unit_test(wandering_is_no_change),
		cmocka_unit_test(gaps_are_left_out),
		cmocka_unit_test(exact_values_have_exact_changes),
		cmocka_unit_test(many_changes_in_many_points),
		cmocka_unit_test(drift_adds_up),
		cmocka_unit_test(extremes_do_no_harm),
		cmocka_unit_test(rates_have_exact_intervals),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge series", tests, NULL, NULL);
}
