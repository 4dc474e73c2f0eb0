/* Two revisions side by side, and one session's environment. */
#include "web/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/html.h"

enum { MAX_ROWS = 1000 };

static void
add_row(struct buf *buf, const json_t *row)
{
	const char *unit = json_text_or(row, "unit", "1");
	long long rounds = (long long)json_int_or(row, "rounds", 0);
	int higher = html_is_higher(row);

	buf_adds(buf, "<tr><th scope=\"row\">");
	html_test_link(buf, "", json_text_or(row, "test", ""));
	buf_adds(buf, "</th><td>");
	html_text_cut(buf, json_text_or(row, "metric", ""), 60);
	buf_adds(buf, "</td><td class=\"number\">");
	html_value(buf, json_number_or(row, "base", NAN), unit);
	buf_adds(buf, "</td><td class=\"number\">");
	html_value(buf, json_number_or(row, "value", NAN), unit);
	buf_adds(buf, "</td><td class=\"number\">");
	html_change(buf, json_number_or(row, "ratio", NAN), higher);
	buf_adds(buf, "</td><td class=\"interval\">");
	if (!rounds) {
		buf_adds(buf, "measured apart");
	} else if (html_interval(buf, row)) {
		buf_addf(buf, ", %lld rounds", rounds);
	}
	buf_adds(buf, "</td></tr>\n");
}

static void
add_rows(struct buf *buf, const json_t *rows)
{
	static const char *const columns[] = { "test", "metric",  "#A",
					       "#B",   "#change", "interval",
					       NULL };
	size_t count = json_array_size(rows);

	if (!count) {
		buf_adds(buf, "<p>No test was measured at both.</p>\n");
		return;
	}
	html_begin_table(buf, "rows", "comparison");
	html_columns(buf, columns);
	buf_adds(buf, "<tbody>\n");
	for (size_t i = 0; i < count && i < MAX_ROWS; i++)
		add_row(buf, json_array_get(rows, i));
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
	if (count > MAX_ROWS)
		buf_addf(buf,
			 "<p class=\"quiet\">The %d largest changes of %zu "
			 "rows.</p>\n",
			 MAX_ROWS, count);
}

static void
add_revision(struct buf *buf, const char *label, const char *name,
	     const char *value)
{
	buf_addf(buf, "<label>%s <input name=\"%s\" value=\"", label, name);
	html_text_cut(buf, value, 200);
	buf_adds(buf, "\"></label> ");
}

/* A copy answers no questions. */
static void
add_question(struct buf *buf, const json_t *doc, const char *a, const char *b)
{
	if (!json_bool_or(doc, "copy", 0)) {
		buf_adds(buf, "<form action=\"compare.html\">");
		add_revision(buf, "A", "a", a);
		add_revision(buf, "B", "b", b);
		buf_adds(buf, "<button>compare</button></form>\n");
		return;
	}
	if (*a) {
		buf_adds(buf, "<p>The newest release, ");
		html_text_cut(buf, a, 200);
		buf_adds(buf, " (A), and ");
		html_text_cut(buf, b, 200);
		buf_adds(buf, " (B).</p>\n");
	}
	buf_adds(buf, "<p class=\"quiet\">These pages are a copy. Any two "
		      "revisions are compared by <code>pacegate compare A "
		      "B</code> in the repository, and by the pages of "
		      "<code>pacegate serve</code>; what a commit changed is "
		      "on its own page.</p>\n");
}

void
web_compare(struct buf *buf, const json_t *doc)
{
	struct html_page page = {
		.title = "Compare",
		.repository = json_text_or(doc, "repository", ""),
		.root = "",
		.json = json_bool_or(doc, "copy", 0) ? "compare.json" : NULL,
	};
	const char *a = json_text_or(doc, "a", ""),
		   *b = json_text_or(doc, "b", "");

	html_begin(buf, &page);
	add_question(buf, doc, a, b);
	if (*a && *b)
		add_rows(buf, json_object_get(doc, "rows"));
	html_end(buf, &page);
}

void
web_session(struct buf *buf, const json_t *doc)
{
	const char *id = json_text_or(doc, "session", "");
	char *title = mem_text("Session %s", id);
	char *json = mem_text("session/%s.json", id);
	struct html_page page = {
		.title = title,
		.repository = json_text_or(doc, "repository", ""),
		.root = "../",
		.json = json,
	};
	const json_t *value;
	const char *name;
	size_t i;

	html_begin(buf, &page);
	buf_adds(buf, "<h2>Commits</h2>\n<ul>\n");
	json_array_foreach(json_object_get(doc, "commits"), i, value)
	{
		buf_adds(buf, "<li>");
		html_commit_link(buf, "../", json_string_value(value));
		buf_adds(buf, "</li>\n");
	}
	buf_adds(buf, "</ul>\n<h2>Environment</h2>\n<dl class=\"facts\">\n");
	json_object_foreach(json_object_get(doc, "environment"), name, value)
	{
		buf_adds(buf, "<dt>");
		html_text_cut(buf, name, 60);
		buf_adds(buf, "</dt><dd>");
		if (json_is_string(value)) {
			html_text_cut(buf, json_string_value(value), 300);
		} else {
			struct buf text = BUF_INIT;

			json_append(&text, value);
			html_text_cut(buf, buf_text(&text), 300);
			buf_release(&text);
		}
		buf_adds(buf, "</dd>\n");
	}
	buf_adds(buf, "</dl>\n");
	html_end(buf, &page);
	free(json);
	free(title);
}

void
web_trouble(struct buf *buf, const json_t *doc)
{
	struct html_page page = {
		.title = json_text_or(doc, "title", "Nothing here"),
		.repository = json_text_or(doc, "repository", ""),
		.root = json_text_or(doc, "root", ""),
	};

	html_begin(buf, &page);
	buf_adds(buf, "<p>");
	html_text(buf, json_text_or(doc, "why", ""));
	buf_adds(buf, "</p>\n");
	html_end(buf, &page);
}
