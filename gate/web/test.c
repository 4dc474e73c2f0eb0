/* A test: its history for each metric and environment. */
#include "web/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "web/html.h"
#include "web/ledger.h"
#include "web/svg.h"

struct drawing {
	double *values, *lows, *highs;
	struct svg_mark *marks;
	char **labels; /* of the marks */
	char **tips;
	size_t count, mark_count;
};

static char *
tip_of(const json_t *point, const char *unit)
{
	struct buf tip = BUF_INIT;

	buf_addf(&tip, "%.10s  ", json_text_or(point, "commit", ""));
	units_add_value(&tip, json_number_or(point, "value", NAN), unit);
	if (json_bool_or(point, "backfilled", 0))
		buf_adds(&tip, "  backfilled");
	buf_addf(&tip, "  %s: %s", json_text_or(point, "author", ""),
		 json_text_or(point, "subject", ""));
	return buf_take(&tip);
}

/* Ends of the ratio's interval, in the metric's own unit. */
static double
scaled(const json_t *point, const char *end)
{
	return json_number_or(point, end, NAN) *
	       json_number_or(point, "base", NAN);
}

static char *
change_label(const json_t *change)
{
	struct buf label = BUF_INIT;

	units_add_change(&label, json_number_or(change, "ratio", 1));
	buf_addf(&label, " by %.10s", json_text_or(change, "commit", ""));
	return buf_take(&label);
}

static void
add_mark(struct drawing *drawing, size_t at, const char *class, char *label)
{
	drawing->labels[drawing->mark_count] = label;
	drawing->marks[drawing->mark_count++] =
		(struct svg_mark){ .at = at, .class = class, .label = label };
}

static void
read_marks(struct drawing *drawing, const json_t *history)
{
	const json_t *changes = json_object_get(history, "changes"), *item;
	const json_t *epochs = json_object_get(history, "epochs");
	const json_t *bases = json_object_get(history, "baselines");
	size_t most = json_array_size(changes) + json_array_size(epochs) +
		      json_array_size(bases);
	size_t i;

	drawing->marks = mem_new(most, sizeof(*drawing->marks));
	drawing->labels = mem_new(most, sizeof(*drawing->labels));
	json_array_foreach(changes, i, item)
	{
		int rose = json_number_or(item, "ratio", 1) > 1;

		add_mark(drawing, (size_t)json_int_or(item, "at", 0),
			 rose == html_is_higher(history) ? "better" : "worse",
			 change_label(item));
	}
	json_array_foreach(epochs, i, item)
	{
		add_mark(drawing, (size_t)json_int_or(item, "at", 0), "epoch",
			 mem_text("new epoch: %s",
				  json_text_or(item, "why", "")));
	}
	json_array_foreach(bases, i, item)
	{
		add_mark(drawing, (size_t)json_int_or(item, "at", 0),
			 "baseline",
			 mem_text("baseline: %s",
				  json_text_or(item, "why", "")));
	}
}

static void
drawing_read(struct drawing *drawing, const json_t *history)
{
	const json_t *points = json_object_get(history, "points"), *point;
	size_t count = json_array_size(points), i;

	*drawing = (struct drawing){ .count = count };
	drawing->values = mem_new(count, sizeof(double));
	drawing->lows = mem_new(count, sizeof(double));
	drawing->highs = mem_new(count, sizeof(double));
	drawing->tips = mem_new(count, sizeof(char *));
	json_array_foreach(points, i, point)
	{
		drawing->values[i] = json_number_or(point, "value", NAN);
		drawing->lows[i] = scaled(point, "low");
		drawing->highs[i] = scaled(point, "high");
		drawing->tips[i] = tip_of(point,
					  json_text_or(history, "unit", "1"));
	}
	read_marks(drawing, history);
}

