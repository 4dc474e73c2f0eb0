#include "weigh.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/protocol.h"
#include "judge/confirm.h"
#include "judge/evidence.h"
#include "judge/push.h"
#include "policy/directive.h"

/* One hypothesis: a metric of a test at a commit, with its finding. */
struct claim {
	size_t commit; /* index in the request */
	size_t test;
	const struct sample_metric *metric; /* of the first session */
	struct rule rule;
	struct look look;
	struct finding finding;
	int alone; /* wall changed, cpu did not */
};

struct weighing {
	const struct weigh *weigh;
	const struct plan_request *request;
	struct weigh_result *result;
	struct claim *claims;
	size_t count, cap;
	size_t *changed; /* a test's revision that first shows the change */
	unsigned char *alarmed; /* a test's tip has to be confirmed */
};

static size_t
commit_index(const struct weighing *w, const struct plan *plan, size_t revision)
{
	for (size_t i = 0; i < w->request->commit_count; i++)
		if (plan->revisions[revision].commit == &w->request->commits[i])
			return i;
	return w->request->commit_count;
}

static int
stands(const struct samples *samples, size_t test, size_t revision)
{
	return !samples->build_why[revision] &&
	       samples->tests[test].trouble[revision].good;
}

/* Claims of one test at one of its revisions. */
static void
look_at_revision(struct weighing *w, size_t test, size_t revision)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct plan_test *planned = &first->plan.tests[test];
	const struct sample_metric **metrics = NULL;
	size_t count = 0;
	struct rule *rules;

	weigh_judged_metrics(&first->samples, test, planned->directives,
			     &metrics, &count);
	rules = weigh_test_rules(w->weigh, first, test, planned, metrics,
				 count);
	for (size_t i = 0; i < count; i++) {
		struct pair *pairs = NULL;
		size_t n = weigh_pairs(&first->samples, test, metrics[i],
				       planned->revisions[0], revision, &pairs);
		struct claim *claim;

		/* One side alone has it: nothing to claim. */
		if (!n) {
			free(pairs);
			continue;
		}
		MEM_GROW(w->claims, w->count, w->cap);
		claim = &w->claims[w->count++];
		*claim = (struct claim){ .commit = commit_index(w, &first->plan,
								revision),
					 .test = test,
					 .metric = metrics[i],
					 .rule = rules[i] };
		look_at(&claim->rule, pairs, n, &claim->look);
		finding_of_look(&claim->look, &claim->finding);
		free(pairs);
	}
	free(rules);
	free(metrics);
}

static struct claim *
find_claim(const struct weighing *w, size_t commit, size_t test,
	   const char *metric)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->claims[i].commit == commit &&
		    w->claims[i].test == test &&
		    !strcmp(w->claims[i].metric->name, metric))
			return &w->claims[i];
	return NULL;
}

/* The oldest commit that shows what the tip's claim says, at each one since. */
static size_t
first_with(const struct weighing *w, const struct plan_test *planned,
	   size_t test, const struct claim *tip)
{
	const struct plan *plan = &w->result->sessions[0].plan;
	size_t found = plan_test_tip(planned);

	for (size_t j = planned->count - 1; j-- > 1;) {
		size_t commit = commit_index(w, plan, planned->revisions[j]);
		const struct claim *claim = find_claim(w, commit, test,
						       tip->metric->name);

		if (!claim || claim->look.outlook != tip->look.outlook)
			break;
		found = planned->revisions[j];
	}
	return found;
}

static void
look_at_test(struct weighing *w, size_t test)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct plan_test *planned = &first->plan.tests[test];
	size_t tip = plan_test_tip(planned), start = w->count;
	const struct claim *cpu;

	if (!planned->has_baseline ||
	    !stands(&first->samples, test, planned->revisions[0]))
		return;
	for (size_t j = 1; j < planned->count; j++)
		if (stands(&first->samples, test, planned->revisions[j]))
			look_at_revision(w, test, planned->revisions[j]);
	cpu = find_claim(w, w->request->commit_count - 1, test, "cpu");
	for (size_t i = start; i < w->count; i++) {
		struct claim *claim = &w->claims[i];

		claim->alone = cpu && !cpu->rule.secondary &&
			       !strcmp(claim->metric->name, "wall") &&
			       cpu->look.outlook != claim->look.outlook;
		if (claim->commit + 1 != w->request->commit_count ||
		    !look_needs_confirmation(&claim->look))
			continue;
		w->alarmed[test] = 1;
		if (w->changed[test] == SIZE_MAX)
			w->changed[test] = first_with(w, planned, test, claim);
	}
	if (w->changed[test] == tip)
		w->changed[test] = SIZE_MAX;
}

