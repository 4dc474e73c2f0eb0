#ifndef JUDGE_REPLAY_H
#define JUDGE_REPLAY_H

#include <stddef.h>

#include "judge/noise.h"

/*
 * What other thresholds would have said over a recorded history. Pure. Only as
 * sharp as what was measured: a session stops when it is clear of the threshold
 * in force, so under a smaller one more points are unclear.
 */

/* One commit of a history, in order. Ratios as in struct estimate; worse is
 * above 1 (turn the others round). */
struct replay_point {
	double low, high;   /* of value / base, in one session */
	double value, base; /* in the metric's unit */
	double width;       /* sd that its rounds explain; NAN: not known */
};

/* It was held against something, and both are sound numbers. */
int replay_is_compared(const struct replay_point *point);

/* ln of its ratio: of the middle of its interval, which comes of rounds side by
 * side, where the quotient of two medians has the machine's own drift in it. */
double replay_shift(const struct replay_point *point);

struct replay {
	unsigned points;   /* that were compared with a baseline */
	unsigned alarms;   /* clear of the threshold, the one before was not */
	unsigned stayed;   /* of them: the next points kept at least half */
	unsigned reverted; /* of them: they did not */
	unsigned open;     /* of them: no next point yet */
	unsigned unclear;  /* neither clear of it nor within it */
};

/* Alarms for regressions alone. */
void replay_at(const struct replay_point *points, size_t count,
	       double threshold, struct replay *replay);

/* What such a history shows of the noise between sessions, points that are
 * clear of the threshold left out: sessions has room for count; returns how
 * many. */
size_t replay_sessions(const struct replay_point *points, size_t count,
		       double threshold, struct noise_session *sessions);

/*
 * The smallest of a row of round thresholds (1 % to 50 %) of which the noise
 * between sessions takes no more than half, at which hardly an alarm of this
 * history was reverted and at most a tenth of it is unclear. 0 when there are
 * too few points or sessions to say. `now` is the threshold in force: it stays
 * unless noise or reverted alarms speak against it, so that a loaded machine,
 * where much is unclear for want of rounds, is no reason to loosen it.
 */
double replay_suggest(const struct replay_point *points, size_t count,
		      const struct noise *noise, double now);

#endif
