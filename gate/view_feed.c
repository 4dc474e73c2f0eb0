/* Findings, newest first: what got worse, and the trophy shelf; and badges. */
#include "base/err.h"
#include "base/json.h"
#include "gate.h"
#include "store/store.h"
#include "view.h"

struct search {
	const char *test;
	struct view_rows *rows;
	struct view_row *row;
};

static int
find(struct store_tx *tx, void *data, struct err *err)
{
	struct search *search = data;
	uint64_t generation;
	uint32_t id;
	int ret = store_test_find(tx, search->test, &id, &generation);

	(void)err;
	if (ret || id > search->rows->count || !id)
		return ret;
	search->row = &search->rows->items[id - 1];
	if (search->row->is_read && search->row->generation == generation)
		return 0;
	search->row->generation = generation;
	search->rows->is_unsorted = 1;
	return view_row_read(tx, &search->rows->past, search->row);
}

/* A test's row as it is now, whoever else waits; NULL: none is known. */
static const struct view_row *
find_row(struct view *view, const char *test)
{
	struct search search = { .test = test, .rows = &view->rows };

	return store_read(view->gate->store, find, &search, NULL) ? NULL
								  : search.row;
}

json_t *
view_feed(struct view *view, enum view_finding kind, const char *test,
	  struct err *err)
{
	static const struct view_row none;
	const struct view_row *row = NULL;
	json_t *entries;

	if (view_refresh(view, err) < 0)
		return NULL;
	if (test) {
		row = find_row(view, test);
		entries = view_rows_findings(&view->rows, row ? row : &none,
					     kind, view->gate);
	} else {
		entries = json_incref(view->rows.findings[kind]);
	}
	return json_pack("{s:s, s:o, s:o}", "repository", view->name, "title",
			 kind == VIEW_BETTER ? json_string("improvements")
			 : test              ? json_text(test)
					     : json_string("regressions"),
			 "entries", entries);
}

json_t *
view_findings(struct view *view, const char *test)
{
	static const struct view_row none;
	const struct view_row *row = NULL;

	if (!view_refresh(view, NULL))
		row = find_row(view, test);
	return view_rows_findings(&view->rows, row ? row : &none, VIEW_ANY,
				  view->gate);
}

json_t *
view_badge(struct view *view, const char *test, struct err *err)
{
	const struct view_rows *rows = &view->rows;
	const struct view_row *row;
	int badness = -1;

	if (view_refresh(view, err) < 0)
		return NULL;
	/* The worst stand first. */
	row = test ? find_row(view, test) : rows->shown ? *rows->sorted : NULL;
	if (row)
		badness = row->badness;
	return json_pack("{s:o, s:s}", "title",
			 json_text(test ? test : "performance"), "verdict",
			 badness < 0 ? "unknown"
				     : verdict_name((enum verdict)badness));
}
