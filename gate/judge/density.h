#ifndef JUDGE_DENSITY_H
#define JUDGE_DENSITY_H

enum { DENSITY_BINS = 257, DENSITY_HALF = DENSITY_BINS / 2 };

/*
 * Density of noise on a grid around 0, by a histogram with linear weights and
 * three running means, which together are nearly a Gaussian kernel.
 */
struct density {
	double per_step; /* bins for a unit of x */
	double f[DENSITY_BINS];
};

/* A kernel of three running means, each over 2 * half + 1 bins. */
void density_smooth(const struct density *density, int half,
		    double smooth[DENSITY_BINS]);

/*
 * The parts below are inline since they are all that is done for each point.
 */

/* Where x lies: a bin with a right neighbour and the part beyond, clamped. */
static inline int
density_at(const struct density *density, double x, double *part)
{
	double at = x * density->per_step + DENSITY_HALF;
	int bin;

	at = at < 0 ? 0 : at > DENSITY_BINS - 1 ? DENSITY_BINS - 1 : at;
	bin = at < DENSITY_BINS - 2 ? (int)at : DENSITY_BINS - 2;
	*part = at - bin;
	return bin;
}

/* What lies beyond the grid is no noise but an outlier: left out. */
static inline void
density_add(struct density *density, double x, double weight)
{
	double at = x * density->per_step, part;
	int bin;

	if (!(at >= -DENSITY_HALF && at <= DENSITY_HALF))
		return;
	bin = density_at(density, x, &part);
	density->f[bin] += weight * (1 - part);
	density->f[bin + 1] += weight * part;
}

/* Between bins in a straight line. */
static inline double
density_value(const struct density *density, double x)
{
	double part;
	int bin = density_at(density, x, &part);

	return density->f[bin] + part * (density->f[bin + 1] - density->f[bin]);
}

#endif
