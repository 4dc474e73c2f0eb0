/* Atom feeds (RFC 4287), and the badge. */
#include "web/web.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/units.h"
#include "web/html.h"
#include "web/svg.h"

static void
add_stamp(struct buf *buf, long long seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;
	char stamp[40] = "1970-01-01T00:00:00Z";

	if (gmtime_r(&when, &parts))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &parts);
	buf_addf(buf, "<updated>%s</updated>\n", stamp);
}

/* Ids are for ever and need no host: a commit and a test are one entry. */
static void
add_entry(struct buf *buf, const json_t *entry, const char *base)
{
	const char *commit = json_text_or(entry, "commit", "");
	const char *test = json_text_or(entry, "test", "");

	buf_addf(buf, "<entry>\n<id>urn:pacegate:%.40s:", commit);
	web_slug(buf, test);
	buf_adds(buf, "</id>\n<title>");
	html_text_cut(buf, test, 200);
	buf_addc(buf, ' ');
	html_text_cut(buf, json_text_or(entry, "metric", ""), 60);
	buf_addc(buf, ' ');
	units_add_change(buf, json_number_or(entry, "ratio", 1));
	buf_adds(buf, "</title>\n");
	add_stamp(buf, json_int_or(entry, "time", 0));
	buf_adds(buf, "<author><name>");
	html_text_cut(buf, json_text_or(entry, "author", "unknown"), 100);
	buf_addf(buf, "</name></author>\n<link href=\"");
	html_text_cut(buf, base, 500);
	buf_addf(buf, "commit/%.40s.html\"/>\n<summary>", commit);
	html_text_cut(buf, json_text_or(entry, "subject", ""), 300);
	buf_adds(buf, "</summary>\n</entry>\n");
}

void
web_feed(struct buf *buf, const json_t *doc)
{
	const json_t *entries = json_object_get(doc, "entries"), *entry;
	const char *base = json_text_or(doc, "base", "");
	size_t i;

	buf_adds(buf, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		      "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>"
		      "urn:pacegate:");
	web_slug(buf, json_text_or(doc, "repository", ""));
	buf_addc(buf, ':');
	web_slug(buf, json_text_or(doc, "title", ""));
	buf_adds(buf, "</id>\n<title>");
	html_text_cut(buf, json_text_or(doc, "title", ""), 300);
	buf_adds(buf, "</title>\n<link rel=\"self\" href=\"");
	html_text_cut(buf, base, 500);
	html_text_cut(buf, json_text_or(doc, "self", ""), 500);
	buf_adds(buf, "\"/>\n");
	add_stamp(buf, json_int_or(json_array_get(entries, 0), "time", 0));
	json_array_foreach(entries, i, entry) add_entry(buf, entry, base);
	buf_adds(buf, "</feed>\n");
}

void
web_badge(struct buf *buf, const json_t *doc)
{
	const char *verdict = json_text_or(doc, "verdict", "unknown");

	svg_badge(buf, json_text_or(doc, "title", "performance"), verdict,
		  verdict);
}
