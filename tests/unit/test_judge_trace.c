#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <string.h>

#include "judge/rate.h"
#include "judge/trace.h"
#include "judge_help.h"

/* The steps of judge/series.h one by one, against GSL and by hand. */

enum { N = 120 };

static double values[N];

static void
fill(enum kind kind, double sd, uint64_t seed)
{
	struct source source = { seed, 0 };

	for (size_t i = 0; i < N; i++)
		values[i] = 100 * exp(sd * noise_of(&source, kind));
}

/* All equal in places, so that ties are met as well. */
static void
selection_agrees_with_gsl(void **state)
{
	double sorted[N], work[N];

	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		size_t n = 1 + seed % N;

		fill(seed % KINDS, 0.1, seed);
		for (size_t i = 0; i < n && seed % 3 == 0; i++)
			values[i] = round(values[i] / 4);
		memcpy(sorted, values, sizeof(sorted));
		gsl_sort(sorted, 1, n);
		for (size_t k = 0; k < n; k += 1 + n / 7) {
			memcpy(work, values, sizeof(work));
			assert_near(select_kth(work, n, k), sorted[k], 0);
		}
		memcpy(work, values, sizeof(work));
		assert_near(median_of(work, n),
			    gsl_stats_median_from_sorted_data(sorted, 1, n),
			    1e-12);
		for (size_t i = 0; i < n; i++)
			sorted[i] = fabs(values[i] - 90);
		assert_near(spread_of(values, n, 90, work),
			    1.4826 * gsl_stats_median(sorted, 1, n), 1e-12);
	}
}

/* A difference of mean scores is a correlation with the side: z = r sqrt(n).
 * Uniform values, none of which is clipped. */
static void
z_agrees_with_gsl(void **state)
{
	struct source source = { 5, 0 };

	(void)state;
	for (int times = 0; times < 50; times++) {
		size_t at = 20 + (size_t)times;
		double side[N];
		struct trace trace;

		for (size_t i = 0; i < N; i++) {
			side[i] = i >= at;
			values[i] = 100 * exp(0.01 * uniform(&source) +
					      0.0005 * side[i]);
		}
		trace_init(&trace, values, N);
		assert_near(shift_at(&trace, 0, N, at, 0, 0),
			    gsl_stats_correlation(trace.y, 1, side, 1, N) *
				    sqrt(N),
			    1e-9);
		trace_release(&trace);
	}
}

/* Variance of a sum of neighbours that are alike, by Bartlett's weights. */
static double
long_run_by_hand(const double *y, size_t at)
{
	double residual[N], own = 0, sum = 0;

	for (size_t i = 0; i < N; i++)
		residual[i] = y[i] -
			      (i < at ? gsl_stats_mean(y, 1, at)
				      : gsl_stats_mean(y + at, 1, N - at));
	for (size_t i = 0; i < N; i++)
		own += residual[i] * residual[i];
	for (size_t lag = 1; lag <= 8; lag++)
		for (size_t i = 0; i + lag < N; i++)
			sum += (1 - (double)lag / 9) * residual[i] *
			       residual[i + lag];
	return fmax(1, 1 + 2 * sum / own);
}

static void
alikeness_is_corrected_for(void **state)
{
	struct source source = { 6, 0 };

	(void)state;
	for (int times = 0; times < 20; times++) {
		double x = 0, plain;
		struct trace trace;

		for (size_t i = 0; i < N; i++) {
			x = 0.6 * x + uniform(&source);
			values[i] = 100 * exp(0.01 * x);
		}
		trace_init(&trace, values, N);
		/* The largest of both kinds of scores without clipping: these
		 * have no density to be efficient for. */
		plain = shift_at(&trace, 0, N, 50, 0, 0);
		assert_near(shift_at(&trace, 0, N, 50, 1, 0),
			    plain / sqrt(long_run_by_hand(trace.y, 50)),
			    0.15 * fabs(plain) + 0.02);
		trace_release(&trace);
	}
}

