#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "judge/bet.h"
#include "judge/robust.h"
#include "judge_help.h"

enum { ROUNDS = 60 };

static struct bets bets;

static void
make_bets(struct source *source, enum kind kind, double shift, int marks)
{
	bets_init(&bets);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct pair pair = round_of(source, kind, shift, 1);
		double d = log(pair.candidate / pair.baseline);
		/* A mark may depend on the size of what happened, not on who
		 * it happened to. */
		int unquiet = marks && fabs(d - shift) > 1.2;

		bets_add(&bets, d, unquiet);
	}
}

/* Ville: at no look, of all, does the capital reach 1/a more often than a. */
static void
capital_is_bounded_over_all_looks(void **state)
{
	size_t n = repeats(4000, 400000);

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		/* The random order makes no difference fair, and no other. */
		double shift = kind == DRIFT ? 0 : 0.7;
		size_t hits[3] = { 0 }, light = 0;
		double mean = 0;

		for (size_t i = 0; i < n; i++) {
			struct source source = { i * 15485863 + 11, 0 };
			double e;
			size_t when;

			make_bets(&source, (enum kind)kind, shift, 0);
			e = bets_capital(&bets, shift, 1, 20, &when);
			hits[0] += when <= ROUNDS;
			mean += fmin(e, 1e4) / (double)n;
			bets_capital(&bets, shift, -1, 20, &when);
			hits[1] += when <= ROUNDS;
			bets_capital(&bets, shift, 1, 100, &when);
			hits[2] += when <= ROUNDS;
			make_bets(&source, (enum kind)kind, shift, 1);
			bets_capital(&bets, shift, 1, 20, &when);
			light += when <= ROUNDS;
		}
		printf("# %-8s of %zu: over 20 %.2f %% up, %.2f %% down, %.2f "
		       "%% with marks; over 100 %.2f %%; mean %.2f\n",
		       kind_names[kind], n, 100.0 * (double)hits[0] / (double)n,
		       100.0 * (double)hits[1] / (double)n,
		       100.0 * (double)light / (double)n,
		       100.0 * (double)hits[2] / (double)n, mean);
		for (size_t k = 0; k < 2; k++)
			assert_true((double)hits[k] <
				    0.05 * (double)n +
					    4 * sqrt(0.05 * (double)n));
		assert_true((double)light <
			    0.05 * (double)n + 4 * sqrt(0.05 * (double)n));
		assert_true((double)hits[2] <
			    0.01 * (double)n + 4 * sqrt(0.01 * (double)n));
		/* Not by never betting. */
		assert_true((double)hits[0] > 0.005 * (double)n);
	}
}

static void
no_sequence_of_signs_gains_on_average(void **state)
{
	enum { FEW = 10 };
	const double size[FEW] = { 1, 5, 0.2, 1, 1, 3, 0, 2, 1e9, 1e-9 };
	double sum = 0;

	(void)state;
	/* All 2^10 of them: exactly fair, to rounding. */
	for (unsigned signs = 0; signs < 1u << FEW; signs++) {
		bets_init(&bets);
		for (unsigned i = 0; i < FEW; i++)
			bets_add(&bets, 3 + (signs >> i & 1 ? 1 : -1) * size[i],
				 i % 3 == 1);
		sum += bets_capital(&bets, 3, 1, 1, NULL);
	}
	assert_near(sum / (1u << FEW), 1, 1e-12);
}

static void
capital_falls_with_m(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct source source = { seed, 0 };
		double above = INFINITY, below = 0;

		make_bets(&source, (enum kind)(seed % KINDS), 0, 0);
		for (double m = -8; m <= 8; m += 0.05) {
			double up = bets_capital(&bets, m, 1, 1, NULL);
			double down = bets_capital(&bets, m, -1, 1, NULL);

			assert_true(up <= above);
			assert_true(down >= below);
			above = up;
			below = down;
		}
	}
}

