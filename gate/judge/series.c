#include "judge/series.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	MAX_LEVELS = 96,
	MAX_BINS = 1 << 16,
	WINDOW = 5, /* of the running median that proposes levels */
	LAGS = 4,
	REFINE = 3
};

static const double LEAST_NOISE = 2.5e-4; /* of any measurement */
static const double LEAST_SIZE = 1e-3;    /* smaller changes are no news */
static const double GRID = 0.12;          /* distance of levels in sd */
static const double LOSS_CAP = 9;         /* of one point: three sd */
static const double PENALTY = 3;          /* of a change, times ln n */
static const double HUBER = 1.5;          /* sd */
static const double LEAST_SCORE = 4.0;

struct series {
	double *y;     /* ln values that are sound */
	size_t *index; /* where they stood */
	size_t n;
	double sigma;
	double *scratch; /* n */
};

/* Quickselect: the k-th smallest; reorders a. */
static double
select_kth(double *a, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		double pivot = a[low + (high - low) / 2];
		size_t i = low, j = high;

		for (;;) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i >= j)
				break;
			double swap = a[i];
			a[i++] = a[j];
			a[j--] = swap;
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
	return a[k];
}

/* sd from the differences at one lag: of their middle and of their tail, the
 * larger, since some noise is peaked and some is not. */
static double
noise_at_lag(const struct series *s, size_t lag)
{
	size_t n = s->n - lag;
	double tail, middle;

	for (size_t i = 0; i < n; i++)
		s->scratch[i] = fabs(s->y[i + lag] - s->y[i]);
	tail = select_kth(s->scratch, n, n * 9 / 10);
	middle = select_kth(s->scratch, n * 9 / 10 + 1, n / 2);
	return fmax(middle * 1.4826, tail / 1.6449) / M_SQRT2;
}

static void
find_noise(struct series *s)
{
	static const size_t lags[LAGS] = { 1, 2, 4, 6 };
	double first = 0;

	s->sigma = LEAST_NOISE;
	for (size_t k = 0; k < LAGS; k++) {
		double sd;

		if (s->n < lags[k] + 8)
			break;
		sd = noise_at_lag(s, lags[k]);
		if (!k)
			first = sd;
		s->sigma = fmax(s->sigma, fmin(sd, 1.5 * first));
	}
}

static double
median_of_window(const double *y, size_t n)
{
	double w[WINDOW];

	for (size_t i = 0; i < n; i++) {
		size_t at = i;

		while (at && w[at - 1] > y[i]) {
			w[at] = w[at - 1];
			at--;
		}
		w[at] = y[i];
	}
	return w[n / 2];
}

/* Levels that a running median visits, on a grid as fine as there is room. */
static size_t
find_levels(const struct series *s, float levels[MAX_LEVELS], double *origin)
{
	static unsigned char seen[MAX_BINS];
	double low = INFINITY, high = -INFINITY, step;
	size_t bins, count;

	for (size_t i = 0; i < s->n; i++) {
		size_t from = i < WINDOW / 2 ? 0 : i - WINDOW / 2;
		size_t to = i + WINDOW / 2 + 1 < s->n ? i + WINDOW / 2 + 1
						      : s->n;

		s->scratch[i] = median_of_window(s->y + from, to - from);
		low = fmin(low, s->scratch[i]);
		high = fmax(high, s->scratch[i]);
	}
	step = fmax(GRID * s->sigma, (high - low) / (MAX_BINS - 2));
	*origin = low;
	for (;;) {
		count = 0;
		bins = (size_t)((high - low) / step) + 1;
		memset(seen, 0, bins);
		for (size_t i = 0; i < s->n; i++) {
			size_t bin = (size_t)((s->scratch[i] - low) / step);

			count += !seen[bin];
			seen[bin] = 1;
		}
		if (count <= MAX_LEVELS)
			break;
		step *= 1.5;
	}
	count = 0;
	for (size_t i = 0; i < bins; i++)
		if (seen[i])
			levels[count++] = (float)(((double)i + 0.5) * step /
						  s->sigma);
	return count;
}

