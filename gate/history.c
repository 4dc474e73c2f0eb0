#include "history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "repo/oid_map.h"
#include "report/report.h"

enum { MAX_ASKED = 16 /* commits of a change whose verdicts are looked up */ };

int
history_differs(const char *definition, const char *other)
{
	return *definition && *other && strcmp(definition, other) != 0;
}

size_t
history_newest_epoch(const struct history *history)
{
	return history->epoch_count
		       ? history->epochs[history->epoch_count - 1].start
		       : 0;
}

struct reading {
	struct store_tx *tx;
	const struct line *line; /* NULL: of all branches */
	struct history *history;
	size_t *places; /* in the line */
	size_t place_cap;
	size_t on_line; /* points that are */
};

/* The place of a point that is not on the line. */
#define ELSEWHERE SIZE_MAX

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct reading *reading = data;
	struct history *history = reading->history;
	size_t place = 0, n = history->count;

	(void)order;
	if (reading->line) {
		place = line_find(reading->line, &point->commit);
		if (place == reading->line->count)
			place = ELSEWHERE;
		else
			reading->on_line++;
	}
	MEM_GROW(reading->places, n, reading->place_cap);
	reading->places[n] = place;
	MEM_GROW(history->points, history->count, history->cap);
	history->points[history->count++] =
		(struct history_point){ .point = *point };
	return 0;
}

/* Without the points of other branches. */
static void
keep_line(struct reading *reading)
{
	struct history *history = reading->history;
	size_t kept = 0;

	for (size_t i = 0; i < history->count; i++) {
		if (reading->places[i] == ELSEWHERE)
			continue;
		reading->places[kept] = reading->places[i];
		history->points[kept++] = history->points[i];
	}
	history->left_out = history->count - kept;
	history->count = kept;
}

/* Along the line: committers' clocks say otherwise only now and then. */
static void
sort(struct reading *reading)
{
	struct history_point *points = reading->history->points;

	for (size_t i = 1; i < reading->history->count; i++) {
		struct history_point point = points[i];
		size_t place = reading->places[i], j = i;

		for (; j && reading->places[j - 1] < place; j--) {
			points[j] = points[j - 1];
			reading->places[j] = reading->places[j - 1];
		}
		points[j] = point;
		reading->places[j] = place;
	}
}

static int
read_points(struct reading *reading, const struct store_series *series)
{
	const struct store_range all = { 0, UINT64_MAX, 0, 0 };
	int ret = store_point_each(reading->tx, series, &all, take_point,
				   reading);

	/* Else it is a history that was brought from elsewhere. */
	if (reading->on_line) {
		keep_line(reading);
		sort(reading);
	}
	return ret;
}

/* What is recorded of a test's baseline at each commit: read at once, since one
 * by one takes several times as long. */
struct records {
	struct store_baseline *items;
	size_t count, cap;
	struct oid_map places;
};

static int
take_record(void *data, const char *test, const struct oid *commit,
	    const struct store_baseline *baseline)
{
	struct records *records = data;

	(void)test;
	MEM_GROW(records->items, records->count, records->cap);
	oid_map_put(&records->places, commit, records->count);
	records->items[records->count++] = *baseline;
	return 0;
}

static void
add_record(struct history_point *point, const struct store_baseline *record)
{
	point->is_known = 1;
	point->why = record->why;
	/* By hand, afterwards: it moved at that commit, not at this one. */
	if (!oid_equal(&record->commit, &point->point.commit))
		point->why = STORE_HELD;
	point->baseline = record->commit;
	memcpy(point->definition, record->definition,
	       sizeof(point->definition));
}

static int
add_records(struct store_tx *tx, struct history *history)
{
	struct records records = { 0 };
	int ret = store_baseline_each(tx, history->test, take_record, &records);

	for (size_t i = 0; !ret && i < history->count; i++) {
		struct history_point *point = &history->points[i];
		const size_t *place = oid_map_get(&records.places,
						  &point->point.commit);

		point->why = STORE_HELD;
		if (place)
			add_record(point, &records.items[*place]);
	}
	free(records.items);
	oid_map_release(&records.places);
	return ret;
}

static void
add_epoch(struct history *history, size_t start, const char *why)
{
	MEM_GROW(history->epochs, history->epoch_count, history->epoch_cap);
	history->epochs[history->epoch_count++] = (struct history_epoch){ start,
									  why };
}

/* Points whose definition nobody knows belong to the epoch that they are in. */
static void
find_epochs(struct history *history)
{
	const char *known = "";

	for (size_t i = 0; i < history->count; i++) {
		const char *here = history->points[i].definition;

		if (!i)
			add_epoch(history, i, "first");
		else if (history_differs(known, here))
			add_epoch(history, i, "definition");
		if (*here)
			known = here;
	}
}