static void
drawing_release(struct drawing *drawing)
{
	for (size_t i = 0; i < drawing->count; i++)
		free(drawing->tips[i]);
	for (size_t i = 0; i < drawing->mark_count; i++)
		free(drawing->labels[i]);
	free(drawing->tips);
	free(drawing->labels);
	free(drawing->marks);
	free(drawing->values);
	free(drawing->lows);
	free(drawing->highs);
}

static void
add_plot(struct buf *buf, const json_t *doc, const json_t *history, size_t at)
{
	char *label = mem_text("history of %s, %s: %lld commits",
			       json_text_or(doc, "test", ""),
			       json_text_or(history, "metric", ""),
			       (long long)json_int_or(history, "count", 0));
	struct drawing drawing;
	struct svg_history plot;

	drawing_read(&drawing, history);
	plot = (struct svg_history){
		.values = drawing.values,
		.lows = drawing.lows,
		.highs = drawing.highs,
		.count = drawing.count,
		.marks = drawing.marks,
		.mark_count = drawing.mark_count,
		.unit = json_text_or(history, "unit", "1"),
		.label = label,
		.tips = (const char *const *)drawing.tips,
	};
	buf_addf(buf, "<figure class=\"plot\" data-history=\"%zu\">\n", at);
	svg_history(buf, &plot);
	buf_adds(buf, "</figure>\n");
	drawing_release(&drawing);
	free(label);
}

static void
add_change(struct buf *buf, const json_t *history, const json_t *change)
{
	const char *unit = json_text_or(history, "unit", "1");
	const char *first = json_text_or(change, "first", "");
	const char *last = json_text_or(change, "last", "");
	int higher = html_is_higher(history);

	buf_adds(buf, "<tr><td>");
	html_change(buf, json_number_or(change, "ratio", NAN), higher);
	buf_adds(buf, "</td><td>");
	html_change(buf, json_number_or(change, "low", NAN), higher);
	buf_adds(buf, " to ");
	html_change(buf, json_number_or(change, "high", NAN), higher);
	buf_adds(buf, "</td><td class=\"number\">");
	html_value(buf, json_number_or(change, "before", NAN), unit);
	buf_adds(buf, "</td><td class=\"number\">");
	html_value(buf, json_number_or(change, "after", NAN), unit);
	buf_adds(buf, "</td><td>");
	html_commit_link(buf, "../", first);
	if (strcmp(first, last) != 0) {
		buf_adds(buf, " to ");
		html_commit_link(buf, "../", last);
	}
	buf_adds(buf, "</td><td>");
	html_verdict(buf, json_text_or(change, "verdict", ""));
	buf_adds(buf, "</td></tr>\n");
}

static void
begin_table(struct buf *buf, const json_t *history, const char *what)
{
	char *label = mem_text("%s of %s, %s", what,
			       json_text_or(history, "metric", ""),
			       json_text_or(history, "environment", ""));

	html_begin_table(buf, "rows", label);
	free(label);
}

static void
add_changes(struct buf *buf, const json_t *history)
{
	const json_t *changes = json_object_get(history, "changes"), *change;
	size_t i;

	if (!json_array_size(changes)) {
		buf_adds(buf, "<p class=\"quiet\">No change stands out of the "
			      "noise.</p>\n");
		return;
	}
	begin_table(buf, history, "change points");
	buf_adds(buf, "<caption>change points</caption>\n<thead><tr>"
		      "<th scope=\"col\">change</th><th "
		      "scope=\"col\">interval</th><th "
		      "scope=\"col\">before</th><th scope=\"col\">after</th>"
		      "<th scope=\"col\">by one of</th><th "
		      "scope=\"col\">the gate said</th></tr></thead>\n"
		      "<tbody>\n");
	json_array_foreach(changes, i, change) add_change(buf, history, change);
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
}

