#include "search_land.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "gate.h"
#include "gather.h"
#include "messages.h"
#include "plan/schedule.h"
#include "policy/keys.h"
#include "repo/repo.h"

enum { MAX_WALK = 20000 /* commits back from where a change is seen */ };

/* Where a change is seen, and where it is known not to be. */
struct span {
	const struct report_test *test;
	const struct report_metric *metric;
	int worse;
	struct oid good, bad; /* good zero: not known */
	struct oid definition;
	double ratio, low, high; /* at bad, to the baseline */
	int is_measured;         /* bad beside good: what they say of it */
	int is_neighbour;        /* and is no merge: nothing to search */
};

static int
is_change(enum verdict verdict, int worse)
{
	return worse ? verdict_is_regression(verdict)
		     : verdict == VERDICT_IMPROVED;
}

/* What was measured of the test at a commit against the same baseline: 1, or 0
 * where nothing was. */
static int
read_metric(struct store_tx *tx, const struct span *span,
	    const struct oid *commit, struct report_metric *metric)
{
	struct report report;
	const struct report_test *test = NULL;
	json_t *doc = NULL;
	int found = 0;

	report_init(&report, commit);
	if (!store_verdict_get(tx, commit, span->test->path, "", &doc) &&
	    !report_test_read(&report, doc, NULL))
		test = report_find(&report, span->test->path);
	for (size_t i = 0; test && i < test->count; i++) {
		if (strcmp(test->metrics[i].name, span->metric->name) != 0 ||
		    !oid_equal(&test->baseline, &span->test->baseline))
			continue;
		*metric = test->metrics[i];
		/* Its texts go with the report. */
		metric->name = metric->unit = NULL;
		found = 1;
	}
	json_decref(doc);
	report_release(&report);
	return found;
}

/* The change at bad is more than what a commit before it shows already, surely
 * and by as much as counts. */
static int
is_further(const struct span *span, const struct report_metric *before)
{
	double step = 1 + span->metric->threshold;

	return span->metric->ratio > 1 ? span->low > before->high * step
				       : span->high * step < before->low;
}

/* Back from where it is seen, over commits that show it too, to the first one
 * that is known not to. */
static int
find_span(struct store_tx *tx, const struct repo *repo, struct span *span,
	  struct err *err)
{
	struct oid at = span->bad;

	for (size_t n = 0; n < MAX_WALK; n++) {
		int ret = repo_commit_parent(repo, &at, &at, NULL, err), known;
		int is_baseline = oid_equal(&at, &span->test->baseline);
		struct report_metric before = { 0 };

		if (ret < 0 || oid_is_zero(&at))
			return ret;
		known = !is_baseline && read_metric(tx, span, &at, &before);
		if (known && is_change(before.verdict, span->worse) &&
		    !is_further(span, &before)) {
			span->bad = at;
			span->ratio = before.ratio;
			span->low = before.low;
			span->high = before.high;
			continue;
		}
		span->is_measured = is_baseline ||
				    (known && before.verdict == VERDICT_PASS);
		if (span->is_measured ||
		    (known && is_change(before.verdict, span->worse))) {
			span->good = at;
			return 0;
		}
	}
	return 0;
}

static int
check_neighbour(const struct repo *repo, struct span *span, struct err *err)
{
	struct repo_commit bad;
	int ret = repo_commit_read(repo, &span->bad, &bad, err);

	span->is_neighbour = !ret && bad.parent_count == 1 &&
			     oid_equal(&bad.first_parent, &span->good);
	repo_commit_release(&bad);
	return ret;
}

struct beginning {
	struct gate *gate;
	const struct gather *gather;
	const json_t *push;
};

static void
add_push(json_t *record, const json_t *push)
{
	static const char *const names[] = { "push", "pusher", "host" };
	json_t *kept = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (json_object_get(push, names[i]))
			json_object_set(kept, names[i],
					json_object_get(push, names[i]));
	json_object_set_new(record, "push", kept);
}

