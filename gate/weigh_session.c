#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/names.h"
#include "base/protocol.h"
#include "judge/push.h"
#include "policy/directive.h"
#include "spec.h"
#include "weigh.h"

/*
 * One session, from the free slot to the runner's "end". After every round the
 * judge looks at each test that still runs, and tells the runner which have
 * enough: so a clear one stops early and the undecided get the time.
 */

enum {
	MORE_ROUNDS = 400,    /* of a short test that is still unclear */
	LOOK_EVERY = 10,      /* rounds, beyond the usual number */
	FIRST_ROUNDS = 10,    /* of a test without a baseline */
	EXPECTED_ROUNDS = 12, /* for the progress bar alone */
	METRICS = 3,          /* wall, cpu, instructions */
	HOPELESS = 3, /* bad trials and no good one: no point to go on */
	MAX_ENVIRONMENT = 64,
	LOOK_UP_MS = 1000,
	MAX_LOST = 4 /* machines that a session is tried on */
};

struct driver {
	const struct weigh *weigh;
	struct weigh_session *result;
	struct pool_place *place;
	struct session *session; /* the place's */
	unsigned char *enough;
	size_t rounds;
	int64_t silence_ms; /* that what the runner is at may take */
	struct texts avoid; /* nodes that failed */
	int64_t start_ms;
	int ended; /* the runner closed its end before its "end" */
	double share_from, share_to;
	char what[128];
};

static void
tell(struct driver *driver, double share)
{
	const struct weigh *weigh = driver->weigh;
	int64_t now = clock_monotonic_ms(&clock_real);
	struct weigh_progress progress = { .what = driver->what,
					   .left_ms = -1 };

	if (!weigh->progress)
		return;
	if (share > 0.05) {
		double spent = (double)(now - driver->start_ms);

		progress.left_ms = (int64_t)(spent / share * (1 - share));
	}
	progress.share = driver->share_from +
			 share * (driver->share_to - driver->share_from);
	weigh->progress(weigh->progress_data, &progress);
}

const char *
weigh_environment(const struct weigh_session *session)
{
	return json_text_or(json_object_get(session->end, "environment"), "id",
			    session->environment);
}

void
weigh_judged_metrics(const struct samples *samples, size_t test,
		     const struct directives *directives,
		     const struct sample_metric ***metrics, size_t *count)
{
	const struct sample_test *sampled = &samples->tests[test];
	const struct texts *wanted = &directives->metrics;

	*metrics = mem_new(sampled->count, sizeof(**metrics));
	*count = 0;
	for (size_t i = 0; i < sampled->count; i++) {
		const struct sample_metric *metric = &sampled->metrics[i];
		const struct metric_row *row = metric_find(metric->name);
		int judged = wanted->count
				     ? texts_has(wanted, metric->name)
				     : metric->declared || (row && row->judged);

		if (judged)
			(*metrics)[(*count)++] = metric;
	}
}

size_t
weigh_pairs(const struct samples *samples, size_t test,
	    const struct sample_metric *metric, size_t baseline,
	    size_t candidate, struct pair **pairs)
{
	const struct sample_test *sampled = &samples->tests[test];
	size_t count = 0;

	*pairs = mem_new(metric->rounds, sizeof(**pairs));
	for (size_t i = 0; i < metric->rounds; i++) {
		struct pair pair = {
			samples_value(samples, metric, i, baseline),
			samples_value(samples, metric, i, candidate),
			i < sampled->rounds && sampled->unquiet[i]
		};

		if (!isnan(pair.baseline) && !isnan(pair.candidate))
			(*pairs)[count++] = pair;
	}
	return count;
}

static double
median_at(const struct samples *samples, size_t test, const char *name,
	  size_t revision)
{
	const struct sample_metric *metric = samples_metric(samples, test,
							    name);
	unsigned count = 0;

	return metric ? samples_median(samples, metric, revision, &count) : NAN;
}

