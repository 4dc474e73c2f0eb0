#include "judge/drift.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "judge/replay.h"
#include "judge/robust.h"
#include "judge/series.h"

enum {
	LEAST_LEVELS = 12, /* points that show how much they vary */
	LEAST_NEWEST = 5   /* of the newest level */
};

/* The points that can be compared, as ln ratios without the steps told. */
struct course {
	double *y, *low, *high;
	size_t *index; /* where each stood in the input */
	size_t n;
};

static double
least(double a, double b)
{
	return a < b ? a : b;
}

static double
most(double a, double b)
{
	return a > b ? a : b;
}

/* By how much point i and the next are all above (below) the two before it;
 * before the first one the baseline stands at 0. */
static double
step_up(const double *y, size_t n, size_t i)
{
	double before = i ? y[i - 1] : 0;
	double after = y[i];

	if (i)
		before = most(before, i > 1 ? y[i - 2] : 0);
	if (i + 1 < n)
		after = least(after, y[i + 1]);
	return after - before;
}

static double
step_down(const double *y, size_t n, size_t i)
{
	double before = i ? y[i - 1] : 0;
	double after = y[i];

	if (i)
		before = least(before, i > 1 ? y[i - 2] : 0);
	if (i + 1 < n)
		after = most(after, y[i + 1]);
	return before - after;
}

/* The gate said "regressed" at a step that is as large by itself, at a point
 * whose interval was clear. */
static void
take_out_told(struct course *course, double told)
{
	double *offset = mem_new(course->n, sizeof(*offset)), sum = 0;

	for (size_t i = 0; i < course->n; i++) {
		double up = step_up(course->y, course->n, i);
		double down = step_down(course->y, course->n, i);

		if (up >= told && course->low[i] > told)
			sum += up;
		else if (down >= told)
			sum = most(0, sum - down);
		offset[i] = sum;
	}
	for (size_t i = 0; i < course->n; i++) {
		course->y[i] -= offset[i];
		course->low[i] -= offset[i];
		course->high[i] -= offset[i];
	}
	free(offset);
}

static void
course_init(struct course *course, const struct drift_rule *rule,
	    const struct replay_point *points, size_t count)
{
	*course = (struct course){ .y = mem_new(count, sizeof(double)),
				   .low = mem_new(count, sizeof(double)),
				   .high = mem_new(count, sizeof(double)),
				   .index = mem_new(count, sizeof(size_t)) };
	for (size_t i = 0; i < count; i++) {
		if (!replay_is_compared(&points[i]))
			continue;
		course->y[course->n] = replay_shift(&points[i]);
		course->low[course->n] = log(points[i].low);
		course->high[course->n] = log(points[i].high);
		course->index[course->n++] = i;
	}
	take_out_told(course, log1p(rule->told));
}

static void
course_release(struct course *course)
{
	free(course->y);
	free(course->low);
	free(course->high);
	free(course->index);
}

static double
newest_median(const double *x, size_t n)
{
	double three[DRIFT_LEAST];

	for (size_t i = 0; i < DRIFT_LEAST; i++)
		three[i] = x[n - DRIFT_LEAST + i];
	return robust_median(three, DRIFT_LEAST);
}

/* The first point behind the last one before `end` that could still be as good
 * as the baseline. */
static size_t
first_worse(const struct course *course, size_t end)
{
	size_t i = end;

	while (i && course->low[i - 1] > 0)
		i--;
	return course->index[i];
}

/* Take it when it is sure and larger than what there is. */
static void
offer(struct drift_finding *finding, double threshold,
      const struct drift_finding *other)
{
	if (!(log(other->low) > threshold) ||
	    (finding->against != DRIFT_NONE && finding->ratio >= other->ratio))
		return;
	*finding = *other;
}

/* The newest three points against the baseline, by their own intervals. */
static void
judge_newest(const struct course *course, double threshold,
	     struct drift_finding *finding)
{
	size_t n = course->n;
	struct drift_finding found = {
		.against = DRIFT_BASELINE,
		.ratio = exp(newest_median(course->y, n)),
		.low = exp(newest_median(course->low, n)),
		.high = exp(newest_median(course->high, n)),
		.best = 1,
		.first = first_worse(course, n - DRIFT_LEAST),
		.last = course->index[n - DRIFT_LEAST],
		.now = finding->now
	};

	offer(finding, threshold, &found);
}

/* The newest level against the baseline and against the best one. */
static void
judge_levels(const struct course *course, double threshold,
	     struct drift_finding *finding)
{
	double *values = mem_new(course->n, sizeof(*values));
	struct drift_finding found = { .against = DRIFT_BASELINE,
				       .best = 1,
				       .now = finding->now };
	struct drift drift;

	for (size_t i = 0; i < course->n; i++)
		values[i] = exp(course->y[i]);
	drift_find(values, course->n, 0, 0, &drift);
	free(values);
	if (isnan(drift.level) || course->n - drift.newest < LEAST_NEWEST)
		return;
	found.first = first_worse(course, drift.newest);
	found.last = course->index[drift.newest];
	found.ratio = drift.level;
	found.low = drift.level * exp(-DRIFT_SURE * drift.level_sd);
	found.high = drift.level * exp(DRIFT_SURE * drift.level_sd);
	offer(finding, threshold, &found);
	if (drift.best_end > drift.newest)
		return;
	found.against = DRIFT_BEST;
	found.first = course->index[drift.best_end];
	found.ratio = drift.since_best;
	found.low = found.ratio * exp(-DRIFT_SURE * drift.since_best_sd);
	found.high = found.ratio * exp(DRIFT_SURE * drift.since_best_sd);
	found.best = drift.level / drift.since_best;
	offer(finding, threshold, &found);
}

void
drift_judge(const struct drift_rule *rule, const struct replay_point *points,
	    size_t count, struct drift_finding *finding)
{
	double threshold = log1p(rule->threshold);
	struct course course;

	*finding = (struct drift_finding){
		.ratio = 1, .low = 1, .high = 1, .best = 1, .now = NAN
	};
	course_init(&course, rule, points, count);
	if (course.n >= DRIFT_LEAST) {
		finding->now = exp(newest_median(course.y, course.n));
		judge_newest(&course, threshold, finding);
	}
	if (course.n >= LEAST_LEVELS)
		judge_levels(&course, threshold, finding);
	course_release(&course);
}