static json_t *
record_of(const struct beginning *beginning, const struct span *span)
{
	const struct search_seed seed = {
		.test = span->test->path,
		.metric = span->metric->name,
		.ref = beginning->gather->ref,
		.worse = span->worse,
		.definition = beginning->gather->update.tip,
		.good = span->good,
		.bad = span->bad
	};
	const struct search_ask ask = { span->bad, span->good };
	json_t *record = search_record_new(&seed);
	struct report_metric at_bad = { .ratio = span->ratio,
					.low = span->low,
					.high = span->high };

	if (span->is_measured)
		search_record_add(record, &ask,
				  search_found_name(BISECT_CHANGED), NULL,
				  &at_bad);
	add_push(record, beginning->push);
	return record;
}

/* A search of its own, or the one that has been begun for an earlier push. */
static int
begin_search(struct store_tx *tx, const struct beginning *beginning,
	     const struct span *span, struct err *err)
{
	char *name = search_name(&span->bad, span->test->path);
	json_t *record;
	int is_new, ret = 0;

	if (!name)
		return 0;
	record = search_record_get(tx, name);
	is_new = !record;
	if (is_new)
		record = record_of(beginning, span);
	search_record_add_tip(record, &beginning->gather->update.tip);
	if (is_new)
		ret = search_queue(tx, record, name, NULL);
	else if (json_object_get(record, "result"))
		ret = search_conclude(tx, record, err);
	if (!ret)
		ret = search_record_put(tx, name, record);
	json_decref(record);
	free(name);
	return ret;
}

static int
begin_of_test(struct store_tx *tx, const struct beginning *beginning,
	      const struct report_test *test, struct err *err)
{
	struct span span = { .test = test,
			     .metric = report_main_metric(test),
			     .bad = beginning->gather->update.tip };
	int ret;

	span.worse = verdict_is_regression(test->verdict);
	if (!span.metric || !is_change(span.metric->verdict, span.worse) ||
	    (!span.worse && test->verdict != VERDICT_IMPROVED) ||
	    oid_is_zero(&test->baseline))
		return 0;
	span.ratio = span.metric->ratio;
	span.low = span.metric->low;
	span.high = span.metric->high;
	ret = find_span(tx, beginning->gate->repo, &span, err);
	if (ret < 0 || oid_is_zero(&span.good))
		return ret;
	ret = check_neighbour(beginning->gate->repo, &span, err);
	return ret < 0 || span.is_neighbour
		       ? ret
		       : begin_search(tx, beginning, &span, err);
}