/*
 * Which of its two times says little of a test: wall, of one that computes; of
 * one that waits the little CPU time that it needs. NULL: neither. On a busy
 * machine a test that computes gets a small part of the time; but it is pushed
 * off the CPU, and seldom leaves it.
 */
static const char *
secondary_time(const struct samples *samples, size_t test, size_t revision)
{
	double wall = median_at(samples, test, "wall", revision);
	double cpu = median_at(samples, test, "cpu", revision);
	double left = median_at(samples, test, "nvcsw", revision);
	double pushed = median_at(samples, test, "nivcsw", revision);

	if (cpu > 0.8 * wall || (cpu > 0.2 * wall && pushed > 2 * left))
		return "wall";
	return cpu < 0.2 * wall ? "cpu" : NULL;
}

/* Time that a test has had in this session. */
static double
spent_ns(const struct samples *samples, size_t test)
{
	const struct sample_metric *wall = samples_metric(samples, test,
							  "wall");
	double sum = 0;

	for (size_t i = 0; wall && i < wall->rounds; i++) {
		for (size_t j = 0; j < samples->revision_count; j++) {
			double value = samples_value(samples, wall, i, j);

			sum += isnan(value) ? 0 : value;
		}
	}
	return sum;
}

/* A short test that is not clear yet gets more rounds than a long one: they
 * cost little, and a small change needs them. As many as the time allows, as
 * it has gone so far. */
static unsigned
cap_of(const struct weigh *weigh, const struct samples *samples, size_t test,
       const struct plan_test *planned)
{
	const double enough_ns = 25e9;
	const struct sample_metric *wall = samples_metric(samples, test,
							  "wall");
	double spent = spent_ns(samples, test), rounds = MORE_ROUNDS;

	if (planned->directives->rounds)
		return planned->directives->rounds;
	if (weigh->rounds >= MORE_ROUNDS || !weigh->more_rounds)
		return weigh->rounds;
	if (spent > 0)
		rounds = fmin(rounds, (double)wall->rounds * enough_ns / spent);
	return rounds > weigh->rounds ? (unsigned)rounds : weigh->rounds;
}

/* Most tests have no more metrics than the usual ones. */
static size_t
claims_of(const struct plan *plan)
{
	size_t claims = 0;

	for (size_t i = 0; i < plan->test_count; i++)
		if (plan->tests[i].has_baseline)
			claims += METRICS * (plan->tests[i].count - 1);
	return claims;
}

struct rule *
weigh_test_rules(const struct weigh *weigh, const struct weigh_session *session,
		 size_t test, const struct plan_test *planned,
		 const struct sample_metric *const *metrics, size_t count)
{
	const struct samples *samples = &session->samples;
	struct rule *rules = mem_new(count, sizeof(*rules));
	const char *secondary = secondary_time(samples, test,
					       plan_test_tip(planned));
	unsigned cap = cap_of(weigh, samples, test, planned);

	for (size_t i = 0; i < count; i++) {
		const struct metric_row *row = metric_find(metrics[i]->name);

		rules[i] = (struct rule)RULE_INIT;
		rules[i].better = metrics[i]->better;
		rules[i].counted = row && row->counted;
		rules[i].once = metrics[i]->once;
		rules[i].cap = cap;
		rules[i].e_wanted = push_e_wanted(session->claims, PUSH_FDR);
		rules[i].secondary = secondary && !metrics[i]->declared &&
				     !strcmp(metrics[i]->name, secondary);
		weigh->rules.rule(weigh->rules.data, planned->path,
				  metrics[i]->name, weigh_environment(session),
				  &rules[i]);
	}
	return rules;
}

