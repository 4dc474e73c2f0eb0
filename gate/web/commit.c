/* A commit: the verdict as the status said it, and all that it rests on. */
#include "web/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "report/culprit.h"
#include "web/html.h"
#include "web/svg.h"

enum { DETAILS = 50, MAX_LINES = 2000 };

static void
add_term(struct buf *buf, const char *term)
{
	buf_addf(buf, "<dt>%s</dt><dd>", term);
}

static void
add_text_term(struct buf *buf, const json_t *doc, const char *name,
	      const char *term)
{
	const char *text = json_text_or(doc, name, NULL);

	if (!text || !*text)
		return;
	add_term(buf, term);
	html_text(buf, text);
	buf_adds(buf, "</dd>\n");
}

/* What a bisection has found. */
static void
add_culprit(struct buf *buf, const json_t *doc)
{
	const char *commit = json_text_or(doc, "commit", NULL);
	struct report_culprit culprit = { 0 };
	struct buf text = BUF_INIT;

	if (report_culprit_read(&culprit, doc, NULL) < 0 ||
	    culprit.kind == CULPRIT_NONE)
		goto out;
	report_add_culprit(&text, &culprit);
	add_term(buf, "bisection");
	if (commit) {
		html_commit_link(buf, "../", commit);
		buf_addc(buf, ' ');
	}
	html_text(buf, buf_text(&text));
	buf_adds(buf, "</dd>\n");
out:
	buf_release(&text);
	report_culprit_release(&culprit);
}

/* Session ids, separated by blanks. */
static void
add_sessions(struct buf *buf, const char *ids)
{
	add_term(buf, "sessions");
	while (*ids) {
		size_t len = strspn(ids, "0123456789abcdef");

		if (len)
			buf_addf(buf,
				 "<a class=\"hash\" "
				 "href=\"../session/%.*s.html\">%.*s</a> ",
				 (int)len, ids, (int)len, ids);
		ids += len;
		ids += strcspn(ids, " ");
		ids += strspn(ids, " ");
	}
	buf_adds(buf, "</dd>\n");
}

static void
add_head(struct buf *buf, const json_t *report)
{
	const char *sessions = json_text_or(report, "sessions", NULL);

	const char *verdict = json_text_or(report, "verdict", "");
	const char *summary = json_text_or(report, "summary", "");

	/* The summary begins with the verdict, which is shown before it. */
	if (!strncmp(summary, verdict, strlen(verdict)))
		summary += strlen(verdict);
	buf_adds(buf, "<p class=\"summary\">");
	html_verdict(buf, verdict);
	html_text(buf, summary);
	buf_adds(buf, "</p>\n<dl class=\"facts\">\n");
	add_text_term(buf, report, "subject", "subject");
	add_text_term(buf, report, "author", "author");
	add_text_term(buf, report, "ref", "pushed to");
	add_text_term(buf, report, "why", "why");
	add_term(buf, "judged");
	html_time(buf, json_int_or(report, "time", 0));
	buf_adds(buf, "</dd>\n");
	add_text_term(buf, report, "machine", "machine");
	add_text_term(buf, report, "environment", "environment");
	add_text_term(buf, report, "counter", "instructions");
	if (sessions)
		add_sessions(buf, sessions);
	buf_adds(buf, "</dl>\n");
}

static double *
take_numbers(const json_t *array, size_t *count)
{
	double *values = mem_new(json_array_size(array), sizeof(*values));
	const json_t *value;
	size_t i;

	*count = json_array_size(array);
	json_array_foreach(array, i, value)
		values[i] = json_is_number(value) ? json_number_value(value)
						  : NAN;
	return values;
}

static void
add_trials(struct buf *buf, const json_t *metric, const char *test)
{
	const json_t *trials = json_object_get(metric, "trials_of");
	struct svg_trials plot = { .unit = json_text_or(metric, "unit", "1") };
	double *base, *value;
	char *label;

	if (!trials)
		return;
	base = take_numbers(json_object_get(trials, "base"), &plot.base_count);
	value = take_numbers(json_object_get(trials, "value"),
			     &plot.value_count);
	label = mem_text("trials of %s, %s, before and now", test,
			 json_text_or(metric, "metric", ""));
	plot.base = base;
	plot.value = value;
	plot.label = label;
	buf_adds(buf, "<figure><figcaption>trials, ");
	html_text_cut(buf, json_text_or(metric, "metric", ""), 60);
	buf_adds(buf, "</figcaption>");
	svg_trials(buf, &plot);
	buf_adds(buf, "</figure>\n");
	free(label);
	free(value);
	free(base);
}

