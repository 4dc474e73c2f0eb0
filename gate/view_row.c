#include "view_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "report/report.h"
#include "store/store.h"

enum { SPARK = 32, LOOK_BACK = 200 };

/* A commit at which the test may have a finding. */
struct candidate {
	struct oid commit;
	int64_t time_s;
};

struct reading {
	struct store_tx *tx;
	const struct view_past *past;
	struct view_row *row;
	/* The history that the row shows. */
	char *metric, *environment;
	uint64_t last_order;
	int rank;
	struct candidate *candidates;
	size_t count, cap;
};

struct newest {
	struct store_point point;
	int found;
};

static int
take_newest(void *data, uint64_t order, const struct store_point *point)
{
	struct newest *newest = data;

	(void)order;
	newest->point = *point;
	newest->found = 1;
	return 1;
}

static int
take_value(void *data, uint64_t order, const struct store_point *point)
{
	(void)order;
	json_array_insert_new(data, 0, json_num(point->value));
	return 0;
}

/* Sure to be another than its baseline; how much, the verdict says. */
static int
take_candidate(void *data, uint64_t order, const struct store_point *point)
{
	struct reading *reading = data;

	(void)order;
	if (!(point->low > 1) && !(point->high < 1 && point->high > 0))
		return 0;
	MEM_GROW(reading->candidates, reading->count, reading->cap);
	reading->candidates[reading->count++] =
		(struct candidate){ point->commit, point->time_s };
	return 0;
}

/* Shown is the metric that people look at first, where it was measured last. */
static int
take_series(void *data, const struct store_series *series, uint64_t last_order)
{
	const struct store_range range = { 0, UINT64_MAX, 1, LOOK_BACK };
	struct reading *reading = data;
	int rank = metric_rank(series->metric);

	store_point_each(reading->tx, series, &range, take_candidate, reading);
	if (reading->metric &&
	    (rank > reading->rank ||
	     (rank == reading->rank && last_order < reading->last_order)))
		return store_tx_error(reading->tx);
	free(reading->metric);
	free(reading->environment);
	reading->metric = mem_copy_text(series->metric);
	reading->environment = mem_copy_text(series->environment);
	reading->rank = rank;
	reading->last_order = last_order;
	return store_tx_error(reading->tx);
}

/* The value at a time, or the oldest that there is. */
static double
value_at(struct store_tx *tx, const struct store_series *series, int64_t time_s)
{
	struct store_range range = { 0, (uint64_t)time_s, 1, 1 };
	struct newest newest = { 0 };

	store_point_each(tx, series, &range, take_newest, &newest);
	if (!newest.found) {
		range = (struct store_range){ 0, UINT64_MAX, 0, 1 };
		store_point_each(tx, series, &range, take_newest, &newest);
	}
	return newest.found ? newest.point.value : NAN;
}

static const char *
better_text(enum better better)
{
	return better == BETTER_HIGHER ? "higher" : "lower";
}

/* What a commit's verdict says of the test; the report is to be released. */
static const struct report_test *
read_verdict(const struct reading *reading, const struct oid *commit,
	     struct report *report)
{
	json_t *doc = NULL;
	int found;

	report_init(report, commit);
	found = !store_verdict_get(reading->tx, commit, reading->row->test, "",
				   &doc) &&
		!report_test_read(report, doc, NULL) && report->count;
	json_decref(doc);
	return found ? &report->tests[0] : NULL;
}

/* Its worst metric is the one to be shown. */
static void
add_verdict(struct reading *reading, const struct oid *commit)
{
	struct view_row *row = reading->row;
	const struct report_metric *metric;
	struct report report;
	const struct report_test *test = read_verdict(reading, commit, &report);

	if (test) {
		row->badness = (int)test->verdict;
		json_object_set_new(row->shown, "verdict",
				    json_string(verdict_name(test->verdict)));
	}
	metric = test ? report_main_metric(test) : NULL;
	if (metric) {
		json_object_set_new(row->shown, "ratio",
				    json_num(metric->ratio));
		json_object_set_new(row->shown, "unit",
				    json_text(metric->unit));
		json_object_set_new(row->shown, "better",
				    json_string(better_text(metric->better)));
		free(reading->metric);
		reading->metric = mem_copy_text(metric->name);
	}
	report_release(&report);
}

