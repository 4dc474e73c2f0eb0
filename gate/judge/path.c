#include "judge/path.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	LANES = 8,       /* levels are handled so many at a time */
	MAX_LEVELS = 64, /* a multiple of LANES */
	MAX_BINS = 1 << 16,
	WINDOW = 5, /* of the running median that proposes levels */
	LAGS = 4
};

static const double LEAST_NOISE = 2.5e-4; /* of any measurement */
static const double GRID = 0.12;          /* distance of levels in sd */

/*
 * The price of a change is PENALTY * ln n. What a point far off may cost is
 * bounded low, so that it takes several to pay for a change: bursts are common
 * in real series, and lone outliers even more.
 */
static const float LOSS_CAP = 3;
static const double PENALTY = 2.5;

/*
 * Move what lies below the pivot (or is not above it) to the front; how many
 * those are. Without branches that depend on the values.
 */
static size_t
part(double *a, size_t n, double pivot, int with_equal)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		double x = a[i];

		a[i] = a[kept];
		a[kept] = x;
		kept += (size_t)((x < pivot) | (with_equal & (x <= pivot)));
	}
	return kept;
}

/* The k-th smallest (from 0); lower ones end up before it. */
static double
select_kth(double *a, size_t n, size_t k)
{
	uint64_t state = 1;

	for (;;) {
		double x[3], pivot;
		size_t below, upto;

		for (int i = 0; i < 3; i++) {
			state = state * 6364136223846793005u +
				1442695040888963407u;
			x[i] = a[(state >> 33) % n];
		}
		pivot = fmax(fmin(x[0], x[1]), fmin(fmax(x[0], x[1]), x[2]));
		below = part(a, n, pivot, 0);
		if (k < below) {
			n = below;
			continue;
		}
		a += below;
		k -= below;
		n -= below;
		upto = part(a, n, pivot, 1);
		if (k < upto)
			return pivot;
		a += upto;
		k -= upto;
		n -= upto;
	}
}

double
path_median(double *a, size_t n)
{
	double upper = select_kth(a, n, n / 2), lower = a[0];

	if (n % 2)
		return upper;
	for (size_t i = 1; i < n / 2; i++)
		lower = a[i] > lower ? a[i] : lower;
	return lower + (upper - lower) / 2;
}

/*
 * From the median of the differences at one lag. Where noise has two modes that
 * are about equally frequent, half of the differences are next to nothing; a
 * higher quantile then shows it.
 */
static double
noise_at_lag(const double *y, size_t n, size_t lag, double *scratch)
{
	size_t count = n - lag, high = count * 7 / 10;
	double upper, middle;

	for (size_t i = 0; i < count; i++)
		scratch[i] = fabs(y[i + lag] - y[i]);
	upper = select_kth(scratch, count, high) / 1.03643339;
	middle = select_kth(scratch, high + 1, count / 2) / 0.67448975;
	return (upper > 1.5 * middle ? upper : middle) / M_SQRT2;
}

double
path_noise(const double *y, size_t n, double *scratch)
{
	static const size_t lags[LAGS] = { 1, 2, 4, 6 };
	double noise = LEAST_NOISE, first = 0;

	for (size_t k = 0; k < LAGS && n >= lags[k] + 8; k++) {
		double sd = noise_at_lag(y, n, lags[k], scratch);

		if (!k)
			first = sd;
		noise = fmax(noise, fmin(sd, 1.5 * first));
	}
	return noise;
}

static double
median_of_window(const double *y, size_t n)
{
	double w[WINDOW];

	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		while (at && w[at - 1] > y[i]) {
			w[at] = w[at - 1];
			at--;
		}
		w[at] = y[i];
	}
	return w[n / 2];
}

/* Levels that a running median visits, on a grid as fine as there is room, in
 * sd above *origin. */
