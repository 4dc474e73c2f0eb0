#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "judge/noise.h"
#include "report/report.h"

/* Writing and reading of each part stand side by side. */

static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, json_text(text));
}

static void
set_oid(json_t *object, const char *name, const struct oid *oid)
{
	if (!oid_is_zero(oid))
		json_object_set_new(object, name, json_oid(oid));
}

static void
read_text(const json_t *object, const char *name, char **text)
{
	report_set(text, json_text_or(object, name, NULL));
}

static int
read_verdict(const json_t *object, const char *name, enum verdict *verdict,
	     struct err *err)
{
	const char *text = NULL;
	int ret = json_get_text(object, name, &text, err);

	if (ret < 0)
		return ret;
	if (verdict_from_name(text, verdict) < 0)
		return err_set(err, ERR_INPUT, "no such verdict '%s'", text);
	return 0;
}

json_t *
report_floor_json(const struct report_floor *floor)
{
	return json_pack("{s:o, s:i, s:i, s:b, s:o}", "sd", json_num(floor->sd),
			 "sessions", (int)floor->sessions, "wanted",
			 NOISE_ENOUGH, "exact", floor->exact, "detectable",
			 json_num(floor->detectable));
}

static json_t *
later_json(const struct report_later *later)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:I}", "ratio",
		json_num(later->ratio), "low", json_num(later->low), "high",
		json_num(later->high), "first", json_oid(&later->first), "last",
		json_oid(&later->last), "commits", (json_int_t)later->commits);
}

static json_t *
metric_json(const struct report_metric *metric)
{
	json_t *json = json_object();

	set_text(json, "metric", metric->name);
	set_text(json, "unit", metric->unit);
	json_object_set_new(json, "better",
			    json_string(metric->better == BETTER_HIGHER
						? "higher"
						: "lower"));
	set_text(json, "verdict", verdict_name(metric->verdict));
	if (metric->verdict == VERDICT_ACCEPTED)
		set_text(json, "measured", verdict_name(metric->measured));
	json_object_set_new(json, "base", json_num(metric->base));
	json_object_set_new(json, "value", json_num(metric->value));
	json_object_set_new(json, "ratio", json_num(metric->ratio));
	json_object_set_new(json, "low", json_num(metric->low));
	json_object_set_new(json, "high", json_num(metric->high));
	json_object_set_new(json, "threshold", json_num(metric->threshold));
	/* null: never */
	json_object_set_new(json, "severe", json_num(metric->severe));
	json_object_set_new(json, "detectable", json_num(metric->detectable));
	json_object_set_new(json, "trials", json_integer(metric->trials));
	json_object_set_new(json, "sessions", json_integer(metric->sessions));
	if (metric->unconfirmed)
		json_object_set_new(json, "unconfirmed", json_true());
	if (metric->later.commits)
		json_object_set_new(json, "later", later_json(&metric->later));
	json_object_set_new(json, "width", json_num(metric->width));
	if (!isnan(metric->floor.sd))
		json_object_set_new(json, "noise",
				    report_floor_json(&metric->floor));
	return json;
}

static void
floor_read(struct report_floor *floor, const json_t *json)
{
	*floor = (struct report_floor){
		json_number_or(json, "sd", NAN),
		json_number_or(json, "detectable", INFINITY),
		(unsigned)json_int_or(json, "sessions", 0),
		json_bool_or(json, "exact", 0)
	};
}

static int
metric_read(struct report_test *test, const json_t *json, struct err *err)
{
	struct report_metric *metric;
	const char *name = NULL;

	if (json_get_text(json, "metric", &name, err) < 0)
		return ERR_INPUT;
	metric = report_test_metric(test, name);
	report_set(&metric->unit, json_text_or(json, "unit", "1"));
	metric->better = strcmp(json_text_or(json, "better", "lower"), "higher")
				 ? BETTER_LOWER
				 : BETTER_HIGHER;
	metric->base = json_number_or(json, "base", NAN);
	metric->value = json_number_or(json, "value", NAN);
	metric->ratio = json_number_or(json, "ratio", NAN);
	metric->low = json_number_or(json, "low", 0);
	metric->high = json_number_or(json, "high", INFINITY);
	metric->threshold = json_number_or(json, "threshold", NAN);
	metric->severe = json_number_or(json, "severe", INFINITY);
	metric->detectable = json_number_or(json, "detectable", INFINITY);
	metric->trials = (unsigned)json_int_or(json, "trials", 0);
	metric->sessions = (unsigned)json_int_or(json, "sessions", 0);
	metric->unconfirmed = json_bool_or(json, "unconfirmed", 0);
	metric->width = json_number_or(json, "width", NAN);
	floor_read(&metric->floor, json_object_get(json, "noise"));
	/* Of one that is accepted and does not say: the worst. */
	if (read_verdict(json, "measured", &metric->measured, NULL) < 0)
		metric->measured = VERDICT_SEVERE;
	return read_verdict(json, "verdict", &metric->verdict, err);
}

