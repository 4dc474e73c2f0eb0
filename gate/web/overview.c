/* The overview: every test a row, and what needs a look above them. */
#include "web/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/html.h"
#include "web/svg.h"

static void
add_spark(struct buf *buf, const json_t *spark, const char *test)
{
	size_t count = json_array_size(spark);
	double *values = mem_new(count, sizeof(*values));
	char *label = mem_text("newest values of %s", test);

	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(spark, i);

		values[i] = json_is_number(value) ? json_number_value(value)
						  : NAN;
	}
	svg_spark(buf, values, count, label);
	free(label);
	free(values);
}

/* The number to sort by, beside what is shown. */
static void
begin_number(struct buf *buf, double number)
{
	if (isfinite(number))
		buf_addf(buf, "<td class=\"number\" data-sort=\"%.9g\">",
			 number);
	else
		buf_adds(buf, "<td class=\"number\">");
}

/* The smallest change that is seen, and how sure that is by now. */
static void
add_floor(struct buf *buf, const json_t *floor)
{
	double seen = json_number_or(floor, "detectable", NAN);
	long long sessions = json_int_or(floor, "sessions", 0);
	long long wanted = json_int_or(floor, "wanted", 0);

	if (json_bool_or(floor, "exact", 0)) {
		begin_number(buf, 0);
		buf_adds(buf, "any</td>\n");
		return;
	}
	begin_number(buf, seen);
	if (isfinite(seen))
		buf_addf(buf, "%.2g %%", seen * 100);
	if (sessions < wanted)
		buf_addf(buf, "<div class=\"quiet\">studied %lld of %lld</div>",
			 sessions, wanted);
	buf_adds(buf, "</td>\n");
}

static void
add_row(struct buf *buf, const json_t *row)
{
	const char *test = json_text_or(row, "test", "");
	int higher = html_is_higher(row);
	double month = json_number_or(row, "change_30d", NAN);
	double release = json_number_or(row, "change_release", NAN);
	double value = json_number_or(row, "value", NAN);

	buf_adds(buf, "<tr>\n<th scope=\"row\">");
	html_test_link(buf, "", test);
	buf_adds(buf, "</th>\n<td>");
	html_verdict(buf, json_text_or(row, "verdict", ""));
	buf_adds(buf, "</td>\n<td>");
	html_text_cut(buf, json_text_or(row, "metric", ""), 60);
	buf_adds(buf, "</td>\n");
	begin_number(buf, value);
	html_value(buf, value, json_text_or(row, "unit", "1"));
	buf_adds(buf, "</td>\n");
	begin_number(buf, release);
	html_change(buf, release, higher);
	buf_adds(buf, "</td>\n");
	begin_number(buf, month);
	html_change(buf, month, higher);
	buf_adds(buf, "</td>\n<td>");
	add_spark(buf, json_object_get(row, "spark"), test);
	buf_adds(buf, "</td>\n");
	add_floor(buf, json_object_get(row, "sessions"));
	buf_adds(buf, "<td>");
	html_commit_link(buf, "", json_text_or(row, "commit", ""));
	buf_addc(buf, ' ');
	html_time(buf, json_int_or(row, "time", 0));
	buf_adds(buf, "</td>\n</tr>\n");
}

static void
add_finding(struct buf *buf, const json_t *finding)
{
	const char *author = json_text_or(finding, "author", NULL);
	int higher = html_is_higher(finding);

	buf_adds(buf, "<li>");
	html_test_link(buf, "", json_text_or(finding, "test", ""));
	buf_addc(buf, ' ');
	html_text_cut(buf, json_text_or(finding, "metric", ""), 60);
	buf_addc(buf, ' ');
	html_change(buf, json_number_or(finding, "ratio", NAN), higher);
	buf_adds(buf, " at ");
	html_commit_link(buf, "", json_text_or(finding, "commit", ""));
	if (author) {
		buf_adds(buf, " by ");
		html_text_cut(buf, author, 100);
	}
	buf_addc(buf, ' ');
	html_time(buf, json_int_or(finding, "time", 0));
	buf_adds(buf, "</li>\n");
}

static void
add_findings(struct buf *buf, const json_t *findings, const char *id,
	     const char *title, const char *none)
{
	const json_t *finding;
	size_t i;

	buf_addf(buf, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>",
		 id, id, title);
	if (!json_array_size(findings)) {
		buf_addf(buf, "\n<p class=\"quiet\">%s</p>\n</section>\n",
			 none);
		return;
	}
	buf_adds(buf, "\n<ul>\n");
	json_array_foreach(findings, i, finding) add_finding(buf, finding);
	buf_adds(buf, "</ul>\n</section>\n");
}

