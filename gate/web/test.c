/* A test: its history for each metric and environment. */
#include "web/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/history.h"
#include "web/html.h"
#include "web/ledger.h"

static void
add_change(struct buf *buf, const json_t *history, const json_t *change)
{
	const char *unit = json_text_or(history, "unit", "1");
	const char *first = json_text_or(change, "first", "");
	const char *last = json_text_or(change, "last", "");
	int higher = html_is_higher(history);

	buf_adds(buf, "<tr><td class=\"number\">");
	html_change(buf, json_number_or(change, "ratio", NAN), higher);
	buf_adds(buf, "</td><td>");
	html_interval(buf, change);
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
	static const char *const columns[] = { "#change",   "interval",
					       "#before",   "#after",
					       "by one of", "the gate said",
					       NULL };
	const json_t *changes = json_object_get(history, "changes"), *change;
	size_t i;

	if (!json_array_size(changes)) {
		buf_adds(buf, "<p class=\"quiet\">No change point stands out "
			      "of the noise.</p>\n");
		return;
	}
	begin_table(buf, history, "change points");
	buf_adds(buf, "<caption>change points</caption>\n");
	html_columns(buf, columns);
	buf_adds(buf, "<tbody>\n");
	json_array_foreach(changes, i, change) add_change(buf, history, change);
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
}

static void
add_mark_rows(struct buf *buf, const json_t *marks, const char *what)
{
	for (size_t i = json_array_size(marks); i-- > 0;) {
		const json_t *mark = json_array_get(marks, i);

		buf_adds(buf, "<tr><td>");
		html_commit_link(buf, "../", json_text_or(mark, "commit", ""));
		buf_addf(buf, "</td><td>%s: ", what);
		html_text_cut(buf, json_text_or(mark, "why", ""), 60);
		buf_adds(buf, "</td></tr>\n");
	}
}

/* Where an epoch begins and the baseline moved. */
static void
add_marks(struct buf *buf, const json_t *history)
{
	static const char *const columns[] = { "commit", "what", NULL };
	const json_t *epochs = json_object_get(history, "epochs");
	const json_t *bases = json_object_get(history, "baselines");

	if (!json_array_size(epochs) && !json_array_size(bases))
		return;
	buf_adds(buf, "<details><summary>epochs and baselines</summary>\n");
	begin_table(buf, history, "epochs and baselines");
	html_columns(buf, columns);
	buf_adds(buf, "<tbody>\n");
	add_mark_rows(buf, epochs, "epoch");
	add_mark_rows(buf, bases, "baseline");
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
	buf_adds(buf, "</details>\n");
}

/* The newest commits as text, for those who cannot see the plot. */
static void
add_points(struct buf *buf, const json_t *history)
{
	static const char *const columns[] = { "commit", "time", "#value",
					       "subject", NULL };
	enum { SHOWN = 50 };
	const json_t *points = json_object_get(history, "points");
	size_t count = json_array_size(points);

	buf_adds(buf, "<details><summary>newest commits as a "
		      "table</summary>\n");
	begin_table(buf, history, "newest commits");
	html_columns(buf, columns);
	buf_adds(buf, "<tbody>\n");
	for (size_t i = count; i-- > 0 && count - i <= SHOWN;) {
		const json_t *point = json_array_get(points, i);

		buf_adds(buf, "<tr><td>");
		html_commit_link(buf, "../", json_text_or(point, "commit", ""));
		buf_adds(buf, "</td><td>");
		html_time(buf, json_int_or(point, "time", 0));
		buf_adds(buf, "</td><td class=\"number\">");
		html_value(buf, json_number_or(point, "value", NAN),
			   json_text_or(history, "unit", "1"));
		buf_adds(buf, "</td><td class=\"words\">");
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
	web_history_plot(buf, doc, history, at);
	add_changes(buf, history);
	add_marks(buf, history);
	add_points(buf, history);
	buf_adds(buf, "</section>\n");
}

static void
add_finding(struct buf *buf, const json_t *finding)
{
	buf_adds(buf, "<tr><td>");
	html_verdict(buf, json_text_or(finding, "verdict", ""));
	buf_adds(buf, "</td><td>");
	html_text_cut(buf, json_text_or(finding, "metric", ""), 60);
	buf_adds(buf, "</td><td class=\"number\">");
	html_change(buf, json_number_or(finding, "ratio", NAN),
		    html_is_higher(finding));
	buf_adds(buf, "</td><td>");
	html_commit_link(buf, "../", json_text_or(finding, "commit", ""));
	buf_adds(buf, "</td><td class=\"words\">");
	html_text_cut(buf, json_text_or(finding, "author", ""), 100);
	buf_adds(buf, "</td><td class=\"words\">");
	html_text_cut(buf, json_text_or(finding, "subject", ""), 120);
	buf_adds(buf, "</td><td>");
	html_time(buf, json_int_or(finding, "time", 0));
	buf_adds(buf, "</td></tr>\n");
}

/* What the gate said when the commits were pushed. */
static void
add_findings(struct buf *buf, const json_t *findings)
{
	static const char *const columns[] = { "verdict", "metric", "#change",
					       "commit",  "author", "subject",
					       "when",    NULL };
	enum { SHOWN = 10 };
	size_t count = json_array_size(findings);

	if (!count)
		return;
	buf_adds(buf, "<section>\n<h2>What the gate said</h2>\n");
	html_begin_table(buf, "rows", "what the gate said");
	html_columns(buf, columns);
	buf_adds(buf, "<tbody>\n");
	for (size_t i = 0; i < count && i < SHOWN; i++)
		add_finding(buf, json_array_get(findings, i));
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
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
	buf_addf(buf, "<p><a href=\"../%s\">feed of this test</a></p>\n",
		 page.feed);
	add_findings(buf, json_object_get(doc, "findings"));
	json_array_foreach(json_object_get(doc, "histories"), i, history)
		add_history(buf, doc, history, i);
	buf_adds(buf, "<section>\n<h2>Ledger</h2>\n");
	web_ledger_table(buf, json_object_get(doc, "ledger"), "../");
	buf_adds(buf, "</section>\n");
	html_end(buf, &page);
	buf_release(&json);
	buf_release(&feed);
}
