#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "view.h"
#include "web/html.h"
#include "web/place.h"
#include "web/web.h"

static const char html[] = "text/html; charset=utf-8";
static const char json[] = "application/json";
static const char svg[] = "image/svg+xml";
static const char atom[] = "application/atom+xml; charset=utf-8";

typedef void page_fn(struct buf *buf, const json_t *doc);

static void
say_trouble(struct view *view, struct page *page, const char *root,
	    const struct err *err)
{
	int missing = err->code == ERR_NOT_FOUND || err->code == ERR_INPUT;
	json_t *doc = json_pack("{s:s, s:s, s:s, s:o}", "repository",
				view->name, "root", root, "title",
				missing ? "Nothing here" : "Out of order",
				"why", json_text(err->text));

	page->status = missing ? 404 : 500;
	page->type = html;
	buf_clear(&page->body);
	web_trouble(&page->body, doc);
	json_decref(doc);
}

/* doc may be NULL: then err says why. It is used up. */
static void
render(struct view *view, struct page *page, const struct web_place *place,
       page_fn *fn, json_t *doc, const struct err *err)
{
	if (!doc) {
		say_trouble(view, page, place->root, err);
	} else if (!strcmp(place->ending, ".json")) {
		page->type = json;
		json_append(&page->body, doc);
		buf_addc(&page->body, '\n');
	} else {
		page->type = fn == web_feed    ? atom
			     : fn == web_badge ? svg
					       : html;
		fn(&page->body, doc);
	}
	json_decref(doc);
}

static int
is_in(const struct web_place *place, const char *directory)
{
	return !strcmp(place->directory, directory);
}

static int
ends(const struct web_place *place, const char *ending)
{
	return !strcmp(place->ending, ending);
}

/* Where nobody said how people reach the pages, links lead from the feed. */
static json_t *
feed_doc(struct view *view, const struct page_request *request,
	 const char *root, enum view_finding kind, const char *test,
	 struct err *err)
{
	json_t *doc = view_feed(view, kind, test, err);

	if (doc) {
		json_object_set_new(
			doc, "base",
			json_text(*request->base ? request->base : root));
		json_object_set_new(doc, "self", json_text(request->path));
	}
	return doc;
}

/* HTML and JSON of one thing are asked for one after the other: its document is
 * made once. stamp "" is not kept. */
static json_t *
remembered(struct view *view, const char *name, const char *stamp)
{
	if (!view->memo || !*stamp || strcmp(view->memo_stamp, stamp) != 0 ||
	    strcmp(view->memo_name, name) != 0)
		return NULL;
	return json_incref(view->memo);
}

static json_t *
remember(struct view *view, const char *name, const char *stamp, json_t *doc)
{
	if (!doc)
		return NULL;
	json_decref(view->memo);
	free(view->memo_name);
	view->memo = json_incref(doc);
	view->memo_name = mem_copy_text(name);
	snprintf(view->memo_stamp, sizeof(view->memo_stamp), "%s", stamp);
	return doc;
}

static json_t *
test_doc(struct view *view, const char *test, struct err *err)
{
	char stamp[VIEW_STAMP];
	json_t *doc;

	view_stamp_test(view, test, stamp);
	doc = remembered(view, test, stamp);
	return doc ? doc
		   : remember(view, test, stamp, view_test(view, test, err));
}

static json_t *
commit_doc(struct view *view, const struct oid *commit, struct err *err)
{
	char stamp[VIEW_STAMP], hex[OID_HEX + 1];
	json_t *doc;

	view_stamp_commit(view, commit, stamp);
	doc = remembered(view, oid_format(commit, hex), stamp);
	return doc ? doc
		   : remember(view, hex, stamp, view_commit(view, commit, err));
}

static void
make_test(struct view *view, const struct page_request *request,
	  const struct web_place *place, struct page *page)
{
	struct err err = ERR_INIT;
	char *test = NULL;

	if (view_find_test(view, place->name, &test, &err) < 0) {
		say_trouble(view, page, place->root, &err);
	} else if (ends(place, ".atom")) {
		render(view, page, place, web_feed,
		       feed_doc(view, request, place->root, VIEW_WORSE, test,
				&err),
		       &err);
	} else if (ends(place, ".svg")) {
		render(view, page, place, web_badge,
		       view_badge(view, test, &err), &err);
	} else {
		render(view, page, place, web_test, test_doc(view, test, &err),
		       &err);
	}
	free(test);
}

static void
make_commit(struct view *view, const struct web_place *place, struct page *page)
{
	struct err err = ERR_INIT;
	struct oid commit;

	if (oid_parse(&commit, place->name) < 0) {
		err_set(&err, ERR_NOT_FOUND,
			"a commit has 40 hexadecimal digits");
		say_trouble(view, page, place->root, &err);
		return;
	}
	render(view, page, place, web_commit, commit_doc(view, &commit, &err),
	       &err);
}

