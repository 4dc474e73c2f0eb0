#include "judge/noise.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct noise
noise_learn(const double *ratios, const double *widths, size_t count)
{
	double *size = mem_new(count, sizeof(*size)), inner = 0;
	struct noise noise = NOISE_UNKNOWN;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!(ratios[i] > 0) || !isfinite(ratios[i]))
			continue;
		size[n++] = fabs(log(ratios[i]));
		if (widths)
			inner += widths[i] * widths[i];
	}
	qsort(size, n, sizeof(*size), ascending);
	noise.sessions = (unsigned)n;
	if (n) {
		double sd = 1.4826 * size[n / 2], own = inner / (double)n;

		noise.sd = sqrt(fmax(0, sd * sd - own));
		noise.exact = n >= NOISE_EXACT && !(size[n - 1] > 0);
	}
	free(size);
	return noise;
}

double
noise_detectable(const struct noise *noise, double spread, unsigned rounds,
		 double alpha)
{
	double width;

	if (!rounds)
		return INFINITY;
	/* Twice the half-width of a two-sided interval, roughly normal. */
	width = spread * sqrt(2 * log(2 / alpha) / rounds);
	return expm1(2 * (width + 2 * noise->sd));
}