/* What a trial of each side used of this column over time. */
static void
add_course(struct buf *buf, const json_t *course, const char *column,
	   const char *unit, const char *test)
{
	const char *const names[] = { "base", "value" };
	struct svg_course plot = { .unit = unit };
	struct svg_side *const sides[] = { &plot.base, &plot.value };
	double *times[2], *values[2];
	char *label;

	for (size_t i = 0; i < 2; i++) {
		const json_t *side = json_object_get(course, names[i]);
		size_t count;

		times[i] = take_numbers(json_object_get(side, "time"),
					&sides[i]->count);
		values[i] = take_numbers(json_object_get(side, column), &count);
		sides[i]->times = times[i];
		sides[i]->values = values[i];
		if (count < sides[i]->count)
			sides[i]->count = count;
	}
	label = mem_text("%s of %s over time, before and now", column, test);
	plot.label = label;
	if (plot.base.count || plot.value.count) {
		buf_addf(buf,
			 "<figure><figcaption>%s over time, in a trial: %snow "
			 "(solid)</figcaption>",
			 column, plot.base.count ? "before (dashed) and " : "");
		svg_course(buf, &plot);
		buf_adds(buf, "</figure>\n");
	}
	free(label);
	for (size_t i = 0; i < 2; i++) {
		free(times[i]);
		free(values[i]);
	}
}

static void
add_courses(struct buf *buf, const json_t *test)
{
	const json_t *course = json_object_get(test, "course");
	const char *name = json_text_or(test, "test", "");

	/* Of memory and rss a course has one. */
	add_course(buf, course, "memory", "B", name);
	add_course(buf, course, "rss", "B", name);
	add_course(buf, course, "cpu", "ns", name);
}

static void
add_metric(struct buf *buf, const json_t *metric)
{
	const char *unit = json_text_or(metric, "unit", "1");
	int higher = html_is_higher(metric);
	double seen = json_number_or(metric, "detectable", NAN);

	buf_adds(buf, "<tr><th scope=\"row\">");
	html_text_cut(buf, json_text_or(metric, "metric", ""), 60);
	buf_adds(buf, "</th><td>");
	html_verdict(buf, json_text_or(metric, "verdict", ""));
	buf_adds(buf, "</td><td class=\"number\">");
	html_value(buf, json_number_or(metric, "base", NAN), unit);
	buf_adds(buf, "</td><td class=\"number\">");
	html_value(buf, json_number_or(metric, "value", NAN), unit);
	buf_adds(buf, "</td><td class=\"number\">");
	html_change(buf, json_number_or(metric, "ratio", NAN), higher);
	buf_adds(buf, "</td><td class=\"interval\">");
	html_interval(buf, metric);
	buf_addf(buf,
		 "</td><td class=\"number\">%lld</td><td "
		 "class=\"number\">",
		 (long long)json_int_or(metric, "trials", 0));
	if (isfinite(seen))
		buf_addf(buf, "%.1f %%", seen * 100);
	buf_adds(buf, "</td></tr>\n");
}

static void
add_metrics(struct buf *buf, const json_t *metrics, const char *test)
{
	static const char *const columns[] = {
		"metric",  "verdict",  "#before", "#now",
		"#change", "interval", "#trials", "#smallest detectable",
		NULL
	};
	char *label;
	const json_t *metric;
	size_t i;

	if (!json_array_size(metrics))
		return;
	label = mem_text("metrics of %s", test);
	html_begin_table(buf, "rows", label);
	free(label);
	html_columns(buf, columns);
	buf_adds(buf, "<tbody>\n");
	json_array_foreach(metrics, i, metric) add_metric(buf, metric);
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
}

