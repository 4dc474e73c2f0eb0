#ifndef TESTS_UNIT_JUDGE_HELP_H
#define TESTS_UNIT_JUDGE_HELP_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "judge/session.h"

/* cmocka's assert_float_equal() is of single precision. */
#define assert_near(a, b, within)                                              \
	do {                                                                   \
		double a_is = (a), b_is = (b);                                 \
                                                                               \
		if (!(fabs(a_is - b_is) <= (within)))                          \
			fail_msg("%s is %.17g, %s is %.17g", #a, a_is, #b,     \
				 b_is);                                        \
	} while (0)

/* Rounds of made sessions, by fixed seeds. */

enum kind {
	GAUSS,
	LAPLACE,
	CAUCHY,
	BIMODAL,
	CONTAMINATED, /* one round in seven stutters */
	DRIFT,        /* the machine wanders; only the order is random */
	KINDS
};

static const char *const kind_names[KINDS] = { "gauss",   "laplace", "cauchy",
					       "bimodal", "stutter", "drift" };

struct source {
	uint64_t state;
	double machine; /* DRIFT: where it has wandered to */
};

/* Random in (0, 1): Vigna's splitmix64. */
static inline double
uniform(struct source *source)
{
	uint64_t z = source->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static inline double
gauss(struct source *source)
{
	double radius = sqrt(-2 * log(uniform(source)));

	return radius * cos(2 * M_PI * uniform(source));
}

/* Symmetric about 0, of a spread of about 1. */
static inline double
noise_of(struct source *source, enum kind kind)
{
	double u;

	switch (kind) {
	case GAUSS:
	case DRIFT:
	case KINDS:
		break;
	case LAPLACE:
		u = uniform(source) - 0.5;
		return (u < 0 ? 1 : -1) * log(1 - 2 * fabs(u)) / M_SQRT2;
	case CAUCHY:
		return 0.67 * tan(M_PI * (uniform(source) - 0.5));
	case BIMODAL:
		return (uniform(source) < 0.5 ? -1 : 1) + 0.2 * gauss(source);
	case CONTAMINATED:
		return (uniform(source) < 1.0 / 7 ? 6 : 0.7) * gauss(source);
	}
	return gauss(source);
}

/* One round with a true shift (of ln ratio) and a spread of ln ratio. */
static inline struct pair
round_of(struct source *source, enum kind kind, double shift, double spread)
{
	struct pair pair = { 1e7, 0, 0 };
	double first, second;

	if (kind != DRIFT) {
		pair.candidate = 1e7 *
				 exp(shift + spread * noise_of(source, kind));
		return pair;
	}
	source->machine = 0.98 * source->machine + spread * gauss(source);
	first = source->machine;
	source->machine += 0.5 * spread * (0.5 + gauss(source));
	second = source->machine;
	if (uniform(source) < 0.5) {
		pair.baseline = 1e7 * exp(first);
		pair.candidate = 1e7 * exp(second + shift);
	} else {
		pair.baseline = 1e7 * exp(second);
		pair.candidate = 1e7 * exp(first + shift);
	}
	return pair;
}

/* Rounds until the judge is clear or capped; *look is the last look. */
static inline size_t
run_session(const struct rule *rule, struct source *source, enum kind kind,
	    double shift, double spread, struct pair *pairs, struct look *look)
{
	size_t count = 0;

	do {
		pairs[count++] = round_of(source, kind, shift, spread);
		look_at(rule, pairs, count, look);
	} while (look->outlook == OUTLOOK_MORE);
	return count;
}

/* With JUDGE_LONG set, simulations are as long as the promises need. */
static inline size_t
repeats(size_t few, size_t many)
{
	return getenv("JUDGE_LONG") ? many : few;
}

#endif
