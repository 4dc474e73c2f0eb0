#include "judge/noise.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "judge/robust.h"
#include "judge/session.h"

/* Half an interval of judge/bet.h, in sd of its estimate: by simulation over
 * Gaussian rounds, alpha = 0.01 at each end. */
#define HALF_WIDTH 3.6
/* Of the centre of Hodges and Lehmann, against the mean: pi / 3. */
#define CENTRE_VARIANCE 1.0472
/* A session further out than this, in sd, is left out. */
#define OUTLIER 3.0
/* A width that is none, and not exactly. */
#define HARDLY 1e-9

enum { STEPS = 60 };

struct noise
noise_prior(int counted)
{
	return (struct noise){ .sd = counted ? 0.0002 : 0.0035, .freedom = 3 };
}

static int
is_usable(const struct noise_session *session)
{
	return session->ratio > 0 && isfinite(session->ratio) &&
	       session->width >= 0 && isfinite(session->width);
}

/* A multiple of what the half in the middle shows: the limit for |ln ratio|. */
static double
outlier_limit(const struct noise *prior, const double *sizes, size_t count)
{
	double *copy = mem_new(count, sizeof(*copy));
	double weight = prior->freedom, n = (double)count, middle;

	for (size_t i = 0; i < count; i++)
		copy[i] = sizes[i];
	middle = 1.4826 * robust_median(copy, count);
	free(copy);
	return OUTLIER *
	       sqrt((weight * prior->sd * prior->sd + n * middle * middle) /
		    (weight + n));
}

/*
 * An estimate x is the session's error, of variance v, plus that of its rounds,
 * w^2; b = v / (v + w^2) of it is the former. v is the fixed point of
 * (f s^2 + sum b^2 x^2) / (f + sum b), where the prior has f degrees of freedom
 * and sd s: the posterior's mode by expectation and maximisation (Dempster,
 * Laird and Rubin 1977), solved for v. A session gives b^2 degrees of freedom:
 * its information about v against that of one with no error of rounds.
 */
static void
fit(struct noise *noise, const struct noise *prior, const double *sizes,
    const double *widths, size_t count)
{
	double limit = outlier_limit(prior, sizes, count);
	double weight = prior->freedom;
	double variance = prior->sd * prior->sd, freedom = weight;

	for (unsigned step = 0; step < STEPS; step++) {
		double sum = weight * prior->sd * prior->sd, parts = weight;

		freedom = weight;
		for (size_t i = 0; i < count; i++) {
			double x = sizes[i], w = widths[i];
			double b = variance / (variance + w * w);

			if (x > limit)
				continue;
			sum += b * b * x * x;
			parts += b;
			freedom += b * b;
		}
		variance = sum / parts;
	}
	noise->sd = sqrt(variance);
	noise->freedom = freedom;
}

struct noise
noise_learn(const struct noise *prior, const struct noise_session *sessions,
	    size_t count)
{
	double *sizes = mem_new(count, sizeof(*sizes));
	double *widths = mem_new(count, sizeof(*widths));
	struct noise noise = *prior;
	size_t n = 0;
	int varied = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_usable(&sessions[i]))
			continue;
		sizes[n] = fabs(log(sessions[i].ratio));
		widths[n] = sessions[i].width;
		varied |= sizes[n] > 0 || widths[n] > 0;
		n++;
	}
	noise.sessions = (unsigned)n;
	if (n)
		fit(&noise, prior, sizes, widths, n);
	noise.exact = n >= NOISE_EXACT && !varied;
	if (noise.exact)
		noise.sd = 0;
	free(sizes);
	free(widths);
	return noise;
}

/* Where nearly all steps go the same way, that is slow drift and no noise: take
 * out the one in the middle. What is left then is never called exact. */
static void
take_out_drift(struct noise_session *steps, size_t n)
{
	double *sizes = mem_new(n, sizeof(*sizes)), middle = 0;
	size_t same = 0;

	for (size_t i = 0; i < n; i++)
		sizes[i] = log(steps[i].ratio);
	if (n)
		middle = robust_median(sizes, n);
	for (size_t i = 0; i < n; i++)
		same += middle > 0 ? steps[i].ratio > 1 : steps[i].ratio < 1;
	free(sizes);
	for (size_t i = 0; i < n && 5 * same >= 4 * n; i++) {
		steps[i].ratio /= exp(middle);
		steps[i].width = fmax(steps[i].width, HARDLY);
	}
}

size_t
noise_steps(const struct noise_session *history, size_t count,
	    struct noise_session *steps)
{
	size_t n = 0, last = count;

	for (size_t i = 0; i < count; i++) {
		if (!is_usable(&history[i]))
			continue;
		if (last < count)
			steps[n++] = (struct noise_session){
				history[i].ratio / history[last].ratio,
				hypot(history[i].width, history[last].width)
			};
		last = i;
	}
	take_out_drift(steps, n);
	return n;
}

/* The quantile of Student's t where a Gaussian has z: Wallace (1959), Annals of
 * Mathematical Statistics 30, 1124, turned round; within some per cent, and
 * never too small. */
static double
quantile(double z, double freedom)
{
	double f = freedom, part = (8 * f + 3) / (8 * f + 1);

	if (!(f > 0))
		return z;
	return sqrt(f * expm1(z * z * part * part / f));
}

double
noise_reach(const struct noise *noise)
{
	return quantile(NOISE_REACH, noise->freedom) * noise->sd;
}

double
noise_clear(const struct noise *noise)
{
	return quantile(NOISE_CLEAR, noise->freedom) * noise->sd;
}

double
noise_width(double spread, size_t rounds)
{
	return rounds ? spread * sqrt(CENTRE_VARIANCE / (double)rounds) : 0;
}

double
noise_width_of_interval(double low, double high)
{
	if (!(low > 0) || !isfinite(high) || !(high > low))
		return 0;
	return (log(high) - log(low)) / 2 / HALF_WIDTH;
}

double
noise_detectable(const struct noise *noise, double spread, unsigned rounds,
		 double alpha)
{
	double doubt = log(1 / alpha);

	if (noise->exact && rounds >= EXACT_ROUNDS)
		return 0;
	/* All rounds agree, and it is not enough. */
	if (rounds * log(1.87) < doubt)
		return INFINITY;
	return expm1(spread * sqrt(2.7 * doubt / (rounds - 5.0)) +
		     noise_clear(noise));
}