static int
confirm_session(struct weighing *w, struct err *err)
{
	struct weigh_session *first = &w->result->sessions[0];
	struct weigh_session *second = &w->result->sessions[1];
	struct plan plan;

	second->from = mem_new(first->plan.test_count, sizeof(*second->from));
	plan_narrow(&plan, &first->plan, w->alarmed, w->changed, second->from);
	second->claims = first->claims;
	second->confirms = first->node;
	w->result->session_count = 2;
	return weigh_run_session(w->weigh, &plan, 1, 0.6, 1, second, err);
}

static size_t
revision_of(const struct plan *plan, const struct plan_test *planned,
	    const struct plan_commit *commit)
{
	for (size_t j = 1; j < planned->count; j++)
		if (plan->revisions[planned->revisions[j]].commit == commit)
			return planned->revisions[j];
	return SIZE_MAX;
}

/* Combine a claim of the first session with the second, if it was there. */
static void
confirm_claim(const struct weighing *w, struct claim *claim)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct weigh_session *second = &w->result->sessions[1];
	const struct plan_commit *commit = &w->request->commits[claim->commit];
	const struct plan_test *was = &first->plan.tests[claim->test];
	struct rounds before = { 0 }, after = { 0 };
	struct pair *pairs[2] = { NULL, NULL };
	const struct sample_metric *metric;
	size_t test = 0, revision;

	while (test < second->plan.test_count &&
	       second->from[test] != claim->test)
		test++;
	if (test == second->plan.test_count)
		return;
	revision = revision_of(&second->plan, &second->plan.tests[test],
			       commit);
	metric = samples_metric(&second->samples, test, claim->metric->name);
	if (revision == SIZE_MAX || !metric)
		return;
	before.count = weigh_pairs(
		&first->samples, claim->test, claim->metric, was->revisions[0],
		revision_of(&first->plan, was, commit), &pairs[0]);
	after.count = weigh_pairs(&second->samples, test, metric,
				  second->plan.tests[test].revisions[0],
				  revision, &pairs[1]);
	before.pairs = pairs[0];
	after.pairs = pairs[1];
	confirm(&claim->rule, before, after, claim->alone, &claim->finding);
	free(pairs[0]);
	free(pairs[1]);
}

/* The false discovery rate of the whole push, over everything weighed. */
static void
control(struct weighing *w)
{
	struct finding *findings = mem_new(w->count, sizeof(*findings));

	for (size_t i = 0; i < w->count; i++)
		findings[i] = w->claims[i].finding;
	push_control(findings, w->count, PUSH_FDR);
	for (size_t i = 0; i < w->count; i++)
		w->claims[i].finding = findings[i];
	free(findings);
}

static void
fill_metric(const struct weighing *w, struct report_test *test,
	    const struct claim *claim)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct plan_test *planned = &first->plan.tests[claim->test];
	struct report_metric *metric = report_test_metric(test,
							  claim->metric->name);
	size_t revision = revision_of(&first->plan, planned,
				      &w->request->commits[claim->commit]);
	unsigned count = 0;

	report_set(&metric->unit, claim->metric->unit);
	metric->better = claim->metric->better;
	metric->verdict = claim->finding.verdict;
	metric->base = samples_median(&first->samples, claim->metric,
				      planned->revisions[0], &count);
	metric->value = samples_median(&first->samples, claim->metric, revision,
				       &count);
	metric->ratio = claim->finding.estimate.ratio;
	metric->low = claim->finding.estimate.low;
	metric->high = claim->finding.estimate.high;
	metric->threshold = claim->rule.threshold;
	metric->severe = claim->rule.severe;
	metric->detectable = claim->finding.detectable;
	metric->trials = (unsigned)claim->finding.rounds;
	metric->width = noise_width(claim->finding.spread,
				    claim->finding.rounds);
	metric->sessions = claim->finding.sessions;
	metric->unconfirmed = claim->finding.unconfirmed;
}

