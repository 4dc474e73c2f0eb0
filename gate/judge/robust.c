#include "judge/robust.h"

#include <math.h>
#include <stdlib.h>

/* Halvings until two neighbouring doubles are told apart. */
enum { STEPS = 60 };

int
robust_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
robust_median(double *values, size_t count)
{
	if (!count)
		return 0;
	qsort(values, count, sizeof(*values), robust_compare);
	return count % 2 ? values[count / 2]
			 : values[count / 2 - 1] / 2 + values[count / 2] / 2;
}

double
robust_spread(double *values, size_t count)
{
	double middle = robust_median(values, count);

	for (size_t i = 0; i < count; i++)
		values[i] = fabs(values[i] - middle);
	return 1.4826 * robust_median(values, count);
}

/* How many pairs i <= j have a sum of at most bound. */
static size_t
sums_up_to(const double *sorted, size_t count, double bound)
{
	size_t sums = 0, j = count;

	for (size_t i = 0; i < count; i++) {
		while (j > 0 && sorted[i] + sorted[j - 1] > bound)
			j--;
		if (j <= i)
			break;
		sums += j - i;
	}
	return sums;
}

/* The rank-th smallest (from 1) mean of a pair. */
static double
mean_of_rank(const double *sorted, size_t count, size_t rank)
{
	double low = 2 * sorted[0], high = 2 * sorted[count - 1];

	if (sums_up_to(sorted, count, low) >= rank)
		return low / 2;
	for (int i = 0; i < STEPS; i++) {
		double half = low + (high - low) / 2;

		if (half <= low || half >= high)
			break;
		if (sums_up_to(sorted, count, half) >= rank)
			high = half;
		else
			low = half;
	}
	return high / 2;
}

double
robust_centre(const double *sorted, size_t count)
{
	size_t sums = count * (count + 1) / 2;
	double upper;

	if (!count)
		return 0;
	upper = mean_of_rank(sorted, count, sums / 2 + 1);
	return sums % 2 ? upper
			: (mean_of_rank(sorted, count, sums / 2) + upper) / 2;
}
