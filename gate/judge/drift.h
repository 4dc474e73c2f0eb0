#ifndef JUDGE_DRIFT_H
#define JUDGE_DRIFT_H

#include <stddef.h>

struct replay_point;

/*
 * Slow drift of a (test, metric): it has got worse by more than a threshold,
 * little by little, so that no commit was told to be a regression. Pure.
 *
 * How it works. The points are those that were held against one baseline, in
 * order, worse above 1. Their ratios come of rounds side by side, so that
 * neither the hour nor the machine's mood is in them. A step that the gate has
 * called a regression already is taken out, until a step down takes it back.
 * What remains is held against 1, the baseline, and against the best level that
 * there was since. Two kinds of evidence count: the median of the lower ends of
 * the newest three points' intervals (each of which is wrong once in a hundred
 * times, so that two of three are in some 3000), which needs few points; and
 * the levels that series.h finds, by DRIFT_SURE sd, which needs more points and
 * sees more. It only ever says so when the whole interval is beyond the
 * threshold.
 */
#define DRIFT_SURE 3.0

enum { DRIFT_LEAST = 3 }; /* points */

struct drift_rule {
	double threshold; /* fraction: smallest drift that is told */
	double told;      /* fraction: a single step of this size was told */
};

enum drift_against {
	DRIFT_NONE,     /* no drift beyond the threshold, or not surely so */
	DRIFT_BASELINE, /* it is worse than the baseline */
	DRIFT_BEST      /* than the best level, which was below the baseline */
};

struct drift_finding {
	enum drift_against against;
	double ratio, low, high; /* newest level / the other */
	double best;             /* the level that it is held against */
	size_t first, last;      /* the drift came with these points, both
				    included; last begins the newest level */
	double now; /* newest level / baseline without the steps told, whether
		       there is a drift or not; NAN: too few points */
};

void drift_judge(const struct drift_rule *rule,
		 const struct replay_point *points, size_t count,
		 struct drift_finding *finding);

#endif
