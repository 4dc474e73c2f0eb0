#include "land.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backfill.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "drift.h"
#include "gate.h"
#include "gather.h"
#include "messages.h"
#include "noise.h"
#include "plan/schedule.h"
#include "rename.h"
#include "search_land.h"
#include "study.h"

json_t *
land_note(const struct gather *gather, const char *old, const char *new,
	  int decided)
{
	return json_pack("{s:o, s:s, s:s, s:b, s:o}", "ref",
			 json_text(gather->ref), "old", old, "new", new,
			 "decided", decided, "note", gather_note(gather));
}

int
land_gather(struct gate *gate, const json_t *update, int facts_only,
	    struct gather *gather, struct err *err)
{
	struct gather_input input = { .repo = gate->repo,
				      .store = gate->store,
				      .policy = gate->policy,
				      .may_accept = 1,
				      .facts_only = facts_only };

	*gather = (struct gather){ 0 };
	input.ref = json_text_or(update, "ref", "");
	input.noted = json_object_get(update, "note");
	if (json_get_oid(update, "old", &input.old, err) < 0 ||
	    json_get_oid(update, "new", &input.new, err) < 0)
		return ERR_INPUT;
	return gather_update(gather, &input, err);
}

struct record {
	const struct gather *gather;
	const char *pusher;
	int64_t now_s;
};

static void
add_ledger(struct store_tx *tx, const struct record *record, const char *what,
	   const char *test, const char *reason, const struct oid *commit,
	   const struct report_test *measured)
{
	json_t *entry = json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "time",
				  (json_int_t)record->now_s, "what", what,
				  "who", json_text(record->pusher), "ref",
				  json_text(record->gather->ref), "why",
				  json_text(reason ? reason : ""), "commit",
				  json_oid(commit));

	if (*test)
		json_object_set_new(entry, "test", json_text(test));
	if (measured)
		json_object_set_new(entry, "measured",
				    report_test_json(measured));
	store_ledger_add(tx, record->now_s, test, entry);
	json_decref(entry);
}

/* Where the test's baseline is from this commit on. */
static enum store_why
baseline_moves(const struct gather_test *test,
	       const struct report_test *reported)
{
	if (test->reset)
		return STORE_RESET;
	switch (reported->verdict) {
	case VERDICT_NEW:
		return STORE_NEW;
	case VERDICT_ACCEPTED:
		return STORE_ACCEPTED;
	case VERDICT_IMPROVED:
		return STORE_IMPROVED;
	case VERDICT_PASS:
		return test->changed ? STORE_DEFINITION : STORE_HELD;
	case VERDICT_UNDECIDED:
	case VERDICT_UNWEIGHED:
	case VERDICT_FAILURE:
	case VERDICT_BROKEN:
	case VERDICT_REGRESSED:
	case VERDICT_SEVERE:
		break;
	}
	return STORE_HELD;
}

static void
record_test(struct store_tx *tx, const struct record *record,
	    const struct oid *tip, const struct gather_test *test,
	    const struct report_test *reported)
{
	enum store_why why = baseline_moves(test, reported);
	struct store_baseline baseline = { .why = why,
					   .since_s = record->now_s };

	baseline.commit = why == STORE_HELD ? reported->baseline : *tip;
	memcpy(baseline.definition, test->definition,
	       sizeof(baseline.definition));
	if (!oid_is_zero(&baseline.commit))
		store_baseline_put(tx, test->path, tip, &baseline);
	if (why == STORE_ACCEPTED)
		add_ledger(tx, record, "accept", test->path, reported->accepted,
			   tip, reported);
	else if (why == STORE_RESET)
		add_ledger(tx, record, "reset", test->path, test->reset, tip,
			   NULL);
	if (strcmp(test->known_as, test->path)) {
		rename_history(tx, test->known_as, test->path);
		add_ledger(tx, record, "rename", test->path, test->known_as,
			   tip, NULL);
	}
}

/* What a commit before the tip was held against, and by which definition: it
 * moves no baseline, but its points are told apart by that. */
static void
record_held(struct store_tx *tx, const struct record *record,
	    const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_test *reported = &report->tests[i];
		const struct gather_test *test = gather_find(record->gather,
							     reported->path);
		struct store_baseline held = { .why = STORE_HELD,
					       .commit = reported->baseline,
					       .since_s = record->now_s };

		struct store_baseline known;

		/* A tip of another push says more. */
		if (!test || !test->runs || oid_is_zero(&held.commit) ||
		    !store_baseline_get(tx, test->path, &report->commit,
					&known))
			continue;
		memcpy(held.definition, test->definition,
		       sizeof(held.definition));
		store_baseline_put(tx, test->path, &report->commit, &held);
	}
}

/* A commit's place in the history; committers' clocks are good enough, and the
 * store tells those of one second apart by their ids. */
