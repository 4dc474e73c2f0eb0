#include "judge/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/protocol.h"

/* Shares of the capital that are bet; the mixture of them is the e-process. */
static const double bets[] = { 0.3, 0.6, 0.9, 0.99 };
enum { BETS = sizeof(bets) / sizeof(*bets), SIGN_ONLY = 3, STEPS = 40 };

struct shifts {
	double d[LOOK_MAX_PAIRS]; /* ln ratio, worse is positive */
	size_t count, unusable;
};

static void
take_shifts(const struct rule *rule, const struct pair *pairs, size_t count,
	    struct shifts *shifts)
{
	double sign = rule->better == BETTER_HIGHER ? -1 : 1;

	shifts->count = shifts->unusable = 0;
	for (size_t i = 0; i < count && shifts->count < LOOK_MAX_PAIRS; i++) {
		double base = pairs[i].baseline, now = pairs[i].candidate;

		if (rule->counted) {
			base = base >= 0 && base < 1 ? 1 : base;
			now = now >= 0 && now < 1 ? 1 : now;
		}
		if (!(base > 0) || !(now > 0) || !isfinite(base) ||
		    !isfinite(now)) {
			shifts->unusable++;
			continue;
		}
		shifts->d[shifts->count++] = sign * log(now / base);
	}
}

/*
 * The capital of betting on "the shift is more than m" (direction 1) or less
 * (-1). The size of a bet looks at the past alone: the median of |d - m|.
 */
