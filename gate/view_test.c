/* A test's page: its histories, thinned to what a screen shows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "drift.h"
#include "gate.h"
#include "history.h"
#include "noise.h"
#include "repo/repo.h"
#include "view.h"
#include "web/thin.h"

enum { SHOWN = 1200, MAX_HISTORIES = 40, LEDGER = 100, DESCRIBED = 60 };

struct reading {
	const char *test;
	const struct line *line; /* NULL: of all branches */
	struct texts metrics, environments;
	struct history *histories;
	size_t count;
	struct report_drifts drifts; /* alerts that stand, of all tests */
	json_t *ledger;
	json_t *machines; /* environment: what people call it */
};

static int
take_series(void *data, const struct store_series *series, uint64_t last_order)
{
	struct reading *reading = data;

	(void)last_order;
	if (reading->metrics.count == MAX_HISTORIES)
		return 1;
	texts_add(&reading->metrics, series->metric);
	texts_add(&reading->environments, series->environment);
	return 0;
}

static void
forget(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		history_release(&reading->histories[i]);
	free(reading->histories);
	reading->histories = NULL;
	reading->count = 0;
	texts_release(&reading->metrics);
	texts_release(&reading->environments);
	report_drifts_release(&reading->drifts);
}

static void
read_machine(struct store_tx *tx, struct reading *reading, const char *id)
{
	json_t *doc = NULL;

	if (!store_environment_get(tx, id, &doc))
		json_object_set(reading->machines, id,
				json_object_get(doc, "cpu"));
	json_decref(doc);
}

static int
read_all(struct store_tx *tx, void *data, struct err *err)
{
	struct reading *reading = data;
	int ret;

	forget(reading);
	json_array_clear(reading->ledger);
	ret = store_series_each(tx, reading->test, take_series, reading);
	reading->histories = mem_new(reading->metrics.count,
				     sizeof(struct history));
	for (size_t i = 0; !ret && i < reading->metrics.count; i++) {
		const struct store_series series = {
			reading->test, reading->metrics.items[i],
			reading->environments.items[i]
		};

		ret = history_read(tx, &series, reading->line,
				   &reading->histories[reading->count++], err);
		read_machine(tx, reading, series.environment);
	}
	if (!ret)
		ret = drift_standing(tx, &reading->drifts, err);
	if (!ret)
		ret = store_ledger_each(tx, reading->test, LEDGER,
					view_take_entry, reading->ledger);
	if (!ret && !reading->count)
		return err_set(err, ERR_NOT_FOUND,
			       "no history of this test: it grows with what "
			       "lands");
	return ret;
}

static json_t *
point_json(const struct repo *repo, const struct store_point *point,
	   int described)
{
	struct repo_commit commit = { 0 };
	char hex[OID_HEX + 1];
	json_t *json = json_pack(
		"{s:s, s:I, s:o, s:o, s:o, s:o}", "commit",
		oid_format(&point->commit, hex), "time",
		(json_int_t)point->time_s, "value", json_num(point->value),
		"base", json_num(point->base), "low", json_num(point->low),
		"high", json_num(point->high));

	if (noise_flags_backfilled(point->flags))
		json_object_set_new(json, "backfilled", json_true());
	if (described &&
	    !repo_commit_read(repo, &point->commit, &commit, NULL)) {
		json_object_set_new(json, "author", json_text(commit.author));
		json_object_set_new(json, "subject", json_text(commit.subject));
	}
	repo_commit_release(&commit);
	return json;
}