static void
record_points(struct store_tx *tx, const struct report *report,
	      const struct repo_commit *commit)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_test *test = &report->tests[i];

		for (size_t j = 0; j < test->count; j++) {
			const struct report_metric *metric = &test->metrics[j];
			struct store_series series = {
				test->path, metric->name,
				report->environment ? report->environment
						    : "unknown"
			};
			struct store_point point = { .commit = report->commit,
						     .value = metric->value,
						     .low = metric->low,
						     .high = metric->high,
						     .base = metric->base,
						     .trials = metric->trials,
						     .flags = noise_flags(
							     metric->width),
						     .time_s = commit->time_s };

			if (isfinite(metric->value))
				store_point_put(tx, &series,
						(uint64_t)commit->time_s,
						&point);
		}
	}
}

static int
record_all(struct store_tx *tx, void *data, struct err *err)
{
	const struct record *record = data;
	const struct gather *gather = record->gather;
	const struct oid *tip = &gather->update.tip;

	if (gather->outcome == GATHER_SKIPPED) {
		struct trailers *trailers =
			(struct trailers *)(uintptr_t)&gather->trailers;
		const struct trailer *skip = trailers_find(
			trailers, TRAILER_KIND_SKIP, NULL, NULL);

		add_ledger(tx, record, "skip", "", skip->reason, tip, NULL);
		return store_tx_error(tx);
	}
	if (gather->outcome != GATHER_WEIGH)
		return 0;
	for (size_t i = 0; i < gather->update.count; i++) {
		const struct repo_commit *commit = &gather->commits[i];
		struct report report;
		int ret = gate_get_report(tx, &commit->oid, &report, err);

		if (!ret)
			record_points(tx, &report, commit);
		if (!ret && !oid_equal(&commit->oid, tip))
			record_held(tx, record, &report);
		for (size_t j = 0;
		     !ret && oid_equal(&commit->oid, tip) && j < report.count;
		     j++) {
			const struct gather_test *test = gather_find(
				gather, report.tests[j].path);

			if (test && test->runs)
				record_test(tx, record, tip, test,
					    &report.tests[j]);
		}
		report_release(&report);
		if (ret < 0 && ret != ERR_NOT_FOUND)
			return ret;
	}
	return store_tx_error(tx);
}

int
land_record(struct gate *gate, const struct gather *gather, const char *pusher,
	    struct err *err)
{
	struct record record = { gather, pusher, clock_wall_s(&clock_real) };
	int ret = store_write(gate->store, record_all, &record, err);

	if (!ret)
		ret = drift_land(gate, gather, err);
	if (!ret)
		ret = study_queue(gate, gather, err);
	return ret < 0 ? ret : backfill_land(gate, gather, err);
}

struct queue {
	const json_t *doc;
	const char *key;
	unsigned class;
};

static int
add_job(struct store_tx *tx, void *data, struct err *err)
{
	const struct queue *queue = data;
	int ret = store_queue_add(tx, queue->class, queue->key,
				  clock_wall_s(&clock_real), queue->doc, NULL);

	(void)err;
	return ret < 0 ? ret : 0;
}

static int
brings_a_test(const struct gather *gather)
{
	for (size_t i = 0; i < gather->test_count; i++)
		if (gather->tests[i].is_new)
			return 1;
	return 0;
}

static int
queue_update(struct gate *gate, const struct gather *gather,
	     const json_t *update, const json_t *push, struct err *err)
{
	json_t *doc = json_pack("{s:s, s:o, s:O}", "kind", "push", "pusher",
				json_text(json_text_or(push, "pusher", "")),
				"update", update);
	char *key = mem_text("push %.40s %.300s",
			     json_text_or(update, "new", ""),
			     json_text_or(update, "ref", ""));
	struct queue queue = { doc, key, CLASS_PUSH };
	struct ref_policy policy;
	int ret;

	/* Its budget was used up, or it was told to come another way: somebody
	 * waits. */
	policy_ref(gate->policy, gather->ref, &policy);
	if (policy.mode == MODE_WAIT || policy.mode == MODE_RECALL)
		json_object_set_new(doc, "waits", json_true());
	if (json_object_get(doc, "waits") || brings_a_test(gather))
		queue.class = CLASS_FIRST;
	json_object_set(doc, "push", json_object_get(push, "push"));
	if (json_object_get(push, "host"))
		json_object_set(doc, "host", json_object_get(push, "host"));
	ret = store_write(gate->store, add_job, &queue, err);
	free(key);
	json_decref(doc);
	return ret;
}

int
land_update(struct gate *gate, const json_t *update, const json_t *push,
	    struct err *err)
{
	int decided = json_bool_or(update, "decided", 0);
	struct gather gather;
	int ret = land_gather(gate, update, !decided, &gather, err);

	if (!ret && gather.outcome == GATHER_WEIGH && !decided)
		ret = queue_update(gate, &gather, update, push, err);
	else if (!ret)
		ret = land_record(gate, &gather,
				  json_text_or(push, "pusher", ""), err);
	if (!ret && decided)
		ret = search_begin(gate, &gather, push, err);
	if (!ret)
		ret = messages_tell(gate, &gather, push, decided, err);
	gather_release(&gather);
	return ret;
}
