#include "judge/rate.h"

#include <math.h>

enum { STEPS = 60 };

/* P(X <= hits) of a binomial with n tries at p, by logarithms. */
static double
at_most(unsigned hits, unsigned n, double p)
{
	double sum = 0;

	if (p <= 0)
		return 1;
	if (p >= 1)
		return hits >= n ? 1 : 0;
	for (unsigned k = 0; k <= hits; k++)
		sum += exp(lgamma(n + 1.0) - lgamma(k + 1.0) -
			   lgamma(n - k + 1.0) + k * log(p) +
			   (n - k) * log1p(-p));
	return sum > 1 ? 1 : sum;
}

/* The p where `hits` or fewer become as rare as tail. */
static double
where_rare(unsigned hits, unsigned n, double tail)
{
	double low = 0, high = 1;

	for (int i = 0; i < STEPS; i++) {
		double half = (low + high) / 2;

		if (at_most(hits, n, half) > tail)
			low = half;
		else
			high = half;
	}
	return (low + high) / 2;
}

struct rate
rate_of(unsigned hits, unsigned count)
{
	struct rate rate = { 0, 0, 1 };

	if (!count)
		return rate;
	rate.value = (double)hits / count;
	if (hits < count)
		rate.high = where_rare(hits, count, 0.025);
	if (hits)
		rate.low = 1 - where_rare(count - hits, count, 0.025);
	return rate;
}
