#include "judge/bet.h"

#include <math.h>
#include <string.h>

/* Mixed stakes: part of the capital, share of it that is staked at most, and
 * the scale as a multiple of the usual. Chosen by simulation over Gaussian,
 * Laplace, Cauchy, contaminated and bimodal noise. */
static const struct {
	double part, share, steep;
} mix[] = { { 0.33, 0.3, 1 }, { 0.33, 0.7, 1 }, { 0.34, 0.99, 1.25 } };

enum { MIX = sizeof(mix) / sizeof(*mix), SIGN_ONLY = 3, STEPS = 44 };

/* As steep as sign(), yet 0 at 0. */
#define STEEPEST 1e200

void
bets_init(struct bets *bets)
{
	bets->count = bets->full = bets->quiet = 0;
}

/* From the quartiles of the past: 1.349 sd lie between those of a Gaussian. */
static double
steepness(const double *past, size_t count)
{
	double range;

	if (count < SIGN_ONLY)
		return STEEPEST;
	range = past[count - 1 - count / 4] - past[count / 4];
	return range > 1.349 / STEEPEST ? 1.349 / range : STEEPEST;
}

static void
insert(struct bets *bets, double d)
{
	size_t low = 0, high = bets->full;

	while (low < high) {
		size_t half = low + (high - low) / 2;

		if (bets->past[half] <= d)
			low = half + 1;
		else
			high = half;
	}
	memmove(&bets->past[low + 1], &bets->past[low],
		(bets->full - low) * sizeof(*bets->past));
	bets->past[low] = d;
	bets->full++;
}

void
bets_add(struct bets *bets, double d, int unquiet)
{
	size_t at = bets->count++;
	int light = unquiet && at && 2 * bets->quiet >= at;

	bets->d[at] = d;
	bets->steep[at] = steepness(bets->past, bets->full);
	bets->weight[at] = light ? 0.25 : 1;
	bets->quiet += !unquiet;
	if (!light)
		insert(bets, d);
}

/* Without branches, so that the compiler can do the mix at once. */
static double
clamped(double x)
{
	x = x > 1 ? 1 : x;
	return x < -1 ? -1 : x;
}

double
bets_capital(const struct bets *bets, double m, int direction, double level,
	     size_t *when)
{
	double wealth[MIX], sum = 1;

	for (size_t k = 0; k < MIX; k++)
		wealth[k] = mix[k].part;
	if (when)
		*when = bets->count + 1;
	for (size_t i = 0; i < bets->count; i++) {
		double x = direction * (bets->d[i] - m) * bets->steep[i];
		double weight = bets->weight[i];

		sum = 0;
		for (size_t k = 0; k < MIX; k++) {
			wealth[k] *= 1 + weight * mix[k].share *
						 clamped(x * mix[k].steep);
			sum += wealth[k];
		}
		if (when && sum >= level && *when > bets->count)
			*when = i + 1;
	}
	return sum;
}

double
bets_end(const struct bets *bets, int direction, double level)
{
	double in = NAN, out = NAN, reach = 0;

	/* Beyond every round all signs agree: more is not to be had. */
	for (size_t i = 0; i < bets->count; i++) {
		double d = direction * bets->d[i];
		double soft = bets->steep[i] < STEEPEST ? 1 / bets->steep[i]
							: 0;

		in = i && in < d ? in : d;
		out = i && out > d ? out : d;
		reach = soft > reach ? soft : reach;
	}
	if (!bets->count)
		return direction > 0 ? INFINITY : -INFINITY;
	out += reach + 1e-9 + 1e-12 * fabs(out);
	in -= reach + 1e-9 + 1e-12 * fabs(in);
	if (bets_capital(bets, direction * out, -direction, level, NULL) <
	    level)
		return direction > 0 ? INFINITY : -INFINITY;
	for (int i = 0; i < STEPS; i++) {
		double half = in + (out - in) / 2;

		if (bets_capital(bets, direction * half, -direction, level,
				 NULL) < level)
			in = half;
		else
			out = half;
	}
	return direction * out;
}
