#include "search_weigh.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "gate.h"
#include "gather_beside.h"
#include "point.h"
#include "repo/repo.h"
#include "search.h"

static const struct report_test *
test_of(const json_t *record, const struct search_weighed *weighed)
{
	return weighed->result.count
		       ? report_find(&weighed->result.reports[0],
				     json_text_or(record, "test", ""))
		       : NULL;
}

static const struct report_metric *
metric_of(const json_t *record, const struct search_weighed *weighed)
{
	const struct report_test *test = test_of(record, weighed);
	const char *name = json_text_or(record, "metric", "");

	for (size_t i = 0; test && i < test->count; i++)
		if (!strcmp(test->metrics[i].name, name))
			return &test->metrics[i];
	return NULL;
}

/* What the verdict of the metric says of the change that is sought. */
static enum bisect_found
found_of(enum verdict verdict, int worse)
{
	switch (verdict) {
	case VERDICT_REGRESSED:
	case VERDICT_SEVERE:
		return worse ? BISECT_CHANGED : BISECT_UNCHANGED;
	case VERDICT_IMPROVED:
		return worse ? BISECT_UNCHANGED : BISECT_CHANGED;
	case VERDICT_PASS:
		return BISECT_UNCHANGED;
	case VERDICT_UNDECIDED:
		return BISECT_UNCLEAR;
	case VERDICT_NEW:
	case VERDICT_ACCEPTED:
	case VERDICT_UNWEIGHED:
	case VERDICT_BROKEN:
	case VERDICT_FAILURE:
		break;
	}
	return BISECT_UNTESTABLE;
}

static void
read_answer(const json_t *record, struct search_weighed *weighed)
{
	const struct report_test *test = test_of(record, weighed);
	const struct report_metric *metric = metric_of(record, weighed);

	weighed->found = BISECT_UNTESTABLE;
	if (metric && test->verdict != VERDICT_BROKEN)
		weighed->found = found_of(metric->verdict,
					  json_bool_or(record, "worse", 1));
	if (weighed->found != BISECT_UNTESTABLE)
		return;
	report_set(&weighed->why, test && test->why ? test->why : NULL);
	if (!weighed->why)
		weighed->why = mem_text("it does not report %s",
					json_text_or(record, "metric", "?"));
}

/* Of the test, as it is at a commit that a push has measured; borrowed from
 * doc. */
static const char *
definition_in(const json_t *doc)
{
	return json_text_or(doc, "definition", "");
}

static int
is_same_test(struct store_tx *tx, const json_t *record, const json_t *doc)
{
	json_t *measured = NULL;
	struct oid definition;
	int same;

	if (json_get_oid(record, "definition", &definition, NULL) < 0 ||
	    store_verdict_get(tx, &definition, json_text_or(record, "test", ""),
			      "", &measured))
		return 0;
	same = *definition_in(doc) &&
	       !strcmp(definition_in(doc), definition_in(measured));
	json_decref(measured);
	return same;
}

int
search_recall(struct store_tx *tx, const json_t *record,
	      const struct search_ask *ask, struct search_weighed *weighed)
{
	const struct report_test *test = NULL;
	json_t *doc = NULL;
	int known = 0;

	*weighed = (struct search_weighed){ .ask = *ask };
	if (store_verdict_get(tx, &ask->commit,
			      json_text_or(record, "test", ""), "", &doc))
		return 0;
	weighed->result.count = 1;
	weighed->result.reports = mem_new(1, sizeof(struct report));
	report_init(&weighed->result.reports[0], &ask->commit);
	if (is_same_test(tx, record, doc) &&
	    !report_test_read(&weighed->result.reports[0], doc, NULL))
		test = test_of(record, weighed);
	if (test && oid_equal(&test->baseline, &ask->beside)) {
		read_answer(record, weighed);
		known = weighed->found == BISECT_CHANGED ||
			weighed->found == BISECT_UNCHANGED;
	}
	json_decref(doc);
	if (!known)
		search_weighed_release(weighed);
	return known;
}