static int
begin_all(struct store_tx *tx, void *data, struct err *err)
{
	const struct beginning *beginning = data;
	const struct gather *gather = beginning->gather;
	struct report report;
	int ret = gate_get_report(tx, &gather->update.tip, &report, err);

	for (size_t i = 0; !ret && i < report.count; i++) {
		const struct gather_test *test = gather_find(
			gather, report.tests[i].path);

		if (test && test->runs)
			ret = begin_of_test(tx, beginning, &report.tests[i],
					    err);
	}
	report_release(&report);
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

int
search_begin(struct gate *gate, const struct gather *gather, const json_t *push,
	     struct err *err)
{
	struct beginning beginning = { gate, gather, push };

	if (gather->outcome != GATHER_WEIGH ||
	    !policy_is_true(gate->policy, SECTION_GATE, "bisect"))
		return 0;
	if (store_write(gate->store, begin_all, &beginning, err) < 0)
		return err_context(err, "bisection");
	return 0;
}

int
search_queue(struct store_tx *tx, const json_t *record, const char *name,
	     const struct search_ask *ask)
{
	const char *bad = json_text_or(record, "bad", ""), *new = bad;
	char hex[2][OID_HEX + 1] = { "-", "-" };
	json_t *doc;
	char *key;
	int ret;

	if (ask) {
		new = oid_format(&ask->commit, hex[0]);
		oid_format(&ask->beside, hex[1]);
	}
	doc = json_pack("{s:s, s:s, s:{s:o, s:s}}", "kind", KIND_BISECT, "note",
			name, "update", "ref",
			json_text(json_text_or(record, "ref", "")), "new", new);
	if (ask) {
		json_object_set_new(doc, "commit", json_string(hex[0]));
		json_object_set_new(doc, "beside", json_string(hex[1]));
	}
	key = mem_text(
		KIND_BISECT " %.40s %s %s %016llx", bad, hex[0], hex[1],
		(unsigned long long)hash_add(HASH_START, name, strlen(name)));
	ret = store_queue_add(tx,
			      json_bool_or(record, "worse", 1)
				      ? CLASS_BISECT
				      : CLASS_BISECT_BETTER,
			      key, clock_wall_s(&clock_real), doc, NULL);
	json_decref(doc);
	free(key);
	return ret < 0 ? ret : 0;
}

static int
put_culprit(struct store_tx *tx, const json_t *record, const struct oid *tip)
{
	const char *test = json_text_or(record, "test", "");
	json_t *doc = NULL;
	int64_t time_s = clock_wall_s(&clock_real);
	int ret = store_verdict_get(tx, tip, test, "", &doc);

	/* Retention may have dropped it. */
	if (ret)
		return ret == ERR_NOT_FOUND ? 0 : ret;
	json_object_set(doc, "culprit", json_object_get(record, "result"));
	ret = store_verdict_put(tx, tip, test, "", time_s, doc);
	json_decref(doc);
	return ret;
}

int
search_conclude(struct store_tx *tx, const json_t *record, struct err *err)
{
	const json_t *result = json_object_get(record, "result");
	struct oid culprit;
	json_t *tip;
	size_t i;

	(void)err;
	if (!json_get_oid(result, "commit", &culprit, NULL))
		put_culprit(tx, record, &culprit);
	if (!strcmp(json_text_or(result, "kind", ""), "none"))
		return 0;
	json_array_foreach(json_object_get(record, "tips"), i, tip)
	{
		struct oid oid;

		if (!oid_parse(&oid, json_string_value(tip)))
			put_culprit(tx, record, &oid);
	}
	return store_tx_error(tx);
}

static int
tell_of(struct gate *gate, const json_t *record, const struct oid *commit,
	const json_t *push, struct err *err)
{
	struct gather gather = { .ref = mem_copy_text(
					 json_text_or(record, "ref", "")),
				 .outcome = GATHER_WEIGH };
	int ret;

	gather.update.tip = *commit;
	gather.update.commits = mem_new(1, sizeof(*commit));
	gather.update.commits[0] = *commit;
	gather.update.count = 1;
	ret = messages_tell(gate, &gather, push, 1, err);
	gather_release(&gather);
	return ret;
}

struct mail {
	struct gate *gate;
	const json_t *push;
};

static int
end_mail(struct store_tx *tx, void *data, struct err *err)
{
	const struct mail *mail = data;

	return messages_end_push(tx, mail->gate, mail->push, err);
}

int
search_tell(struct gate *gate, const json_t *record, struct err *err)
{
	const json_t *push = json_object_get(record, "push");
	const json_t *result = json_object_get(record, "result");
	struct mail mail = { gate, push };
	struct oid culprit = { { 0 } };
	/* They have had their mail. */
	json_t *silent = json_copy((json_t *)(uintptr_t)push), *tip;
	int ret = 0;
	size_t i;

	json_object_del(silent, "push");
	(void)json_get_oid(result, "commit", &culprit, NULL);
	if (!oid_is_zero(&culprit))
		ret = tell_of(gate, record, &culprit, push, err);
	json_array_foreach(json_object_get(record, "tips"), i, tip)
	{
		struct oid oid;

		if (!ret && !oid_parse(&oid, json_string_value(tip)) &&
		    !oid_equal(&oid, &culprit))
			ret = tell_of(gate, record, &oid, silent, err);
	}
	if (!ret)
		ret = store_write(gate->store, end_mail, &mail, err);
	json_decref(silent);
	return ret;
}
