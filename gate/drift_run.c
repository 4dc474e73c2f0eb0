#include "drift_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "noise.h"
#include "repo/repo.h"

enum { MAX_POINTS = 4 * RUN_MAX /* of all branches */ };

/* Both known, and not the same. */
static int
differ(const char *a, const char *b)
{
	return *a && *b && strcmp(a, b) != 0;
}

int
run_find(struct store_tx *tx, const struct line *line, const char *test,
	 struct run *run)
{
	struct store_baseline here;
	int found = 0;

	*run = (struct run){ 0 };
	for (; run->count < line->count; run->count++) {
		const struct oid *at = &line->commits[run->count];
		int ret = store_baseline_get(tx, test, at, &here);

		if (ret < 0 && ret != ERR_NOT_FOUND)
			return ret;
		if (!ret && !found) {
			run->baseline = here;
			found = 1;
		}
		if (found && oid_equal(at, &run->baseline.commit))
			break;
		/* Measured against another one, or by other means. */
		if (!ret && (here.why != STORE_HELD ||
			     !oid_equal(&here.commit, &run->baseline.commit) ||
			     differ(here.definition, run->baseline.definition)))
			break;
	}
	return found ? 0 : ERR_NOT_FOUND;
}

struct reader {
	const struct line *line;
	const struct run *run;
	struct run_points *points;
	size_t cap, place_cap;
};

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct reader *reader = data;
	struct run_points *points = reader->points;
	size_t place = line_find(reader->line, &point->commit);
	size_t n = points->count;

	(void)order;
	if (place >= reader->run->count)
		return 0;
	MEM_GROW(points->places, n, reader->place_cap);
	points->places[n] = place;
	MEM_GROW(points->points, points->count, reader->cap);
	points->points[points->count++] = (struct replay_point){
		point->low, point->high, point->value, point->base,
		noise_flags_width(point->flags)
	};
	return 0;
}

/* Oldest first by place: committers' clocks may say otherwise, though hardly
 * ever. */
static void
sort(struct run_points *points)
{
	for (size_t i = 0, j = points->count; i + 1 < j; i++) {
		struct replay_point point = points->points[i];
		size_t place = points->places[i];

		points->points[i] = points->points[--j];
		points->places[i] = points->places[j];
		points->points[j] = point;
		points->places[j] = place;
	}
	for (size_t i = 1; i < points->count; i++) {
		struct replay_point point = points->points[i];
		size_t place = points->places[i], j = i;

		for (; j && points->places[j - 1] < place; j--) {
			points->points[j] = points->points[j - 1];
			points->places[j] = points->places[j - 1];
		}
		points->points[j] = point;
		points->places[j] = place;
	}
}

int
run_read(struct store_tx *tx, const struct line *line, const struct run *run,
	 const struct store_series *series, struct run_points *points)
{
	const struct store_range newest = { 0, UINT64_MAX, 1, MAX_POINTS };
	struct reader reader = { .line = line, .run = run, .points = points };
	int ret;

	*points = (struct run_points){ 0 };
	ret = store_point_each(tx, series, &newest, take_point, &reader);
	sort(points);
	return ret;
}

void
run_points_release(struct run_points *points)
{
	free(points->points);
	free(points->places);
	*points = (struct run_points){ 0 };
}
