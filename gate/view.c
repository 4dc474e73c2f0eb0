#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate.h"
#include "noise.h"
#include "repo/repo.h"
#include "report/drift.h"
#include "report/report.h"
#include "report/text.h"
#include "web/html.h"

/* `project` of /srv/git/project.git and of /home/ada/project/.git. */
static char *
name_of(const char *gitdir)
{
	size_t len = strlen(gitdir), from;

	if (len > 5 && !strcmp(gitdir + len - 5, "/.git"))
		len -= 5;
	else if (len > 4 && !strcmp(gitdir + len - 4, ".git"))
		len -= 4;
	for (from = len; from && gitdir[from - 1] != '/';)
		from--;
	return mem_copy_bytes(gitdir + from, len - from);
}

void
view_init(struct view *view, struct gate *gate)
{
	*view = (struct view){ .gate = gate,
			       .name = name_of(repo_gitdir(gate->repo)) };
}

void
view_release(struct view *view)
{
	free(view->name);
	view_rows_release(&view->rows);
	json_decref(view->sessions);
	json_decref(view->memo);
	free(view->memo_name);
	line_release(&view->line);
	*view = (struct view){ 0 };
}

int
view_take_entry(void *data, uint64_t id, const char *test, json_t *doc)
{
	(void)id;
	(void)test;
	json_array_append(data, doc);
	return 0;
}

static int
read_ledger(struct store_tx *tx, void *data, struct err *err)
{
	enum { SHOWN = 1000 };

	(void)err;
	json_array_clear(data);
	return store_ledger_each(tx, NULL, SHOWN, view_take_entry, data);
}

json_t *
view_ledger(struct view *view, struct err *err)
{
	json_t *entries = json_array();

	if (store_read(view->gate->store, read_ledger, entries, err) < 0) {
		json_decref(entries);
		return NULL;
	}
	return json_pack("{s:s, s:o}", "repository", view->name, "entries",
			 entries);
}

json_t *
view_floor(const struct view *view, struct noise_book *noise, const char *test,
	   const char *metric, const char *environment)
{
	struct noise_key key = { test, metric, environment, 0 };
	struct test_policy policy;
	struct report_floor floor;
	struct buf text = BUF_INIT;
	json_t *json;

	policy_test(view->gate->policy, "", test, metric, &policy);
	key.threshold = policy.threshold;
	floor = noise_book_report(noise, view->gate->store, &key);
	report_add_floor(&text, &floor);
	json = report_floor_json(&floor);
	json_object_set_new(json, "text", json_text(buf_text(&text)));
	buf_release(&text);
	return json;
}

json_t *
view_drift(const struct report_drift *drift)
{
	struct buf text = BUF_INIT;
	json_t *json = report_drift_json(drift);

	report_add_drift(&text, drift);
	json_object_set_new(json, "text", json_text(buf_text(&text)));
	buf_release(&text);
	return json;
}

struct search {
	const char *slug;
	char *found;
};

static int
match_test(void *data, const char *name)
{
	struct search *search = data;
	struct buf slug = BUF_INIT;

	web_slug(&slug, name);
	if (!strcmp(buf_text(&slug), search->slug))
		search->found = mem_copy_text(name);
	buf_release(&slug);
	return search->found != NULL;
}

static int
search_tests(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_each_test(tx, match_test, data);
}

int
view_find_test(struct view *view, const char *slug, char **test,
	       struct err *err)
{
	struct search search = { .slug = slug };
	int ret = 0;

	if (!web_unslug(slug, strlen(slug), test))
		return 0;
	if (strstr(slug, WEB_SLUG_CUT))
		ret = store_read(view->gate->store, search_tests, &search, err);
	*test = search.found;
	if (!ret && !search.found)
		ret = err_set(err, ERR_NOT_FOUND, "no test has this name");
	return ret;
}

/* Commits of some histories; a whole store may hold millions of points. */
enum { MAX_POINTS = 20000, MAX_OF_ONE = 2000 };

struct commits {
	struct store_tx *tx;
	json_t *times; /* hex: time */
	size_t points;
	char *test; /* the last one seen: one metric of each will do */
};

static int
take_commit(void *data, uint64_t order, const struct store_point *point)
{
	struct commits *commits = data;
	char hex[OID_HEX + 1];

	(void)order;
	json_object_set_new(commits->times, oid_format(&point->commit, hex),
			    json_integer((json_int_t)point->time_s));
	return ++commits->points > MAX_POINTS;
}

static int
take_series(void *data, const struct store_series *series, uint64_t last_order)
{
	const struct store_range range = { 0, UINT64_MAX, 1, MAX_OF_ONE };
	struct commits *commits = data;

	(void)last_order;
	if (commits->test && !strcmp(commits->test, series->test))
		return 0;
	free(commits->test);
	commits->test = mem_copy_text(series->test);
	store_point_each(commits->tx, series, &range, take_commit, commits);
	return commits->points > MAX_POINTS ? 1 : store_tx_error(commits->tx);
}

static int
read_commits(struct store_tx *tx, void *data, struct err *err)
{
	struct commits *commits = data;

	(void)err;
	commits->tx = tx;
	commits->points = 0;
	free(commits->test);
	commits->test = NULL;
	json_object_clear(commits->times);
	return store_series_each(tx, NULL, take_series, commits);
}

static int
newer_first(const void *a, const void *b)
{
	json_int_t left = json_int_or(*(json_t *const *)a, "time", 0);
	json_int_t right = json_int_or(*(json_t *const *)b, "time", 0);

	return (right > left) - (right < left);
}

json_t *
view_commits(struct view *view, struct err *err)
{
	struct commits commits = { .times = json_object() };
	json_t *out = NULL, *time, **items;
	const char *hex;
	size_t count = 0;

	if (!store_read(view->gate->store, read_commits, &commits, err)) {
		items = mem_new(json_object_size(commits.times),
				sizeof(*items));
		json_object_foreach(commits.times, hex, time)
			items[count++] = json_pack("{s:s, s:O}", "commit", hex,
						   "time", time);
		qsort(items, count, sizeof(*items), newer_first);
		out = json_array();
		for (size_t i = 0; i < count; i++)
			json_array_append_new(out, items[i]);
		free(items);
	}
	json_decref(commits.times);
	free(commits.test);
	return out;
}
