#include "web/html.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/units.h"

enum {
	MAX_TEXT = 20000,
	SHOWN_HEX = 10,
	/* A file's name has 255 bytes at most, with an ending. */
	MAX_SLUG = 200,
	KEPT_SLUG = 160
};

static void
escape(struct buf *buf, const char *text)
{
	for (const char *at = text; *at; at++) {
		switch (*at) {
		case '&':
			buf_adds(buf, "&amp;");
			break;
		case '<':
			buf_adds(buf, "&lt;");
			break;
		case '>':
			buf_adds(buf, "&gt;");
			break;
		case '"':
			buf_adds(buf, "&quot;");
			break;
		case '\'':
			buf_adds(buf, "&#39;");
			break;
		default:
			buf_addc(buf, *at);
		}
	}
}

void
html_text_cut(struct buf *buf, const char *text, size_t max)
{
	struct buf clean = BUF_INIT;

	buf_add_clean(&clean, text, strlen(text), max);
	escape(buf, buf_text(&clean));
	buf_release(&clean);
}

void
html_text(struct buf *buf, const char *text)
{
	html_text_cut(buf, text, MAX_TEXT);
}

static void
add_link(struct buf *buf, const struct html_page *page, const char *target,
	 const char *text)
{
	buf_addf(buf, "<a href=\"%s%s\">%s</a>\n", page->root, target, text);
}

void
html_begin(struct buf *buf, const struct html_page *page)
{
	buf_adds(buf, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
		      "<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" "
		      "content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n"
		      "<title>");
	html_text_cut(buf, page->title, 200);
	buf_adds(buf, " - ");
	html_text_cut(buf, page->repository, 200);
	buf_adds(buf, "</title>\n");
	if (page->plots)
		buf_addf(buf,
			 "<link rel=\"stylesheet\" "
			 "href=\"%sassets/uplot.css\">\n<script "
			 "src=\"%sassets/uplot.js\" defer></script>\n",
			 page->root, page->root);
	buf_addf(buf,
		 "<link rel=\"stylesheet\" "
		 "href=\"%sassets/style.css\">\n"
		 "<script src=\"%sassets/page.js\" defer></script>\n",
		 page->root, page->root);
	buf_addf(buf, "<link rel=\"icon\" href=\"%sassets/icon.svg\">\n",
		 page->root);
	if (page->feed)
		buf_addf(buf,
			 "<link rel=\"alternate\" "
			 "type=\"application/atom+xml\" href=\"%s%s\">\n",
			 page->root, page->feed);
	buf_adds(buf, "</head>\n<body>\n<a class=\"skip\" href=\"#main\">to "
		      "the content</a>\n<header>\n<nav "
		      "aria-label=\"site\">\n");
	buf_addf(buf, "<a class=\"brand\" href=\"%sindex.html\">", page->root);
	html_text_cut(buf, page->repository, 200);
	buf_adds(buf, "</a>\n");
	add_link(buf, page, "index.html", "tests");
	add_link(buf, page, "compare.html", "compare");
	add_link(buf, page, "ledger.html", "ledger");
	add_link(buf, page, "regressions.atom", "regressions feed");
	add_link(buf, page, "improvements.atom", "improvements feed");
	buf_adds(buf, "</nav>\n</header>\n<main id=\"main\">\n<h1>");
	html_text_cut(buf, page->title, 500);
	buf_adds(buf, "</h1>\n");
}

void
html_end(struct buf *buf, const struct html_page *page)
{
	buf_adds(buf, "</main>\n<footer>\n<p>pacegate");
	if (page->json)
		buf_addf(buf, " - <a href=\"%s%s\">this page as JSON</a>",
			 page->root, page->json);
	buf_adds(buf, "</p>\n</footer>\n</body>\n</html>\n");
}

void
html_begin_table(struct buf *buf, const char *class, const char *label)
{
	buf_adds(buf, "<div class=\"scroll\" tabindex=\"0\" "
		      "role=\"region\" aria-label=\"");
	html_text_cut(buf, label, 300);
	buf_addf(buf, "\"><table class=\"%s\">\n", class);
}

void
html_end_table(struct buf *buf)
{
	buf_adds(buf, "</table></div>\n");
}

void
html_columns(struct buf *buf, const char *const *names)
{
	buf_adds(buf, "<thead>\n<tr>");
	for (; *names; names++) {
		int is_number = **names == '#';

		buf_addf(buf, "<th scope=\"col\"%s>",
			 is_number ? " class=\"number\"" : "");
		html_text_cut(buf, *names + is_number, 60);
		buf_adds(buf, "</th>");
	}
	buf_adds(buf, "</tr>\n</thead>\n");
}

void
html_test_link(struct buf *buf, const char *root, const char *test)
{
	buf_addf(buf, "<a href=\"%stest/", root);
	web_slug(buf, test);
	buf_adds(buf, ".html\">");
	html_text_cut(buf, test, 200);
	buf_adds(buf, "</a>");
}

