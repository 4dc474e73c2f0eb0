/*
 * Where between two segments the change is. The noise's own density is
 * estimated from the residuals; it gives each place a likelihood; the places'
 * probabilities say how much of each point belongs to which segment, from which
 * levels and density are estimated again (expectation and maximisation,
 * Dempster, Laird and Rubin 1977), so that the place where the search began
 * loses its influence.
 */
#include <math.h>
#include <string.h>

#include "judge/density.h"
#include "judge/trace.h"

enum { ROUNDS = 3, NARROW = 6, BROAD = 25, NEAR = 3, ENOUGH = 512 };

static const double SPAN = 6;    /* of the density, in spreads */
static const double WIDE = 0.1;  /* share of far outliers expected */
static const double HUBER = 1.5; /* spreads */
static const double LEAST_SPREAD = 1e-4;
static const double TEMPER = 2.5; /* likelihoods of real noise are too sure */

struct placing {
	const double *y;
	size_t n;
	double a, b;   /* levels */
	double spread; /* of residuals */
	double *left;  /* probability that a point belongs to a */
	double *place; /* that the first i + 1 points do */
};

static void
find_spread(struct placing *p)
{
	size_t step = p->n / ENOUGH + 1, count = 0;

	for (size_t i = 0; i < p->n; i += step) {
		double level = p->left[i] > 0.5 ? p->a : p->b;

		p->place[count++] = fabs(p->y[i] - level);
	}
	p->spread = fmax(1.4826 * median_of(p->place, count), LEAST_SPREAD);
}

/* ln of the residuals' density, the mean of that by a narrow and by a broad
 * kernel, with a wide Cauchy mixed in. */
static void
find_density(const struct placing *p, struct density *density)
{
	double narrow[DENSITY_BINS], broad[DENSITY_BINS];
	double width = SPAN / DENSITY_HALF;

	*density = (struct density){ .per_step = 1 / width / p->spread };
	for (size_t i = 0; i < p->n; i++) {
		if (p->left[i] > 0)
			density_add(density, p->y[i] - p->a, p->left[i]);
		if (p->left[i] < 1)
			density_add(density, p->y[i] - p->b, 1 - p->left[i]);
	}
	density_smooth(density, NARROW, narrow);
	density_smooth(density, BROAD, broad);
	for (int k = 0; k < DENSITY_BINS; k++) {
		double x = (k - DENSITY_HALF) * width;
		double wide = WIDE * (double)p->n * width /
			      (M_PI * 2 * (1 + x * x / 4));

		density->f[k] = log(((1 - WIDE) * narrow[k] + wide) *
				    ((1 - WIDE) * broad[k] + wide)) /
				2;
	}
}

/* ln of the density at x; beyond the grid on the Cauchy's tail, so that a far
 * value still belongs to the nearer level. */
static double
log_density(const struct density *density, double x)
{
	double far = fabs(x * density->per_step) * (SPAN / DENSITY_HALF);

	if (far <= SPAN)
		return density_value(density, x);
	return density->f[x < 0 ? 0 : DENSITY_BINS - 1] -
	       log((1 + far * far / 4) / (1 + SPAN * SPAN / 4));
}

/* Neighbours that are alike tell less than their number. */
static double
likeness(const struct placing *p)
{
	double own = 0, next = 0, last = 0, most = 3 * p->spread;

	for (size_t i = 0; i < p->n; i++) {
		double level = p->left[i] * p->a + (1 - p->left[i]) * p->b;
		double r = clamp(p->y[i] - level, most);

		own += r * r;
		next += r * last;
		last = r;
	}
	return own > 0 ? fmax(next / own, 0) : 0;
}

/* Probabilities of the places, which sum to 1, and then of the points. */
static void
find_places(struct placing *p)
{
	double temper = TEMPER * (1 + 2 * likeness(p));
	double sum = 0, best = -INFINITY, gone = 0;
	struct density density;

	find_density(p, &density);
	for (size_t i = 0; i + 1 < p->n; i++) {
		sum += log_density(&density, p->y[i] - p->a) -
		       log_density(&density, p->y[i] - p->b);
		p->place[i] = sum;
		best = sum > best ? sum : best;
	}
	sum = 0;
	for (size_t i = 0; i + 1 < p->n; i++) {
		double log_odds = (p->place[i] - best) / temper;

		p->place[i] = log_odds > -30 ? exp(log_odds) : 0;
		sum += p->place[i];
	}
	for (size_t i = 0; i < p->n; i++) {
		p->left[i] = gone < 1 ? 1 - gone : 0;
		if (i + 1 == p->n)
			break;
		p->place[i] /= sum;
		gone += p->place[i];
	}
}

/* A step of Huber's mean for both levels. */
static void
find_levels(struct placing *p)
{
	double most = HUBER * p->spread;
	double a = 0, b = 0, in_a = 0;

	for (size_t i = 0; i < p->n; i++) {
		double left = p->left[i];

		a += left * clamp(p->y[i] - p->a, most);
		b += (1 - left) * clamp(p->y[i] - p->b, most);
		in_a += left;
	}
	p->a += a / fmax(in_a, 1);
	p->b += b / fmax((double)p->n - in_a, 1);
}

/* The first place at which the probability reaches a share, from `from`. */
static size_t
quantile(const struct placing *p, size_t from, double share)
{
	double sum = 0;
	size_t i = from;

	for (; i + 2 < p->n; i++) {
		sum += p->place[i];
		if (sum >= share)
			break;
	}
	return i;
}

/* Seven neighbouring places that together are likeliest, and their median. */
static size_t
likeliest(const struct placing *p)
{
	size_t last = p->n - 2, best = 0, to = 0;
	double sum = 0, most = 0;

	for (size_t i = 0; i <= last; i++) {
		while (to <= last && to <= i + NEAR)
			sum += p->place[to++];
		if (i > NEAR)
			sum -= p->place[i - NEAR - 1];
		/* Among equals the one whose own place is likeliest. */
		if (sum + 1e-9 * p->place[i] > most) {
			most = sum + 1e-9 * p->place[i];
			best = i;
		}
	}
	return quantile(p, best > NEAR ? best - NEAR : 0, most / 2);
}

/* So many points on each side are enough to find a step of that size. */
static size_t
reach(const struct trace *trace, const struct segment *a,
      const struct segment *b)
{
	double part = trace->sigma / fmax(fabs(b->level - a->level), 1e-9);
	double points = ENOUGH / 2 + 32 * part * part;

	return points < (double)trace->n ? (size_t)points : trace->n;
}

void
place(const struct trace *trace, struct segment *a, struct segment *b)
{
	size_t most = reach(trace, a, b), at;
	size_t from = a->end - a->start > most ? a->end - most : a->start;
	size_t to = b->end - b->start > most ? b->start + most : b->end;
	struct placing p = { .y = trace->y + from,
			     .n = to - from,
			     .a = a->level,
			     .b = b->level,
			     .left = trace->other,
			     .place = trace->scratch };

	for (size_t i = 0; i < p.n; i++)
		p.left[i] = from + i < a->end;
	for (int round = 0; round < ROUNDS; round++) {
		if (round) {
			find_levels(&p);
			find_levels(&p);
		}
		if (round < 2)
			find_spread(&p);
		find_places(&p);
	}
	at = likeliest(&p);
	b->first = from + 1 + quantile(&p, 0, 0.025);
	b->last = from + 1 + quantile(&p, 0, 0.975);
	a->end = b->start = from + 1 + at;
	b->first = b->first < b->start ? b->first : b->start;
	b->last = b->last > b->start ? b->last : b->start;
}
