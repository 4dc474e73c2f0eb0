#ifndef JUDGE_ROBUST_H
#define JUDGE_ROBUST_H

#include <stddef.h>

/* Estimates that a few wild values do not move. Finite values; 0 for none. */

/* Median; the mean of the middle two of an even count. Sorts values. */
double robust_median(double *values, size_t count);

/* Median distance from the median, times 1.4826: estimates the sd of Gaussian
 * noise. Sorts values, then overwrites them. */
double robust_spread(double *values, size_t count);

/*
 * Median of the means of all pairs, each value with itself too (Hodges and
 * Lehmann 1963), of values in ascending order. Linear a step: the means up to a
 * bound are counted, not formed.
 */
double robust_centre(const double *sorted, size_t count);

/* For qsort(3), ascending. */
int robust_compare(const void *a, const void *b);

#endif
