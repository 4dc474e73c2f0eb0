#ifndef GATE_PAGES_H
#define GATE_PAGES_H

#include "base/buf.h"
#include "view.h"

struct err;

/*
 * Every page by its path, for `serve` and `pages` alike. Reads only.
 */
struct page {
	int status;       /* of HTTP: 200, 404, ... */
	const char *type; /* content type */
	struct buf body;
};

struct page_request {
	const char *path;  /* below the top, without `/` in front */
	const char *a, *b; /* of compare.html, or "" */
	const char *base;  /* URL of the top for feeds, with a final `/`; "" */
	int is_copy;       /* nobody answers questions there */
};

/* Make the page; what is not there, or goes wrong, is a page too. The caller
 * releases page->body. */
void pages_make(struct view *view, const struct page_request *request,
		struct page *page);

/* What the page is made of, as view_stamp() has it. A comparison has none. */
void pages_stamp(struct view *view, const struct page_request *request,
		 char stamp[VIEW_STAMP]);

/* Pages that show one thing: names with these endings, blanks between. */
struct page_group {
	const char *name;
	const char *endings;
	const char *stamp; /* what they are made of; "": made each time */
};

/* Returns non-zero to end. */
typedef int page_group_fn(void *data, const struct page_group *group);

/* All that a static copy has. max_commits: the newest so many. */
int pages_each(struct view *view, size_t max_commits, page_group_fn *fn,
	       void *data, struct err *err);

#endif