static size_t
find_levels(const double *y, size_t n, double noise, double *scratch,
	    float levels[MAX_LEVELS], double *origin)
{
	unsigned char *seen = mem_new(MAX_BINS, 1);
	double low = INFINITY, high = -INFINITY, step;
	size_t bins, count;

	for (size_t i = 0; i < n; i++) {
		size_t from = i < WINDOW / 2 ? 0 : i - WINDOW / 2;
		size_t to = i + WINDOW / 2 + 1 < n ? i + WINDOW / 2 + 1 : n;

		scratch[i] = median_of_window(y + from, to - from);
		low = scratch[i] < low ? scratch[i] : low;
		high = scratch[i] > high ? scratch[i] : high;
	}
	step = fmax(GRID * noise, (high - low) / (MAX_BINS - 2));
	*origin = low;
	for (;; step *= 1.5) {
		count = 0;
		bins = (size_t)((high - low) / step) + 1;
		memset(seen, 0, bins);
		for (size_t i = 0; i < n; i++) {
			size_t bin = (size_t)((scratch[i] - low) / step);

			count += !seen[bin];
			seen[bin] = 1;
		}
		if (count <= MAX_LEVELS)
			break;
	}
	count = 0;
	for (size_t i = 0; i < bins; i++)
		if (seen[i])
			levels[count++] = (float)(((double)i + 0.5) * step /
						  noise);
	free(seen);
	return count;
}

/* Costs of the cheapest paths that end at each level; since: where the last
 * segment of each starts. */
struct front {
	size_t lanes; /* of levels in use, a multiple of LANES */
	float level[MAX_LEVELS], cost[MAX_LEVELS];
	uint32_t since[MAX_LEVELS];
};

static size_t
cheapest(const struct front *front, size_t guess)
{
	float least[LANES], all;
	size_t k = 0;

	memcpy(least, front->cost, sizeof(least));
	for (size_t b = LANES; b < front->lanes; b += LANES)
		for (size_t j = 0; j < LANES; j++)
			least[j] = front->cost[b + j] < least[j]
					   ? front->cost[b + j]
					   : least[j];
	all = least[0];
	for (size_t j = 1; j < LANES; j++)
		all = least[j] < all ? least[j] : all;
	/* Mostly it is the same as before. */
	if (front->cost[guess] <= all)
		return guess;
	while (front->cost[k] > all)
		k++;
	return k;
}

/* Take in point x, number i, at some LANES levels; entering a level costs
 * `enter`. Costs stay relative to the least one, so that they do not grow. The
 * fixed count lets compilers use vectors without being asked. */
static void
advance(const float *restrict level, float *restrict cost,
	uint32_t *restrict since, float x, uint32_t i, float least, float enter)
{
	for (size_t j = 0; j < LANES; j++) {
		float d = x - level[j], lost = d * d, kept = cost[j] - least;
		uint32_t start = kept <= enter ? since[j] : i;

		lost = lost < LOSS_CAP ? lost : LOSS_CAP;
		kept = kept <= enter ? kept : enter;
		since[j] = start;
		cost[j] = kept + lost;
	}
}

void
path_find(const double *y, size_t n, double noise, double *scratch,
	  unsigned char *starts)
{
	float enter = (float)(PENALTY * log((double)n + 1));
	struct front front = { 0 };
	/* Where the segment before a change at i starts. */
	uint32_t *before = mem_new(n, sizeof(*before));
	double origin = 0;
	size_t count, best = 0, at;

	count = find_levels(y, n, noise, scratch, front.level, &origin);
	front.lanes = (count + LANES - 1) / LANES * LANES;
	for (size_t k = count; k < front.lanes; k++) {
		front.level[k] = 1e18F;
		front.cost[k] = 1e18F;
	}
	for (size_t i = 0; i < n; i++) {
		float x = (float)((y[i] - origin) / noise), least;

		best = cheapest(&front, best);
		before[i] = front.since[best];
		least = front.cost[best];
		for (size_t b = 0; b < front.lanes; b += LANES)
			advance(front.level + b, front.cost + b,
				front.since + b, x, (uint32_t)i, least, enter);
	}
	best = cheapest(&front, best);
	memset(starts, 0, n);
	for (at = front.since[best]; at > 0; at = before[at])
		starts[at] = 1;
	free(before);
}
