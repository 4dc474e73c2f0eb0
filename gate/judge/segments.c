/*
 * The steps of a series together: the cheapest path proposes some, each segment
 * is then searched for smaller ones, boundaries move to where they most likely
 * are, and what does not stand out of the noise is dropped, weakest first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge/trace.h"

enum {
	MAX_DEPTH = 8,    /* of the search for smaller steps */
	LEAST_SIDE = 8,   /* points on each side of a smaller step */
	LEAST_INNER = 3,  /* points of a segment */
	LEAST_EDGE = 5,   /* of the first and last: two or three odd values at
			     the end are no level yet */
	MOST_PASSING = 10 /* points of an excursion */
};

static const double LEAST_SCORE = 4.5; /* by distance of levels */
static const double LEAST_SHIFT = 3.8; /* z that makes a smaller step */
static const double MOST_BACK = 3;     /* score of a level that is back */
static const double LEAST_ORDER =
	4.1; /* z of any step were neighbours not alike */
static const double LEAST_ORDERS = 1000;
static const double LEAST_LOOK = 3;      /* z worth a closer look */
static const double LEAST_STAYING = 3.7; /* z that keeps it once placed */
static const double LEAST_SIZE = 1e-3;   /* smaller changes are no news */
static const double LEAST_PART = 0.35;   /* nor are those inside the noise */

double
segments_score(const struct trace *trace, const struct segment *a,
	       const struct segment *b)
{
	double n = (double)(a->end - a->start), m = (double)(b->end - b->start);

	if (fabs(b->level - a->level) < LEAST_SIZE)
		return 0;
	return fabs(b->level - a->level) /
	       (trace->sigma * sqrt(1.06 / n + 1.06 / m));
}

/*
 * With n and m points, chance alone puts the lower ones first in one of
 * C(n + m, n) orders. Whatever the sizes, that must be rare.
 */
static int
order_is_common(size_t n, size_t m)
{
	double sum = (double)(n + m);

	return lgamma(sum + 1) - lgamma((double)n + 1) - lgamma((double)m + 1) <
	       log(LEAST_ORDERS);
}

/* Segments from marks, fitted. */
static void
collect(const struct trace *trace, const unsigned char *starts,
	struct segments *segments)
{
	size_t start = 0, count = 1;

	for (size_t i = 1; i < trace->n; i++)
		count += starts[i];
	free(segments->items);
	segments->items = mem_new(count, sizeof(struct segment));
	segments->count = 0;
	for (size_t i = 1; i <= trace->n; i++) {
		struct segment *segment;

		if (i < trace->n && !starts[i])
			continue;
		segment = &segments->items[segments->count++];
		*segment = (struct segment){
			.start = start, .end = i, .first = start, .last = start
		};
		segment_fit(trace, segment);
		start = i;
	}
}

/* Below 1: does not stand. */
typedef double strength_fn(const struct trace *trace,
			   const struct segments *segments, size_t at);

static double
strength_of_path(const struct trace *trace, const struct segments *segments,
		 size_t at)
{
	return segments_score(trace, &segments->items[at],
			      &segments->items[at + 1]) /
	       LEAST_SCORE;
}

/* Of a pair's residuals: the mean of both, by length. */
static double
spread(const struct trace *trace, const struct segment *a,
       const struct segment *b)
{
	size_t n = a->end - a->start, m = b->end - b->start;

	return (spread_of(trace->y + a->start, n, a->level, trace->scratch) *
			(double)n +
		spread_of(trace->y + b->start, m, b->level, trace->scratch) *
			(double)m) /
	       (double)(n + m);
}

/* z of the boundary as a part of what it has to reach, at most 1. */
static double
shift(const struct trace *trace, const struct segment *a,
      const struct segment *b, int alike, double least)
{
	double z = shift_at(trace, a->start, b->end - a->start,
			    a->end - a->start, alike, least);

	return fmin(1, fabs(z) / least);
}

static double
strength_of_step(const struct trace *trace, const struct segments *segments,
		 size_t at)
{
	const struct segment *a = &segments->items[at], *b = a + 1;
	size_t n = a->end - a->start, m = b->end - b->start;
	size_t least_n = at ? LEAST_INNER : LEAST_EDGE;
	size_t least_m = at + 2 < segments->count ? LEAST_INNER : LEAST_EDGE;
	double size = fabs(b->level - a->level), strength;

	if (n < least_n || m < least_m || size < LEAST_SIZE ||
	    order_is_common(n, m))
		return 0;
	strength = strength_of_path(trace, segments, at);
	if (strength >= 1)
		strength *= shift(trace, a, b, 0, LEAST_ORDER);
	if (strength < 1)
		strength = fmax(strength, shift(trace, a, b, 1, LEAST_STAYING));
	if (strength >= 1 && size < LEAST_PART * spread(trace, a, b))
		return 0.99 * size;
	return strength;
}