/* The cheapest path; marks starts of segments. */
static void
cheapest_path(const struct series *s, const float *levels, size_t count,
	      double origin, unsigned char *starts)
{
	float penalty = (float)(PENALTY * log((double)s->n + 1));
	float cost[MAX_LEVELS] = { 0 };
	unsigned char *stayed = mem_new(s->n, count);
	unsigned char *best = mem_new(s->n, 1);
	size_t level;

	for (size_t i = 0; i < s->n; i++) {
		float x = (float)((s->y[i] - origin) / s->sigma);
		float moved = i ? penalty : INFINITY, least = cost[0];
		unsigned char *stay = stayed + i * count;

		for (size_t k = 1; k < count; k++)
			if (cost[k] < least) {
				least = cost[k];
				best[i] = (unsigned char)k;
			}
		/* Costs are kept relative to the least one: no overflow. */
		for (size_t k = 0; k < count; k++) {
			float d = x - levels[k], lost = d * d;
			float kept = cost[k] - least;

			lost = lost < (float)LOSS_CAP ? lost : (float)LOSS_CAP;
			stay[k] = kept <= moved;
			cost[k] = (kept <= moved ? kept : moved) + lost;
		}
	}
	level = 0;
	for (size_t k = 1; k < count; k++)
		if (cost[k] < cost[level])
			level = k;
	memset(starts, 0, s->n);
	for (size_t i = s->n; i-- > 1;) {
		if (stayed[i * count + level])
			continue;
		starts[i] = 1;
		level = best[i];
	}
	free(stayed);
	free(best);
}

struct segment {
	size_t start, end;
	double level; /* Huber's mean */
};

struct segments {
	struct segment *items;
	size_t count;
};

static void
fit(const struct series *s, struct segment *segment)
{
	size_t n = segment->end - segment->start;
	double level;

	memcpy(s->scratch, s->y + segment->start, n * sizeof(double));
	level = select_kth(s->scratch, n, n / 2);
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

static double
loss(const struct series *s, double y, double level)
{
	double d = (y - level) / s->sigma;

	return fmin(d * d, LOSS_CAP);
}

/* Move the boundary between two segments to where both fit best; first and
 * last bound where it fits nearly as well. */
static void
place(const struct series *s, struct segment *a, struct segment *b,
      size_t *first, size_t *last)
{
	double sum = 0, least = 0;
	size_t at = a->start + 1;

	/* sum: cost of the points before a boundary on the left level, less
	 * their cost on the right one. */
	for (size_t i = a->start; i + 1 < b->end; i++) {
		sum += loss(s, s->y[i], a->level) - loss(s, s->y[i], b->level);
		s->scratch[i - a->start] = sum;
		if (i == a->start || sum < least) {
			least = sum;
			at = i + 1;
		}
	}
	*first = *last = at;
	for (size_t i = a->start; i + 1 < b->end; i++) {
		if (s->scratch[i - a->start] > least + 4)
			continue;
		*first = i + 1 < *first ? i + 1 : *first;
		*last = i + 1 > *last ? i + 1 : *last;
	}
	a->end = b->start = at;
}

static double
score(const struct series *s, const struct segment *a, const struct segment *b)
{
	double n = (double)(a->end - a->start), m = (double)(b->end - b->start);

	if (fabs(b->level - a->level) < LEAST_SIZE)
		return 0;
	return fabs(b->level - a->level) /
	       (s->sigma * sqrt(1.06 / n + 1.06 / m));
}

static void
drop(struct segments *segments, const struct series *s, size_t index)
{
	segments->items[index].end = segments->items[index + 1].end;
	memmove(segments->items + index + 1, segments->items + index + 2,
		(segments->count - index - 2) * sizeof(struct segment));
	segments->count--;
	fit(s, &segments->items[index]);
}

/* Fit, place, and drop what does not stand out, weakest first. */
static void
settle(const struct series *s, struct segments *segments)
{
	size_t first = 0, last = 0;

	for (;;) {
		double least = INFINITY;
		size_t weakest = 0;

		for (size_t i = 0; i < segments->count; i++)
			fit(s, &segments->items[i]);
		for (size_t i = 0; i + 1 < segments->count; i++) {
			struct segment *pair = &segments->items[i];

			place(s, &pair[0], &pair[1], &first, &last);
			fit(s, &pair[0]);
			fit(s, &pair[1]);
		}
		for (size_t i = 0; i + 1 < segments->count; i++) {
			double z = score(s, &segments->items[i],
					 &segments->items[i + 1]);

			if (z < least) {
				least = z;
				weakest = i;
			}
		}
		if (segments->count < 2 || least >= LEAST_SCORE)
			return;
		drop(segments, s, weakest);
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
		segments->items[segments->count++] = (struct segment){ start, i,
								       0 };
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
	float levels[MAX_LEVELS];
	double origin = 0;
	size_t count;

	find_noise(s);
	count = find_levels(s, levels, &origin);
	cheapest_path(s, levels, count, origin, starts);
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