static int
revision_wants_more(const struct driver *driver, size_t test, size_t revision)
{
	const struct samples *samples = &driver->result->samples;
	const struct plan_test *planned = &driver->result->plan.tests[test];
	const struct sample_metric **metrics = NULL;
	struct rule *rules;
	struct look *looks;
	size_t count = 0;
	int more;

	weigh_judged_metrics(samples, test, planned->directives, &metrics,
			     &count);
	rules = weigh_test_rules(driver->weigh, driver->result, test, planned,
				 metrics, count);
	looks = mem_new(count, sizeof(*looks));
	for (size_t i = 0; i < count; i++) {
		struct pair *pairs = NULL;
		size_t n = weigh_pairs(samples, test, metrics[i],
				       planned->revisions[0], revision, &pairs);

		look_at(&rules[i], pairs, n, &looks[i]);
		/* A metric that one side does not have waits for nothing. */
		if (!n && driver->rounds >= FIRST_ROUNDS)
			looks[i].outlook = OUTLOOK_CAPPED;
		free(pairs);
	}
	more = !count || test_wants_more(rules, looks, count);
	free(looks);
	free(rules);
	free(metrics);
	return more;
}

/* No point to go on where a side of the comparison never works. */
static int
is_hopeless(const struct driver *driver, size_t test, size_t revision)
{
	const struct samples *samples = &driver->result->samples;
	const struct sample_trouble *trouble =
		&samples->tests[test].trouble[revision];

	return samples->build_why[revision] ||
	       (trouble->bad >= HOPELESS && !trouble->good);
}

/* What a study is after is the noise between sessions, which few rounds drown;
 * a long test has enough when the judge has. */
static int
studies_on(const struct driver *driver, size_t test)
{
	const double enough_ns = 30e9;

	return driver->weigh->is_study &&
	       driver->rounds < driver->weigh->rounds &&
	       spent_ns(&driver->result->samples, test) < enough_ns;
}

/* Every commit is weighed, so each has to be clear, not the tip alone. */
static int
has_enough(const struct driver *driver, size_t test)
{
	const struct plan_test *planned = &driver->result->plan.tests[test];

	if (is_hopeless(driver, test, plan_test_tip(planned)))
		return 1;
	if (!planned->has_baseline ||
	    is_hopeless(driver, test, planned->revisions[0]))
		return driver->rounds >= FIRST_ROUNDS;
	if (studies_on(driver, test))
		return 0;
	for (size_t j = planned->count - 1; j > 0; j--)
		if (!is_hopeless(driver, test, planned->revisions[j]) &&
		    revision_wants_more(driver, test, planned->revisions[j]))
			return 0;
	return 1;
}

static double
share_done(const struct driver *driver)
{
	double rounds = (double)driver->rounds, sum = 0;

	for (size_t i = 0; i < driver->result->plan.test_count; i++)
		sum += driver->enough[i] ? 1
					 : rounds / (rounds + EXPECTED_ROUNDS);
	return 0.15 + 0.85 * sum / (double)driver->result->plan.test_count;
}

/* Beyond the usual number of rounds not after each: a look costs the more the
 * more there are. */
static int
is_time_to_look(const struct driver *driver)
{
	return driver->rounds <= driver->weigh->rounds ||
	       driver->rounds % LOOK_EVERY == 0;
}

/* A runner speaks after each step: of a build or, from the first trial on, of
 * a trial. */
static int64_t
longest_trial_ms(const struct plan *plan)
{
	int64_t longest = 0;

	for (size_t i = 0; i < plan->test_count; i++) {
		int64_t own = spec_timeout_ms(plan->tests[i].directives);

		longest = own > longest ? own : longest;
	}
	return longest;
}

static int64_t
longest_build_ms(const struct weigh *weigh)
{
	const json_t *limits = json_object_get(weigh->common, "limits");

	/* What sets it up has as long. */
	return 2 * json_int_or(limits, "build_ms", 0);
}

