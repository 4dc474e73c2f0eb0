/*
 * The overview's rows. They are read once a generation of the store and kept,
 * since 10,000 tests take a while and pages are asked for more often than
 * something lands.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/proc.h"
#include "canary.h"
#include "drift.h"
#include "gate.h"
#include "noise.h"
#include "repo/repo.h"
#include "report/report.h"
#include "view.h"

enum { SPARK = 32, SHOWN_FINDINGS = 8, MONTH_S = 30 * 86400 };

struct rows {
	struct store_tx *tx;
	struct view *view;
	json_t *rows;
	int64_t month_s, release_s; /* 0: there is no release */
	/* The test whose histories come just now. */
	char *test, *metric, *environment;
	uint64_t last_order;
	int rank;
	struct report_drifts drifts; /* alerts that stand */
};

static int
take_value(void *data, uint64_t order, const struct store_point *point)
{
	(void)order;
	json_array_insert_new(data, 0, json_num(point->value));
	return 0;
}

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

/* What the verdict of the newest commit says of the test: its worst metric
 * names the row. */
static void
read_verdict(struct rows *rows, json_t *row, const struct oid *commit,
	     struct store_series *series)
{
	const struct report_metric *metric;
	struct report report;
	json_t *doc = NULL;

	report_init(&report, commit);
	if (!store_verdict_get(rows->tx, commit, rows->test, "", &doc) &&
	    !report_test_read(&report, doc, NULL) && report.count) {
		const struct report_test *test = &report.tests[0];

		json_object_set_new(row, "verdict",
				    json_string(verdict_name(test->verdict)));
		metric = report_main_metric(test);
		if (metric) {
			json_object_set_new(row, "ratio",
					    json_num(metric->ratio));
			json_object_set_new(row, "unit",
					    json_text(metric->unit));
			json_object_set_new(
				row, "better",
				json_string(metric->better == BETTER_HIGHER
						    ? "higher"
						    : "lower"));
			free(rows->metric);
			rows->metric = mem_copy_text(metric->name);
			series->metric = rows->metric;
		}
	}
	json_decref(doc);
	report_release(&report);
}

static void
add_changes(struct rows *rows, json_t *row, const struct store_series *series,
	    double value)
{
	json_object_set_new(
		row, "change_30d",
		json_num(value / value_at(rows->tx, series, rows->month_s)));
	if (rows->release_s)
		json_object_set_new(
			row, "change_release",
			json_num(value /
				 value_at(rows->tx, series, rows->release_s)));
}

/* The test whose histories have all come. */
static void
finish_test(struct rows *rows)
{
	struct store_range newest_first = { 0, UINT64_MAX, 1, 1 };
	struct store_series series = { rows->test, rows->metric,
				       rows->environment };
	struct newest newest = { 0 };
	json_t *row, *spark;

	if (!rows->test)
		return;
	store_point_each(rows->tx, &series, &newest_first, take_newest,
			 &newest);
	if (!newest.found)
		return;
	row = json_pack("{s:o, s:o, s:I}", "test", json_text(rows->test),
			"commit", json_oid(&newest.point.commit), "time",
			(json_int_t)newest.point.time_s);
	read_verdict(rows, row, &newest.point.commit, &series);
	spark = json_array();
	newest_first.limit = SPARK;
	store_point_each(rows->tx, &series, &newest_first, take_value, spark);
	json_object_set_new(row, "metric", json_text(series.metric));
	json_object_set_new(row, "environment", json_text(series.environment));
	json_object_set(row, "value",
			json_array_get(spark, json_array_size(spark) - 1));
	add_changes(rows, row, &series, json_number_or(row, "value", NAN));
	json_object_set_new(row, "spark", spark);
	json_array_append_new(rows->rows, row);
}

static void
forget_test(struct rows *rows)
{
	free(rows->test);
	free(rows->metric);
	free(rows->environment);
	rows->test = rows->metric = rows->environment = NULL;
}

static int
take_series(void *data, const struct store_series *series, uint64_t last_order)
{
	struct rows *rows = data;
	int rank = metric_rank(series->metric);

	if (!rows->test || strcmp(rows->test, series->test) != 0) {
		finish_test(rows);
		forget_test(rows);
		rows->test = mem_copy_text(series->test);
	} else if (rank > rows->rank ||
		   (rank == rows->rank && last_order < rows->last_order)) {
		return 0;
	}
	free(rows->metric);
	free(rows->environment);
	rows->metric = mem_copy_text(series->metric);
	rows->environment = mem_copy_text(series->environment);
	rows->rank = rank;
	rows->last_order = last_order;
	return store_tx_error(rows->tx);
}

static int
read_rows(struct store_tx *tx, void *data, struct err *err)
{
	struct rows *rows = data;
	int ret;

	rows->tx = tx;
	forget_test(rows);
	json_array_clear(rows->rows);
	report_drifts_release(&rows->drifts);
	ret = store_series_each(tx, NULL, take_series, rows);
	if (ret)
		return ret;
	finish_test(rows);
	return drift_standing(tx, &rows->drifts, err);
}

static int
badness(const json_t *row)
{
	enum verdict verdict;

	if (verdict_from_name(json_text_or(row, "verdict", ""), &verdict) < 0)
		return -1;
	return (int)verdict;
}

/* Worst first, then by name. */
static int
compare_rows(const void *a, const void *b)
{
	const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
	int order = badness(right) - badness(left);

	return order ? order
		     : strcmp(json_text_or(left, "test", ""),
			      json_text_or(right, "test", ""));
}

static json_t *
sorted(json_t *rows)
{
	size_t count = json_array_size(rows);
	json_t **items = mem_new(count, sizeof(*items)), *out = json_array();

	for (size_t i = 0; i < count; i++)
		items[i] = json_array_get(rows, i);
	qsort(items, count, sizeof(*items), compare_rows);
	for (size_t i = 0; i < count; i++)
		json_array_append(out, items[i]);
	free(items);
	json_decref(rows);
	return out;
}