json_t *
report_test_json(const struct report_test *test)
{
	json_t *json = json_object(), *metrics = json_array();

	set_text(json, "test", test->path);
	set_text(json, "verdict", verdict_name(test->verdict));
	set_text(json, "why", test->why);
	set_text(json, "evidence", test->evidence);
	set_text(json, "note", test->note);
	set_text(json, "accepted", test->accepted);
	set_oid(json, "baseline", &test->baseline);
	set_oid(json, "changed", &test->changed);
	if (test->culprit.kind != CULPRIT_NONE)
		json_object_set_new(json, "culprit",
				    report_culprit_json(&test->culprit));
	set_text(json, "definition", test->definition);
	set_text(json, "log", test->log);
	for (size_t i = 0; i < test->count; i++)
		json_array_append_new(metrics, metric_json(&test->metrics[i]));
	json_object_set_new(json, "metrics", metrics);
	return json;
}

int
report_test_read(struct report *report, const json_t *json, struct err *err)
{
	struct report_test *test;
	const char *path = NULL;
	json_t *metrics, *metric;
	size_t i;

	if (json_get_text(json, "test", &path, err) < 0)
		return ERR_INPUT;
	test = report_test(report, path);
	read_text(json, "why", &test->why);
	read_text(json, "evidence", &test->evidence);
	read_text(json, "note", &test->note);
	read_text(json, "accepted", &test->accepted);
	read_text(json, "definition", &test->definition);
	read_text(json, "log", &test->log);
	json_get_oid(json, "baseline", &test->baseline, NULL);
	json_get_oid(json, "changed", &test->changed, NULL);
	if (report_culprit_read(&test->culprit,
				json_object_get(json, "culprit"), err) < 0)
		return err_context(err, "%s", path);
	metrics = json_object_get(json, "metrics");
	json_array_foreach(metrics, i,
			   metric) if (metric_read(test, metric, err) <
				       0) return err_context(err, "%s", path);
	return read_verdict(json, "verdict", &test->verdict, err);
}

json_t *
report_head_json(const struct report *report)
{
	json_t *json = json_object();

	json_object_set_new(json, "commit", json_oid(&report->commit));
	set_text(json, "subject", report->subject);
	set_text(json, "author", report->author);
	set_text(json, "email", report->email);
	set_text(json, "ref", report->ref);
	set_text(json, "verdict", verdict_name(report->verdict));
	set_text(json, "why", report->why);
	set_text(json, "environment", report->environment);
	set_text(json, "machine", report->machine);
	set_text(json, "counter", report->counter);
	set_text(json, "sessions", report->sessions);
	json_object_set_new(json, "time", json_integer(report->time_s));
	json_object_set_new(json, "spent_ms", json_integer(report->spent_ms));
	if (report->drifts.count)
		json_object_set_new(json, "drift",
				    report_drifts_json(&report->drifts));
	return json;
}

int
report_head_read(struct report *report, const json_t *json, struct err *err)
{
	if (json_get_oid(json, "commit", &report->commit, err) < 0)
		return ERR_INPUT;
	read_text(json, "subject", &report->subject);
	read_text(json, "author", &report->author);
	read_text(json, "email", &report->email);
	read_text(json, "ref", &report->ref);
	read_text(json, "why", &report->why);
	read_text(json, "environment", &report->environment);
	read_text(json, "machine", &report->machine);
	read_text(json, "counter", &report->counter);
	read_text(json, "sessions", &report->sessions);
	report->time_s = json_int_or(json, "time", 0);
	report->spent_ms = json_int_or(json, "spent_ms", 0);
	report_drifts_release(&report->drifts);
	if (report_drifts_read(&report->drifts, json_object_get(json, "drift"),
			       err) < 0)
		return ERR_INPUT;
	return read_verdict(json, "verdict", &report->verdict, err);
}

json_t *
report_json(const struct report *report)
{
	json_t *json = report_head_json(report), *tests = json_array();

	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(tests,
				      report_test_json(&report->tests[i]));
	json_object_set_new(json, "tests", tests);
	return json;
}
