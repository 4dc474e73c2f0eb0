#include "judge/series.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge/path.h"

static const double LEAST_SIZE = 1e-3;    /* smaller changes are no news */
static const double HUBER = 1;            /* sd */
static const double HUBER_VARIANCE = 1.1; /* of the mean, against the least */
static const double LEAST_SCORE = 3.4;
static const double LEAST_ORDERS = 1000;

/* What a point may cost where a change is dated: less bounded than where it is
 * found, since there are two levels to choose from and no more. */
static const double DATE_CAP = 6;

enum {
	REFINE = 3,
	DATE_REACH = 20, /* dates looked at on each side of the likeliest */
	DATE_WIDTH = 5   /* points beside a date whose weight it may count */
};

struct series {
	double *y;     /* ln values that are sound */
	size_t *index; /* where they stood */
	size_t n;
	double sigma;
	double *scratch; /* n */
};

struct segment {
	size_t start, end;
	double level; /* Huber's mean */
	int stale;    /* grew since it was fitted */
};

struct segments {
	struct segment *items;
	size_t count;
};

static double
loss(const struct series *s, double y, double level)
{
	double d = (y - level) / s->sigma;

	return d * d < DATE_CAP ? d * d : DATE_CAP;
}

static void
fit(const struct series *s, struct segment *segment)
{
	size_t n = segment->end - segment->start;
	double level;

	memcpy(s->scratch, s->y + segment->start, n * sizeof(double));
	level = path_median(s->scratch, n);
	for (int round = 0; round < REFINE; round++) {
		double sum = 0;

		for (size_t i = segment->start; i < segment->end; i++) {
			double d = s->y[i] - level, most = HUBER * s->sigma;

			sum += d > most ? most : d < -most ? -most : d;
		}
		level += sum / (double)n;
	}
	segment->level = level;
}

/*
 * The date in the middle of the likely ones: where the weight of the dates
 * around it is largest, nearer ones counting more. sums holds twice the
 * negative log likelihood of each date; half of that is believed, since
 * neighbouring points are rarely independent.
 */
static size_t
middle_date(const double *sums, size_t count, size_t likeliest)
{
	double weight[2 * (DATE_REACH + DATE_WIDTH) + 1] = { 0 }, most = -1;
	size_t reach = DATE_REACH + DATE_WIDTH, best = likeliest;
	size_t low = likeliest > reach ? likeliest - reach : 0;
	size_t high = likeliest + reach < count - 1 ? likeliest + reach
						    : count - 1;

	for (size_t i = low; i <= high; i++)
		weight[i - low] = exp((sums[likeliest] - sums[i]) / 4);
	for (size_t i = low; i <= high; i++) {
		double sum = 0;

		for (size_t j = low; j <= high; j++) {
			size_t away = i > j ? i - j : j - i;

			if (away <= DATE_WIDTH)
				sum += weight[j - low] *
				       (double)(DATE_WIDTH + 1 - away);
		}
		if (sum > most * (1 + 1e-9)) {
			most = sum;
			best = i;
		}
	}
	return best;
}

/* Move the boundary between two segments to where both fit best; first and
 * last bound where it fits nearly as well. */
static void
place(const struct series *s, struct segment *a, struct segment *b,
      size_t *first, size_t *last)
{
	double sum = 0, *sums = s->scratch;
	size_t count = b->end - 1 - a->start, at = 0;

	/* sum: cost of the points before a boundary on the left level, less
	 * their cost on the right one. */
	for (size_t i = 0; i < count; i++) {
		double y = s->y[a->start + i];

		sum += loss(s, y, a->level) - loss(s, y, b->level);
		sums[i] = sum;
		if (sum < sums[at])
			at = i;
	}
	*first = *last = at;
	for (size_t i = 0; i < count; i++) {
		if (sums[i] > sums[at] + 4)
			continue;
		*first = i < *first ? i : *first;
		*last = i > *last ? i : *last;
	}
	at = middle_date(sums, count, at);
	*first = a->start + 1 + (at < *first ? at : *first);
	*last = a->start + 1 + (at > *last ? at : *last);
	a->end = b->start = a->start + 1 + at;
}

/*
 * With n and m points, chance alone puts the lower ones first in one of
 * C(n + m, n) orders. Whatever the sizes, that must be rare.
 */
static int
order_is_common(double n, double m)
{
	return lgamma(n + m + 1) - lgamma(n + 1) - lgamma(m + 1) <
	       log(LEAST_ORDERS);
}

static double
score(const struct series *s, const struct segment *a, const struct segment *b)
{
	double n = (double)(a->end - a->start), m = (double)(b->end - b->start);

	if (fabs(b->level - a->level) < LEAST_SIZE)
		return 0;
	if (order_is_common(n, m))
		return 0;
	return fabs(b->level - a->level) /
	       (s->sigma * sqrt(HUBER_VARIANCE / n + HUBER_VARIANCE / m));
}

static void
place_and_fit(const struct series *s, struct segment *a, struct segment *b)
{
	size_t first = 0, last = 0;

	place(s, a, b, &first, &last);
	fit(s, a);
	fit(s, b);
}

/*
 * Drop every change that does not stand out and is weaker than those beside
 * it; how many. Taking all of them at once keeps the whole linear.
 */