static int
after_round(struct driver *driver, const json_t *round)
{
	json_t *list = json_array(), *message;

	driver->rounds = (size_t)json_integer_value(round) + 1;
	for (size_t i = 0; i < driver->result->plan.test_count; i++) {
		if (driver->enough[i] || !is_time_to_look(driver) ||
		    !has_enough(driver, i))
			continue;
		driver->enough[i] = 1;
		json_array_append_new(list, json_integer((json_int_t)i));
	}
	if (json_array_size(list)) {
		message = json_pack("{s:O}", "enough", list);
		/* A runner that has met its cap may be gone already; whether
		 * it ended well is told by what it sent. */
		session_send(driver->session, message, NULL);
		json_decref(message);
	}
	json_decref(list);
	snprintf(driver->what, sizeof(driver->what), "round %zu",
		 driver->rounds);
	tell(driver, share_done(driver));
	return 0;
}

static int
on_phase(struct driver *driver, const json_t *phase, struct err *err)
{
	int64_t revision = json_int_or(phase, "revision", -1);
	const char *name = json_text_or(phase, "phase", "");
	char hex[OID_HEX + 1] = "";

	if (revision >= 0 &&
	    (size_t)revision < driver->result->plan.revision_count)
		oid_short(&driver->result->plan.revisions[revision]
				   .commit->commit,
			  hex);
	snprintf(driver->what, sizeof(driver->what), "%s %s",
		 !strcmp(name, "build")      ? "building"
		 : !strcmp(name, "checkout") ? "checking out"
					     : "setting up",
		 hex);
	tell(driver,
	     0.01 + 0.13 * (double)(revision < 0 ? 0 : revision) /
			     (double)driver->result->plan.revision_count);
	return samples_add_phase(&driver->result->samples, phase, err);
}

static int
on_error(const json_t *error, struct err *err)
{
	const char *whose = json_text_or(error, "whose", "ours");

	err_set(err, ERR_SYSTEM, "runner: %s",
		json_text_or(error, "text", "unknown error"));
	if (!strcmp(whose, "test"))
		err_blame(err, FAULT_TEST);
	else if (!strcmp(whose, "pusher"))
		err_blame(err, FAULT_PUSHER);
	return ERR_SYSTEM;
}

static int
on_environment(struct weigh_session *result, const json_t *id, struct err *err)
{
	const char *text = json_string_value(id);

	if (!text || !*text || strlen(text) > MAX_ENVIRONMENT)
		return err_set(err, ERR_PROTOCOL, "bad id of an environment");
	free(result->environment);
	result->environment = mem_copy_text(text);
	return 0;
}

/* 1: the session is over. */
static int
on_message(struct driver *driver, json_t *message, struct err *err)
{
	struct weigh_session *result = driver->result;
	const json_t *body;

	if ((body = json_object_get(message, "trial"))) {
		driver->silence_ms = longest_trial_ms(&result->plan);
		return samples_add_trial(&result->samples, body, err);
	}
	if ((body = json_object_get(message, "course")))
		return samples_add_course(&result->samples, body, err);
	if ((body = json_object_get(message, "count")))
		return samples_add_count(&result->samples, body, err);
	if ((body = json_object_get(message, "round")))
		return after_round(driver, body);
	if ((body = json_object_get(message, "environment")))
		return on_environment(result, body, err);
	if (json_object_get(message, "phase"))
		return on_phase(driver, message, err);
	if (json_object_get(message, "hello"))
		return session_hello(message, NULL, err);
	if ((body = json_object_get(message, "error")))
		return on_error(body, err);
	if ((body = json_object_get(message, "end"))) {
		result->end = json_incref((json_t *)(uintptr_t)body);
		return 1;
	}
	return 0; /* a newer runner may say more */
}

