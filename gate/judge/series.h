#ifndef JUDGE_SERIES_H
#define JUDGE_SERIES_H

#include <stddef.h>

/*
 * Change points of a history: one value a commit, in order.
 *
 * How it works. On logarithms, since what matters is a ratio. The noise comes
 * from differences at several lags, which a step does not disturb. A first
 * pass (judge/path.h) finds the piecewise constant path on a grid of levels
 * that costs least, where a point costs the square of its distance in sd, at
 * most a cap, and every change costs a fixed penalty: with the cap a lone
 * outlier is cheaper than two changes. On a grid that is a Viterbi recursion,
 * linear in the number of points (optimal partitioning, Jackson et al. 2005,
 * with the bounded loss of Fearnhead and Rigaill 2019). A second pass fits
 * robust means, dates every change in the middle of its likely dates, and drops
 * the weakest change until each one that is left stands out of the noise of its
 * two segments, and chance alone would rarely put their points in such an
 * order. Deterministic, and scale does not matter.
 */
struct change {
	size_t at;          /* first point at the new level */
	size_t first, last; /* the change lies between these points, both
			       included: other places fit nearly as well */
	double ratio;       /* new level / old level */
	double low, high;   /* its interval, about 95 % */
	double score;       /* size in sd of the difference of levels */
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
 * Slow drift: the newest segment's level against the best one's and against a
 * reference's (the baseline's) point, as ratios; 1 without change.
 */
struct drift {
	double since_best, since_reference;
	size_t best; /* first point of the best segment */
};

void drift_find(const double *values, size_t count, int higher_is_better,
		size_t reference, struct drift *drift);

#endif