static int
is_standing(const json_t *row)
{
	return badness(row) >= (int)VERDICT_REGRESSED;
}

static json_t *
standing(const json_t *rows)
{
	json_t *out = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i,
			   row) if (is_standing(row) &&
				    json_array_size(out) < SHOWN_FINDINGS)
		json_array_append(out, row);
	return out;
}

static json_t *
drifts_json(const struct report_drifts *drifts)
{
	json_t *out = json_array();

	for (size_t i = 0; i < drifts->count && i < SHOWN_FINDINGS; i++)
		json_array_append_new(out, view_drift(&drifts->items[i]));
	return out;
}

/* Rows of this generation of the store. */
static int
refresh(struct view *view, struct err *err)
{
	uint64_t generation = store_generation(view->gate->store);
	int64_t now = clock_wall_s(&clock_real);
	struct rows rows = { .view = view, .rows = json_array() };
	json_t *improvements = NULL;
	char *release = NULL;
	int ret;

	if (view->overview && generation && generation == view->generation)
		return json_decref(rows.rows), 0;
	rows.month_s = now - MONTH_S;
	if (repo_newest_tag(view->gate->repo, &release, &rows.release_s, NULL) <
	    0)
		rows.release_s = 0;
	ret = store_read(view->gate->store, read_rows, &rows, err);
	forget_test(&rows);
	if (!ret) {
		rows.rows = sorted(rows.rows);
		improvements = view_feed(view, 1, NULL, NULL);
		json_decref(view->overview);
		view->overview = json_pack(
			"{s:o, s:o, s:o, s:o?, s:O}", "rows", rows.rows,
			"regressions", standing(rows.rows), "drifts",
			drifts_json(&rows.drifts), "release",
			release ? json_text(release) : NULL, "improvements",
			json_object_get(improvements, "entries"));
		view->generation = generation;
		json_decref(improvements);
	} else {
		json_decref(rows.rows);
	}
	report_drifts_release(&rows.drifts);
	free(release);
	return ret;
}

static int
count_job(void *data, const struct store_job *job)
{
	size_t *counts = data;

	counts[job->owner[0] && proc_is_alive(job->owner)]++;
	return 0;
}

static int
read_jobs(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	memset(data, 0, 2 * sizeof(size_t));
	return store_queue_each(tx, count_job, data);
}

static json_t *
first_of(const json_t *array, size_t max)
{
	json_t *out = json_array();

	for (size_t i = 0; i < max && i < json_array_size(array); i++)
		json_array_append(out, json_array_get(array, i));
	return out;
}

/* What is known of a row's noise is read when the row is first shown, and kept
 * with it. */
static json_t *
slice(const struct view *view, const json_t *rows, size_t page)
{
	struct noise_book noise = NOISE_BOOK_INIT;
	json_t *out = json_array();

	for (size_t i = (page - 1) * VIEW_PAGE;
	     i < page * VIEW_PAGE && i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);

		if (!json_object_get(row, "sessions"))
			json_object_set_new(
				row, "sessions",
				view_floor(view, &noise,
					   json_text_or(row, "test", ""),
					   json_text_or(row, "metric", ""),
					   json_text_or(row, "environment",
							NULL)));
		json_array_append(out, row);
	}
	noise_book_release(&noise);
	return out;
}

json_t *
view_overview(struct view *view, size_t page, struct err *err)
{
	size_t counts[2] = { 0, 0 }, pages;
	const json_t *rows;
	char name[40];

	if (refresh(view, err) < 0 ||
	    store_read(view->gate->store, read_jobs, counts, err) < 0)
		return NULL;
	rows = json_object_get(view->overview, "rows");
	pages = (json_array_size(rows) + VIEW_PAGE - 1) / VIEW_PAGE;
	pages = pages ? pages : 1;
	if (!page || page > pages) {
		err_set(err, ERR_NOT_FOUND, "there are %zu pages of tests",
			pages);
		return NULL;
	}
	snprintf(name, sizeof(name), page > 1 ? "index-%zu.json" : "index.json",
		 page);
	return json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:o, s:O, s:O, s:o, s:O?, "
		"s:{s:I, s:I}, s:o}",
		"repository", view->name, "json", name, "page",
		(json_int_t)page, "pages", (json_int_t)pages, "total",
		(json_int_t)json_array_size(rows), "tests",
		slice(view, rows, page), "regressions",
		json_object_get(view->overview, "regressions"), "drifts",
		json_object_get(view->overview, "drifts"), "improvements",
		first_of(json_object_get(view->overview, "improvements"),
			 SHOWN_FINDINGS),
		"release", json_object_get(view->overview, "release"), "state",
		"waiting", (json_int_t)counts[0], "running",
		(json_int_t)counts[1], "canary", canary_record(view->gate));
}

json_t *
view_badge(struct view *view, const char *test, struct err *err)
{
	enum verdict worst = VERDICT_PASS;
	const json_t *row;
	size_t i, seen = 0;

	if (refresh(view, err) < 0)
		return NULL;
	json_array_foreach(json_object_get(view->overview, "rows"), i, row)
	{
		enum verdict verdict;

		if ((test && strcmp(json_text_or(row, "test", ""), test)) ||
		    verdict_from_name(json_text_or(row, "verdict", ""),
				      &verdict) < 0)
			continue;
		worst = seen++ ? verdict_worse(worst, verdict) : verdict;
	}
	return json_pack("{s:o, s:s}", "title",
			 json_text(test ? test : "performance"), "verdict",
			 seen ? verdict_name(worst) : "unknown");
}
