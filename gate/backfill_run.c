#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backfill.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "gate.h"
#include "gather_beside.h"
#include "judge/session.h"
#include "point.h"
#include "repo/repo.h"
#include "report/report.h"

/* In the session: one test, at the first commit and at the one before it. */
enum { TEST = 0 };

static const char *
trouble_of(const struct weigh_session *session, size_t revision)
{
	const struct samples *samples = &session->samples;
	const struct sample_trouble *trouble =
		&samples->tests[TEST].trouble[revision];

	if (samples->build_why[revision])
		return samples->build_why[revision];
	if (trouble->good)
		return NULL;
	return trouble->why ? trouble->why : "no trial ended";
}

static void
find_trouble(struct backfill *backfill)
{
	const struct plan_test *planned = &backfill->session.plan.tests[TEST];
	const char *from = trouble_of(&backfill->session,
				      planned->revisions[0]);
	const char *why = trouble_of(&backfill->session, planned->revisions[1]);

	backfill->is_hopeless = from != NULL;
	if (from)
		backfill->why = mem_text(
			"the test does not run where it was new: %s", from);
	else
		report_set(&backfill->why, why);
}

int
backfill_measure(struct gate *gate, const json_t *record,
		 const struct oid *commit, const struct gate_run *run,
		 struct backfill *backfill, struct err *err)
{
	const struct gather_input input = { .repo = gate->repo,
					    .policy = gate->policy,
					    .ref = json_text_or(record, "ref",
								"") };
	struct gather_beside beside = {
		.test = json_text_or(record, "test", ""), .commit = *commit
	};
	int ret;

	*backfill = (struct backfill){ .commit = *commit };
	ret = json_get_oid(record, "from", &backfill->from, err);
	beside.definition = beside.baseline = backfill->from;
	if (!ret)
		ret = repo_commit_time(gate->repo, &backfill->from, NULL,
				       &backfill->from_time_s, err);
	if (!ret)
		ret = gather_beside(&backfill->gather, &input, &beside, err);
	if (!ret)
		ret = gate_measure(gate, &backfill->gather, run,
				   &backfill->session, err);
	if (!ret)
		find_trouble(backfill);
	return ret;
}

void
backfill_release(struct backfill *backfill)
{
	weigh_session_release(&backfill->session);
	gather_release(&backfill->gather);
	free(backfill->why);
	*backfill = (struct backfill){ 0 };
}

/* What the session says of a metric: no verdict, its numbers. */
static void
read_metric(const struct backfill *backfill,
	    const struct sample_metric *sampled, struct report_metric *metric)
{
	const struct weigh_session *session = &backfill->session;
	const struct plan_test *planned = &session->plan.tests[TEST];
	const struct metric_row *row = metric_find(sampled->name);
	struct rule rule = RULE_INIT;
	struct pair *pairs = NULL;
	struct look look;
	size_t n = weigh_pairs(&session->samples, TEST, sampled,
			       planned->revisions[0], planned->revisions[1],
			       &pairs);
	unsigned count = 0;

	rule.counted = row && row->counted;
	rule.once = sampled->once;
	look_at(&rule, pairs, n, &look);
	free(pairs);
	*metric = (struct report_metric){
		.base = samples_median(&session->samples, sampled,
				       planned->revisions[0], &count),
		.value = samples_median(&session->samples, sampled,
					planned->revisions[1], &count),
		.ratio = look.rounds >= EXACT_ROUNDS || sampled->once
				 ? look.estimate.ratio
				 : NAN,
		.low = look.estimate.low,
		.high = look.estimate.high,
		.width = noise_width(look.spread, look.rounds),
		.trials = (unsigned)look.rounds
	};
}

/* Where the history has begun in another environment, it begins here with what
 * the first session shows of its first commit. */
static int
put_first(struct store_tx *tx, const struct store_series *series,
	  const struct backfill *backfill, const struct report_metric *metric)
{
	const struct point_chain first = {
		.commit = backfill->from,
		.beside = backfill->from,
		.time_s = backfill->from_time_s,
		.beside_time_s = backfill->from_time_s,
		.backfilled = 1
	};
	struct report_metric itself = *metric;

	itself.value = metric->base;
	itself.ratio = itself.low = itself.high = 1;
	return point_chain(tx, series, &first, &itself);
}

static int
put_points(struct store_tx *tx, const struct backfill *backfill)
{
	const struct weigh_session *session = &backfill->session;
	const struct sample_metric **metrics = NULL;
	const struct point_chain chain = {
		.commit = backfill->commit,
		.beside = backfill->from,
		.time_s = backfill->gather.commits[0].time_s,
		.beside_time_s = backfill->from_time_s,
		.backfilled = 1
	};
	size_t count = 0;

	weigh_judged_metrics(&session->samples, TEST,
			     session->plan.tests[TEST].directives, &metrics,
			     &count);
	for (size_t i = 0; i < count; i++) {
		const struct store_series series = {
			session->plan.tests[TEST].path, metrics[i]->name,
			weigh_environment(session)
		};
		struct report_metric metric;

		read_metric(backfill, metrics[i], &metric);
		if (!series.environment || !isfinite(metric.ratio))
			continue;
		put_first(tx, &series, backfill, &metric);
		point_chain(tx, &series, &chain, &metric);
	}
	free(metrics);
	return store_tx_error(tx);
}

static void
forget_asked(json_t *record, const char *hex)
{
	json_t *asked = json_object_get(record, "asked");

	for (size_t i = json_array_size(asked); i-- > 0;)
		if (!strcmp(json_string_value(json_array_get(asked, i)), hex))
			json_array_remove(asked, i);
}

int
backfill_store(struct store_tx *tx, json_t *record,
	       const struct backfill *backfill)
{
	char hex[OID_HEX + 1];

	oid_format(&backfill->commit, hex);
	forget_asked(record, hex);
	if (backfill->is_hopeless)
		json_array_clear(json_object_get(record, "left"));
	if (backfill->why) {
		json_array_append_new(json_object_get(record, "skipped"),
				      json_pack("{s:s, s:o}", "commit", hex,
						"why",
						json_text(backfill->why)));
		return 0;
	}
	json_array_append_new(json_object_get(record, "done"),
			      json_string(hex));
	gate_put_samples(tx, &backfill->session, clock_wall_s(&clock_real), 1);
	return put_points(tx, backfill);
}