/* A metric that has nothing to be compared with; or that has gone. */
static void
fill_first_value(const struct weighing *w, struct report_test *test,
		 const struct sample_metric *sampled, size_t revision)
{
	const struct weigh_session *first = &w->result->sessions[0];
	unsigned trials = 0;
	double value = samples_median(&first->samples, sampled, revision,
				      &trials);
	struct report_metric *metric;

	if (!trials) {
		free(test->note);
		test->note = mem_text("it does not report %s any more",
				      sampled->name);
		return;
	}
	metric = report_test_metric(test, sampled->name);
	report_set(&metric->unit, sampled->unit);
	metric->better = sampled->better;
	metric->verdict = VERDICT_NEW;
	metric->base = metric->ratio = NAN;
	metric->low = 0;
	metric->high = metric->detectable = INFINITY;
	metric->value = value;
	metric->trials = trials;
	metric->sessions = 1;
}

/* Those of a test that nothing is claimed of at a commit. */
static size_t
fill_first_values(const struct weighing *w, struct report_test *test,
		  size_t commit, size_t index, size_t revision)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct sample_metric **metrics = NULL;
	size_t count = 0, before = test->count;

	weigh_judged_metrics(&first->samples, index,
			     first->plan.tests[index].directives, &metrics,
			     &count);
	for (size_t i = 0; i < count; i++)
		if (!find_claim(w, commit, index, metrics[i]->name))
			fill_first_value(w, test, metrics[i], revision);
	free(metrics);
	return test->count - before;
}

static const char *
trouble_text(const struct samples *samples, size_t test, size_t revision,
	     const char **log)
{
	const struct sample_trouble *trouble =
		&samples->tests[test].trouble[revision];

	*log = trouble->log;
	if (samples->build_why[revision]) {
		*log = samples->build_log[revision];
		return samples->build_why[revision];
	}
	return trouble->why ? trouble->why : "no trial ended";
}

/* Of a test that has no trial to judge at this revision. */
static void
explain_absence(const struct weighing *w, struct report_test *test,
		size_t index, size_t revision)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct samples *samples = &first->samples;
	const struct plan_test *planned = &first->plan.tests[index];
	const char *outcome = samples->tests[index].trouble[revision].outcome;
	const char *log = NULL;
	const char *why = trouble_text(samples, index, revision, &log);

	report_set(&test->why, why);
	report_set(&test->log, log);
	if (!first->complete && !samples->build_why[revision] && !outcome) {
		test->verdict = VERDICT_UNWEIGHED;
		report_set(&test->why, "no time was left for it");
	} else if (outcome && !strcmp(outcome, OUTCOME_OURS)) {
		test->verdict = VERDICT_FAILURE;
	} else if (outcome && !strcmp(outcome, OUTCOME_SKIP)) {
		test->verdict = VERDICT_UNWEIGHED;
	} else if (planned->has_baseline &&
		   !first->plan.revisions[planned->revisions[0]].overlaid &&
		   !stands(samples, index, planned->revisions[0])) {
		char *both = mem_text("fails at the baseline too: %s", why);

		test->verdict = VERDICT_UNWEIGHED;
		report_set(&test->why, both);
		free(both);
	} else {
		test->verdict = VERDICT_BROKEN;
	}
}

static void
note_flaky(const struct weighing *w, struct report_test *test, size_t index,
	   size_t revision)
{
	const struct sample_trouble *trouble =
		&w->result->sessions[0].samples.tests[index].trouble[revision];
	char *text;

	if (!trouble->bad)
		return;
	text = mem_text("%u of %u trials failed: %s", trouble->bad,
			trouble->bad + trouble->good,
			trouble->why ? trouble->why : "");
	report_set(&test->why, text);
	report_set(&test->log, trouble->log);
	if (trouble->bad * 5 > trouble->good)
		test->verdict = VERDICT_BROKEN;
	free(text);
}

