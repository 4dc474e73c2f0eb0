#ifndef JUDGE_TRACE_H
#define JUDGE_TRACE_H

#include <stddef.h>

/* Inside the history's half of the judge: the series at work, and what its
 * steps share. Callers outside include series.h. */

/* ln of the values that are sound, in order. */
struct trace {
	double *y;
	size_t *index; /* where each stood in the input */
	size_t n;
	double sigma;    /* sd of the noise */
	double *scratch; /* n, for whoever needs it just now */
	double *other;   /* n more */
};

/* Points from start to before end, around one level. */
struct segment {
	size_t start, end;
	double level;
	size_t first, last; /* where the change to it can lie, see place() */
	int passing;        /* an excursion: the level before came back */
};

struct segments {
	struct segment *items;
	size_t count;
};

void trace_init(struct trace *trace, const double *values, size_t count);
void trace_release(struct trace *trace);

/* The k-th smallest, in linear time on average; reorders a. */
double select_kth(double *a, size_t n, size_t k);

/* n > 0; reorders a. */
double median_of(double *a, size_t n);

/*
 * Median distance from a level, times 1.4826: estimates the sd of Gaussian
 * noise. scratch has room for n. Of many values every k-th is looked at: some
 * hundreds tell a spread to a few per cent.
 */
double spread_of(const double *y, size_t n, double level, double *scratch);

/* Robust centre of a segment: the median, then Huber's mean. */
void segment_fit(const struct trace *trace, struct segment *segment);

/*
 * The piecewise constant path on a grid of levels that costs least; starts
 * gets 1 where a segment begins. Sets nothing else. path.c.
 */
void path_find(const struct trace *trace, unsigned char *starts);

/*
 * How sure it is that values before and after a point differ in level: z,
 * signed; alike: corrected for neighbours that are; when one way
 * to see it gives enough, no other is tried. shift_best() looks for the
 * point in 1 .. n - 1, with `least` on each side; where none reaches enough
 * before that correction, at is 0. shift.c.
 */
double shift_at(const struct trace *trace, size_t from, size_t n, size_t at,
		int alike, double enough);
double shift_best(const struct trace *trace, size_t from, size_t n,
		  size_t least, double enough, size_t *at);

static inline double
clamp(double x, double most)
{
	return x > most ? most : x < -most ? -most : x;
}

/* Move the boundary between two fitted neighbours to where it most likely is,
 * and set b->first and b->last around it; the levels stay. place.c. */
void place(const struct trace *trace, struct segment *a, struct segment *b);

/* All steps together. segments->items is the caller's to free. */
void segments_find(const struct trace *trace, struct segments *segments);

/* Distance of two levels in sd of that difference. */
double segments_score(const struct trace *trace, const struct segment *a,
		      const struct segment *b);

#endif
