#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <jansson.h>

struct buf;

/*
 * The pages, each made of one JSON document, which is also what stands behind
 * it as JSON (pacegate-pages(7) describes them). Pure. What a document lacks is
 * left out of the page.
 */
void web_overview(struct buf *buf, const json_t *doc);
void web_test(struct buf *buf, const json_t *doc);
void web_commit(struct buf *buf, const json_t *doc);
void web_compare(struct buf *buf, const json_t *doc);
void web_session(struct buf *buf, const json_t *doc);
void web_ledger(struct buf *buf, const json_t *doc);

/* What went wrong, as a page: "nothing here", with what to do. */
void web_trouble(struct buf *buf, const json_t *doc);

/* An Atom feed. */
void web_feed(struct buf *buf, const json_t *doc);

/* The newest verdict as a badge. */
void web_badge(struct buf *buf, const json_t *doc);

/* Files that pages refer to, built into the program. */
struct web_asset {
	const char *name; /* below assets/ */
	const char *type; /* content type */
	const char *data, *end;
};

/* Ends with a NULL name. */
extern const struct web_asset web_assets[];

#endif