/* Changes within one epoch. */
static void
find_changes(struct history *history, size_t start, size_t end)
{
	struct changes changes;

	changes_find(history->values + start, end - start, &changes);
	history->noise = changes.noise;
	for (size_t i = 0; i < changes.count; i++) {
		struct change *change = &changes.items[i];

		change->at += start;
		change->first += start;
		change->last += start;
		MEM_GROW(history->changes, history->change_count,
			 history->change_cap);
		history->changes[history->change_count++] =
			(struct history_change){ .change = *change };
	}
	changes_release(&changes);
}

/* What the gate said of this metric at a point; *metric is NULL where that
 * was not kept. Release the report in any case. */
static int
read_verdict(struct store_tx *tx, const struct history *history, size_t at,
	     struct report *report, const struct report_metric **metric,
	     struct err *err)
{
	const struct oid *commit = &history->points[at].point.commit;
	const struct report_test *test = NULL;
	json_t *doc = NULL;
	int ret = store_verdict_get(tx, commit, history->test, "", &doc);

	*metric = NULL;
	report_init(report, commit);
	if (!ret)
		ret = report_test_read(report, doc, err);
	json_decref(doc);
	if (!ret)
		test = report_find(report, history->test);
	for (size_t i = 0; test && i < test->count; i++)
		if (!strcmp(test->metrics[i].name, history->metric))
			*metric = &test->metrics[i];
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

static int
ask(struct store_tx *tx, const struct history *history, size_t at,
    struct history_change *change, struct err *err)
{
	const struct report_metric *metric;
	const struct report_test *test;
	struct report report;
	int ret = read_verdict(tx, history, at, &report, &metric, err);

	if (metric) {
		change->told = change->is_told ? verdict_worse(change->told,
							       metric->verdict)
					       : metric->verdict;
		change->is_told = 1;
	}
	test = report_find(&report, history->test);
	if (test && !oid_is_zero(&test->culprit.commit))
		change->culprit = test->culprit.commit;
	report_release(&report);
	return ret;
}

static int
ask_all(struct store_tx *tx, struct history *history, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < history->change_count; i++) {
		struct history_change *change = &history->changes[i];
		size_t first = change->change.first, last = change->change.last;

		if (last - first >= MAX_ASKED)
			first = last = change->change.at;
		for (size_t j = first; !ret && j <= last; j++)
			ret = ask(tx, history, j, change, err);
	}
	return ret;
}

/* Unit and direction of a metric that the test declares are in its verdicts. */
static int
describe(struct store_tx *tx, struct history *history, struct err *err)
{
	const struct metric_row *row = metric_find(history->metric);
	const struct report_metric *metric;
	struct report report;
	int ret;

	history->unit = mem_copy_text(row ? row->unit : "1");
	history->better = row ? row->better : BETTER_LOWER;
	if (row || !history->count)
		return 0;
	ret = read_verdict(tx, history, history->count - 1, &report, &metric,
			   err);
	if (metric) {
		report_set(&history->unit, metric->unit);
		history->better = metric->better;
	}
	report_release(&report);
	return ret;
}

int
history_read(struct store_tx *tx, const struct store_series *series,
	     const struct line *line, struct history *history, struct err *err)
{
	struct reading reading = { .tx = tx, .line = line, .history = history };
	int ret;

	*history = (struct history){ .test = mem_copy_text(series->test),
				     .metric = mem_copy_text(series->metric),
				     .environment = mem_copy_text(
					     series->environment) };
	ret = read_points(&reading, series);
	free(reading.places);
	if (!ret)
		ret = add_records(tx, history);
	if (!ret)
		ret = describe(tx, history, err);
	if (ret)
		return ret;
	history->values = mem_new(history->count, sizeof(double));
	for (size_t i = 0; i < history->count; i++)
		history->values[i] = history->points[i].point.value;
	find_epochs(history);
	for (size_t i = 0; i < history->epoch_count; i++)
		find_changes(history, history->epochs[i].start,
			     i + 1 < history->epoch_count
				     ? history->epochs[i + 1].start
				     : history->count);
	return ask_all(tx, history, err);
}

struct oldest {
	struct store_tx *tx;
	int64_t *time_s;
};

static int
take_oldest(void *data, uint64_t order, const struct store_point *point)
{
	int64_t *time_s = data;

	(void)order;
	if (point->time_s < *time_s)
		*time_s = point->time_s;
	return 0;
}

static int
look_at_oldest(void *data, const struct store_series *series,
	       uint64_t last_order)
{
	const struct store_range first = { 0, UINT64_MAX, 0, 1 };
	const struct oldest *oldest = data;

	(void)last_order;
	return store_point_each(oldest->tx, series, &first, take_oldest,
				oldest->time_s);
}

int
history_oldest(struct store_tx *tx, const char *test, int64_t *time_s)
{
	struct oldest oldest = { tx, time_s };

	return store_series_each(tx, test, look_at_oldest, &oldest);
}

void
history_release(struct history *history)
{
	free(history->test);
	free(history->metric);
	free(history->environment);
	free(history->unit);
	free(history->points);
	free(history->values);
	free(history->epochs);
	free(history->changes);
	*history = (struct history){ 0 };
}
