/*
 * Do values before and after a point differ in level? Each value gets a score,
 * and the difference of mean scores is measured against what chance gives.
 *
 * Two sets of scores. One is efficient for the noise at hand, whatever its
 * shape: the location score -f'/f of a density estimated from all values
 * together. Whatever scores are made from the values without regard to their
 * order, under exchangeability every order is equally likely, so a z made from
 * them is honest although the density was learned from the same values (the
 * idea of adaptive rank tests, Hogg, Fisher and Randles 1975). The other one,
 * clipped distances from the median, is there for steps so large that the
 * pooled density has two hills.
 *
 * Neighbouring values of real benchmarks are alike, so z is divided by the root
 * of the long-run variance of the scores around their two means (Bartlett
 * weights, Newey and West 1987).
 */
#include <math.h>
#include <string.h>

#include "judge/density.h"
#include "judge/trace.h"

enum { LAGS = 8, KERNEL = 11 };

static const double SPAN = 8;    /* of the density, in spreads */
static const double CLIP = 2;    /* spreads */
static const double WIDE = 0.05; /* share of far outliers expected */
static const double LEAST_SPREAD = 1e-4;

/* Mean 0, variance 1; all 0 when there is no variance. */
static void
standardise(double *x, size_t n)
{
	double mean = 0, square = 0;

	for (size_t i = 0; i < n; i++)
		mean += x[i];
	mean /= (double)n;
	for (size_t i = 0; i < n; i++) {
		x[i] -= mean;
		square += x[i] * x[i];
	}
	square = square > 0 ? sqrt((double)n / square) : 0;
	for (size_t i = 0; i < n; i++)
		x[i] *= square;
}

struct pool {
	const double *y;
	size_t n;
	double median, spread;
};

static void
pool_init(struct pool *pool, const struct trace *trace, size_t from, size_t n)
{
	double *w = trace->scratch;

	*pool = (struct pool){ .y = trace->y + from, .n = n };
	memcpy(w, pool->y, n * sizeof(double));
	pool->median = median_of(w, n);
	pool->spread = fmax(spread_of(pool->y, n, pool->median, w),
			    LEAST_SPREAD);
}

static void
clipped_scores(const struct pool *pool, double *scores)
{
	for (size_t i = 0; i < pool->n; i++) {
		double d = (pool->y[i] - pool->median) / pool->spread;

		scores[i] = clamp(d, CLIP);
	}
	standardise(scores, pool->n);
}

/* -f'/f on the grid. A wide Cauchy density is mixed in, which lets the scores
 * of outliers fall to 0. */
static void
density_scores(const struct pool *pool, double *scores)
{
	struct density density = { .per_step = DENSITY_HALF / SPAN /
					       pool->spread };
	double f[DENSITY_BINS], score[DENSITY_BINS] = { 0 };
	double width = SPAN / DENSITY_HALF;

	for (size_t i = 0; i < pool->n; i++)
		density_add(&density, pool->y[i] - pool->median, 1);
	density_smooth(&density, KERNEL, f);
	for (int k = 0; k < DENSITY_BINS; k++) {
		double x = (k - DENSITY_HALF) * width;
		double wide = (double)pool->n * width /
			      (M_PI * 2 * (1 + x * x / 4));

		f[k] = log((1 - WIDE) * f[k] + WIDE * wide);
	}
	for (int k = 1; k + 1 < DENSITY_BINS; k++)
		score[k] = f[k - 1] - f[k + 1];
	memcpy(density.f, score, sizeof(score));
	for (size_t i = 0; i < pool->n; i++)
		scores[i] = density_value(&density, pool->y[i] - pool->median);
	standardise(scores, pool->n);
}

/* How much more a sum of scores varies than one of independent ones. */
static double
long_run(double *x, size_t n, size_t at, double before, double after)
{
	double own = 0, factor = 1;

	for (size_t i = 0; i < n; i++) {
		x[i] -= i < at ? before : after;
		own += x[i] * x[i];
	}
	for (size_t lag = 1; lag <= LAGS && own > 0; lag++) {
		double sum = 0;

		for (size_t i = 0; i + lag < n; i++)
			sum += x[i] * x[i + lag];
		factor += 2 * (1 - (double)lag / (LAGS + 1)) * sum / own;
	}
	return fmax(factor, 1);
}

/* z for a boundary, given the sum of scores before it; spoils the scores.
 * alike: neighbours may be. */
static double
z_of(double *scores, size_t n, size_t at, double sum, int alike)
{
	double before = sum / (double)at, after = -sum / (double)(n - at);
	double z = (after - before) /
		   sqrt(1 / (double)at + 1 / (double)(n - at));

	return alike ? z / sqrt(long_run(scores, n, at, before, after)) : z;
}

static double
z_at(double *scores, size_t n, size_t at, int alike)
{
	double sum = 0;

	for (size_t i = 0; i < at; i++)
		sum += scores[i];
	return z_of(scores, n, at, sum, alike);
}

static double
z_best(double *scores, size_t n, size_t least, double enough, size_t *at)
{
	double sum = 0, best = 0, best_sum = 0;

	*at = 0;
	for (size_t i = 1; i + least <= n; i++) {
		double square;

		sum += scores[i - 1];
		if (i < least)
			continue;
		square = sum * sum / ((double)i * (double)(n - i));
		if (square > best) {
			best = square;
			best_sum = sum;
			*at = i;
		}
	}
	if (best * (double)n < enough * enough) {
		*at = 0;
		return 0;
	}
	return z_of(scores, n, *at, best_sum, 1);
}

double
shift_at(const struct trace *trace, size_t from, size_t n, size_t at, int alike,
	 double enough)
{
	struct pool pool;
	double z, other;

	pool_init(&pool, trace, from, n);
	clipped_scores(&pool, trace->scratch);
	z = z_at(trace->scratch, n, at, alike);
	if (fabs(z) >= enough)
		return z;
	density_scores(&pool, trace->scratch);
	other = z_at(trace->scratch, n, at, alike);
	return fabs(other) > fabs(z) ? other : z;
}

double
shift_best(const struct trace *trace, size_t from, size_t n, size_t least,
	   double enough, size_t *at)
{
	struct pool pool;
	double z, other;
	size_t place;

	pool_init(&pool, trace, from, n);
	density_scores(&pool, trace->scratch);
	z = z_best(trace->scratch, n, least, enough, at);
	clipped_scores(&pool, trace->scratch);
	other = z_best(trace->scratch, n, least, enough, &place);
	if (fabs(other) <= fabs(z))
		return z;
	*at = place;
	return other;
}
