/*
 * The first pass: the path on a grid of levels that costs least, where a point
 * costs the square of its distance in sd, at most a cap, and each change costs
 * a fixed penalty. A Viterbi recursion, linear in the number of points; instead
 * of a matrix of decisions it carries, for each level, where the stay on it
 * began, so that memory is linear too.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge/trace.h"

enum {
	MAX_LEVELS = 32,
	MAX_BINS = 1 << 16,
	LANES = 8, /* of a loop that a compiler can do with vectors */
	WINDOW = 5 /* of the running median that proposes levels */
};

static const double GRID = 0.25;   /* distance of levels in sd */
static const float LOSS_CAP = 6;   /* of one point: bursts are common */
static const double PENALTY = 3.5; /* of a change, times ln n */
static const float NOWHERE = 1e9;  /* a level that does not exist */

struct grid {
	float levels[MAX_LEVELS]; /* in sd from origin */
	size_t blocks;            /* of LANES levels, the last one padded */
	double origin;
};

static double
less(double a, double b)
{
	return a < b ? a : b;
}

static double
more(double a, double b)
{
	return a > b ? a : b;
}

/* Without branches: of the two middle ones of four and the fifth, the median.
 */
static double
median_of_five(const double *y)
{
	double low = more(less(y[0], y[1]), less(y[2], y[3]));
	double high = less(more(y[0], y[1]), more(y[2], y[3]));

	return more(less(low, high), less(more(low, high), y[4]));
}

/* Running medians into scratch, and their range. */
static void
propose(const struct trace *trace, double *low, double *high)
{
	*low = INFINITY;
	*high = -INFINITY;
	for (size_t i = 0; i < trace->n; i++) {
		size_t from = i < WINDOW / 2 ? 0 : i - WINDOW / 2;
		double m = trace->y[i];

		if (trace->n >= WINDOW) {
			from = from < trace->n - WINDOW ? from
							: trace->n - WINDOW;
			m = median_of_five(trace->y + from);
		}
		trace->scratch[i] = m;
		*low = less(*low, m);
		*high = more(*high, m);
	}
}

/* Levels that a running median visits, on a grid as fine as there is room. */
static void
find_levels(const struct trace *trace, struct grid *grid)
{
	unsigned char *seen = mem_new(MAX_BINS, 1);
	double low, high, step;
	size_t bins, count;

	propose(trace, &low, &high);
	step = fmax(GRID * trace->sigma, (high - low) / (MAX_BINS - 2));
	for (;; step *= 1.25) {
		double per_step = 1 / step;

		bins = (size_t)((high - low) * per_step) + 1;
		memset(seen, 0, bins);
		count = 0;
		for (size_t i = 0; i < trace->n; i++) {
			double bin = (trace->scratch[i] - low) * per_step;

			count += !seen[(size_t)bin];
			seen[(size_t)bin] = 1;
		}
		if (count <= MAX_LEVELS)
			break;
	}
	for (size_t k = 0; k < MAX_LEVELS; k++)
		grid->levels[k] = NOWHERE;
	count = 0;
	for (size_t i = 0; i < bins; i++)
		if (seen[i])
			grid->levels[count++] = (float)(((double)i + 0.5) *
							step / trace->sigma);
	grid->origin = low;
	grid->blocks = (count + LANES - 1) / LANES;
	free(seen);
}

/* What is known when a point has been read. */
struct walk {
	float cost[MAX_LEVELS];     /* cheapest path that ends on a level */
	uint32_t since[MAX_LEVELS]; /* where its stay there began */
};

static float
least_of(const struct walk *walk, size_t blocks)
{
	float m[LANES];

	memcpy(m, walk->cost, sizeof(m));
	for (size_t block = 1; block < blocks; block++)
		for (size_t k = 0; k < LANES; k++) {
			float cost = walk->cost[block * LANES + k];

			m[k] = cost < m[k] ? cost : m[k];
		}
	for (size_t k = 1; k < LANES; k++)
		m[0] = m[k] < m[0] ? m[k] : m[0];
	return m[0];
}

/* The level of least cost, the last one found if it still is. */
static size_t
cheapest(const struct walk *walk, size_t blocks, size_t last)
{
	float least = least_of(walk, blocks);

	if (walk->cost[last] <= least)
		return last;
	for (size_t k = 0; k < blocks * LANES; k++)
		if (walk->cost[k] <= least)
			return k;
	return last;
}

/* Costs are kept relative to the least one, so that they never grow. Masks
 * instead of branches let a compiler use vectors. */
static void
step_on(struct walk *walk, const struct grid *grid, float x, float least,
	float moved, uint32_t i)
{
	for (size_t block = 0; block < grid->blocks; block++) {
		const float *levels = grid->levels + block * LANES;
		float *cost = walk->cost + block * LANES;
		uint32_t *since = walk->since + block * LANES;

		for (size_t k = 0; k < LANES; k++) {
			float d = x - levels[k], lost = d * d;
			float kept = cost[k] - least;
			uint32_t stays = -(uint32_t)(kept <= moved);

			lost = lost < LOSS_CAP ? lost : LOSS_CAP;
			since[k] = (since[k] & stays) | (i & ~stays);
			cost[k] = (kept < moved ? kept : moved) + lost;
		}
	}
}

void
path_find(const struct trace *trace, unsigned char *starts)
{
	float penalty = (float)(PENALTY * log((double)trace->n + 1));
	uint32_t *came = mem_new(trace->n, sizeof(uint32_t));
	struct walk walk = { 0 };
	struct grid grid;
	size_t best = 0;
	uint32_t at;

	find_levels(trace, &grid);
	for (size_t i = 0; i < trace->n; i++) {
		double x = (trace->y[i] - grid.origin) / trace->sigma;

		best = cheapest(&walk, grid.blocks, best);
		/* Where the best path up to here began its last stay: a stay
		 * that begins here continues that path. */
		came[i] = walk.since[best];
		step_on(&walk, &grid, (float)x, walk.cost[best],
			i ? penalty : INFINITY, (uint32_t)i);
	}
	memset(starts, 0, trace->n);
	for (at = walk.since[cheapest(&walk, grid.blocks, best)]; at;
	     at = came[at])
		starts[at] = 1;
	free(came);
}