static void
fill_judged(const struct weighing *w, struct report_test *test, size_t commit,
	    size_t index, size_t revision)
{
	struct finding *findings = mem_new(w->count, sizeof(*findings));
	struct rule *rules = mem_new(w->count, sizeof(*rules));
	const struct claim *wall = find_claim(w, commit, index, "wall");
	const struct claim *cpu = find_claim(w, commit, index, "cpu");
	const struct claim *work = find_claim(w, commit, index, "instructions");
	struct buf text = BUF_INIT;
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct claim *claim = &w->claims[i];

		if (claim->commit != commit || claim->test != index)
			continue;
		findings[count] = claim->finding;
		rules[count++] = claim->rule;
		fill_metric(w, test, claim);
	}
	test->verdict = test_verdict(rules, findings, count);
	if (fill_first_values(w, test, commit, index, revision) && !count)
		test->verdict = VERDICT_NEW;
	evidence_add_text(&text, wall ? &wall->finding : NULL,
			  cpu ? &cpu->finding : NULL,
			  work ? &work->finding : NULL);
	if (text.len)
		report_set(&test->evidence, buf_text(&text));
	buf_release(&text);
	free(findings);
	free(rules);
}

/* A test that ran may still have said something that is not right. */
static void
note_problems(const struct weighing *w, struct report_test *test, size_t index)
{
	const struct texts *problems =
		&w->result->sessions[0].samples.tests[index].problems;

	if (problems->count && test->verdict != VERDICT_BROKEN)
		report_set(&test->note, problems->items[0]);
}

/* It ran, and nothing came of it that is judged. */
static void
explain_nothing(const struct weighing *w, struct report_test *test,
		size_t index)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct texts *wanted =
		&first->plan.tests[index].directives->metrics;
	const char *why = json_text_or(first->end, "counter_why", NULL);
	struct buf text = BUF_INIT;

	buf_adds(&text, "nothing that it asks for was measured");
	for (size_t i = 0; i < wanted->count; i++)
		buf_addf(&text, "%s %s",
			 i ? "," : ": metrics =", wanted->items[i]);
	if (why)
		buf_addf(&text, " (no counter: %s)", why);
	test->verdict = VERDICT_UNWEIGHED;
	report_set(&test->why, buf_text(&text));
	buf_release(&text);
}

static void
fill_test(const struct weighing *w, struct report *report, size_t commit,
	  size_t index, size_t revision)
{
	const struct weigh_session *first = &w->result->sessions[0];
	const struct plan_test *planned = &first->plan.tests[index];
	struct report_test *test = report_test(report, planned->path);
	size_t base = planned->revisions[0];

	if (planned->has_baseline)
		test->baseline = first->plan.revisions[base].commit->commit;
	if (!stands(&first->samples, index, revision)) {
		explain_absence(w, test, index, revision);
		return;
	}
	if (!planned->has_baseline || !stands(&first->samples, index, base)) {
		const char *log = NULL, *why;

		test->verdict = VERDICT_NEW;
		fill_first_values(w, test, commit, index, revision);
		if (planned->has_baseline) {
			why = trouble_text(&first->samples, index, base, &log);
			report_set(&test->why, NULL);
			test->why = mem_text("does not run on the old code, so "
					     "its baseline starts here: %s",
					     why);
		}
		if (!test->count)
			explain_nothing(w, test, index);
		return;
	}
	fill_judged(w, test, commit, index, revision);
	if (!test->count)
		explain_nothing(w, test, index);
	if (w->changed[index] != SIZE_MAX)
		test->changed =
			first->plan.revisions[w->changed[index]].commit->commit;
	else if (w->alarmed[index])
		test->changed = w->request->commits[commit].commit;
	note_flaky(w, test, index, revision);
}

/* What counted instructions, and where nothing did the reason. */
static void
fill_counter(struct report *report, const json_t *end)
{
	const char *counter = json_text_or(end, "counter", NULL);
	const char *why = json_text_or(end, "counter_why", NULL);
	char *text;

	if (!counter)
		return;
	text = mem_text("%s%s%s", counter, why ? ": " : "", why ? why : "");
	report_set(&report->counter, text);
	free(text);
}