static void
ends_are_where_the_bets_are_won(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct source source = { seed, 0 };
		double low, high;

		make_bets(&source, (enum kind)(seed % KINDS), 0.3, 0);
		low = bets_end(&bets, -1, 100);
		high = bets_end(&bets, 1, 100);
		assert_true(low < high);
		assert_true(bets_capital(&bets, low, 1, 1, NULL) >= 99.99);
		assert_true(bets_capital(&bets, low + 1e-4, 1, 1, NULL) <
			    100.01);
		assert_true(bets_capital(&bets, high, -1, 1, NULL) >= 99.99);
		assert_true(bets_end(&bets, -1, 1000) <= low);
		assert_true(bets_end(&bets, 1, 20) <= high);
	}
	bets_init(&bets);
	assert_true(isinf(bets_end(&bets, 1, 100)));
	bets_add(&bets, 0, 0);
	assert_true(isinf(bets_end(&bets, -1, 100)));
}

/* It needs hardly more rounds than the best that Gaussian noise allows. */
static void
the_price_against_a_fixed_test(void **state)
{
	size_t n = repeats(200, 4000);

	(void)state;
	for (size_t k = 1; k <= 4; k++) {
		double shift = 0.25 * (double)(k * k > 4 ? 2 * k - 2 : k);
		double sum = 0, z = gsl_cdf_ugaussian_Qinv(0.01);
		double best = z * z / (shift * shift);

		for (size_t i = 0; i < n; i++) {
			struct source source = { i * 999983, 0 };
			size_t rounds = 0;

			bets_init(&bets);
			while (rounds < BETS_MAX &&
			       bets_capital(&bets, 0, 1, 1, NULL) < 100) {
				bets_add(&bets, shift + gauss(&source), 0);
				rounds++;
			}
			sum += (double)rounds / (double)n;
		}
		printf("# shift of %.2f sd: clear after %.1f rounds; a z test "
		       "of fixed length with even odds needs %.1f\n",
		       shift, sum, best);
		assert_true(sum < 2.6 * best + 8);
	}
}

static void
centre_is_hodges_lehmann(void **state)
{
	struct source source = { 5, 0 };

	(void)state;
	for (size_t n = 1; n <= 60; n++) {
		double *x = mem_new(n, sizeof(*x));
		double *means = mem_new(n * (n + 1) / 2, sizeof(*means));
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			x[i] = n % 3 ? noise_of(&source, CAUCHY)
				     : floor(3 * gauss(&source));
		gsl_sort(x, 1, n);
		for (size_t i = 0; i < n; i++)
			for (size_t j = i; j < n; j++)
				means[count++] = (x[i] + x[j]) / 2;
		gsl_sort(means, 1, count);
		assert_near(robust_centre(x, n),
			    gsl_stats_median_from_sorted_data(means, 1, count),
			    1e-12 * (1 + fabs(x[n - 1]) + fabs(x[0])));
		free(means);
		free(x);
	}
	assert_near(robust_centre(NULL, 0), 0, 0);
}

static void
median_and_spread(void **state)
{
	struct source source = { 6, 0 };
	double x[40], y[40], work[40];

	(void)state;
	for (size_t n = 1; n <= 40; n++) {
		for (size_t i = 0; i < n; i++)
			x[i] = y[i] = noise_of(&source, LAPLACE);
		assert_near(robust_spread(y, n),
			    1.4826 * gsl_stats_mad0(x, 1, n, work), 1e-12);
		memcpy(y, x, sizeof(y));
		gsl_sort(x, 1, n);
		assert_near(robust_median(y, n),
			    gsl_stats_median_from_sorted_data(x, 1, n), 0);
	}
	assert_near(robust_median(NULL, 0), 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capital_is_bounded_over_all_looks),
		cmocka_unit_test(no_sequence_of_signs_gains_on_average),
		cmocka_unit_test(capital_falls_with_m),
		cmocka_unit_test(ends_are_where_the_bets_are_won),
		cmocka_unit_test(the_price_against_a_fixed_test),
		cmocka_unit_test(centre_is_hodges_lehmann),
		cmocka_unit_test(median_and_spread),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge bet", tests, NULL, NULL);
}