static void
add_values(const struct reading *reading, const struct store_series *series)
{
	const struct store_range newest = { 0, UINT64_MAX, 1, SPARK };
	const struct view_past *past = reading->past;
	json_t *spark = json_array(), *row = reading->row->shown;
	double value;

	store_point_each(reading->tx, series, &newest, take_value, spark);
	json_object_set(row, "value",
			json_array_get(spark, json_array_size(spark) - 1));
	value = json_number_or(row, "value", NAN);
	json_object_set_new(
		row, "change_30d",
		json_num(value / value_at(reading->tx, series, past->month_s)));
	if (past->release_s)
		json_object_set_new(
			row, "change_release",
			json_num(value / value_at(reading->tx, series,
						  past->release_s)));
	json_object_set_new(row, "spark", spark);
}

static void
make_row(struct reading *reading)
{
	const struct store_range range = { 0, UINT64_MAX, 1, 1 };
	struct view_row *row = reading->row;
	struct store_series series = { row->test, reading->metric,
				       reading->environment };
	struct newest newest = { 0 };

	if (!series.metric)
		return;
	store_point_each(reading->tx, &series, &range, take_newest, &newest);
	if (!newest.found)
		return;
	row->shown = json_pack("{s:o, s:o, s:I}", "test", json_text(row->test),
			       "commit", json_oid(&newest.point.commit), "time",
			       (json_int_t)newest.point.time_s);
	add_verdict(reading, &newest.point.commit);
	series.metric = reading->metric;
	json_object_set_new(row->shown, "metric", json_text(series.metric));
	json_object_set_new(row->shown, "environment",
			    json_text(series.environment));
	add_values(reading, &series);
}

static int
newer_first(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->time_s != right->time_s)
		return left->time_s < right->time_s ? 1 : -1;
	return oid_compare(&left->commit, &right->commit);
}

/* VIEW_WORSE, VIEW_BETTER or -1: nothing to tell. */
static int
kind_of(enum verdict verdict)
{
	if (verdict == VERDICT_IMPROVED)
		return VIEW_BETTER;
	return verdict_is_regression(verdict) || verdict == VERDICT_ACCEPTED
		       ? VIEW_WORSE
		       : -1;
}

int
view_finding_is(const json_t *finding, enum view_finding kind)
{
	enum verdict verdict;

	return !verdict_from_name(json_text_or(finding, "verdict", ""),
				  &verdict) &&
	       kind_of(verdict) == (int)kind;
}

static void
add_finding(struct view_row *row, const struct candidate *candidate,
	    const struct report_test *test)
{
	const struct report_metric *metric = report_main_metric(test);

	if (!row->findings)
		row->findings = json_array();
	json_array_append_new(
		row->findings,
		json_pack("{s:o, s:o, s:I, s:s, s:o, s:o, s:s}", "test",
			  json_text(row->test), "commit",
			  json_oid(&candidate->commit), "time",
			  (json_int_t)candidate->time_s, "verdict",
			  verdict_name(test->verdict), "metric",
			  json_text(metric ? metric->name : ""), "ratio",
			  json_num(metric ? metric->ratio : NAN), "better",
			  better_text(metric ? metric->better : BETTER_LOWER)));
}

/* Several metrics at one commit are one finding. */
static void
find(struct reading *reading)
{
	size_t counts[] = { [VIEW_WORSE] = 0, [VIEW_BETTER] = 0 };

	if (reading->count)
		qsort(reading->candidates, reading->count,
		      sizeof(*reading->candidates), newer_first);
	for (size_t i = 0; i < reading->count; i++) {
		const struct candidate *at = &reading->candidates[i];
		const struct report_test *test;
		struct report report;
		int kind;

		if (i && !newer_first(at - 1, at))
			continue;
		test = read_verdict(reading, &at->commit, &report);
		kind = test ? kind_of(test->verdict) : -1;
		if (kind >= 0 && counts[kind]++ < VIEW_FINDINGS)
			add_finding(reading->row, at, test);
		report_release(&report);
	}
}

static void
forget(struct view_row *row)
{
	json_decref(row->shown);
	json_decref(row->findings);
	row->shown = row->findings = NULL;
	row->badness = -1;
}

int
view_row_read(struct store_tx *tx, const struct view_past *past,
	      struct view_row *row)
{
	struct reading reading = { .tx = tx, .past = past, .row = row };
	int ret;

	forget(row);
	ret = store_series_each(tx, row->test, take_series, &reading);
	if (!ret) {
		make_row(&reading);
		find(&reading);
		ret = store_tx_error(tx);
	}
	row->is_read = !ret;
	free(reading.metric);
	free(reading.environment);
	free(reading.candidates);
	return ret;
}

void
view_row_release(struct view_row *row)
{
	forget(row);
	free(row->test);
	*row = (struct view_row){ 0 };
}