static void
add_test(struct buf *buf, const json_t *test, int first)
{
	const json_t *metrics = json_object_get(test, "metrics"), *metric;
	const char *name = json_text_or(test, "test", "");
	const char *log = json_text_or(test, "log", NULL);
	size_t i;

	buf_adds(buf, "<section>\n<h2>");
	html_test_link(buf, "../", name);
	buf_addc(buf, ' ');
	html_verdict(buf, json_text_or(test, "verdict", ""));
	buf_adds(buf, "</h2>\n<dl class=\"facts\">\n");
	add_text_term(buf, test, "why", "why");
	add_text_term(buf, test, "evidence", "evidence");
	add_text_term(buf, test, "note", "note");
	add_text_term(buf, test, "accepted", "accepted");
	add_term(buf, "baseline");
	html_commit_link(buf, "../", json_text_or(test, "baseline", ""));
	buf_adds(buf, "</dd>\n");
	if (json_object_get(test, "changed")) {
		add_term(buf, "first shown by");
		html_commit_link(buf, "../", json_text_or(test, "changed", ""));
		buf_adds(buf, "</dd>\n");
	}
	add_culprit(buf, json_object_get(test, "culprit"));
	buf_adds(buf, "</dl>\n");
	add_metrics(buf, metrics, name);
	json_array_foreach(metrics, i, metric) add_trials(buf, metric, name);
	add_courses(buf, test);
	if (log && *log) {
		buf_addf(buf,
			 "<details%s><summary>end of the log</summary><pre>",
			 first ? " open" : "");
		/* Line by line: a line's end is no control to be shown. */
		while (*log) {
			size_t len = strcspn(log, "\n");
			char *line = mem_copy_bytes(log, len);

			html_text_cut(buf, line, 1000);
			buf_addc(buf, '\n');
			free(line);
			log += len + (log[len] == '\n');
		}
		buf_adds(buf, "</pre></details>\n");
	}
	buf_adds(buf, "</section>\n");
}

/* How to reproduce it, and the trailer to paste. */
static void
add_advice(struct buf *buf, const json_t *lines)
{
	const json_t *line;
	size_t i;

	if (!json_array_size(lines))
		return;
	buf_adds(buf, "<h2>What to do</h2>\n<pre>");
	json_array_foreach(lines, i, line)
	{
		html_text(buf, json_string_value(line));
		buf_addc(buf, '\n');
	}
	buf_adds(buf, "</pre>\n");
}

/* Beyond the first ones, a line each: the worst stand before them. */
static void
add_others(struct buf *buf, const json_t *tests)
{
	size_t count = json_array_size(tests);

	buf_addf(buf, "<section>\n<h2>%zu other tests</h2>\n<ul>\n",
		 count - DETAILS);
	for (size_t i = DETAILS; i < count && i < MAX_LINES; i++) {
		const json_t *test = json_array_get(tests, i);

		buf_adds(buf, "<li>");
		html_test_link(buf, "../", json_text_or(test, "test", ""));
		buf_addc(buf, ' ');
		html_verdict(buf, json_text_or(test, "verdict", ""));
		buf_adds(buf, "</li>\n");
	}
	if (count > MAX_LINES)
		buf_addf(buf, "<li>and %zu more</li>\n", count - MAX_LINES);
	buf_adds(buf, "</ul>\n</section>\n");
}

void
web_commit(struct buf *buf, const json_t *doc)
{
	const json_t *report = json_object_get(doc, "report"), *test;
	const json_t *tests = json_object_get(report, "tests");
	const char *commit = json_text_or(report, "commit", "");
	char *title = mem_text("Commit %.10s", commit);
	char *json = mem_text("commit/%.40s.json", commit);
	struct html_page page = {
		.title = title,
		.repository = json_text_or(doc, "repository", ""),
		.root = "../",
		.json = json,
	};
	size_t i;

	html_begin(buf, &page);
	add_head(buf, report);
	json_array_foreach(tests, i, test)
	{
		if (i < DETAILS)
			add_test(buf, test, !i);
	}
	if (json_array_size(tests) > DETAILS)
		add_others(buf, tests);
	add_advice(buf, json_object_get(doc, "advice"));
	html_end(buf, &page);
	free(json);
	free(title);
}
