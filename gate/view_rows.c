#include "view_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "drift.h"
#include "gate.h"
#include "repo/repo.h"
#include "report/drift.h"
#include "view.h"

enum { DAY_S = 86400, MONTH_S = 30 * DAY_S, TAGS_S = 60 };

struct refresh {
	struct view_rows *rows;
	struct store_tx *tx;
	size_t max, done;
	struct report_drifts drifts;
};

/* Days and releases go by: then all rows are compared with something else. */
static void
look_at_past(struct view_rows *rows, struct gate *gate)
{
	int64_t now = clock_wall_s(&clock_real);
	struct view_past past = { .month_s = now - now % DAY_S - MONTH_S };
	char *release = NULL;

	if (rows->looked_s && now >= rows->looked_s &&
	    now - rows->looked_s < TAGS_S)
		return;
	rows->looked_s = now;
	if (repo_newest_tag(gate->repo, &release, &past.release_s, NULL) < 0)
		past.release_s = 0;
	free(rows->release);
	rows->release = release;
	if (past.month_s == rows->past.month_s &&
	    past.release_s == rows->past.release_s)
		return;
	rows->past = past;
	rows->generation = 0;
	for (size_t i = 0; i < rows->count; i++)
		rows->items[i].is_read = 0;
}

static int
take_test(void *data, uint32_t id, const char *test, uint64_t generation)
{
	struct refresh *refresh = data;
	struct view_rows *rows = refresh->rows;
	struct view_row *row;

	while (rows->count < id) {
		MEM_GROW(rows->items, rows->count, rows->cap);
		rows->items[rows->count++] = (struct view_row){ 0 };
	}
	row = &rows->items[id - 1];
	if (!row->test)
		row->test = mem_copy_text(test);
	if (row->is_read && row->generation == generation)
		return 0;
	if (refresh->done == refresh->max) {
		rows->is_behind = 1;
		return 0;
	}
	refresh->done++;
	row->generation = generation;
	return view_row_read(refresh->tx, &rows->past, row);
}

static int
read_changed(struct store_tx *tx, void *data, struct err *err)
{
	struct refresh *refresh = data;
	int ret;

	refresh->tx = tx;
	ret = store_test_each(tx, take_test, refresh);
	return ret ? ret : drift_standing(tx, &refresh->drifts, err);
}

/* Worst first, then by name. */
static int
compare_rows(const void *a, const void *b)
{
	const struct view_row *left = *(const struct view_row *const *)a;
	const struct view_row *right = *(const struct view_row *const *)b;

	return left->badness != right->badness
		       ? (left->badness < right->badness ? 1 : -1)
		       : strcmp(left->test, right->test);
}

static void
sort(struct view_rows *rows)
{
	free(rows->sorted);
	rows->sorted = mem_new(rows->count, sizeof(*rows->sorted));
	rows->shown = 0;
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].shown)
			rows->sorted[rows->shown++] = &rows->items[i];
	if (rows->shown)
		qsort(rows->sorted, rows->shown, sizeof(*rows->sorted),
		      compare_rows);
}

static json_t *
drifts_json(const struct report_drifts *drifts)
{
	json_t *out = json_array();

	for (size_t i = 0; i < drifts->count; i++)
		json_array_append_new(out, view_drift(&drifts->items[i]));
	return out;
}

static void
arrange(struct refresh *refresh, struct gate *gate)
{
	struct view_rows *rows = refresh->rows;

	json_decref(rows->drifts);
	rows->drifts = drifts_json(&refresh->drifts);
	if (!refresh->done && rows->sorted && !rows->is_unsorted)
		return;
	rows->is_unsorted = 0;
	sort(rows);
	for (int kind = VIEW_WORSE; kind <= VIEW_BETTER; kind++) {
		json_decref(rows->findings[kind]);
		rows->findings[kind] = view_rows_findings(
			rows, NULL, (enum view_finding)kind, gate);
	}
}

int
view_rows_refresh(struct view_rows *rows, struct gate *gate, size_t max,
		  struct err *err)
{
	uint64_t generation = store_generation(gate->store);
	struct refresh refresh = { .rows = rows, .max = max };
	int ret;

	look_at_past(rows, gate);
	if (generation && generation == rows->generation && !rows->is_behind &&
	    !rows->is_unsorted)
		return 0;
	if (!rows->sorted)
		refresh.max = SIZE_MAX;
	rows->is_behind = 0;
	ret = store_read(gate->store, read_changed, &refresh, err);
	if (!ret) {
		arrange(&refresh, gate);
		rows->generation = generation;
	} else {
		/* What they point at may have moved. */
		free(rows->sorted);
		rows->sorted = NULL;
		rows->shown = 0;
	}
	report_drifts_release(&refresh.drifts);
	return ret;
}

void
view_rows_release(struct view_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		view_row_release(&rows->items[i]);
	free(rows->items);
	free(rows->sorted);
	free(rows->release);
	json_decref(rows->drifts);
	json_decref(rows->findings[VIEW_WORSE]);
	json_decref(rows->findings[VIEW_BETTER]);
	*rows = (struct view_rows){ 0 };
}

/* Findings of rows, borrowed. */
struct found {
	const json_t **items;
	size_t count, cap;
};

static void
collect(struct found *found, const struct view_row *row, enum view_finding kind)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(row->findings, i, finding)
	{
		if (kind != VIEW_ANY && !view_finding_is(finding, kind))
			continue;
		MEM_GROW(found->items, found->count, found->cap);
		found->items[found->count++] = finding;
	}
}

static int
newer_first(const void *a, const void *b)
{
	const json_t *left = *(const json_t *const *)a;
	const json_t *right = *(const json_t *const *)b;
	json_int_t at = json_int_or(left, "time", 0);
	json_int_t other = json_int_or(right, "time", 0);
	int order = (other > at) - (other < at);

	if (!order)
		order = strcmp(json_text_or(left, "test", ""),
			       json_text_or(right, "test", ""));
	return order ? order
		     : strcmp(json_text_or(left, "commit", ""),
			      json_text_or(right, "commit", ""));
}

static json_t *
with_people(const struct repo *repo, const json_t *finding)
{
	json_t *entry = json_copy((json_t *)(uintptr_t)finding);
	struct repo_commit commit = { 0 };
	struct oid oid;

	if (!json_get_oid(entry, "commit", &oid, NULL) &&
	    !repo_commit_read(repo, &oid, &commit, NULL)) {
		json_object_set_new(entry, "author", json_text(commit.author));
		json_object_set_new(entry, "subject",
				    json_text(commit.subject));
	}
	repo_commit_release(&commit);
	return entry;
}

json_t *
view_rows_findings(const struct view_rows *rows, const struct view_row *row,
		   enum view_finding kind, const struct gate *gate)
{
	struct found found = { 0 };
	json_t *out = json_array();

	if (row)
		collect(&found, row, kind);
	for (size_t i = 0; !row && i < rows->count; i++)
		collect(&found, &rows->items[i], kind);
	if (found.count)
		qsort(found.items, found.count, sizeof(*found.items),
		      newer_first);
	for (size_t i = 0; i < found.count && i < VIEW_FINDINGS; i++)
		json_array_append_new(out,
				      with_people(gate->repo, found.items[i]));
	free(found.items);
	return out;
}