/* Where a point that may have been thinned out is shown. */
static size_t
shown_at(const size_t *keep, size_t kept, size_t index)
{
	size_t low = 0, high = kept;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (keep[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < kept ? low : kept - 1;
}

static json_t *
commit_json(const struct history *history, size_t at)
{
	return json_oid(&history->points[at].point.commit);
}

static json_t *
change_json(const struct history *history, const struct history_change *found,
	    size_t at)
{
	const struct change *change = &found->change;
	json_t *json = json_pack(
		"{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "at",
		(json_int_t)at, "commit", commit_json(history, change->at),
		"first", commit_json(history, change->first), "last",
		commit_json(history, change->last), "ratio",
		json_num(change->ratio), "low", json_num(change->low), "high",
		json_num(change->high), "before", json_num(change->before),
		"after", json_num(change->after));

	if (found->is_told)
		json_object_set_new(json, "verdict",
				    json_string(verdict_name(found->told)));
	return json;
}

static json_t *
mark_json(const struct history *history, size_t index, size_t at,
	  const char *why)
{
	return json_pack("{s:I, s:o, s:s}", "at", (json_int_t)at, "commit",
			 commit_json(history, index), "why", why);
}

/* Changes, beginnings of epochs (but for the first), moves of the baseline. */
static void
add_marks(json_t *json, const struct history *history, const size_t *keep,
	  size_t kept)
{
	json_t *changes = json_array(), *epochs = json_array();
	json_t *baselines = json_array();

	for (size_t i = 0; i < history->change_count; i++) {
		const struct history_change *found = &history->changes[i];

		if (!found->change.passing)
			json_array_append_new(
				changes,
				change_json(history, found,
					    shown_at(keep, kept,
						     found->change.at)));
	}
	for (size_t i = 1; i < history->epoch_count; i++) {
		const struct history_epoch *epoch = &history->epochs[i];

		json_array_append_new(
			epochs, mark_json(history, epoch->start,
					  shown_at(keep, kept, epoch->start),
					  epoch->why));
	}
	for (size_t i = 0; i < history->count; i++) {
		const struct history_point *point = &history->points[i];

		if (point->is_known && point->why != STORE_HELD)
			json_array_append_new(
				baselines,
				mark_json(history, i, shown_at(keep, kept, i),
					  store_why_text(point->why)));
	}
	json_object_set_new(json, "changes", changes);
	json_object_set_new(json, "epochs", epochs);
	json_object_set_new(json, "baselines", baselines);
}

static void
add_points(json_t *json, const struct repo *repo, const struct history *history)
{
	size_t *keep = mem_new(SHOWN, sizeof(*keep));
	size_t kept = web_thin(history->values, history->count, SHOWN, keep);
	json_t *points = json_array();

	for (size_t i = 0; i < kept; i++)
		json_array_append_new(
			points,
			point_json(repo, &history->points[keep[i]].point,
				   kept - i <= DESCRIBED));
	json_object_set_new(json, "noise", json_num(history->noise));
	json_object_set_new(json, "points", points);
	add_marks(json, history, keep, kept);
	free(keep);
}

static json_t *
drifts_json(const struct report_drifts *drifts, const struct history *history)
{
	json_t *all = json_array();

	for (size_t i = 0; i < drifts->count; i++) {
		const struct report_drift *drift = &drifts->items[i];

		if (strcmp(drift->test, history->test) != 0 ||
		    strcmp(drift->metric, history->metric) != 0 ||
		    strcmp(drift->environment, history->environment) != 0)
			continue;
		json_array_append_new(all, view_drift(drift));
	}
	return all;
}

static json_t *
history_json(const struct view *view, const struct reading *reading,
	     const struct history *history, struct noise_book *noise)
{
	json_t *json = json_pack(
		"{s:o, s:o, s:s, s:s, s:O?, s:I}", "metric",
		json_text(history->metric), "unit", json_text(history->unit),
		"better", history->better == BETTER_HIGHER ? "higher" : "lower",
		"environment", history->environment, "machine",
		json_object_get(reading->machines, history->environment),
		"count", (json_int_t)history->count);

	json_object_set_new(json, "drift",
			    drifts_json(&reading->drifts, history));
	json_object_set_new(json, "sessions",
			    view_floor(view, noise, history->test,
				       history->metric, history->environment));
	add_points(json, view->gate->repo, history);
	return json;
}

json_t *
view_test(struct view *view, const char *test, struct err *err)
{
	struct reading reading = { .test = test,
				   .line = view_line(view),
				   .ledger = json_array(),
				   .machines = json_object() };
	struct noise_book noise = NOISE_BOOK_INIT;
	json_t *doc = NULL, *histories = json_array();

	if (!store_read(view->gate->store, read_all, &reading, err)) {
		for (size_t i = 0; i < reading.count; i++)
			json_array_append_new(
				histories,
				history_json(view, &reading,
					     &reading.histories[i], &noise));
		noise_book_release(&noise);
		doc = json_pack("{s:s, s:o, s:O, s:O}", "repository",
				view->name, "test", json_text(test),
				"histories", histories, "ledger",
				reading.ledger);
	}
	json_decref(histories);
	json_decref(reading.ledger);
	json_decref(reading.machines);
	forget(&reading);
	return doc;
}