static double
capital(const struct shifts *shifts, double m, int direction)
{
	double sorted[LOOK_MAX_PAIRS], wealth[BETS], sum = 0;

	for (size_t k = 0; k < BETS; k++)
		wealth[k] = 1;
	for (size_t i = 0; i < shifts->count; i++) {
		double x = direction * (shifts->d[i] - m), size = fabs(x);
		double scale = i < SIGN_ONLY ? 0 : sorted[i / 2];
		double psi = x > 0 ? 1 : x < 0 ? -1 : 0;
		size_t at = i;

		if (scale > 0 && size < scale)
			psi = x / scale;
		for (size_t k = 0; k < BETS; k++)
			wealth[k] *= 1 + bets[k] * psi;
		while (at > 0 && sorted[at - 1] > size) {
			sorted[at] = sorted[at - 1];
			at--;
		}
		sorted[at] = size;
	}
	for (size_t k = 0; k < BETS; k++)
		sum += wealth[k];
	return sum / BETS;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median_of(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	if (!count)
		return 0;
	return count % 2 ? values[count / 2]
			 : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Median of the pairwise means: Hodges and Lehmann 1963. */
static double
hodges_lehmann(const struct shifts *shifts)
{
	size_t n = shifts->count < 100 ? shifts->count : 100, count = 0;
	double *means = mem_new(n * (n + 1) / 2, sizeof(*means)), middle;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			means[count++] = (shifts->d[i] + shifts->d[j]) / 2;
	middle = median_of(means, count);
	free(means);
	return middle;
}

static double
robust_spread(const struct shifts *shifts)
{
	double values[LOOK_MAX_PAIRS], middle;

	memcpy(values, shifts->d, shifts->count * sizeof(*values));
	middle = median_of(values, shifts->count);
	for (size_t i = 0; i < shifts->count; i++)
		values[i] = fabs(shifts->d[i] - middle);
	return 1.4826 * median_of(values, shifts->count);
}

/* The end of the interval in a direction: where the bet against it is won. */
static double
interval_end(const struct shifts *shifts, double middle, int direction,
	     double level)
{
	double in = middle, out, reach = 0;

	for (size_t i = 0; i < shifts->count; i++)
		reach = fmax(reach, fabs(shifts->d[i] - middle));
	out = middle + direction * (reach + 1e-9);
	if (capital(shifts, out, -direction) < level)
		return direction > 0 ? INFINITY : -INFINITY;
	for (int i = 0; i < STEPS; i++) {
		double half = (in + out) / 2;

		if (capital(shifts, half, -direction) < level)
			in = half;
		else
			out = half;
	}
	return out;
}

static enum outlook
decide(const struct rule *rule, const struct look *look, double low,
       double high)
{
	double threshold = log1p(rule->threshold);
	size_t cap = rule->cap ? rule->cap : PROTOCOL_MAX_ROUNDS;

	if (look->rounds >= rule->min_rounds) {
		if (low > threshold)
			return OUTLOOK_WORSE;
		if (high < -threshold)
			return OUTLOOK_BETTER;
		if (low > -threshold && high < threshold)
			return OUTLOOK_SAME;
	}
	return look->rounds + look->unusable >= cap ? OUTLOOK_CAPPED
						    : OUTLOOK_MORE;
}

void
look_at(const struct rule *rule, const struct pair *pairs, size_t count,
	struct look *look)
{
	double level = 2 / rule->alpha, middle, low, high, floor_width;
	struct shifts shifts;

	take_shifts(rule, pairs, count, &shifts);
	*look = (struct look){ .rounds = shifts.count,
			       .unusable = shifts.unusable,
			       .estimate = { 1, 0, INFINITY },
			       .detectable = INFINITY,
			       .e_worse = 1,
			       .e_better = 1,
			       .e_severe = isfinite(rule->severe) ? 1 : 0 };
	if (!shifts.count) {
		look->outlook = decide(rule, look, -INFINITY, INFINITY);
		return;
	}
	/* What lies between sessions of the same code, at two sd. */
	floor_width = 2 * rule->noise.sd;
	middle = hodges_lehmann(&shifts);
	low = interval_end(&shifts, middle, -1, level) - floor_width;
	high = interval_end(&shifts, middle, 1, level) + floor_width;
	look->spread = robust_spread(&shifts);
	look->outlook = decide(rule, look, low, high);
	look->e_worse = capital(&shifts, log1p(rule->threshold) + floor_width,
				1);
	look->e_better = capital(&shifts, -log1p(rule->threshold) - floor_width,
				 -1);
	if (isfinite(rule->severe)) {
		look->e_severe = capital(&shifts,
					 log1p(rule->severe) + floor_width, 1);
		look->severe = look->outlook == OUTLOOK_WORSE &&
			       low > log1p(rule->severe);
	}
	if (isfinite(low) && isfinite(high))
		look->detectable = expm1((high - low) / 2);
	if (rule->better == BETTER_HIGHER)
		look->estimate = (struct estimate){ exp(-middle), exp(-high),
						    exp(-low) };
	else
		look->estimate = (struct estimate){ exp(middle), exp(low),
						    exp(high) };
}

const char *
outlook_name(enum outlook outlook)
{
	static const char *const words[] = { "more", "same", "better", "worse",
					     "capped" };

	return words[outlook];
}

int
test_wants_more(const struct rule *rules, const struct look *looks,
		size_t count)
{
	size_t clear = 0;
	int primary = 0;

	for (size_t i = 0; i < count; i++) {
		if (rules[i].secondary)
			continue;
		primary = 1;
		if (looks[i].outlook == OUTLOOK_MORE)
			return 1;
		clear = looks[i].rounds > clear ? looks[i].rounds : clear;
	}
	for (size_t i = 0; i < count; i++)
		if (rules[i].secondary && looks[i].outlook == OUTLOOK_MORE &&
		    (!primary || looks[i].rounds < 16))
			return 1;
	return 0;
}

int
look_needs_confirmation(const struct look *look)
{
	return look->outlook == OUTLOOK_WORSE ||
	       look->outlook == OUTLOOK_BETTER;
}

enum verdict
look_verdict(const struct look *look)
{
	return look->outlook == OUTLOOK_SAME ? VERDICT_PASS : VERDICT_UNDECIDED;
}