/* Join segments at marked boundaries and note which ones changed. */
static size_t
join(const struct trace *trace, struct segments *segments,
     const unsigned char *drop, double *strengths)
{
	size_t kept = 0, joined = 0;

	for (size_t i = 1; i < segments->count; i++) {
		struct segment *last = &segments->items[kept];

		if (drop[i - 1]) {
			last->end = segments->items[i].end;
			last->level = NAN;
			joined++;
			continue;
		}
		strengths[kept] = strengths[i - 1];
		segments->items[++kept] = segments->items[i];
	}
	segments->count = kept + 1;
	for (size_t i = 0; i <= kept; i++) {
		if (!isnan(segments->items[i].level))
			continue;
		segment_fit(trace, &segments->items[i]);
		strengths[i] = NAN;
		if (i)
			strengths[i - 1] = NAN;
	}
	return joined;
}

/*
 * Drop boundaries that do not stand. In one pass all that are weaker than both
 * neighbours, so that the passes are few however many there are.
 */
static void
prune(const struct trace *trace, struct segments *segments,
      strength_fn *strength)
{
	double *z = mem_new(segments->count + 1, sizeof(double));
	unsigned char *drop = mem_new(segments->count + 1, 1);

	for (size_t i = 0; i < segments->count; i++)
		z[i] = NAN;
	do {
		size_t count = segments->count - 1;

		for (size_t i = 0; i < count; i++)
			if (isnan(z[i]))
				z[i] = strength(trace, segments, i);
		for (size_t i = 0; i < count; i++)
			drop[i] = z[i] < 1 && (!i || z[i] < z[i - 1]) &&
				  (i + 1 == count || z[i] <= z[i + 1]);
	} while (join(trace, segments, drop, z));
	free(z);
	free(drop);
}

/* Whether a place found by its z makes a step by the distance of levels. */
static int
levels_differ(const struct trace *trace, size_t from, size_t at, size_t to)
{
	struct segment a = { .start = from, .end = at };
	struct segment b = { .start = at, .end = to };

	segment_fit(trace, &a);
	segment_fit(trace, &b);
	return segments_score(trace, &a, &b) >= LEAST_SCORE;
}

/* How many steps it found. */
static size_t
split(const struct trace *trace, size_t from, size_t to, int depth,
      unsigned char *starts)
{
	size_t at;
	double z;

	if (to - from < 2 * LEAST_SIDE || depth >= MAX_DEPTH)
		return 0;
	z = shift_best(trace, from, to - from, LEAST_SIDE, LEAST_LOOK, &at);
	if (fabs(z) < LEAST_SHIFT &&
	    (!at || !levels_differ(trace, from, from + at, to)))
		return 0;
	starts[from + at] = 1;
	return 1 + split(trace, from, from + at, depth + 1, starts) +
	       split(trace, from + at, to, depth + 1, starts);
}

static void
place_all(const struct trace *trace, struct segments *segments)
{
	for (size_t i = 0; i + 1 < segments->count; i++)
		place(trace, &segments->items[i], &segments->items[i + 1]);
	for (size_t i = 0; i < segments->count; i++)
		segment_fit(trace, &segments->items[i]);
}

/* A short segment after which the level before is back: a machine's state or a
 * change that was taken back at once. */
static void
mark_passing(const struct trace *trace, struct segments *segments)
{
	size_t before = 0;

	for (size_t i = 1; i + 1 < segments->count; i++) {
		const struct segment *a = &segments->items[before];
		struct segment *b = &segments->items[i];
		const struct segment *c = b + 1;
		double back = fabs(c->level - a->level);

		if (b->end - b->start <= MOST_PASSING &&
		    back < fabs(b->level - a->level) / 2 &&
		    segments_score(trace, a, c) < MOST_BACK) {
			b->passing = 1;
			i++;
			continue;
		}
		before = i;
	}
}

/* Search each segment for smaller steps. */
static void
split_all(const struct trace *trace, unsigned char *starts,
	  struct segments *segments)
{
	size_t found = 0;

	memset(starts, 0, trace->n);
	for (size_t i = 0; i < segments->count; i++) {
		const struct segment *segment = &segments->items[i];

		starts[segment->start] = 1;
		found += split(trace, segment->start, segment->end, 0, starts);
	}
	if (found)
		collect(trace, starts, segments);
}

void
segments_find(const struct trace *trace, struct segments *segments)
{
	unsigned char *starts = mem_new(trace->n, 1);

	path_find(trace, starts);
	collect(trace, starts, segments);
	prune(trace, segments, strength_of_path);
	split_all(trace, starts, segments);
	if (segments->count > 1) {
		place_all(trace, segments);
		prune(trace, segments, strength_of_step);
		mark_passing(trace, segments);
	}
	free(starts);
}
