#include "judge/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LAGS = 4, REFINE = 3, FEW = 8, SAMPLE = 9, ENOUGH = 512 };

static const double LEAST_NOISE = 2.5e-4; /* of any measurement */
static const double HUBER = 1.5;          /* sd */

static void find_noise(struct trace *trace);

void
trace_init(struct trace *trace, const double *values, size_t count)
{
	*trace = (struct trace){ .y = mem_new(count, sizeof(double)),
				 .index = mem_new(count, sizeof(size_t)),
				 .scratch = mem_new(count, sizeof(double)),
				 .other = mem_new(count, sizeof(double)) };
	for (size_t i = 0; i < count; i++) {
		if (!(values[i] > 0) || !isfinite(values[i]))
			continue;
		trace->index[trace->n] = i;
		trace->y[trace->n++] = log(values[i]);
	}
	find_noise(trace);
}

void
trace_release(struct trace *trace)
{
	free(trace->y);
	free(trace->index);
	free(trace->scratch);
	free(trace->other);
}

/* How many of a are below a pivot (or not above it); those come first. No
 * branch depends on the values: on noise every second guess would be wrong. */
static inline size_t
partition(double *a, size_t n, double pivot, int equal_too)
{
	size_t low = 0;

	for (size_t i = 0; i < n; i++) {
		double x = a[i];

		a[i] = a[low];
		a[low] = x;
		low += equal_too ? x <= pivot : x < pivot;
	}
	return low;
}

static double
median_of_three(double a, double b, double c)
{
	double low = a < b ? a : b, high = a < b ? b : a;

	return c < low ? low : c > high ? high : c;
}

/* A guess at the k-th: the one of that rank in a small sample. */
static double
guess(const double *a, size_t n, size_t k)
{
	double w[SAMPLE];
	size_t rank;

	if (n < 4 * SAMPLE)
		return median_of_three(a[0], a[n / 2], a[n - 1]);
	for (size_t i = 0; i < SAMPLE; i++) {
		double x = a[i * (n / SAMPLE) + n / SAMPLE / 2];
		size_t at = i;

		for (; at && w[at - 1] > x; at--)
			w[at] = w[at - 1];
		w[at] = x;
	}
	rank = k * SAMPLE / n;
	return w[rank < SAMPLE ? rank : SAMPLE - 1];
}

double
select_kth(double *a, size_t n, size_t k)
{
	while (n > 1) {
		double pivot = guess(a, n, k);
		size_t low = partition(a, n, pivot, 0);

		if (k < low) {
			n = low;
			continue;
		}
		/* The pivot is the least one: set all its equals aside. */
		if (!low) {
			low = partition(a, n, pivot, 1);
			if (k < low)
				return pivot;
		}
		a += low;
		n -= low;
		k -= low;
	}
	return *a;
}

double
spread_of(const double *y, size_t n, double level, double *scratch)
{
	size_t step = n / ENOUGH + 1, count = 0;

	for (size_t i = 0; i < n; i += step)
		scratch[count++] = fabs(y[i] - level);
	return 1.4826 * median_of(scratch, count);
}

double
median_of(double *a, size_t n)
{
	double upper = select_kth(a, n, n / 2), lower;

	if (n % 2)
		return upper;
	lower = a[0];
	for (size_t i = 1; i < n / 2; i++)
		lower = a[i] > lower ? a[i] : lower;
	return (lower + upper) / 2;
}

/* sd from the differences at one lag: of their middle and of their tail, the
 * larger, since some noise is peaked and some is not. */
static double
noise_at_lag(const struct trace *trace, size_t lag)
{
	size_t n = trace->n - lag, step = n / ENOUGH + 1, count = 0;
	double tail, middle;

	for (size_t i = 0; i < n; i += step)
		trace->scratch[count++] = fabs(trace->y[i + lag] - trace->y[i]);
	tail = select_kth(trace->scratch, count, count * 9 / 10);
	middle = select_kth(trace->scratch, count * 9 / 10 + 1, count / 2);
	return fmax(middle * 1.4826, tail / 1.6449) / M_SQRT2;
}

static void
find_noise(struct trace *trace)
{
	static const size_t lags[LAGS] = { 1, 2, 4, 6 };
	double first = 0;

	trace->sigma = LEAST_NOISE;
	for (size_t k = 0; k < LAGS; k++) {
		double sd;

		if (trace->n < lags[k] + FEW)
			break;
		sd = noise_at_lag(trace, lags[k]);
		if (!k)
			first = sd;
		trace->sigma = fmax(trace->sigma, fmin(sd, 1.5 * first));
	}
}

/* Huber's mean with the segment's own spread: where most values agree and a few
 * do not, those few have no say. */
void
segment_fit(const struct trace *trace, struct segment *segment)
{
	size_t n = segment->end - segment->start;
	const double *y = trace->y + segment->start;
	double level, most = HUBER * trace->sigma;

	memcpy(trace->scratch, y, n * sizeof(double));
	level = median_of(trace->scratch, n);
	if (n >= FEW) {
		double spread = spread_of(y, n, level, trace->scratch);

		most *= fmin(1, fmax(spread / trace->sigma, 0.1));
	}
	for (int round = 0; round < REFINE; round++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += clamp(y[i] - level, most);
		level += sum / (double)n;
	}
	segment->level = level;
}
