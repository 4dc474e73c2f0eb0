#ifndef JUDGE_PATH_H
#define JUDGE_PATH_H

#include <stddef.h>

/*
 * The piecewise constant path through a series that costs least: where levels
 * change, before anything is tested. For judge/series.h. scratch has room for
 * n values and is overwritten.
 */

/* The median, the mean of the middle two of an even number; reorders a. Linear
 * on average, deterministic. */
double path_median(double *a, size_t n);

/*
 * Noise as sd, from differences at several lags: a step disturbs only a few of
 * them, and what wanders over a few points counts as noise. Never 0.
 */
double path_noise(const double *y, size_t n, double *scratch);

/* starts[i] becomes 1 where a segment starts, but for the first one. */
void path_find(const double *y, size_t n, double noise, double *scratch,
	       unsigned char *starts);

#endif
