/* Findings, newest first: what got worse, and the trophy shelf. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate.h"
#include "repo/repo.h"
#include "report/report.h"
#include "view.h"

enum { FEED = 50, LOOK_BACK = 200 };

/* A commit at which a test may have a finding. */
struct candidate {
	char *test;
	struct oid commit;
	int64_t time_s;
};

struct search {
	struct store_tx *tx;
	const char *only; /* this test, or NULL */
	int improvements;
	struct candidate *items;
	size_t count, cap;
	const char *test; /* of the history that is read */
	json_t *entries;
};

static void
add_candidate(struct search *search, const char *test, const struct oid *commit,
	      int64_t time_s)
{
	MEM_GROW(search->items, search->count, search->cap);
	search->items[search->count++] =
		(struct candidate){ mem_copy_text(test), *commit, time_s };
}

static void
forget(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		free(search->items[i].test);
	search->count = 0;
}

/* Confirmed improvements move the baseline. */
static int
take_baseline(void *data, const char *test, const struct oid *commit,
	      const struct store_baseline *baseline)
{
	struct search *search = data;

	if (baseline->why == STORE_IMPROVED &&
	    (!search->only || !strcmp(search->only, test)))
		add_candidate(search, test, commit, baseline->since_s);
	return 0;
}

/* Worse, and sure of it: whether that is beyond the threshold, the verdict
 * says. */
static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct search *search = data;

	(void)order;
	if (point->low > 1 || (point->high < 1 && point->high > 0))
		add_candidate(search, search->test, &point->commit,
			      point->time_s);
	return 0;
}

static int
take_series(void *data, const struct store_series *series, uint64_t last_order)
{
	const struct store_range range = { 0, UINT64_MAX, 1, LOOK_BACK };
	struct search *search = data;

	(void)last_order;
	search->test = series->test;
	store_point_each(search->tx, series, &range, take_point, search);
	return store_tx_error(search->tx);
}

static int
newer_first(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;

	if (left->time_s != right->time_s)
		return left->time_s < right->time_s ? 1 : -1;
	if (strcmp(left->test, right->test) != 0)
		return strcmp(left->test, right->test);
	return oid_compare(&left->commit, &right->commit);
}

static int
is_wanted(const struct search *search, enum verdict verdict)
{
	return search->improvements ? verdict == VERDICT_IMPROVED
				    : verdict_is_regression(verdict) ||
					      verdict == VERDICT_ACCEPTED;
}

static json_t *
entry_of(const struct candidate *item, const struct report_test *test)
{
	const struct report_metric *metric = report_main_metric(test);

	return json_pack(
		"{s:o, s:o, s:I, s:s, s:o, s:o, s:s}", "test",
		json_text(item->test), "commit", json_oid(&item->commit),
		"time", (json_int_t)item->time_s, "verdict",
		verdict_name(test->verdict), "metric",
		json_text(metric ? metric->name : ""), "ratio",
		json_num(metric ? metric->ratio : NAN), "better",
		metric && metric->better == BETTER_HIGHER ? "higher" : "lower");
}

static void
look_up(struct search *search, const struct candidate *item)
{
	struct report report;
	json_t *doc = NULL;

	report_init(&report, &item->commit);
	if (!store_verdict_get(search->tx, &item->commit, item->test, "",
			       &doc) &&
	    !report_test_read(&report, doc, NULL) && report.count &&
	    is_wanted(search, report.tests[0].verdict))
		json_array_append_new(search->entries,
				      entry_of(item, &report.tests[0]));
	json_decref(doc);
	report_release(&report);
}

static int
find(struct store_tx *tx, void *data, struct err *err)
{
	struct search *search = data;
	int ret;

	(void)err;
	search->tx = tx;
	forget(search);
	json_array_clear(search->entries);
	if (search->improvements)
		ret = store_baseline_each(tx, search->only, take_baseline,
					  search);
	else
		ret = store_series_each(tx, search->only, take_series, search);
	if (search->count)
		qsort(search->items, search->count, sizeof(*search->items),
		      newer_first);
	for (size_t i = 0; !ret && i < search->count &&
			   json_array_size(search->entries) < FEED;
	     i++) {
		const struct candidate *item = &search->items[i];

		/* Several metrics of one test are one finding. */
		if (!i || newer_first(item - 1, item))
			look_up(search, item);
	}
	return ret < 0 ? ret : 0;
}

static void
add_people(const struct repo *repo, json_t *entries)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		struct repo_commit commit = { 0 };
		struct oid oid;

		if (!json_get_oid(entry, "commit", &oid, NULL) &&
		    !repo_commit_read(repo, &oid, &commit, NULL)) {
			json_object_set_new(entry, "author",
					    json_text(commit.author));
			json_object_set_new(entry, "subject",
					    json_text(commit.subject));
		}
		repo_commit_release(&commit);
	}
}

json_t *
view_feed(struct view *view, int improvements, const char *test,
	  struct err *err)
{
	struct search search = { .only = test,
				 .improvements = improvements,
				 .entries = json_array() };
	int ret = store_read(view->gate->store, find, &search, err);

	forget(&search);
	free(search.items);
	if (ret < 0) {
		json_decref(search.entries);
		return NULL;
	}
	add_people(view->gate->repo, search.entries);
	return json_pack("{s:s, s:o, s:o}", "repository", view->name, "title",
			 improvements ? json_string("improvements")
			 : test       ? json_text(test)
				      : json_string("regressions"),
			 "entries", search.entries);
}
