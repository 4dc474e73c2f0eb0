#ifndef WEB_HTML_H
#define WEB_HTML_H

#include <jansson.h>
#include <stddef.h>

struct buf;

/*
 * Pieces of HTML. Everything that a commit or a test may have written goes
 * through html_text() or html_attribute(), which make it harmless: markup is
 * escaped, and controls, bidirectional overrides and bytes that are not UTF-8
 * are shown as `\xNN`.
 */
void html_text(struct buf *buf, const char *text);

/* The same, at most max bytes of it; a cut one ends in `...`. */
void html_text_cut(struct buf *buf, const char *text, size_t max);

/* A page's frame. root leads from the page to the top: "" or "../". */
struct html_page {
	const char *title; /* of this page, escaped here */
	const char *repository;
	const char *root;
	const char *feed; /* Atom feed of this page below root, or NULL */
	const char *json; /* the page's data below root, or NULL */
	int plots;        /* it has histories to zoom into */
};

void html_begin(struct buf *buf, const struct html_page *page);
void html_end(struct buf *buf, const struct html_page *page);

/* A table that scrolls by itself where the screen is narrow; label tells it
 * from the others of the page. Between the two come <thead> and <tbody>. */
void html_begin_table(struct buf *buf, const char *class, const char *label);
void html_end_table(struct buf *buf);

/* <thead> of these columns, NULL at the end; `#` before a name: numbers. */
void html_columns(struct buf *buf, const char *const *names);

/* `<a href="ROOT test/SLUG.html">perf/sort</a>` and the like. */
void html_test_link(struct buf *buf, const char *root, const char *test);
void html_commit_link(struct buf *buf, const char *root, const char *hex);

/* Whether a document's member "better" is "higher". */
int html_is_higher(const json_t *of);

/* A verdict as a word with a colour and a sign of its own. */
void html_verdict(struct buf *buf, const char *verdict);

/* `24.3 ms`, `+3.1 %`, `+2.9 % to +3.3 %` of the members "low" and "high" (or
 * that there were too few trials for an interval: the result is then 0), and
 * `2026-11-24 12:30` in a <time>. */
void html_value(struct buf *buf, double value, const char *unit);
void html_change(struct buf *buf, double ratio, int higher_is_better);
int html_interval(struct buf *buf, const json_t *of);
void html_time(struct buf *buf, long long seconds);

/*
 * A test's name as one file name: letters, digits, `-` and `_` stay, `/`
 * becomes `~`, every other byte `=XX`. Nothing leads out of a directory. One
 * that is too long for a file is cut and ends in `=+` and a hash.
 */
void web_slug(struct buf *buf, const char *test);

/* The other way; ERR_INPUT for what web_slug() never makes and for what it cut
 * (WEB_SLUG_CUT is in it then). The caller frees *test. */
#define WEB_SLUG_CUT "=+"
int web_unslug(const char *slug, size_t len, char **test);

#endif
