#include "backfill.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "gate.h"
#include "line.h"
#include "noise.h"
#include "plan/schedule.h"
#include "repo/repo.h"

enum { MAX_LINE = 200000, MAX_TEST = STORE_MAX_NAME - 16 };

/* The record. */

json_t *
backfill_get(struct store_tx *tx, const char *test)
{
	char *name = mem_text("backfill %s", test), *text = NULL;
	json_t *record = NULL;

	if (strlen(test) <= MAX_TEST && !store_note_get(tx, name, &text))
		record = json_parse(text, strlen(text), NULL);
	free(text);
	free(name);
	return record;
}

int
backfill_put(struct store_tx *tx, const json_t *record)
{
	char *name = mem_text("backfill %s", json_text_or(record, "test", ""));
	struct buf text = BUF_INIT;
	int ret;

	json_append(&text, record);
	ret = store_note_put(tx, name, buf_text(&text));
	buf_release(&text);
	free(name);
	return ret;
}

static int
add_job(struct store_tx *tx, const json_t *record, const char *commit)
{
	const char *test = json_text_or(record, "test", "");
	json_t *doc = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "kind",
				KIND_BACKFILL, "test", test, "commit", commit,
				"update", "ref",
				json_text_or(record, "ref", ""), "new", commit);
	char *key = mem_text(
		KIND_BACKFILL " %.40s %016llx", commit,
		(unsigned long long)hash_add(HASH_START, test, strlen(test)));
	int ret = store_queue_add(tx, CLASS_BACKFILL, key,
				  clock_wall_s(&clock_real), doc, NULL);

	json_decref(doc);
	free(key);
	return ret;
}

int
backfill_ask(struct store_tx *tx, json_t *record, size_t places)
{
	json_t *left = json_object_get(record, "left");
	json_t *asked = json_object_get(record, "asked");
	int ret = 0;

	for (; ret >= 0 && places && json_array_size(left); places--) {
		json_t *commit = json_incref(json_array_get(left, 0));

		json_array_remove(left, 0);
		json_array_append(asked, commit);
		ret = add_job(tx, record, json_string_value(commit));
		json_decref(commit);
	}
	return ret < 0 ? ret : 0;
}

/* Which commits. */

struct choice {
	const struct backfill_wish *wish;
	const struct line *line; /* of the wish's tip */
	struct oid from;         /* zero: not known yet */
	json_t *record;
	struct backfill_counts *counts;
	uint64_t oldest; /* order of the point at from */
	struct store_tx *tx;
	const struct repo *repo;
	int is_file; /* the test is one of the tree's */
};

/* Whether it has the test's file; a program that the build makes has none. */
static int
holds_test(const struct choice *choice, const struct oid *commit)
{
	struct oid tree, blob;

	return !choice->is_file ||
	       (!repo_commit_parent(choice->repo, commit, NULL, &tree, NULL) &&
		!repo_file_at(choice->repo, &tree, choice->wish->test, &blob,
			      NULL, NULL));
}

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct choice *choice = data;

	if (order >= choice->oldest)
		return 1;
	if (noise_flags_backfilled(point->flags) ||
	    line_find(choice->line, &point->commit) == choice->line->count ||
	    !holds_test(choice, &point->commit))
		return 0;
	choice->from = point->commit;
	choice->oldest = order;
	return 1;
}

static int
take_series(void *data, const struct store_series *series, uint64_t last_order)
{
	static const struct store_range all = { 0, UINT64_MAX, 0, 0 };
	struct choice *choice = data;

	(void)last_order;
	return store_point_each(choice->tx, series, &all, take_point, choice);
}

/* The commit that the history begins with. */
static int
find_from(struct store_tx *tx, struct choice *choice, struct err *err)
{
	int ret;

	choice->from = (struct oid){ { 0 } };
	if (!json_get_oid(choice->record, "from", &choice->from, NULL))
		return 0;
	choice->tx = tx;
	choice->oldest = UINT64_MAX;
	choice->is_file = 1;
	choice->is_file = holds_test(choice, &choice->wish->tip);
	ret = store_series_each(tx, choice->wish->test, take_series, choice);
	if (!ret && oid_is_zero(&choice->from))
		ret = err_set(err, ERR_NOT_FOUND,
			      "no history of %s along these commits: it begins "
			      "with the first push that is weighed",
			      choice->wish->test);
	return ret;
}

static int
is_listed(const json_t *list, const char *hex)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_is_object(item)
					   ? json_text_or(item, "commit", "")
					   : json_string_value(item);

		if (text && !strcmp(text, hex))
			return 1;
	}
	return 0;
}

