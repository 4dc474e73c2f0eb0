/* Every page that there is, for a static copy. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "pages.h"
#include "web/html.h"
#include "web/web.h"

struct listing {
	struct view *view;
	page_group_fn *fn;
	void *data;
};

static int
tell(const struct listing *listing, const char *directory, const char *name,
     const char *endings, const char *stamp)
{
	char *path = mem_text("%s%s", directory, name);
	const struct page_group group = { path, endings, stamp };
	int ret = listing->fn(listing->data, &group);

	free(path);
	return ret;
}

static int
tell_test(const struct listing *listing, const char *test)
{
	char stamp[VIEW_STAMP];
	struct buf slug = BUF_INIT;
	int ret;

	web_slug(&slug, test);
	view_stamp_test(listing->view, test, stamp);
	ret = tell(listing, "test/", buf_text(&slug), ".html .json .atom .svg",
		   stamp);
	buf_release(&slug);
	return ret;
}

static int
each_test(const struct listing *listing)
{
	const struct view_rows *rows = &listing->view->rows;
	int ret = 0;

	for (size_t i = 0; !ret && i < rows->count; i++)
		if (rows->items[i].shown)
			ret = tell_test(listing, rows->items[i].test);
	return ret;
}

static int
each_overview(const struct listing *listing)
{
	size_t pages = view_pages(listing->view);
	int ret = 0;

	for (size_t page = 1; !ret && page <= pages; page++) {
		char *name = page > 1 ? mem_text("index-%zu", page)
				      : mem_copy_text("index");

		ret = tell(listing, "", name, ".html .json", "");
		free(name);
	}
	return ret;
}

/* A commit, and the sessions that it was in. */
static int
each_commit(const struct listing *listing, const char *hex)
{
	char stamp[VIEW_STAMP], *ids = NULL;
	struct oid commit;
	const char *at;
	int ret = 0;

	if (!oid_parse(&commit, hex))
		ids = view_sessions(listing->view, &commit);
	if (!ids)
		return 0;
	view_stamp_commit(listing->view, &commit, stamp);
	ret = tell(listing, "commit/", hex, ".html .json", stamp);
	for (at = ids; !ret && *at;) {
		size_t len = strcspn(at, " ");
		char *id = mem_copy_bytes(at, len);

		ret = tell(listing, "session/", id, ".html .json", stamp);
		free(id);
		at += len + strspn(at + len, " ");
	}
	free(ids);
	return ret;
}

static int
each_single(const struct listing *listing)
{
	static const struct page_group singles[] = {
		{ "ledger", ".html .json", "" },
		{ "compare", ".html .json", "" },
		{ "regressions", ".atom", "" },
		{ "improvements", ".atom", "" },
		{ "badge", ".svg", "" },
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(singles) / sizeof(*singles); i++)
		ret = listing->fn(listing->data, &singles[i]);
	for (const struct web_asset *at = web_assets; !ret && at->name; at++)
		ret = tell(listing, "assets/", "", at->name, "");
	return ret;
}

int
pages_each(struct view *view, size_t max_commits, page_group_fn *fn, void *data,
	   struct err *err)
{
	struct listing listing = { view, fn, data };
	json_t *commits = NULL, *item;
	int ret = view_settle(view, err);
	size_t i;

	if (!ret) {
		commits = view_commits(view, err);
		ret = commits ? 0 : err->code;
	}
	if (!ret)
		ret = each_overview(&listing);
	if (!ret)
		ret = each_test(&listing);
	if (!ret)
		ret = each_single(&listing);
	json_array_foreach(commits, i, item)
	{
		if (!ret && i < max_commits)
			ret = each_commit(&listing,
					  json_text_or(item, "commit", ""));
	}
	json_decref(commits);
	return ret;
}