static void
make_session(struct view *view, const struct web_place *place,
	     struct page *page)
{
	struct err err = ERR_INIT;

	if (!*place->name ||
	    place->name[strspn(place->name, "0123456789abcdef")]) {
		err_set(&err, ERR_NOT_FOUND, "no session has this id");
		say_trouble(view, page, place->root, &err);
		return;
	}
	render(view, page, place, web_session,
	       view_session(view, place->name, &err), &err);
}

/* A copy has the one comparison that is asked for nearly always. */
static json_t *
compare_doc(struct view *view, const struct page_request *request,
	    struct err *err)
{
	json_t *doc = view_compare(view, request->a, request->b, err);

	if (doc && request->is_copy)
		json_object_set_new(doc, "copy", json_true());
	return doc;
}

/* index, and index-2 and on. */
static void
make_overview(struct view *view, const struct web_place *place,
	      struct page *page)
{
	struct err err = ERR_INIT;
	int64_t number = 1;

	if (place->name[5] == '-' &&
	    units_parse_count(place->name + 6, 2, 1000000, &number) < 0)
		number = 0;
	render(view, page, place, web_overview,
	       view_overview(view, (size_t)number, &err), &err);
}

static int
make_asset(const char *name, struct page *page)
{
	for (const struct web_asset *at = web_assets; at->name; at++)
		if (!strcmp(at->name, name)) {
			page->type = at->type;
			buf_add(&page->body, at->data,
				(size_t)(at->end - at->data));
			return 1;
		}
	return 0;
}

static void
make_top(struct view *view, const struct page_request *request,
	 const struct web_place *place, struct page *page)
{
	struct err err = ERR_INIT;

	if (!strcmp(place->name, "index") ||
	    !strncmp(place->name, "index-", 6)) {
		make_overview(view, place, page);
	} else if (!strcmp(place->name, "ledger")) {
		render(view, page, place, web_ledger, view_ledger(view, &err),
		       &err);
	} else if (!strcmp(place->name, "compare")) {
		render(view, page, place, web_compare,
		       compare_doc(view, request, &err), &err);
	} else if (!strcmp(place->name, "regressions") ||
		   !strcmp(place->name, "improvements")) {
		render(view, page, place, web_feed,
		       feed_doc(view, request, place->root,
				*place->name == 'i' ? VIEW_BETTER : VIEW_WORSE,
				NULL, &err),
		       &err);
	} else if (!strcmp(place->name, "badge")) {
		render(view, page, place, web_badge,
		       view_badge(view, NULL, &err), &err);
	} else {
		err_set(&err, ERR_NOT_FOUND, "no page has this name");
		say_trouble(view, page, place->root, &err);
	}
}

void
pages_make(struct view *view, const struct page_request *request,
	   struct page *page)
{
	const char *path = *request->path ? request->path : "index.html";
	struct err err = ERR_INIT;
	struct web_place place;

	*page = (struct page){ .status = 200, .type = html };
	web_place_read(&place, path);
	if (!*place.directory) {
		make_top(view, request, &place, page);
	} else if (is_in(&place, "test")) {
		make_test(view, request, &place, page);
	} else if (is_in(&place, "commit")) {
		make_commit(view, &place, page);
	} else if (is_in(&place, "session")) {
		make_session(view, &place, page);
	} else if (!is_in(&place, "assets") ||
		   !make_asset(strchr(path, '/') + 1, page)) {
		err_set(&err, ERR_NOT_FOUND, "no page has this name");
		say_trouble(view, page, place.root, &err);
	}
	web_place_release(&place);
}

static void
stamp_test(struct view *view, const char *slug, char stamp[VIEW_STAMP])
{
	char *test = NULL;

	*stamp = '\0';
	if (!view_find_test(view, slug, &test, NULL))
		view_stamp_test(view, test, stamp);
	free(test);
}

void
pages_stamp(struct view *view, const struct page_request *request,
	    char stamp[VIEW_STAMP])
{
	struct web_place place;
	struct oid commit;

	*stamp = '\0';
	web_place_read(&place, request->path);
	if (is_in(&place, "test"))
		stamp_test(view, place.name, stamp);
	else if (is_in(&place, "commit") && !oid_parse(&commit, place.name))
		view_stamp_commit(view, &commit, stamp);
	else if (is_in(&place, "assets"))
		snprintf(stamp, VIEW_STAMP, "asset");
	else if (strcmp(place.name, "compare") != 0)
		view_stamp(view, stamp);
	web_place_release(&place);
}