/* The newest commits as text, for those who cannot see the plot. */
static void
add_points(struct buf *buf, const json_t *history)
{
	enum { SHOWN = 50 };
	const json_t *points = json_object_get(history, "points");
	size_t count = json_array_size(points);

	buf_adds(buf, "<details><summary>newest commits as a "
		      "table</summary>\n");
	begin_table(buf, history, "newest commits");
	buf_adds(buf, "<thead><tr><th "
		      "scope=\"col\">commit</th><th scope=\"col\">time</th>"
		      "<th scope=\"col\">value</th><th "
		      "scope=\"col\">subject</th></tr></thead>\n<tbody>\n");
	for (size_t i = count; i-- > 0 && count - i <= SHOWN;) {
		const json_t *point = json_array_get(points, i);

		buf_adds(buf, "<tr><td>");
		html_commit_link(buf, "../", json_text_or(point, "commit", ""));
		buf_adds(buf, "</td><td>");
		html_time(buf, json_int_or(point, "time", 0));
		buf_adds(buf, "</td><td class=\"number\">");
		html_value(buf, json_number_or(point, "value", NAN),
			   json_text_or(history, "unit", "1"));
		buf_adds(buf, "</td><td>");
		if (json_bool_or(point, "backfilled", 0))
			buf_adds(buf,
				 "<span class=\"quiet\">backfilled</span> ");
		html_text_cut(buf, json_text_or(point, "subject", ""), 120);
		buf_adds(buf, "</td></tr>\n");
	}
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
	buf_adds(buf, "</details>\n");
}

static void
add_drifts(struct buf *buf, const json_t *history)
{
	const json_t *drifts = json_object_get(history, "drift"), *drift;
	size_t i;

	json_array_foreach(drifts, i, drift)
	{
		buf_adds(buf, "<p class=\"change worse\">");
		html_text_cut(buf, json_text_or(drift, "text", ""), 400);
		buf_adds(buf, "</p>\n");
	}
}

static void
add_history(struct buf *buf, const json_t *doc, const json_t *history,
	    size_t at)
{
	const char *machine = json_text_or(history, "machine", NULL);
	double noise = json_number_or(history, "noise", NAN);
	const char *floor = json_text_or(json_object_get(history, "sessions"),
					 "text", "");

	buf_adds(buf, "<section>\n<h2>");
	html_text_cut(buf, json_text_or(history, "metric", ""), 60);
	buf_adds(buf, "</h2>\n<p class=\"quiet\">");
	buf_addf(buf, "%lld commits on ",
		 (long long)json_int_or(history, "count", 0));
	html_text_cut(buf,
		      machine ? machine
			      : json_text_or(history, "environment", ""),
		      200);
	if (isfinite(noise))
		buf_addf(buf, "; noise %.2f %%", noise * 100);
	if (*floor) {
		buf_adds(buf, "; ");
		html_text_cut(buf, floor, 200);
	}
	buf_adds(buf, "</p>\n");
	add_drifts(buf, history);
	add_plot(buf, doc, history, at);
	add_changes(buf, history);
	add_points(buf, history);
	buf_adds(buf, "</section>\n");
}

void
web_test(struct buf *buf, const json_t *doc)
{
	const char *test = json_text_or(doc, "test", "");
	struct buf json = BUF_INIT, feed = BUF_INIT;
	struct html_page page = {
		.title = test,
		.repository = json_text_or(doc, "repository", ""),
		.root = "../",
		.plots = 1,
	};
	const json_t *history;
	size_t i;

	buf_adds(&json, "test/");
	web_slug(&json, test);
	buf_add(&feed, json.data, json.len);
	buf_adds(&json, ".json");
	buf_adds(&feed, ".atom");
	page.json = buf_text(&json);
	page.feed = buf_text(&feed);
	html_begin(buf, &page);
	json_array_foreach(json_object_get(doc, "histories"), i, history)
		add_history(buf, doc, history, i);
	buf_adds(buf, "<section>\n<h2>Ledger</h2>\n");
	web_ledger_table(buf, json_object_get(doc, "ledger"), "../");
	buf_adds(buf, "</section>\n");
	html_end(buf, &page);
	buf_release(&json);
	buf_release(&feed);
}
