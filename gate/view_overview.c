/* The overview: what needs a look, the gate's own state, and rows of tests. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/proc.h"
#include "canary.h"
#include "gate.h"
#include "noise.h"
#include "view.h"

enum {
	SHOWN_FINDINGS = 8,
	AT_ONCE = 64 /* rows that one request reads, some milliseconds */
};

int
view_refresh(struct view *view, struct err *err)
{
	return view_rows_refresh(&view->rows, view->gate, AT_ONCE, err);
}

int
view_settle(struct view *view, struct err *err)
{
	return view_rows_refresh(&view->rows, view->gate, SIZE_MAX, err);
}

static json_t *
standing(const struct view_rows *rows)
{
	json_t *out = json_array();

	for (size_t i = 0; i < rows->shown && i < SHOWN_FINDINGS &&
			   rows->sorted[i]->badness >= (int)VERDICT_REGRESSED;
	     i++)
		json_array_append(out, rows->sorted[i]->shown);
	return out;
}

static int
count_job(void *data, const struct store_job *job)
{
	size_t *counts = data;

	counts[job->owner[0] && proc_is_alive(job->owner)]++;
	return 0;
}

static int
read_jobs(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	memset(data, 0, 2 * sizeof(size_t));
	return store_queue_each(tx, count_job, data);
}

static json_t *
first_of(const json_t *array, size_t max)
{
	json_t *out = json_array();

	for (size_t i = 0; i < max && i < json_array_size(array); i++)
		json_array_append(out, json_array_get(array, i));
	return out;
}

/* What is known of a row's noise is read when the row is first shown, and kept
 * with it. */
static json_t *
slice(const struct view *view, size_t page)
{
	const struct view_rows *rows = &view->rows;
	struct noise_book noise = NOISE_BOOK_INIT;
	json_t *out = json_array();

	for (size_t i = (page - 1) * VIEW_PAGE;
	     i < page * VIEW_PAGE && i < rows->shown; i++) {
		json_t *row = rows->sorted[i]->shown;

		if (!json_object_get(row, "sessions"))
			json_object_set_new(
				row, "sessions",
				view_floor(view, &noise,
					   json_text_or(row, "test", ""),
					   json_text_or(row, "metric", ""),
					   json_text_or(row, "environment",
							NULL)));
		json_array_append(out, row);
	}
	noise_book_release(&noise);
	return out;
}

size_t
view_pages(const struct view *view)
{
	size_t pages = (view->rows.shown + VIEW_PAGE - 1) / VIEW_PAGE;

	return pages ? pages : 1;
}

json_t *
view_overview(struct view *view, size_t page, struct err *err)
{
	size_t counts[2] = { 0, 0 }, pages;
	const struct view_rows *rows = &view->rows;
	char name[40];

	if (view_refresh(view, err) < 0 ||
	    store_read(view->gate->store, read_jobs, counts, err) < 0)
		return NULL;
	pages = view_pages(view);
	if (!page || page > pages) {
		err_set(err, ERR_NOT_FOUND, "there are %zu pages of tests",
			pages);
		return NULL;
	}
	snprintf(name, sizeof(name), page > 1 ? "index-%zu.json" : "index.json",
		 page);
	return json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o?, "
		"s:{s:I, s:I}, s:o}",
		"repository", view->name, "json", name, "page",
		(json_int_t)page, "pages", (json_int_t)pages, "total",
		(json_int_t)rows->shown, "tests", slice(view, page),
		"regressions", standing(rows), "drifts",
		first_of(rows->drifts, SHOWN_FINDINGS), "improvements",
		first_of(rows->findings[VIEW_BETTER], SHOWN_FINDINGS),
		"release", rows->release ? json_text(rows->release) : NULL,
		"state", "waiting", (json_int_t)counts[0], "running",
		(json_int_t)counts[1], "canary", canary_record(view->gate));
}
