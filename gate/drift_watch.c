#include "drift_watch.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "gate.h"
#include "gather.h"
#include "judge/drift.h"

/* One (test, metric) of it. */
struct watch {
	struct landing *landing;
	const struct gather_test *test;
	const struct report_metric *metric;
	struct drift_rule rule;
	struct run run;
	struct run_points points;
	struct drift_finding finding;
};

static void
find_rule(const struct gate *gate, const char *ref,
	  const struct gather_test *test, const char *metric,
	  struct drift_rule *rule)
{
	struct test_policy policy;

	policy_test(gate->policy, ref, test->path, metric, &policy);
	policy_tighten(&policy, &test->directives);
	rule->told = policy.threshold;
	rule->threshold = policy.drift > 0 ? policy.drift : policy.threshold;
}

const struct report_drift *
landing_standing(const struct landing *landing, const char *test,
		 const char *metric)
{
	for (size_t i = 0; i < landing->before.count; i++) {
		const struct report_drift *drift = &landing->before.items[i];

		if (!strcmp(drift->test, test) &&
		    !strcmp(drift->metric, metric) &&
		    !strcmp(drift->ref, landing->gather->ref))
			return drift;
	}
	return NULL;
}

/* Worse above 1, as the judge wants it. */
static void
turn_round(struct run_points *points)
{
	for (size_t i = 0; i < points->count; i++) {
		struct replay_point *point = &points->points[i];

		*point = (struct replay_point){ 1 / point->high, 1 / point->low,
						1 / point->value,
						1 / point->base, point->width };
	}
}

/* The commit of a point, or the baseline for the one before the first. */
static struct oid
commit_at(const struct watch *watch, size_t point)
{
	return watch->landing->line.commits[watch->points.places[point]];
}

static void
turn_ratio(struct report_drift *drift)
{
	double low = drift->low;

	if (drift->better != BETTER_HIGHER)
		return;
	drift->ratio = 1 / drift->ratio;
	drift->low = 1 / drift->high;
	drift->high = 1 / low;
}

/* What the finding says, as an alert. Its texts are borrowed. */
static void
describe(const struct watch *watch, struct report_drift *drift)
{
	const struct landing *landing = watch->landing;
	const struct drift_finding *finding = &watch->finding;

	*drift = (struct report_drift){
		.test = watch->test->path,
		.metric = watch->metric->name,
		.unit = watch->metric->unit,
		.environment = landing->report.environment,
		.ref = landing->gather->ref,
		.state = DRIFT_RAISED,
		.better = watch->metric->better,
		.is_against_best = finding->against == DRIFT_BEST,
		.ratio = finding->ratio,
		.low = finding->low,
		.high = finding->high,
		.threshold = watch->rule.threshold,
		.told = finding->ratio,
		.best = finding->best,
		.baseline = watch->run.baseline.commit,
		.from = watch->run.baseline.commit,
		.first = commit_at(watch, finding->first),
		.last = commit_at(watch, finding->last),
		.at = landing->report.commit,
		.commits = (unsigned)(watch->points.count - finding->first),
		.time_s = landing->now_s
	};
	if (drift->is_against_best && finding->first)
		drift->from = commit_at(watch, finding->first - 1);
	turn_ratio(drift);
}

static void
say(struct landing *landing, const struct report_drift *drift,
    enum drift_state state, const char *why)
{
	struct report_drift *said = report_drifts_add(&landing->said, drift);

	said->state = state;
	report_set(&said->why, why);
	said->time_s = landing->now_s;
	if (state == DRIFT_GONE) {
		said->at = landing->report.commit;
		if (!why)
			report_set(&said->author, landing->report.author);
	} else {
		report_drifts_add(&landing->after, said)->state = DRIFT_STANDS;
	}
}

/* Why an alert ends whose baseline is not the one of old; NULL for one that an
 * improvement has ended. */
static const char *
why_moved(const struct store_baseline *now)
{
	switch (now->why) {
	case STORE_ACCEPTED:
	case STORE_MANUAL:
		return "accepted";
	case STORE_RESET:
		return "its baseline was reset";
	case STORE_DEFINITION:
		return "the test has a new definition";
	case STORE_IMPROVED:
		return NULL;
	case STORE_NEW:
	case STORE_HELD:
		break;
	}
	return "it has another baseline";
}

/* The record of the baseline itself says why it moved there. */
static const char *
why_ended(struct store_tx *tx, const struct watch *watch,
	  const struct report_drift *standing)
{
	const struct oid *commit = &watch->run.baseline.commit;
	struct store_baseline record;

	if (strcmp(standing->environment, watch->landing->report.environment))
		return "the environment changed";
	if (store_baseline_get(tx, watch->test->path, commit, &record))
		record = watch->run.baseline;
	return why_moved(&record);
}