static size_t
drop_weakest(const struct series *s, struct segments *segments)
{
	struct segment *items = segments->items;
	size_t kept = 1, count = segments->count;
	double before = INFINITY, z, next;

	next = count > 1 ? score(s, &items[0], &items[1]) : INFINITY;
	for (size_t i = 1; i < count; i++) {
		z = next;
		next = i + 1 < count ? score(s, &items[i], &items[i + 1])
				     : INFINITY;
		/* Of two equal ones the first goes. */
		if (z < LEAST_SCORE && z < before && z <= next) {
			items[kept - 1].end = items[i].end;
			items[kept - 1].stale = 1;
			before = INFINITY;
		} else {
			items[kept++] = items[i];
			before = z;
		}
	}
	segments->count = kept;
	return count - kept;
}

/* Fit, place, and drop what does not stand out, weakest first. */
static void
settle(const struct series *s, struct segments *segments)
{
	struct segment *items = segments->items;

	for (size_t i = 0; i < segments->count; i++)
		fit(s, &items[i]);
	for (size_t i = 0; i + 1 < segments->count; i++)
		place_and_fit(s, &items[i], &items[i + 1]);
	while (drop_weakest(s, segments)) {
		for (size_t i = 0; i < segments->count; i++)
			if (items[i].stale)
				fit(s, &items[i]);
		for (size_t i = 0; i + 1 < segments->count; i++)
			if (items[i].stale || items[i + 1].stale)
				place_and_fit(s, &items[i], &items[i + 1]);
		for (size_t i = 0; i < segments->count; i++)
			items[i].stale = 0;
	}
}

static void
report(const struct series *s, const struct segments *segments,
       struct changes *changes)
{
	changes->items = mem_new(segments->count, sizeof(struct change));
	for (size_t i = 0; i + 1 < segments->count; i++) {
		struct segment a = segments->items[i];
		struct segment b = segments->items[i + 1];
		double z = score(s, &a, &b), size = b.level - a.level;
		double width = 1.96 * fabs(size) / z;
		struct change *change = &changes->items[changes->count++];
		size_t first = 0, last = 0, at = b.start;

		place(s, &a, &b, &first, &last);
		*change = (struct change){ .at = s->index[at],
					   .first = s->index[first],
					   .last = s->index[last],
					   .ratio = exp(size),
					   .low = exp(size - width),
					   .high = exp(size + width),
					   .score = z };
	}
}

static void
segments_of(const unsigned char *starts, size_t n, struct segments *segments)
{
	size_t start = 0;

	segments->items = mem_new(n + 1, sizeof(struct segment));
	segments->count = 0;
	for (size_t i = 1; i <= n; i++) {
		if (i < n && !starts[i])
			continue;
		segments->items[segments->count++] =
			(struct segment){ .start = start, .end = i };
		start = i;
	}
}

static void
series_init(struct series *s, const double *values, size_t count)
{
	*s = (struct series){ .y = mem_new(count, sizeof(double)),
			      .index = mem_new(count, sizeof(size_t)),
			      .scratch = mem_new(count, sizeof(double)) };
	for (size_t i = 0; i < count; i++) {
		if (!(values[i] > 0) || !isfinite(values[i]))
			continue;
		s->index[s->n] = i;
		s->y[s->n++] = log(values[i]);
	}
}

static void
series_release(struct series *s)
{
	free(s->y);
	free(s->index);
	free(s->scratch);
}

static void
find_segments(struct series *s, struct segments *segments)
{
	unsigned char *starts = mem_new(s->n, 1);

	s->sigma = path_noise(s->y, s->n, s->scratch);
	path_find(s->y, s->n, s->sigma, s->scratch, starts);
	segments_of(starts, s->n, segments);
	settle(s, segments);
	free(starts);
}

void
changes_find(const double *values, size_t count, struct changes *changes)
{
	struct segments segments = { 0 };
	struct series s;

	*changes = (struct changes){ 0 };
	series_init(&s, values, count);
	if (s.n > 2) {
		find_segments(&s, &segments);
		changes->noise = s.sigma;
		report(&s, &segments, changes);
	}
	free(segments.items);
	series_release(&s);
}

void
changes_release(struct changes *changes)
{
	free(changes->items);
	*changes = (struct changes){ 0 };
}

void
drift_find(const double *values, size_t count, int higher_is_better,
	   size_t reference, struct drift *drift)
{
	struct segments segments = { 0 };
	double sign = higher_is_better ? -1 : 1, newest;
	struct series s;
	size_t best = 0;

	*drift = (struct drift){ 1, 1, 0 };
	series_init(&s, values, count);
	if (s.n > 2) {
		find_segments(&s, &segments);
		newest = segments.items[segments.count - 1].level;
		for (size_t i = 0; i < segments.count; i++) {
			const struct segment *segment = &segments.items[i];

			if (sign * segment->level <
			    sign * segments.items[best].level)
				best = i;
			if (s.index[segment->start] <= reference)
				drift->since_reference = exp(newest -
							     segment->level);
		}
		drift->since_best = exp(newest - segments.items[best].level);
		drift->best = s.index[segments.items[best].start];
	}
	free(segments.items);
	series_release(&s);
}
