#include "web/ledger.h"

#include "base/buf.h"
#include "base/json.h"
#include "web/html.h"
#include "web/web.h"

static void
add_entry(struct buf *buf, const json_t *entry, const char *root)
{
	const char *test = json_text_or(entry, "test", NULL);

	buf_adds(buf, "<tr><td>");
	html_time(buf, json_int_or(entry, "time", 0));
	buf_adds(buf, "</td><td>");
	html_text_cut(buf, json_text_or(entry, "what", ""), 40);
	buf_adds(buf, "</td><td>");
	if (test)
		html_test_link(buf, root, test);
	buf_adds(buf, "</td><td>");
	html_commit_link(buf, root, json_text_or(entry, "commit", ""));
	buf_adds(buf, "</td><td class=\"words\">");
	html_text_cut(buf, json_text_or(entry, "who", ""), 100);
	buf_adds(buf, "</td><td class=\"words\">");
	html_text_cut(buf, json_text_or(entry, "why", ""), 500);
	buf_adds(buf, "</td></tr>\n");
}

void
web_ledger_table(struct buf *buf, const json_t *entries, const char *root)
{
	static const char *const columns[] = { "when", "what", "test", "commit",
					       "who",  "why",  NULL };
	const json_t *entry;
	size_t i;

	if (!json_array_size(entries)) {
		buf_adds(buf, "<p class=\"quiet\">Nothing yet.</p>\n");
		return;
	}
	html_begin_table(buf, "rows", "ledger");
	html_columns(buf, columns);
	buf_adds(buf, "<tbody>\n");
	json_array_foreach(entries, i, entry) add_entry(buf, entry, root);
	buf_adds(buf, "</tbody>\n");
	html_end_table(buf);
}

void
web_ledger(struct buf *buf, const json_t *doc)
{
	struct html_page page = {
		.title = "Ledger",
		.repository = json_text_or(doc, "repository", ""),
		.root = "",
		.json = "ledger.json",
	};

	html_begin(buf, &page);
	buf_adds(buf, "<p>Who accepted, reset or skipped what, when and "
		      "why.</p>\n");
	web_ledger_table(buf, json_object_get(doc, "entries"), "");
	html_end(buf, &page);
}
