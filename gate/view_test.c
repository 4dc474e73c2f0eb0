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
#include "view.h"
#include "view_history.h"

enum {
	MAX_HISTORIES = 40,
	LEDGER = 100,
	/* Points of one history, which is what a screen shows, and of all, so
	 * that a page of many stays below a megabyte. */
	SHOWN = 1200,
	SHOWN_LEAST = 150,
	SHOWN_ALL = 4800
};

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
	     const struct history *history, struct noise_book *noise,
	     size_t shown)
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
	view_add_points(json, view->gate->repo, history, shown);
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
	size_t shown;

	if (!store_read(view->gate->store, read_all, &reading, err)) {
		shown = SHOWN_ALL / reading.count;
		shown = shown > SHOWN         ? SHOWN
			: shown < SHOWN_LEAST ? SHOWN_LEAST
					      : shown;
		for (size_t i = 0; i < reading.count; i++)
			json_array_append_new(
				histories, history_json(view, &reading,
							&reading.histories[i],
							&noise, shown));
		noise_book_release(&noise);
		doc = json_pack("{s:s, s:o, s:o, s:O, s:O}", "repository",
				view->name, "test", json_text(test), "findings",
				view_findings(view, test), "histories",
				histories, "ledger", reading.ledger);
	}
	json_decref(histories);
	json_decref(reading.ledger);
	json_decref(reading.machines);
	forget(&reading);
	return doc;
}
