#include "judge/replay.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "judge/robust.h"
#include "judge/session.h"

enum {
	NEXT = 3,    /* points that tell whether a change stayed */
	ENOUGH = 10, /* points for a suggestion */
	RARELY = 50  /* points an alarm that was reverted, at least */
};

static const double round_ones[] = { 0.01, 0.015, 0.02, 0.03, 0.05, 0.08,
				     0.1,  0.15,  0.2,  0.3,  0.5 };

int
replay_is_compared(const struct replay_point *point)
{
	return point->low > 0 && isfinite(point->high) &&
	       point->high >= point->low && point->base > 0 &&
	       point->value > 0 && isfinite(point->value / point->base);
}

double
replay_shift(const struct replay_point *point)
{
	int is_equal = !(point->value < point->base) &&
		       !(point->value > point->base);

	return is_equal ? 0 : (log(point->low) + log(point->high)) / 2;
}

static int
is_alarm(const struct replay_point *point, double threshold)
{
	return point->low > 1 + threshold;
}

static int
is_unclear(const struct replay_point *point, double threshold)
{
	int is_better = point->high < 1 / (1 + threshold);
	int is_same = point->low >= 1 / (1 + threshold) &&
		      point->high <= 1 + threshold;

	return !is_alarm(point, threshold) && !is_better && !is_same;
}

/* Held against the baseline that the alarm was raised against, since an
 * accepted change becomes the baseline. */
static void
settle(const struct replay_point *points, size_t count, size_t at,
       struct replay *replay)
{
	const struct replay_point *alarm = &points[at];
	double half = (log(alarm->low) + log(alarm->high)) / 4;
	double next[NEXT];
	size_t n = 0;

	for (size_t i = at + 1; i < count && n < NEXT; i++)
		if (replay_is_compared(&points[i]))
			next[n++] = log(points[i].value / alarm->base);
	if (!n)
		replay->open++;
	else if (robust_median(next, n) >= half)
		replay->stayed++;
	else
		replay->reverted++;
}

void
replay_at(const struct replay_point *points, size_t count, double threshold,
	  struct replay *replay)
{
	int was = 0;

	*replay = (struct replay){ 0 };
	for (size_t i = 0; i < count; i++) {
		int is;

		if (!replay_is_compared(&points[i]))
			continue;
		is = is_alarm(&points[i], threshold);
		replay->points++;
		replay->unclear += is_unclear(&points[i], threshold) != 0;
		if (is && !was) {
			replay->alarms++;
			settle(points, count, i, replay);
		}
		was = is;
	}
}

static struct noise_session
session_of(const struct replay_point *point)
{
	double width = point->width;

	if (isnan(width))
		width = noise_width_of_interval(point->low, point->high);
	return (struct noise_session){ exp(replay_shift(point)), width };
}

size_t
replay_sessions(const struct replay_point *points, size_t count,
		double threshold, struct noise_session *sessions)
{
	struct noise_session *history = mem_new(count, sizeof(*history));
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (replay_is_compared(&points[i]) &&
		    !is_alarm(&points[i], threshold) &&
		    points[i].high >= 1 / (1 + threshold))
			history[n++] = session_of(&points[i]);
	n = noise_steps(history, n, sessions);
	free(history);
	return n;
}

/* False alarms are rare under it, and the noise leaves it room: what a loaded
 * machine, where much is unclear for want of rounds, does not spoil. */
static int
is_sound(const struct replay *replay, const struct noise *noise,
	 double threshold)
{
	return RARELY * replay->reverted <= replay->points &&
	       2 * noise_reach(noise) <= log1p(threshold);
}

double
replay_suggest(const struct replay_point *points, size_t count,
	       const struct noise *noise, double now)
{
	size_t n = sizeof(round_ones) / sizeof(*round_ones);
	struct replay replay;
	int now_is_sound;

	replay_at(points, count, now, &replay);
	if (noise->sessions < NOISE_ENOUGH || replay.points < ENOUGH)
		return 0;
	now_is_sound = is_sound(&replay, noise, now);
	for (size_t i = 0; i < n; i++) {
		double threshold = round_ones[i];
		int is_looser = threshold > now * (1 + 1e-9);

		if (is_looser && now_is_sound)
			return now;
		replay_at(points, count, threshold, &replay);
		if (is_sound(&replay, noise, threshold) &&
		    (is_looser || 10 * replay.unclear <= replay.points))
			return threshold;
	}
	return 0;
}