/* One message, looking up now and then whether to go on waiting for it. */
static int
wait_for_message(const struct driver *driver, json_t **message, struct err *err)
{
	const struct weigh *weigh = driver->weigh;
	int64_t silence_ms = driver->silence_ms + weigh->pool.patience_ms;
	int64_t silence = clock_monotonic_ms(&clock_real) + silence_ms;

	for (;;) {
		int64_t now = clock_monotonic_ms(&clock_real);
		int64_t until = now + LOOK_UP_MS;
		int got;

		if (weigh->give_way && weigh->give_way(weigh->progress_data))
			return err_set(err, ERR_BUSY, "gave way to a push");
		if (weigh->deadline_ms >= 0 && now >= weigh->deadline_ms)
			return err_set(err, ERR_TIMEOUT, "the time is up");
		if (now >= silence)
			return err_set(err, ERR_SYSTEM,
				       "the runner said nothing for %lld s",
				       (long long)silence_ms / 1000);
		if (weigh->deadline_ms >= 0 && weigh->deadline_ms < until)
			until = weigh->deadline_ms;
		got = session_next(driver->session, until, message, err);
		if (got != ERR_TIMEOUT)
			return got;
	}
}

static int
drive(struct driver *driver, struct err *err)
{
	for (;;) {
		json_t *message = NULL;
		int got = wait_for_message(driver, &message, err);

		if (!got) {
			driver->ended = 1;
			return err_set(err, ERR_SYSTEM,
				       "the runner ended too early");
		}
		if (got > 0)
			got = on_message(driver, message, err);
		json_decref(message);
		if (got)
			return got < 0 ? got : 0;
	}
}

static char *
new_session_id(int64_t *seed)
{
	unsigned char random[8] = { 0 };

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 1, sizeof(random));
	*seed = 0;
	for (size_t i = 0; i < sizeof(random); i++)
		*seed = (*seed << 7) ^ random[i];
	*seed &= INT64_MAX;
	return mem_text("%08llx%02x%02x%02x%02x",
			(unsigned long long)clock_wall_s(&clock_real),
			random[0], random[1], random[2], random[3]);
}

/* What it waits for, with the time that it has waited. */
static int
tell_wait(void *data, const char *what, int64_t waited_ms)
{
	struct driver *driver = data;
	const struct weigh *weigh = driver->weigh;

	snprintf(driver->what, sizeof(driver->what), "%s (%lld s)", what,
		 (long long)waited_ms / 1000);
	tell(driver, 0);
	return weigh->stopped && weigh->stopped(weigh->progress_data);
}

/* What its tests need, together. */
static char *
needs_of(const struct plan *plan)
{
	struct buf needs = BUF_INIT;
	const char *before = "";

	for (size_t i = 0; i < plan->test_count; i++) {
		const char *own = plan->tests[i].directives->needs;

		if (!own || !strcmp(own, before))
			continue;
		buf_addf(&needs, "%s%s", needs.len ? "," : "", own);
		before = own;
	}
	return buf_take(&needs);
}

/* The newest commit of the session. */
static const struct plan_commit *
newest(const struct plan *plan)
{
	return plan->revisions[plan_test_tip(&plan->tests[0])].commit;
}

static int
start_session(struct driver *driver, int fresh, struct err *err)
{
	const struct weigh *weigh = driver->weigh;
	struct weigh_session *result = driver->result;
	char hex[OID_HEX + 1], *needs = needs_of(&result->plan);
	struct pool_request request = {
		.class = weigh->class,
		.commit = oid_short(&newest(&result->plan)->commit, hex),
		.needs = needs,
		.avoid = &driver->avoid,
		.confirms = result->confirms,
		.node = &result->node,
		.deadline_ms = weigh->deadline_ms,
		.waiting = tell_wait,
		.data = driver,
	};
	int64_t seed = 0;
	json_t *spec;
	int ret;

	result->id = new_session_id(&seed);
	request.session = result->id;
	log_session(result->id);
	spec = spec_of_plan(&result->plan, weigh->common, result->id, seed,
			    fresh,
			    weigh->more_rounds && weigh->rounds < MORE_ROUNDS
				    ? MORE_ROUNDS
				    : weigh->rounds);
	ret = pool_take(&driver->place, &weigh->pool, &request, spec, err);
	json_decref(spec);
	free(needs);
	/* The wait for a slot is no part of the session. */
	driver->start_ms = clock_monotonic_ms(&clock_real);
	if (ret < 0) {
		/* It never was one. */
		free(result->id);
		result->id = NULL;
		return ret;
	}
	driver->session = pool_session(driver->place);
	if (weigh->placed)
		weigh->placed(weigh->progress_data, pool_where(driver->place));
	if (weigh->send_objects)
		ret = weigh->send_objects(weigh->objects_data, driver->session,
					  &result->plan, err);
	return ret;
}