/* The noise of a trace does not see its steps, nor far values. */
static void
noise_is_that_between_neighbours(void **state)
{
	double sum = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct trace trace;

		fill(GAUSS, 0.02, seed);
		for (size_t i = 60; i < N; i++)
			values[i] *= 1.5;
		values[10] *= 9;
		values[90] /= 9;
		trace_init(&trace, values, N);
		sum += trace.sigma;
		trace_release(&trace);
	}
	/* The largest of several estimates, with a step in two of them. */
	assert_near(sum / 20, 0.026, 0.005);
}

/* Huber's M-estimate, iterated to its end. */
static double
huber_by_hand(const double *y, size_t n, double most)
{
	double level = 0;

	for (int round = 0; round < 1000; round++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += clamp(y[i] - level, most);
		level += sum / (double)n;
	}
	return level;
}

static void
a_level_is_hubers_mean(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct segment segment = { .start = 0, .end = N };
		struct trace trace;
		double most;

		fill(GAUSS, 0.02, seed);
		values[3] *= 5;
		trace_init(&trace, values, N);
		segment_fit(&trace, &segment);
		most = 1.5 *
		       fmin(trace.sigma, spread_of(trace.y, N, segment.level,
						   trace.scratch));
		assert_near(segment.level, huber_by_hand(trace.y, N, most),
			    0.0005);
		trace_release(&trace);
	}
}

/* What a segmentation costs: each point the square of its distance in sd from
 * its segment's level, 6 at most, each change 3.5 ln n. */
static double
cost_of(const struct trace *trace, const unsigned char *starts)
{
	double cost = 0;
	size_t start = 0;

	for (size_t i = 1; i <= trace->n; i++) {
		struct segment segment = { .start = start, .end = i };

		if (i < trace->n && !starts[i])
			continue;
		segment_fit(trace, &segment);
		for (size_t j = start; j < i; j++) {
			double d = (trace->y[j] - segment.level) / trace->sigma;

			cost += fmin(6, d * d);
		}
		cost += start ? 3.5 * log((double)trace->n + 1) : 0;
		start = i;
	}
	return cost;
}

/* The path is no dearer than what was planted (the grid of levels aside, a
 * quarter of an sd wide), nor than any one boundary. */
static void
the_path_is_the_cheapest(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		unsigned char found[N], other[N] = { 0 };
		struct trace trace;
		double cost, grid = N / 64.0;

		fill(GAUSS, 0.01, seed);
		for (size_t i = 40; i < 80; i++)
			values[i] *= 1 + 0.01 * (double)(seed % 5);
		trace_init(&trace, values, N);
		path_find(&trace, found);
		cost = cost_of(&trace, found);
		assert_true(cost <= cost_of(&trace, other) + grid);
		other[40] = other[80] = 1;
		assert_true(cost <= cost_of(&trace, other) + grid);
		for (size_t at = 1; at < N; at++) {
			memset(other, 0, sizeof(other));
			other[at] = 1;
			assert_true(cost <= cost_of(&trace, other) + grid);
		}
		trace_release(&trace);
	}
}

/* Clopper and Pearson's intervals are quantiles of beta distributions. */
static void
rates_agree_with_gsl(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 1000; n = n * 3 + 1)
		for (unsigned hits = 0; hits <= n; hits += 1 + n / 9) {
			struct rate rate = rate_of(hits, n);

			assert_near(rate.low,
				    hits ? gsl_cdf_beta_Pinv(0.025, hits,
							     n - hits + 1)
					 : 0,
				    1e-9);
			assert_near(rate.high,
				    hits < n
					    ? gsl_cdf_beta_Pinv(0.975, hits + 1,
								n - hits)
					    : 1,
				    1e-9);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selection_agrees_with_gsl),
		cmocka_unit_test(z_agrees_with_gsl),
		cmocka_unit_test(alikeness_is_corrected_for),
		cmocka_unit_test(noise_is_that_between_neighbours),
		cmocka_unit_test(a_level_is_hubers_mean),
		cmocka_unit_test(the_path_is_the_cheapest),
		cmocka_unit_test(rates_agree_with_gsl),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge trace", tests, NULL, NULL);
}
