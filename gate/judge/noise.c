#include "judge/noise.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "judge/robust.h"
#include "judge/session.h"

/* Half an interval of judge/bet.h, in sd of its estimate: by simulation over
 * Gaussian rounds, alpha = 0.01 at each end. */
#define HALF_WIDTH 3.6

static int
is_usable(double ratio)
{
	return ratio > 0 && isfinite(ratio);
}

struct noise
noise_learn(const double *ratios, const double *widths, size_t count)
{
	double *size = mem_new(count, sizeof(*size));
	double *own = mem_new(count, sizeof(*own));
	struct noise noise = NOISE_UNKNOWN;
	size_t n = 0;
	int varied = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_usable(ratios[i]))
			continue;
		size[n] = fabs(log(ratios[i]));
		own[n] = widths && isfinite(widths[i]) ? widths[i] : 0;
		varied |= size[n] > 0;
		n++;
	}
	noise.sessions = (unsigned)n;
	if (n) {
		double sd = 1.4826 * robust_median(size, n);
		double inner = robust_median(own, n);

		noise.sd = sqrt(fmax(0, sd * sd - inner * inner)) *
			   (1 + 2.0 / (double)n);
		noise.exact = n >= NOISE_EXACT && !varied;
	}
	free(size);
	free(own);
	return noise;
}

/* Where nearly all steps go the same way, that is slow drift and no noise: take
 * out the one in the middle. Returns its ln, 0 for none. */
static double
take_out_drift(double *steps, size_t n)
{
	double *sizes = mem_new(n, sizeof(*sizes)), middle = 0;
	size_t same = 0;

	for (size_t i = 0; i < n; i++)
		sizes[i] = log(steps[i]);
	if (n)
		middle = robust_median(sizes, n);
	for (size_t i = 0; i < n; i++)
		same += middle > 0 ? steps[i] > 1 : steps[i] < 1;
	free(sizes);
	if (5 * same < 4 * n)
		return 0;
	for (size_t i = 0; i < n; i++)
		steps[i] /= exp(middle);
	return middle;
}

struct noise
noise_learn_history(const double *ratios, const double *widths, size_t count)
{
	double *steps = mem_new(count, sizeof(*steps));
	double *own = mem_new(count, sizeof(*own));
	struct noise noise;
	double middle;
	size_t n = 0, last = count;

	for (size_t i = 0; i < count; i++) {
		if (!is_usable(ratios[i]))
			continue;
		if (last < count) {
			steps[n] = ratios[i] / ratios[last];
			own[n++] = widths ? hypot(widths[i], widths[last]) : 0;
		}
		last = i;
	}
	middle = take_out_drift(steps, n);
	noise = noise_learn(steps, own, n);
	if (middle > 0 || middle < 0)
		noise.exact = 0;
	free(steps);
	free(own);
	return noise;
}

double
noise_width(double low, double high)
{
	if (!(low > 0) || !isfinite(high) || !(high > low))
		return 0;
	return (log(high) - log(low)) / 2 / HALF_WIDTH;
}

double
noise_detectable(const struct noise *noise, double spread, unsigned rounds,
		 double alpha)
{
	double sd = noise->sessions >= NOISE_ENOUGH ? noise->sd : 0;
	double doubt = log(1 / alpha);

	if (noise->exact && rounds >= EXACT_ROUNDS)
		return 0;
	/* All rounds agree, and it is not enough. */
	if (rounds * log(1.87) < doubt)
		return INFINITY;
	return expm1(spread * sqrt(2.7 * doubt / (rounds - 5.0)) +
		     NOISE_REACH * sd);
}
