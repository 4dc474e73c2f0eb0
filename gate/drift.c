#include "drift.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "drift_watch.h"
#include "gate.h"
#include "gather.h"
#include "repo/repo.h"

#define DRIFT_NOTE "drift"

static int
is_watched(const struct gate *gate, const char *ref)
{
	struct ref_policy policy;
	struct oid tip;
	char *head;
	int watched;

	policy_ref(gate->policy, ref, &policy);
	if (policy.is_watched)
		return 1;
	head = repo_head_name(gate->repo);
	watched = !head || !strcmp(head, ref) ||
		  repo_ref(gate->repo, head, &tip, NULL) < 0;
	free(head);
	return watched;
}

int
drift_standing(struct store_tx *tx, struct report_drifts *drifts,
	       struct err *err)
{
	char *text = NULL;
	json_t *json;
	int ret = store_note_get(tx, DRIFT_NOTE, &text);

	report_drifts_release(drifts);
	if (ret)
		return ret == ERR_NOT_FOUND ? 0 : ret;
	json = json_parse(text, strlen(text), err);
	/* What somebody has spoilt is found anew. */
	if (!json || report_drifts_read(drifts, json, err) < 0)
		log_event(LOG_WARNING, "note " DRIFT_NOTE ": %s", err->text);
	json_decref(json);
	free(text);
	return 0;
}

static void
put_standing(struct store_tx *tx, const struct report_drifts *drifts)
{
	json_t *json = report_drifts_json(drifts);
	struct buf text = BUF_INIT;

	json_append(&text, json);
	store_note_put(tx, DRIFT_NOTE, drifts->count ? text.data : NULL);
	json_decref(json);
	buf_release(&text);
}

static void
add_ledger(struct store_tx *tx, const struct landing *landing,
	   const struct report_drift *drift)
{
	struct buf text = BUF_INIT;
	json_t *entry;

	report_add_drift(&text, drift);
	entry = json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "time",
			  (json_int_t)landing->now_s, "what", "drift", "who",
			  "pacegate", "ref", json_text(drift->ref), "why",
			  json_text(text.data), "commit", json_oid(&drift->at),
			  "test", json_text(drift->test), "drift",
			  report_drift_json(drift));
	store_ledger_add(tx, landing->now_s, drift->test, entry);
	json_decref(entry);
	buf_release(&text);
}

static void
forget(struct landing *landing)
{
	report_release(&landing->report);
	report_drifts_release(&landing->before);
	report_drifts_release(&landing->after);
	report_drifts_release(&landing->said);
}

/* Of a run again after a crash nothing is told twice: what was raised by this
 * very commit is in the ledger. */
static int
is_new(const struct landing *landing, const struct report_drift *said)
{
	const struct report_drift *standing;

	if (said->state == DRIFT_STANDS)
		return 0;
	standing = landing_standing(landing, said->test, said->metric);
	if (said->state == DRIFT_GONE)
		return standing != NULL;
	return !standing || !oid_equal(&standing->at, &said->at);
}

/* What this very commit has ended stands nowhere else when it is looked at
 * again. */
static void
keep_gone(struct landing *landing)
{
	const struct report_drifts *known = &landing->report.drifts;

	for (size_t i = 0; i < known->count; i++)
		if (known->items[i].state == DRIFT_GONE &&
		    !landing_standing(landing, known->items[i].test,
				      known->items[i].metric))
			report_drifts_add(&landing->said, &known->items[i]);
}

/* All that takes time, on a snapshot: who pushes must not wait for it. */
static int
look(struct store_tx *tx, void *data, struct err *err)
{
	struct landing *landing = data;
	const struct oid *tip = &landing->gather->update.tip;
	int ret;

	forget(landing);
	ret = gate_get_report(tx, tip, &landing->report, err);
	if (!ret)
		ret = drift_standing(tx, &landing->before, err);
	if (!ret && !landing->report.environment)
		report_set(&landing->report.environment, "unknown");
	if (!ret)
		ret = landing_look(tx, landing);
	keep_gone(landing);
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

static int
put(struct store_tx *tx, void *data, struct err *err)
{
	struct landing *landing = data;

	(void)err;
	for (size_t i = 0; i < landing->said.count; i++)
		if (is_new(landing, &landing->said.items[i]))
			add_ledger(tx, landing, &landing->said.items[i]);
	put_standing(tx, &landing->after);
	return gate_put_report(tx, &landing->report);
}

int
drift_land(struct gate *gate, const struct gather *gather, struct err *err)
{
	struct landing landing = { .gate = gate,
				   .gather = gather,
				   .now_s = clock_wall_s(&clock_real) };
	struct report_drifts *drifts = &landing.report.drifts;
	int ret;

	if (gather->outcome != GATHER_WEIGH || !is_watched(gate, gather->ref))
		return 0;
	line_read(&landing.line, gate->repo, &gather->update.tip, RUN_MAX);
	ret = store_read(gate->store, look, &landing, err);
	if (!ret && landing.said.count) {
		report_drifts_release(&landing.report.drifts);
		for (size_t i = 0; i < landing.said.count; i++)
			report_drifts_add(drifts, &landing.said.items[i]);
		ret = store_write(gate->store, put, &landing, err);
	}
	for (size_t i = 0; !ret && i < landing.said.count; i++) {
		struct buf line = BUF_INIT;

		report_add_drift(&line, &drifts->items[i]);
		log_event(LOG_INFO, "%s: %s", gather->ref, line.data);
		buf_release(&line);
	}
	line_release(&landing.line);
	forget(&landing);
	return ret;
}