/* hex comes from the store, where only our own code put it; still, nothing but
 * hexadecimal digits gets into the page. */
void
html_commit_link(struct buf *buf, const char *root, const char *hex)
{
	size_t len = strspn(hex, "0123456789abcdef");

	if (!len) {
		buf_addc(buf, '-');
		return;
	}
	buf_addf(buf, "<a class=\"hash\" href=\"%scommit/%.*s.html\">%.*s</a>",
		 root, (int)len, hex, len < SHOWN_HEX ? (int)len : SHOWN_HEX,
		 hex);
}

void
html_verdict(struct buf *buf, const char *verdict)
{
	static const struct {
		const char *verdict, *sign;
	} signs[] = { { "pass", "&#10003;" },     { "improved", "&#9660;" },
		      { "new", "&#9733;" },       { "accepted", "&#9888;" },
		      { "regressed", "&#9650;" }, { "severe", "&#9650;" },
		      { "undecided", "?" },       { "unweighed", "&#8211;" },
		      { "broken", "&#10007;" },   { "failure", "&#10007;" } };

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (!strcmp(signs[i].verdict, verdict))
			buf_addf(buf,
				 "<span class=\"verdict %s\"><span "
				 "aria-hidden=\"true\">%s</span> %s</span>",
				 verdict, signs[i].sign, verdict);
}

void
html_value(struct buf *buf, double value, const char *unit)
{
	struct buf text = BUF_INIT;

	if (!isfinite(value)) {
		buf_addc(buf, '-');
		return;
	}
	units_add_value(&text, value, unit);
	html_text_cut(buf, buf_text(&text), 60);
	buf_release(&text);
}

void
html_change(struct buf *buf, double ratio, int higher_is_better)
{
	const char *class = "";

	if (!isfinite(ratio)) {
		buf_addc(buf, '-');
		return;
	}
	if (ratio > 1.005)
		class = higher_is_better ? "better" : "worse";
	else if (ratio < 0.995)
		class = higher_is_better ? "worse" : "better";
	buf_addf(buf, "<span class=\"change %s\">", class);
	units_add_change(buf, ratio);
	buf_adds(buf, "</span>");
}

int
html_is_higher(const json_t *of)
{
	return !strcmp(json_text_or(of, "better", ""), "higher");
}

int
html_interval(struct buf *buf, const json_t *of)
{
	double low = json_number_or(of, "low", 0);
	double high = json_number_or(of, "high", INFINITY);

	if (low <= 0 || !isfinite(high)) {
		buf_adds(buf, "too few trials");
		return 0;
	}
	units_add_change(buf, low);
	buf_adds(buf, " to ");
	units_add_change(buf, high);
	return 1;
}

void
html_time(struct buf *buf, long long seconds)
{
	time_t when = (time_t)seconds;
	char stamp[40] = "", shown[40] = "";
	struct tm parts;

	if (!gmtime_r(&when, &parts) ||
	    !strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &parts) ||
	    !strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M", &parts))
		return;
	buf_addf(buf, "<time datetime=\"%s\">%s</time>", stamp, shown);
}

static int
stays(unsigned char c)
{
	return isalnum(c) || c == '-' || c == '_';
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t
hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037U;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211U;
	return hash;
}

void
web_slug(struct buf *buf, const char *test)
{
	size_t start = buf->len;

	for (const char *at = test; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c == '/')
			buf_addc(buf, '~');
		else if (c < 0x80 && stays(c))
			buf_addc(buf, (char)c);
		else
			buf_addf(buf, "=%02X", c);
	}
	if (buf->len - start <= MAX_SLUG)
		return;
	buf->len = start + KEPT_SLUG;
	buf_addf(buf, WEB_SLUG_CUT "%016llx",
		 (unsigned long long)hash_of(test));
}

/* The byte of two upper-case digits that web_slug() would have written so, or
 * -1. */
static int
escaped_byte(const char *at, size_t left)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *high, *low;
	int c;

	if (left < 3 || !at[1] || !at[2])
		return -1;
	high = strchr(digits, at[1]);
	low = strchr(digits, at[2]);
	if (!high || !low)
		return -1;
	c = (int)((high - digits) * 16 + (low - digits));
	if (!c || c == '/' || (c < 0x80 && stays((unsigned char)c)))
		return -1;
	return c;
}

int
web_unslug(const char *slug, size_t len, char **test)
{
	struct buf name = BUF_INIT;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)slug[i];

		if (c == '=') {
			c = escaped_byte(slug + i, len - i);
			i += 2;
		} else if (c == '~') {
			c = '/';
		} else if (c >= 0x80 || !stays((unsigned char)c)) {
			c = -1;
		}
		if (c < 0) {
			buf_release(&name);
			return ERR_INPUT;
		}
		buf_addc(&name, (char)c);
	}
	*test = buf_take(&name);
	return **test ? 0 : (free(*test), *test = NULL, ERR_INPUT);
}