int
search_weigh(struct gate *gate, const json_t *record,
	     const struct search_ask *ask, const struct gate_run *run,
	     struct search_weighed *weighed, struct err *err)
{
	const struct gather_input input = { .repo = gate->repo,
					    .policy = gate->policy,
					    .ref = json_text_or(record, "ref",
								"") };
	struct gather_beside beside = { .test = json_text_or(record, "test",
							     ""),
					.commit = ask->commit,
					.baseline = ask->beside };
	struct gate_run how = *run;
	int ret;

	*weighed = (struct search_weighed){ .ask = *ask };
	how.samples_alone = 1;
	ret = json_get_oid(record, "definition", &beside.definition, err);
	if (!ret)
		ret = repo_commit_time(gate->repo, &ask->beside, NULL,
				       &weighed->beside_time_s, err);
	if (!ret)
		ret = gather_beside(&weighed->gather, &input, &beside, err);
	if (!ret)
		ret = gate_weigh(gate, &weighed->gather, &how, &weighed->result,
				 err);
	/* Ours: not the commit's fault, and to be tried again. */
	if (!ret && test_of(record, weighed) &&
	    test_of(record, weighed)->verdict == VERDICT_FAILURE)
		ret = err_set(err, ERR_SYSTEM, "%s",
			      test_of(record, weighed)->why);
	if (!ret)
		read_answer(record, weighed);
	return ret;
}

void
search_weighed_release(struct search_weighed *weighed)
{
	weigh_release(&weighed->result);
	gather_release(&weighed->gather);
	free(weighed->why);
	*weighed = (struct search_weighed){ 0 };
}

void
search_weighed_note(json_t *record, const struct search_weighed *weighed)
{
	search_record_set_asked(record, &weighed->ask, 0);
	search_record_add(record, &weighed->ask,
			  search_found_name(weighed->found), weighed->why,
			  metric_of(record, weighed));
}

/* Whether the verdict of a commit is this search's: what a push has measured
 * against its baseline stands. */
static int
is_ours(struct store_tx *tx, const json_t *record, const struct oid *commit)
{
	const json_t *answers = json_object_get(record, "answers");
	json_t *doc = NULL, *answer;
	int known = !store_verdict_get(
		tx, commit, json_text_or(record, "test", ""), "", &doc);
	size_t i;

	json_decref(doc);
	json_array_foreach(answers, i, answer)
	{
		struct oid of;

		if (!json_get_oid(answer, "commit", &of, NULL) &&
		    oid_equal(&of, commit) && json_bool_or(answer, "ours", 0))
			return 1;
	}
	return !known;
}

/* Of a commit that has the test as it was measured. */
static int
add_points(struct store_tx *tx, const struct search_weighed *weighed)
{
	const struct report *report = &weighed->result.reports[0];
	const struct point_chain chain = {
		.commit = weighed->ask.commit,
		.beside = weighed->ask.beside,
		.time_s = weighed->gather.commits[0].time_s,
		.beside_time_s = weighed->beside_time_s
	};

	if (weighed->gather.laid_over[0] || !report->environment)
		return 0;
	for (size_t i = 0; i < report->count; i++)
		for (size_t j = 0; j < report->tests[i].count; j++) {
			const struct store_series series = {
				report->tests[i].path,
				report->tests[i].metrics[j].name,
				report->environment
			};

			point_chain(tx, &series, &chain,
				    &report->tests[i].metrics[j]);
		}
	return store_tx_error(tx);
}

int
search_weighed_store(struct store_tx *tx, json_t *record,
		     const struct search_weighed *weighed, struct err *err)
{
	int ours = is_ours(tx, record, &weighed->ask.commit), ret = 0;
	json_t *answers = json_object_get(record, "answers");

	search_weighed_note(record, weighed);
	/* What was recalled is in the store. */
	if (!weighed->gather.commits || !weighed->result.count)
		return 0;
	if (ours) {
		json_object_set_new(
			json_array_get(answers, json_array_size(answers) - 1),
			"ours", json_true());
		ret = gate_add_report(tx, &weighed->result.reports[0], err);
	}
	return ret < 0 ? ret : add_points(tx, weighed);
}