/* All that one try leaves, so that there can be another. */
static void
forget_try(struct driver *driver)
{
	struct weigh_session *result = driver->result;

	samples_release(&result->samples);
	json_decref(result->end);
	free(result->id);
	free(result->environment);
	free(result->node);
	result->end = NULL;
	result->id = result->environment = result->node = NULL;
}

static int
try_session(struct driver *driver, int fresh, struct err *err)
{
	struct weigh_session *result = driver->result;
	size_t tests = result->plan.test_count;
	int ret;

	samples_init(&result->samples, &result->plan);
	driver->place = NULL;
	driver->session = NULL;
	driver->ended = 0;
	driver->rounds = 0;
	driver->silence_ms = longest_build_ms(driver->weigh);
	memset(driver->enough, 0, tests);
	driver->start_ms = clock_monotonic_ms(&clock_real);
	snprintf(driver->what, sizeof(driver->what), "waiting for a slot");
	tell(driver, 0);
	ret = start_session(driver, fresh, err);
	if (!ret)
		ret = drive(driver, err);
	result->complete = !ret;
	ret = pool_give_back(driver->place, ret, driver->ended, err);
	result->spent_ms = clock_monotonic_ms(&clock_real) - driver->start_ms;
	log_event(LOG_INFO,
		  "session of %zu tests, %zu revisions%s%s: %s, "
		  "%lld ms",
		  tests, result->plan.revision_count,
		  result->node ? " on node " : "",
		  result->node ? result->node : "",
		  ret ? err->text : "complete", (long long)result->spent_ms);
	log_session(NULL);
	return ret;
}

/* It was tried on each of these, and on the one that err speaks of. */
static void
name_tries(const struct driver *driver, struct err *err)
{
	struct buf nodes = BUF_INIT;

	for (size_t i = 0; i < driver->avoid.count; i++)
		buf_addf(&nodes, "%s%s", i ? ", " : "", driver->avoid.items[i]);
	err_context(err, "after tries on %s", buf_text(&nodes));
	buf_release(&nodes);
}

int
weigh_run_session(const struct weigh *weigh, struct plan *plan, int fresh,
		  double share_from, double share_to,
		  struct weigh_session *result, struct err *err)
{
	struct driver driver = { .weigh = weigh,
				 .result = result,
				 .share_from = share_from,
				 .share_to = share_to };
	int ret, lost = 0;

	result->plan = *plan;
	*plan = (struct plan){ 0 };
	if (!result->claims)
		result->claims = claims_of(&result->plan);
	driver.enough = mem_new(result->plan.test_count, 1);
	ret = try_session(&driver, fresh, err);
	/* Nothing of a try that failed is judged. */
	while (ret == ERR_LOST && ++lost < MAX_LOST) {
		if (result->node)
			texts_add(&driver.avoid, result->node);
		forget_try(&driver);
		ret = try_session(&driver, fresh, err);
	}
	if (ret == ERR_LOST)
		name_tries(&driver, err);
	texts_release(&driver.avoid);
	free(driver.enough);
	return ret;
}

void
weigh_session_release(struct weigh_session *session)
{
	samples_release(&session->samples);
	plan_release(&session->plan);
	json_decref(session->end);
	free(session->id);
	free(session->environment);
	free(session->node);
	free(session->from);
	*session = (struct weigh_session){ 0 };
}
