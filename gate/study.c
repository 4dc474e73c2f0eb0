#include "study.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/units.h"
#include "gate.h"
#include "judge/session.h"
#include "land.h"
#include "noise.h"
#include "policy/keys.h"
#include "study_record.h"

/* The tip's report and, of each of its tests, whether to study it. */
struct wanted {
	struct gate *gate;
	const struct gather *gather;
	struct report report;
	unsigned char *tests;
	size_t count;
	int64_t sessions;
};

static int
read_report(struct store_tx *tx, void *data, struct err *err)
{
	struct wanted *wanted = data;
	int ret;

	report_release(&wanted->report);
	ret = gate_get_report(tx, &wanted->gather->update.tip, &wanted->report,
			      err);
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

/* By any metric: they are all measured in the same sessions. */
static int
is_known(struct wanted *wanted, struct noise_book *book,
	 const struct report_test *test)
{
	for (size_t i = 0; i < test->count; i++) {
		const struct report_metric *metric = &test->metrics[i];
		const struct noise_key key = { test->path, metric->name,
					       wanted->report.environment,
					       metric->threshold };

		if (noise_book_find(book, wanted->gate->store, &key)
			    .noise.sessions >= NOISE_ENOUGH)
			return 1;
	}
	return 0;
}

/* One that has values, and a definition that nobody has studied. */
static void
choose_tests(struct wanted *wanted)
{
	struct noise_book book = NOISE_BOOK_INIT;

	wanted->tests = mem_new(wanted->report.count, 1);
	for (size_t i = 0; i < wanted->report.count; i++) {
		const struct report_test *test = &wanted->report.tests[i];
		const struct gather_test *found = gather_find(wanted->gather,
							      test->path);

		if (!found || !found->runs || !test->count ||
		    !wanted->report.environment ||
		    (!found->is_new && !found->changed &&
		     is_known(wanted, &book, test)))
			continue;
		wanted->tests[i] = 1;
		wanted->count++;
	}
	noise_book_release(&book);
}

/* As the journal has it: the tip alone, which all of its tests are new at. */
static json_t *
update_of(const struct gather *gather)
{
	static const struct oid none;
	const struct oid *tip = &gather->update.tip;

	return json_pack("{s:o, s:o, s:o, s:{s:i, s:i, s:o, s:o, s:[o], s:[]}}",
			 "ref", json_text(gather->ref), "old", json_oid(&none),
			 "new", json_oid(tip), "note", "kind",
			 (int)gather->update.kind, "total", 1, "tip",
			 json_oid(tip), "base", json_oid(&none), "commits",
			 json_oid(tip), "trailers");
}

static int
add_job(struct store_tx *tx, const json_t *doc)
{
	const json_t *update = json_object_get(doc, "update");
	char *key = mem_text(KIND_STUDY " %.40s %.300s",
			     json_text_or(update, "new", ""),
			     json_text_or(update, "ref", ""));
	int ret = store_queue_add(tx, CLASS_STUDY, key,
				  clock_wall_s(&clock_real), doc, NULL);

	free(key);
	return ret;
}

/* An empty record says that the study has begun. */
static int
begin(struct store_tx *tx, void *data, struct err *err)
{
	struct wanted *wanted = data;
	const struct report *report = &wanted->report;
	json_t *tests = json_array(), *doc;
	int ret = 0;

	(void)err;
	for (size_t i = 0; i < report->count; i++) {
		const char *path = report->tests[i].path;
		json_t *record;

		if (!wanted->tests[i])
			continue;
		record = study_record_get(tx, report->environment, path);
		if (!record ||
		    strcmp(json_text_or(record, "definition", ""),
			   gather_find(wanted->gather, path)->definition))
			json_array_append_new(tests, json_text(path));
		json_decref(record);
	}
	doc = json_pack("{s:s, s:o, s:I, s:I, s:O}", "kind", KIND_STUDY,
			"update", update_of(wanted->gather), "session",
			(json_int_t)1, "sessions", (json_int_t)wanted->sessions,
			"tests", tests);
	/* Of a commit that is being studied already the rest comes later. */
	if (json_array_size(tests))
		ret = add_job(tx, doc);
	for (size_t i = 0; !ret && i < json_array_size(tests); i++) {
		const char *path = json_string_value(json_array_get(tests, i));
		json_t *record = study_record_of(
			tx, report->environment, path,
			gather_find(wanted->gather, path)->definition);

		study_record_put(tx, report->environment, path, record);
		json_decref(record);
	}
	json_decref(doc);
	json_decref(tests);
	return ret < 0 ? ret : store_tx_error(tx);
}

int
study_queue(struct gate *gate, const struct gather *gather, struct err *err)
{
	struct wanted wanted = { .gate = gate, .gather = gather };
	const char *sessions = policy_text(gate->policy, SECTION_GATE, "study");
	int ret;

	if (units_parse_count(sessions, 0, STUDY_KEPT, &wanted.sessions) < 0 ||
	    !wanted.sessions)
		return 0;
	ret = store_read(gate->store, read_report, &wanted, err);
	if (!ret)
		choose_tests(&wanted);
	if (!ret && wanted.count)
		ret = store_write(gate->store, begin, &wanted, err);
	report_release(&wanted.report);
	free(wanted.tests);
	return ret < 0 ? err_context(err, "study") : 0;
}

static int
is_listed(const json_t *tests, const char *path)
{
	json_t *item;
	size_t i;

	json_array_foreach(tests, i, item)
	{
		const char *text = json_string_value(item);

		if (text && !strcmp(text, path))
			return 1;
	}
	return 0;
}

/* The tip against itself; listed NULL: all tests that run. */
static void
make_request(struct study *study, const struct gate *gate,
	     struct gather *gather, const json_t *listed)
{
	struct plan_commit *tip;
	struct ref_policy policy;
	size_t n = 0;

	policy_ref(gate->policy, gather->ref, &policy);
	tip = &gather->revisions[gather->update.count - 1]->facts;
	if (!tip->build)
		tip->build = policy.build;
	if (!tip->setup)
		tip->setup = policy.setup;
	study->tests = mem_new(gather->test_count, sizeof(*study->tests));
	for (size_t i = 0; i < gather->test_count; i++)
		if (listed ? is_listed(listed, gather->tests[i].path)
			   : gather->tests[i].runs)
			study->tests[n++] = (struct plan_request_test){
				.path = gather->tests[i].path,
				.directives = &gather->tests[i].directives,
				.baseline = tip
			};
	study->request = (struct plan_request){ .commits = tip,
						.commit_count = 1,
						.tests = study->tests,
						.test_count = n,
						.against_itself = 1 };
}

int
study_run(struct study *study, struct gate *gate, const struct store_job *job,
	  const struct gate_run *run, struct err *err)
{
	int ret;

	*study = (struct study){ .job = job };
	ret = land_gather(gate, json_object_get(job->doc, "update"), 1,
			  &study->gather, err);
	if (ret < 0 || !study->gather.update.count)
		return ret;
	make_request(study, gate, &study->gather,
		     json_object_get(job->doc, "tests"));
	if (!study->request.test_count)
		return 0;
	study->has_session = 1;
	return gate_study(gate, &study->gather, &study->request, run,
			  &study->session, err);
}

void
study_release(struct study *study)
{
	weigh_session_release(&study->session);
	gather_release(&study->gather);
	free(study->tests);
	*study = (struct study){ 0 };
}

char *
study_text(const struct store_job *job)
{
	const json_t *update = json_object_get(job->doc, "update");
	size_t tests = json_array_size(json_object_get(job->doc, "tests"));

	return mem_text(
		"%s: study of %zu test%s at %.10s, session %lld of %lld",
		json_text_or(update, "ref", "?"), tests, tests == 1 ? "" : "s",
		json_text_or(update, "new", "?"),
		(long long)json_int_or(job->doc, "session", 0),
		(long long)json_int_or(job->doc, "sessions", 0));
}

/* What the session says of a test's metrics; an empty object: nothing. */
static json_t *
estimates(const struct weigh_session *session, size_t test)
{
	const struct plan_test *planned = &session->plan.tests[test];
	const struct sample_metric **metrics = NULL;
	json_t *all = json_object();
	size_t count = 0;

	weigh_judged_metrics(&session->samples, test, planned->directives,
			     &metrics, &count);
	for (size_t i = 0; i < count; i++) {
		const struct metric_row *row = metric_find(metrics[i]->name);
		struct rule rule = RULE_INIT;
		struct noise_session found;
		struct pair *pairs = NULL;
		struct look look;
		size_t n = weigh_pairs(&session->samples, test, metrics[i],
				       planned->revisions[0],
				       planned->revisions[1], &pairs);

		rule.counted = row && row->counted;
		look_at(&rule, pairs, n, &look);
		free(pairs);
		if (look.rounds < EXACT_ROUNDS)
			continue;
		found.ratio = look.estimate.ratio;
		found.width = noise_width(look.spread, look.rounds);
		json_object_set_new(all, metrics[i]->name,
				    study_metric_json(&found, look.spread));
	}
	free(metrics);
	return all;
}

static void
put_estimates(struct store_tx *tx, const struct gather *gather,
	      const struct weigh_session *session, json_t *usable)
{
	const char *environment = weigh_environment(session);

	for (size_t i = 0; environment && i < session->plan.test_count; i++) {
		const char *path = session->plan.tests[i].path;
		json_t *metrics = estimates(session, i), *record;

		if (!json_object_size(metrics)) {
			json_decref(metrics);
			continue;
		}
		json_array_append_new(usable, json_text(path));
		record = study_record_of(tx, environment, path,
					 gather_find(gather, path)->definition);
		study_record_add(record, session->id, clock_wall_s(&clock_real),
				 metrics);
		study_record_put(tx, environment, path, record);
		json_decref(record);
	}
}

int
study_finish(struct store_tx *tx, const struct study *study)
{
	const json_t *doc = study->job->doc;
	int64_t number = json_int_or(doc, "session", 1);
	json_t *next = json_copy((json_t *)(uintptr_t)doc);

	if (study->has_session && study->session.complete) {
		json_t *usable = json_array();

		put_estimates(tx, &study->gather, &study->session, usable);
		json_object_set_new(next, "tests", usable);
	}
	json_object_set_new(next, "session", json_integer(number + 1));
	if (!study->is_over && number < json_int_or(doc, "sessions", 0) &&
	    json_array_size(json_object_get(next, "tests")))
		add_job(tx, next);
	json_decref(next);
	return store_tx_error(tx);
}

/* A study while somebody waits for it. */
struct ahead {
	const struct gather *gather;
	const char *environment;
	const struct weigh_session *session; /* to be stored, or NULL */
	size_t fewest; /* sessions that any of the tests has */
};

static int
note_session(struct store_tx *tx, void *data, struct err *err)
{
	struct ahead *ahead = data;
	const struct gather *gather = ahead->gather;
	json_t *usable = json_array();

	(void)err;
	ahead->fewest = STUDY_KEPT;
	if (ahead->session)
		put_estimates(tx, gather, ahead->session, usable);
	json_decref(usable);
	for (size_t i = 0; i < gather->test_count; i++) {
		const struct gather_test *test = &gather->tests[i];
		json_t *record;
		size_t count;

		if (!test->runs)
			continue;
		record = study_record_of(tx, ahead->environment, test->path,
					 test->definition);
		count = json_array_size(json_object_get(record, "sessions"));
		ahead->fewest = count < ahead->fewest ? count : ahead->fewest;
		json_decref(record);
	}
	return store_tx_error(tx);
}

int
study_ahead(struct gate *gate, struct gather *gather, const char *environment,
	    const struct gate_run *run, struct err *err)
{
	struct ahead ahead = { .gather = gather, .environment = environment };
	const char *text = policy_text(gate->policy, SECTION_GATE, "study");
	struct study study = { 0 };
	int64_t wanted = 0;
	int ret = 0;

	if (environment)
		(void)units_parse_count(text, 0, STUDY_KEPT, &wanted);
	make_request(&study, gate, gather, NULL);
	if (wanted)
		ret = store_read(gate->store, note_session, &ahead, err);
	/* However few of them show anything. */
	for (int64_t i = 0;
	     !ret && i < wanted && (int64_t)ahead.fewest < wanted; i++) {
		struct weigh_session session = { 0 };

		ret = gate_study(gate, gather, &study.request, run, &session,
				 err);
		ahead.session = &session;
		if (!ret)
			ret = store_write(gate->store, note_session, &ahead,
					  err);
		weigh_session_release(&session);
	}
	free(study.tests);
	return ret;
}