static int
is_known(const json_t *record, const char *hex)
{
	static const char *const lists[] = { "left", "asked", "done",
					     "skipped" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		if (is_listed(json_object_get(record, lists[i]), hex))
			return 1;
	return 0;
}

/* Newest first; of a span as many as are wanted, evenly, its end included. */
static void
choose_commits(struct choice *choice)
{
	const struct backfill_wish *wish = choice->wish;
	const struct line *line = choice->line;
	size_t start = line_find(line, &choice->from) + 1, span, count;
	json_t *left = json_object_get(choice->record, "left");

	if (start >= line->count)
		return;
	span = line->count - start;
	if (!oid_is_zero(&wish->since) &&
	    line_find(line, &wish->since) < line->count)
		span = line_find(line, &wish->since) + 1 - start;
	count = wish->commits < span ? wish->commits : span;
	if (oid_is_zero(&wish->since))
		span = count;
	for (size_t i = 0; i < count; i++) {
		size_t at = start + (i + 1) * span / count - 1;
		char hex[OID_HEX + 1];

		oid_format(&line->commits[at], hex);
		if (is_known(choice->record, hex))
			continue;
		json_array_append_new(left, json_string(hex));
		choice->counts->queued++;
	}
}

static void
take_back_skipped(json_t *record, struct backfill_counts *counts)
{
	json_t *skipped = json_object_get(record, "skipped"), *item;
	size_t i;

	json_array_foreach(skipped, i, item)
	{
		json_array_append(json_object_get(record, "left"),
				  json_object_get(item, "commit"));
		counts->queued++;
	}
	json_array_clear(skipped);
}

static int
choose(struct store_tx *tx, void *data, struct err *err)
{
	struct choice *choice = data;
	struct backfill_counts *counts = choice->counts;
	json_t *record = backfill_get(tx, choice->wish->test);
	int ret;

	if (!record)
		record = json_pack("{s:s, s:s, s:[], s:[], s:[], s:[]}", "test",
				   choice->wish->test, "ref", choice->wish->ref,
				   "left", "asked", "done", "skipped");
	choice->record = record;
	*counts = (struct backfill_counts){ 0 };
	if (choice->wish->again)
		take_back_skipped(record, counts);
	ret = find_from(tx, choice, err);
	if (!ret) {
		json_object_set_new(record, "from", json_oid(&choice->from));
		choose_commits(choice);
		if (!json_array_size(json_object_get(record, "asked")))
			ret = backfill_ask(tx, record, 1);
	}
	if (!ret)
		ret = backfill_put(tx, record);
	counts->left = json_array_size(json_object_get(record, "left")) +
		       json_array_size(json_object_get(record, "asked"));
	counts->done = json_array_size(json_object_get(record, "done"));
	counts->skipped = json_array_size(json_object_get(record, "skipped"));
	json_decref(record);
	return ret;
}

int
backfill_queue(struct gate *gate, const struct backfill_wish *wish,
	       struct backfill_counts *counts, struct err *err)
{
	struct line line;
	struct choice choice = { .wish = wish,
				 .line = &line,
				 .counts = counts,
				 .repo = gate->repo };
	int ret;

	if (strlen(wish->test) > MAX_TEST)
		return err_set(err, ERR_LIMIT, "the test's name is too long");
	line_read(&line, gate->repo, &wish->tip, MAX_LINE);
	ret = store_write(gate->store, choose, &choice, err);
	line_release(&line);
	return ret;
}

/* New, by no other name, and with values. */
static int
is_wanted(const struct gather *gather, const struct gather_test *test)
{
	return test->runs && test->is_new && !oid_is_zero(&test->blob) &&
	       !strcmp(test->known_as, test->path) &&
	       strlen(test->path) <= MAX_TEST && gather->update.count;
}

int
backfill_land(struct gate *gate, const struct gather *gather, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < gather->test_count; i++) {
		const struct gather_test *test = &gather->tests[i];
		struct backfill_wish wish = {
			.test = test->path,
			.ref = gather->ref,
			.tip = gather->update.tip,
			.commits = policy_backfill(gate->policy, test->path)
		};
		struct backfill_counts counts;

		if (!wish.commits || !is_wanted(gather, test))
			continue;
		ret = backfill_queue(gate, &wish, &counts, err);
		/* Nothing was measured of it: it may be broken. */
		ret = ret == ERR_NOT_FOUND ? 0 : ret;
	}
	return ret < 0 ? err_context(err, "backfill") : 0;
}
