#ifndef JUDGE_SERIES_H
#define JUDGE_SERIES_H

#include <stddef.h>

/*
 * Change points of a history: one value a commit, in order.
 *
 * How it works. On logarithms, since what matters is a ratio. The noise comes
 * from differences at several lags, which a step does not disturb. A first
 * pass finds the piecewise constant path on a grid of levels that costs least,
 * where a point costs the square of its distance in sd, at most a cap, and
 * every change costs a fixed penalty: with the cap a lone outlier is cheaper
 * than two changes (path.c: optimal partitioning, Jackson et al. 2005, with the
 * bounded loss of Fearnhead and Rigaill 2019). Then each segment is searched
 * for smaller steps by scores that are efficient for the noise as it is
 * (shift.c), each boundary moves to where the noise's own density puts it
 * (place.c), and what does not stand out is dropped (segments.c). Linear in the
 * number of points, deterministic; scale and direction do not matter.
 */
struct change {
	size_t at;            /* first point at the new level */
	size_t first, last;   /* the first point at the new level is one of
				 these, both included, with about 95 % */
	double before, after; /* levels, in the values' unit */
	double ratio;         /* after / before */
	double low, high;     /* its interval, about 95 % */
	double score;         /* size in sd of the difference of levels */
	int passing; /* into or out of an excursion: at most ten points, then
			the level before came back */
};

struct changes {
	struct change *items;
	size_t count;
	double noise; /* sd of ln value between neighbouring points */
};

/* values: positive; others (0, negative, NaN, infinite) are left out, as if the
 * commit had not been measured. Release changes in any case. */
void changes_find(const double *values, size_t count, struct changes *changes);
void changes_release(struct changes *changes);

/*
 * Slow drift: the newest segment's level against the best one's and against the
 * one that a reference point (the baseline) lies in, as ratios; 1 without
 * change. Excursions are no level.
 */
struct drift {
	double since_best, since_reference;
	size_t best, best_end; /* the best segment's points, end excluded */
	size_t newest;         /* first point of the newest segment */
	double level;          /* newest, in the values' unit; NAN: none */
	double level_sd;       /* of its ln */
	double since_best_sd;  /* of ln since_best */
};

void drift_find(const double *values, size_t count, int higher_is_better,
		size_t reference, struct drift *drift);

#endif