static void
fill_environment(struct report *report, const struct weigh_result *result)
{
	const json_t *end = result->sessions[0].end;
	const json_t *environment = json_object_get(end, "environment");
	struct buf ids = BUF_INIT;

	report_set(&report->environment, json_text_or(environment, "id", NULL));
	report_set(&report->machine, json_text_or(environment, "cpu", NULL));
	fill_counter(report, end);
	for (size_t i = 0; i < result->session_count; i++) {
		if (!result->sessions[i].id)
			continue;
		buf_addf(&ids, "%s%s", ids.len ? " " : "",
			 result->sessions[i].id);
		report->spent_ms += result->sessions[i].spent_ms;
	}
	report_set(&report->sessions, buf_text(&ids));
	buf_release(&ids);
	report->time_s = clock_wall_s(&clock_real);
}

static void
fill_reports(struct weighing *w)
{
	const struct weigh_session *first = &w->result->sessions[0];

	for (size_t i = 0; i < first->plan.test_count; i++) {
		const struct plan_test *planned = &first->plan.tests[i];

		for (size_t j = planned->has_baseline ? 1 : 0;
		     j < planned->count; j++) {
			size_t revision = planned->revisions[j];
			size_t commit = commit_index(w, &first->plan, revision);

			fill_test(w, &w->result->reports[commit], commit, i,
				  revision);
			note_problems(w,
				      report_test(&w->result->reports[commit],
						  planned->path),
				      i);
		}
	}
	for (size_t i = 0; i < w->result->count; i++) {
		report_conclude(&w->result->reports[i]);
		fill_environment(&w->result->reports[i], w->result);
	}
}

/* Time that ran out is no error: what was measured so far is judged. */
static int
ran_out(const struct weigh *weigh, int ret)
{
	return ret == ERR_TIMEOUT && weigh->deadline_ms >= 0 &&
	       clock_monotonic_ms(&clock_real) >= weigh->deadline_ms;
}

static int
run_both(struct weighing *w, struct err *err)
{
	struct weigh_result *result = w->result;
	struct plan plan;
	size_t alarms = 0;
	int ret;

	plan_make(&plan, w->request);
	result->session_count = 1;
	ret = weigh_run_session(w->weigh, &plan, 0, 0, 0.6,
				&result->sessions[0], err);
	if (ran_out(w->weigh, ret))
		result->late = 1;
	else if (ret < 0)
		return ret;
	for (size_t i = 0; i < w->request->test_count; i++) {
		look_at_test(w, i);
		alarms += w->alarmed[i];
	}
	if (!alarms || result->late)
		return 0;
	ret = confirm_session(w, err);
	if (ran_out(w->weigh, ret))
		result->late = 1;
	else if (ret < 0)
		return ret;
	/* A cut session is no confirmation; what it raised stays undecided. */
	for (size_t i = 0; i < w->count && !result->late; i++)
		confirm_claim(w, &w->claims[i]);
	return 0;
}

int
weigh_run(const struct weigh *weigh, const struct plan_request *request,
	  struct weigh_result *result, struct err *err)
{
	struct weighing w = { .weigh = weigh,
			      .request = request,
			      .result = result };
	int ret;

	*result = (struct weigh_result){ .count = request->commit_count };
	result->reports = mem_new(request->commit_count,
				  sizeof(*result->reports));
	for (size_t i = 0; i < request->commit_count; i++)
		report_init(&result->reports[i], &request->commits[i].commit);
	result->sessions = mem_new(2, sizeof(*result->sessions));
	w.changed = mem_new(request->test_count, sizeof(*w.changed));
	w.alarmed = mem_new(request->test_count, 1);
	for (size_t i = 0; i < request->test_count; i++)
		w.changed[i] = SIZE_MAX;
	ret = run_both(&w, err);
	if (!ret) {
		control(&w);
		fill_reports(&w);
	} else {
		weigh_release(result);
	}
	free(w.claims);
	free(w.changed);
	free(w.alarmed);
	return ret;
}

void
weigh_release(struct weigh_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		report_release(&result->reports[i]);
	for (size_t i = 0; i < result->session_count; i++)
		weigh_session_release(&result->sessions[i]);
	free(result->reports);
	free(result->sessions);
	*result = (struct weigh_result){ 0 };
}
