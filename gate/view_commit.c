/* A commit's page: what the verdicts rest on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate.h"
#include "repo/repo.h"
#include "report/report.h"
#include "report/text.h"
#include "view.h"

struct wanted {
	struct oid commit;
	struct report report;
	json_t *doc;
};

/* Beside a session's metrics: no metric has this name. */
static const char COURSE[] = "@";

static json_t *
metrics_json(const struct store_sample *sample)
{
	json_t *metrics = json_object();

	for (size_t i = 0; i < sample->metric_count; i++) {
		const struct store_values *from = &sample->metrics[i];
		json_t *values = json_array();

		for (size_t k = 0; k < from->count; k++)
			if (isfinite(from->values[k]))
				json_array_append_new(
					values, json_num(from->values[k]));
		json_object_set_new(metrics, from->metric, values);
	}
	return metrics;
}

/* {session: {metric: [values]}} of one test at one commit. */
static int
take_sample(void *data, const struct store_sample *sample)
{
	json_t *metrics = metrics_json(sample);

	if (sample->course_count)
		json_object_set_new(metrics, COURSE, view_course(sample));
	json_object_set_new(data, sample->session, metrics);
	return 0;
}

/* What both sides have under this name, in the last session that ran them. */
static void
add_sides(json_t *to, const char *as, const char *name, const json_t *bases,
	  const json_t *samples)
{
	const char *session;
	json_t *value, *best = NULL, *best_base = NULL, *metrics;

	json_object_foreach((json_t *)(uintptr_t)samples, session, metrics)
	{
		json_t *base = json_object_get(json_object_get(bases, session),
					       name);

		value = json_object_get(metrics, name);
		if (value && (base || !best)) {
			best = value;
			best_base = base;
		}
	}
	if (best)
		json_object_set_new(to, as,
				    json_pack("{s:O, s:O?}", "value", best,
					      "base", best_base));
}

static void
add_test_trials(struct store_tx *tx, const struct report *report,
		const struct report_test *test, json_t *json)
{
	json_t *bases = json_object(), *samples = json_object(), *metric;
	size_t i;

	store_sample_each(tx, test->path, &report->commit, take_sample,
			  samples);
	if (!oid_is_zero(&test->baseline))
		store_sample_each(tx, test->path, &test->baseline, take_sample,
				  bases);
	json_array_foreach(json_object_get(json, "metrics"), i, metric)
		add_sides(metric, "trials_of",
			  json_text_or(metric, "metric", ""), bases, samples);
	add_sides(json, "course", COURSE, bases, samples);
	json_decref(bases);
	json_decref(samples);
}

/* Worst first, else in the order of the report. */
struct ranked {
	size_t index;
	enum verdict verdict;
};

static int
worse_first(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	if (left->verdict != right->verdict)
		return left->verdict < right->verdict ? 1 : -1;
	return (left->index > right->index) - (left->index < right->index);
}

static json_t *
tests_json(struct store_tx *tx, const struct report *report)
{
	struct ranked *ranked = mem_new(report->count, sizeof(*ranked));
	json_t *tests = json_array();

	for (size_t i = 0; i < report->count; i++)
		ranked[i] = (struct ranked){ i, report->tests[i].verdict };
	if (report->count)
		qsort(ranked, report->count, sizeof(*ranked), worse_first);
	for (size_t i = 0; i < report->count; i++) {
		const struct report_test *test =
			&report->tests[ranked[i].index];
		json_t *json = report_test_json(test);

		if (i < VIEW_DETAILS)
			add_test_trials(tx, report, test, json);
		json_array_append_new(tests, json);
	}
	free(ranked);
	return tests;
}

static json_t *
lines_of(const struct buf *text)
{
	json_t *lines = json_array();
	const char *at = buf_text(text);

	while (*at) {
		size_t len = strcspn(at, "\n");

		if (len)
			json_array_append_new(lines, json_text_len(at, len));
		at += len + (at[len] == '\n');
	}
	return lines;
}

static int
read_commit(struct store_tx *tx, void *data, struct err *err)
{
	const struct text_style style = { .rows = 1000 };
	struct wanted *wanted = data;
	struct buf summary = BUF_INIT, advice = BUF_INIT;
	json_t *report;
	int ret;

	report_release(&wanted->report);
	json_decref(wanted->doc);
	wanted->doc = NULL;
	ret = gate_get_report(tx, &wanted->commit, &wanted->report, err);
	if (ret)
		return ret;
	report = report_head_json(&wanted->report);
	json_object_set_new(report, "tests", tests_json(tx, &wanted->report));
	report_add_summary(&summary, &wanted->report);
	report_add_advice(&advice, &wanted->report, &style);
	json_object_set_new(report, "summary", json_text(buf_text(&summary)));
	wanted->doc = json_pack("{s:o, s:o}", "report", report, "advice",
				lines_of(&advice));
	buf_release(&summary);
	buf_release(&advice);
	return store_tx_error(tx);
}

json_t *
view_commit(struct view *view, const struct oid *commit, struct err *err)
{
	struct wanted wanted = { .commit = *commit };
	int ret;

	report_init(&wanted.report, commit);
	ret = store_read(view->gate->store, read_commit, &wanted, err);
	report_release(&wanted.report);
	if (ret == ERR_NOT_FOUND)
		err_set(err, ERR_NOT_FOUND,
			"this commit has not been weighed: nothing that it "
			"changes is measured, or the worker has not come to "
			"it yet");
	if (!ret)
		json_object_set_new(wanted.doc, "repository",
				    json_text(view->name));
	return wanted.doc;
}

json_t *
view_course(const struct store_sample *sample)
{
	json_t *course = json_object();

	for (size_t i = 0; i < sample->course_count; i++) {
		const struct store_values *from = &sample->course[i];
		json_t *values = json_array();

		for (size_t k = 0; k < from->count; k++)
			json_array_append_new(values,
					      json_num(from->values[k]));
		/* The name without what marks it. */
		json_object_set_new(course, from->metric + 1, values);
	}
	return course;
}