/* Less than half of the threshold is left of it. */
static int
has_gone(const struct watch *watch, const struct report_drift *standing)
{
	double now = log(watch->finding.now / standing->best);

	return now < log1p(watch->rule.threshold) / 2;
}

/* A drift that is known. */
static void
follow(struct watch *watch, const struct report_drift *standing)
{
	struct report_drift found = *standing;
	double more = log1p(watch->rule.threshold);
	int is_told_here = oid_equal(&standing->at,
				     &watch->landing->report.commit);
	enum drift_state state = is_told_here ? DRIFT_RAISED : DRIFT_STANDS;

	if (watch->finding.against != DRIFT_NONE) {
		describe(watch, &found);
		found.told = standing->told;
		found.at = standing->at;
		if (watch->finding.ratio >= standing->told * exp(more)) {
			state = DRIFT_GREW;
			found.told = watch->finding.ratio;
			found.at = watch->landing->report.commit;
		}
	} else if (has_gone(watch, standing)) {
		say(watch->landing, standing, DRIFT_GONE, NULL);
		return;
	}
	say(watch->landing, &found, state, NULL);
}

static void
settle(struct store_tx *tx, struct watch *watch)
{
	struct landing *landing = watch->landing;
	const struct report_drift *standing = landing_standing(
		landing, watch->test->path, watch->metric->name);
	struct report_drift found;

	if (standing && !(watch->rule.threshold < INFINITY)) {
		say(landing, standing, DRIFT_GONE, "not watched any more");
		return;
	}
	if (standing &&
	    (!oid_equal(&standing->baseline, &watch->run.baseline.commit) ||
	     strcmp(standing->environment, landing->report.environment))) {
		say(landing, standing, DRIFT_GONE,
		    why_ended(tx, watch, standing));
		standing = NULL;
	} else if (standing) {
		follow(watch, standing);
	}
	if (!standing && watch->finding.against != DRIFT_NONE) {
		describe(watch, &found);
		say(landing, &found, DRIFT_RAISED, NULL);
	}
}

static int
watch_metric(struct store_tx *tx, struct watch *watch)
{
	const struct landing *landing = watch->landing;
	const struct store_series series = { watch->test->path,
					     watch->metric->name,
					     landing->report.environment };
	int ret;

	find_rule(landing->gate, landing->gather->ref, watch->test,
		  watch->metric->name, &watch->rule);
	ret = run_read(tx, &landing->line, &watch->run, &series,
		       &watch->points);
	if (!ret && watch->metric->better == BETTER_HIGHER)
		turn_round(&watch->points);
	if (!ret) {
		drift_judge(&watch->rule, watch->points.points,
			    watch->points.count, &watch->finding);
		settle(tx, watch);
	}
	run_points_release(&watch->points);
	return ret;
}

static int
watch_test(struct store_tx *tx, struct landing *landing,
	   const struct report_test *reported)
{
	struct watch watch = { .landing = landing };
	int ret;

	watch.test = gather_find(landing->gather, reported->path);
	if (!watch.test || !watch.test->runs)
		return 0;
	ret = run_find(tx, &landing->line, reported->path, &watch.run);
	for (size_t i = 0; !ret && i < reported->count; i++) {
		watch.metric = &reported->metrics[i];
		ret = watch_metric(tx, &watch);
	}
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

static int
was_looked_at(const struct landing *landing, const struct report_drift *drift)
{
	const struct report_test *test = report_find(&landing->report,
						     drift->test);

	for (size_t i = 0; test && i < test->count; i++)
		if (!strcmp(test->metrics[i].name, drift->metric))
			return 1;
	return 0;
}

static const char *
why_no_more(const struct gather *gather, const char *test)
{
	for (size_t i = 0; i < gather->test_count; i++)
		if (!strcmp(gather->tests[i].known_as, test))
			return "it has another name now";
	return "the test is no more";
}

/* Alerts of other refs, of tests that did not run, and of those that are no
 * more. */
static void
keep_others(struct landing *landing)
{
	for (size_t i = 0; i < landing->before.count; i++) {
		const struct report_drift *drift = &landing->before.items[i];

		if (!strcmp(drift->ref, landing->gather->ref)) {
			if (was_looked_at(landing, drift))
				continue;
			if (!gather_find(landing->gather, drift->test)) {
				say(landing, drift, DRIFT_GONE,
				    why_no_more(landing->gather, drift->test));
				continue;
			}
		}
		report_drifts_add(&landing->after, drift);
	}
}

int
landing_look(struct store_tx *tx, struct landing *landing)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < landing->report.count; i++)
		ret = watch_test(tx, landing, &landing->report.tests[i]);
	if (!ret)
		keep_others(landing);
	return ret;
}