/* Slow drift that stands: nothing where there is none. */
static void
add_drifts(struct buf *buf, const json_t *drifts)
{
	const json_t *drift;
	size_t i;

	if (!json_array_size(drifts))
		return;
	buf_adds(buf, "<section aria-labelledby=\"drifts\">\n<h2 "
		      "id=\"drifts\">Slow drift</h2>\n<ul>\n");
	json_array_foreach(drifts, i, drift)
	{
		int higher = html_is_higher(drift);

		buf_adds(buf, "<li>");
		html_test_link(buf, "", json_text_or(drift, "test", ""));
		buf_addc(buf, ' ');
		html_text_cut(buf, json_text_or(drift, "metric", ""), 60);
		buf_addc(buf, ' ');
		html_change(buf, json_number_or(drift, "ratio", NAN), higher);
		buf_addf(buf, " by %lld commits since ",
			 (long long)json_int_or(drift, "commits", 0));
		html_commit_link(buf, "", json_text_or(drift, "first", ""));
		buf_adds(buf, "</li>\n");
	}
	buf_adds(buf, "</ul>\n</section>\n");
}

static void
add_canary(struct buf *buf, const json_t *canary)
{
	const json_t *row;
	size_t i;

	if (!json_array_size(json_object_get(canary, "rows")))
		buf_adds(buf, "<li>canary: not run yet</li>\n");
	json_array_foreach(json_object_get(canary, "rows"), i, row)
	{
		double size = json_number_or(row, "size", 0);

		buf_adds(buf, "<li>canary ");
		html_text_cut(buf, json_text_or(row, "test", ""), 60);
		if (size > 0)
			buf_addf(buf, ", %+.3g %% planted", size * 100);
		else
			buf_adds(buf, ", no change");
		buf_addf(buf, ": %lld of %lld alarms (%.0f to %.0f %%)</li>\n",
			 (long long)json_int_or(row, "alarms", 0),
			 (long long)json_int_or(row, "pairs", 0),
			 json_number_or(row, "low", 0) * 100,
			 json_number_or(row, "high", 1) * 100);
	}
}

static void
add_state(struct buf *buf, const json_t *doc)
{
	const json_t *state = json_object_get(doc, "state");

	buf_addf(buf,
		 "<section aria-labelledby=\"state\">\n<h2 "
		 "id=\"state\">The gate</h2>\n<ul>\n"
		 "<li>%lld waiting, %lld running</li>\n",
		 (long long)json_int_or(state, "waiting", 0),
		 (long long)json_int_or(state, "running", 0));
	add_canary(buf, json_object_get(doc, "canary"));
	buf_adds(buf, "</ul>\n</section>\n");
}

static void
add_pages(struct buf *buf, const json_t *doc)
{
	long long page = json_int_or(doc, "page", 1);
	long long pages = json_int_or(doc, "pages", 1);

	if (pages < 2)
		return;
	buf_adds(buf, "<nav class=\"pages\" aria-label=\"pages of tests\">");
	for (long long i = 1; i <= pages; i++) {
		if (i > 3 && i < pages - 1 && llabs(i - page) > 2) {
			if (i == 4 || i == pages - 2)
				buf_adds(buf, " ... ");
			continue;
		}
		if (i == page)
			buf_addf(buf, " <b aria-current=\"page\">%lld</b>", i);
		else if (i == 1)
			buf_adds(buf, " <a href=\"index.html\">1</a>");
		else
			buf_addf(buf, " <a href=\"index-%lld.html\">%lld</a>",
				 i, i);
	}
	buf_adds(buf, "</nav>\n");
}

static void
add_table(struct buf *buf, const json_t *doc)
{
	const json_t *tests = json_object_get(doc, "tests"), *row;
	const char *release = json_text_or(doc, "release", NULL);
	char *since = mem_text("#since %s", release ? release : "a release");
	const char *const columns[] = { "test",    "verdict",     "metric",
					"#now",    since,         "#30 days",
					"history", "#detectable", "commit",
					NULL };
	size_t i;

	if (!json_array_size(tests)) {
		free(since);
		buf_adds(buf, "<p>No test has been weighed yet. Commit an "
			      "executable file in <code>perf/</code> and "
			      "push.</p>\n");
		return;
	}
	buf_adds(buf,
		 "<form class=\"filter\" role=\"search\" hidden><label>filter "
		 "<input type=\"search\" "
		 "id=\"filter\" autocomplete=\"off\"></label></form>\n");
	html_begin_table(buf, "tests", "tests");
	html_columns(buf, columns);
	free(since);
	buf_adds(buf, "<tbody>\n");
	json_array_foreach(tests, i, row) add_row(buf, row);
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
	add_pages(buf, doc);
}

void
web_overview(struct buf *buf, const json_t *doc)
{
	struct html_page page = {
		.title = "Tests",
		.repository = json_text_or(doc, "repository", ""),
		.root = "",
		.feed = "regressions.atom",
		.json = json_text_or(doc, "json", "index.json"),
	};

	html_begin(buf, &page);
	buf_adds(buf, "<div class=\"cards\">\n");
	add_findings(buf, json_object_get(doc, "regressions"), "standing",
		     "Regressions that stand", "None.");
	add_drifts(buf, json_object_get(doc, "drifts"));
	add_findings(buf, json_object_get(doc, "improvements"), "trophies",
		     "Trophy shelf", "Empty, as yet.");
	add_state(buf, doc);
	buf_adds(buf, "</div>\n");
	add_table(buf, doc);
	html_end(buf, &page);
}
