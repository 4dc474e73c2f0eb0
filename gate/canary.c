#include "canary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/units.h"
#include "canary_commits.h"
#include "canary_record.h"
#include "gate.h"
#include "gather.h"
#include "policy/keys.h"
#include "repo/repo.h"
#include "study.h"

#define CANARY_REPO "pacegate/canary.git"

struct flight {
	struct gate *gate; /* the real one */
	const struct canary *canary;
	struct gate own; /* of the canary's repository */
	char *dir;
};

/* Under the policy of the real repository, and by what its store knows of the
 * noise: of a built-in test from a study of its own, of one of the repository
 * from its history, which nothing is added to. */
static int
open_own(struct flight *flight, struct err *err)
{
	int ret = gate_open(&flight->own, flight->dir, NULL, err);

	if (ret < 0)
		return ret;
	policy_free(flight->own.policy);
	flight->own.policy = policy_new(&flight->gate->config, NULL);
	flight->own.store = flight->gate->store;
	return 0;
}

static void
close_own(struct flight *flight)
{
	flight->own.store = NULL;
	gate_close(&flight->own);
}

static int
gather_pair(const struct flight *flight, const struct texts *only,
	    struct gather *gather, struct err *err)
{
	struct gather_input input = { .repo = flight->own.repo,
				      .policy = flight->own.policy,
				      .ref = CANARY_REF,
				      .only = only,
				      .may_accept = 1 };
	const char *test = flight->canary->test;
	int ret;

	if (repo_resolve(input.repo, CANARY_BASE, &input.old, err) < 0 ||
	    repo_resolve(input.repo, CANARY_REF, &input.new, err) < 0)
		return err->code;
	ret = gather_update(gather, &input, err);
	if (ret < 0)
		return ret;
	if (test && !gather_find(gather, test))
		return err_set(err, ERR_INPUT,
			       "%s is no test at HEAD: name one by its path",
			       test);
	if (gather->outcome != GATHER_WEIGH)
		return err_set(err, ERR_SYSTEM,
			       "the commits hold nothing to weigh");
	return 0;
}

/* Tests that no push brings are studied as soon as it is known where they run.
 * Without it they stay young, which is no failure. */
static void
study(struct flight *flight, struct gather *gather,
      const struct weigh_result *result, const struct gate_run *run)
{
	const char *environment =
		result->reports[result->count - 1].environment;
	struct err err = ERR_INIT;

	if (study_ahead(&flight->own, gather, environment, run, &err) < 0)
		log_event(LOG_INFO, "study of the canary: %s", err.text);
}

static int
weigh_pair(struct flight *flight, struct weigh_result *result, struct err *err)
{
	const struct canary *canary = flight->canary;
	struct gate_run run = { .class = SLOT_BACKGROUND,
				.deadline_ms = -1,
				.unrecorded = 1,
				.give_way = canary->give_way,
				.stopped = canary->stopped,
				.placed = canary->placed,
				.progress = canary->progress,
				.data = canary->data };
	struct gather gather = { 0 };
	struct texts only = { 0 };
	int ret;

	*result = (struct weigh_result){ 0 };
	if (canary->test)
		texts_add(&only, canary->test);
	ret = gather_pair(flight, canary->test ? &only : NULL, &gather, err);
	if (!ret)
		ret = gate_weigh(&flight->own, &gather, &run, result, err);
	if (!ret && !canary->test)
		study(flight, &gather, result, &run);
	gather_release(&gather);
	texts_release(&only);
	return ret;
}

/* What the report says of one test; ERR_INPUT where it could not be run. */
static int
read_pair(const struct report_test *test, const struct report *report,
	  double size, struct canary_pair *pair, struct err *err)
{
	const struct report_metric *first = report_main_metric(test);
	const char *name = test->path;

	if (!strncmp(name, CANARY_DIR, strlen(CANARY_DIR)) &&
	    canary_kind(name + strlen(CANARY_DIR)))
		name += strlen(CANARY_DIR);
	*pair = (struct canary_pair){ .test = name,
				      .size = size,
				      .verdict = test->verdict,
				      .ms = report->spent_ms };
	if (!first || test->verdict == VERDICT_BROKEN ||
	    test->verdict == VERDICT_NEW || test->verdict == VERDICT_UNWEIGHED)
		return err_set(err, ERR_INPUT, "%s cannot be weighed: %s",
			       test->path, test->why ? test->why : "no metric");
	for (size_t i = 0; i < test->count; i++) {
		const struct report_metric *metric = &test->metrics[i];

		if (2 * metric->trials > pair->trials)
			pair->trials = 2 * metric->trials;
		if (metric->sessions > pair->sessions)
			pair->sessions = metric->sessions;
	}
	pair->candidate = pair->sessions > 1;
	pair->alarm = verdict_is_regression(test->verdict) ||
		      (!(size > 0) && test->verdict == VERDICT_IMPROVED);
	pair->threshold = first->threshold;
	pair->metric = first->name;
	pair->ratio = first->ratio;
	return 0;
}

static int
tell_pairs(const struct flight *flight, const struct report *report,
	   struct err *err)
{
	const struct canary *canary = flight->canary;
	int ret = 0;

	for (size_t i = 0; !ret && i < report->count; i++) {
		struct canary_pair pair;

		ret = read_pair(&report->tests[i], report, canary->size, &pair,
				err);
		if (!ret)
			ret = canary_record_add(flight->gate->store, &pair,
						err);
		if (!ret && canary->tell)
			canary->tell(canary->data, &pair);
	}
	return ret;
}

static int
run_push(struct flight *flight, struct err *err)
{
	struct weigh_result result = { 0 };
	int ret = canary_make(flight->gate, flight->canary, flight->dir, err);

	if (!ret)
		ret = open_own(flight, err);
	if (!ret)
		ret = weigh_pair(flight, &result, err);
	if (!ret)
		ret = tell_pairs(flight, &result.reports[0], err);
	weigh_release(&result);
	close_own(flight);
	return ret;
}

int
canary_run(struct gate *gate, const struct canary *canary, struct err *err)
{
	struct flight flight = { gate, canary, GATE_INIT,
				 gate_path(gate, CANARY_REPO) };
	int ret = 0;

	for (unsigned i = 0; !ret && i < canary->pairs; i++)
		ret = run_push(&flight, err);
	free(flight.dir);
	return ret < 0 ? err_context(err, "canary") : 0;
}

int
canary_is_due(struct gate *gate)
{
	const char *every = policy_text(gate->policy, SECTION_GATE, "canary");
	int64_t wait_ms = 0, last;
	json_t *record;

	if (!every || units_parse_duration(every, &wait_ms) < 0 || !wait_ms)
		return 0;
	record = canary_record(gate);
	last = json_int_or(record, "last", 0);
	json_decref(record);
	return clock_wall_s(&clock_real) - last >= wait_ms / 1000;
}
