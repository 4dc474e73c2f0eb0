#include "judge/replay.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "judge/robust.h"
#include "judge/session.h"

enum {
	NEXT = 3,   /* points that tell whether a change stayed */
	ENOUGH = 10 /* points for a suggestion */
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

struct noise
replay_noise(const struct replay_point *points, size_t count, double threshold)
{
	double *ratios = mem_new(count, sizeof(*ratios));
	double *widths = mem_new(count, sizeof(*widths));
	struct noise noise;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct replay_point *point = &points[i];

		if (!replay_is_compared(point) || is_alarm(point, threshold) ||
		    point->high < 1 / (1 + threshold))
			continue;
		ratios[n] = exp(replay_shift(point));
		widths[n++] = noise_width(point->low, point->high);
	}
	noise = noise_learn_history(ratios, widths, n);
	free(ratios);
	free(widths);
	return noise;
}

double
replay_detectable(const struct replay_point *points, size_t count)
{
	double *widths = mem_new(count, sizeof(*widths)), middle;
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (replay_is_compared(&points[i]))
			widths[n++] = log(points[i].high / points[i].low) / 2;
	middle = n ? expm1(robust_median(widths, n)) : INFINITY;
	free(widths);
	return middle;
}

double
replay_suggest(const struct replay_point *points, size_t count)
{
	size_t n = sizeof(round_ones) / sizeof(*round_ones);

	for (size_t i = 0; i < n; i++) {
		double threshold = round_ones[i];
		struct noise noise = replay_noise(points, count, threshold);
		struct replay replay;

		replay_at(points, count, threshold, &replay);
		if (replay.points < ENOUGH)
			return 0;
		if (!replay.reverted && 10 * replay.unclear <= replay.points &&
		    noise.sessions >= NOISE_ENOUGH &&
		    2 * NOISE_REACH * noise.sd <= log1p(threshold))
			return threshold;
	}
	return 0;
}
