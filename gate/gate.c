#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/names.h"
#include "base/programs.h"
#include "gather.h"
#include "noise.h"
#include "policy/keys.h"
#include "repo/repo.h"
#include "send.h"
#include "weigh_classes.h"

#define ROOT_CACHE "/var/cache/pacegate"

int
gate_open(struct gate *gate, const char *path, const char *quarantine,
	  struct err *err)
{
	int ret = path ? repo_open(&gate->repo, path, quarantine, err)
		       : repo_open_here(&gate->repo, ".", err);

	if (!ret)
		ret = repo_config(gate->repo, &gate->config, 0, err);
	if (ret < 0)
		return ret;
	gate->policy = policy_new(&gate->config, &gate->problems);
	return 0;
}

int
gate_open_store(struct gate *gate, enum store_mode mode, struct err *err)
{
	char *dir = gate_path(gate, DIR_STORE);
	int ret = store_open(&gate->store, dir, mode, err);

	free(dir);
	return ret;
}

void
gate_close(struct gate *gate)
{
	store_close(gate->store);
	repo_close(gate->repo);
	policy_free(gate->policy);
	config_release(&gate->config);
	problems_release(&gate->problems);
	*gate = (struct gate)GATE_INIT;
}

char *
gate_path(const struct gate *gate, const char *name)
{
	return file_join(repo_gitdir(gate->repo), name);
}

int
gate_lock(const struct gate *gate, const char *name, int *fd, struct err *err)
{
	char *path = gate_path(gate, name);
	int ret = 1;

	*fd = file_open_shared(path, O_RDWR);
	if (*fd < 0) {
		ret = err_errno(err, "%s", path);
	} else if (flock(*fd, LOCK_EX | LOCK_NB)) {
		ret = errno == EWOULDBLOCK ? 0 : err_errno(err, "%s", path);
		io_close(fd);
	}
	free(path);
	return ret;
}

void
gate_pool(const struct gate *gate, struct pool_rules *rules)
{
	struct pool_policy pool;

	policy_pool(gate->policy, &pool);
	*rules = (struct pool_rules){
		.type = pool.type,
		.repository = repo_gitdir(gate->repo),
		.features = pool.features,
		.patience_ms = pool.patience_ms,
		.session = { .launch = pool.launch,
			     .cache_size = pool.cache_size,
			     .log_fd = log_descriptor() },
		.slots = { .repository = repo_gitdir(gate->repo),
			   .lock_dir = pool.lock_dir,
			   .cpus = pool.cpus,
			   .count = pool.slots },
		.slurm = { .partition = pool.partition,
			   .background = pool.background,
			   .constraint = pool.constraint,
			   .options = pool.options,
			   .launches = pool.launches,
			   .slots = config_last(&gate->config,
						SECTION_POOL ".slots")
					    ? pool.slots
					    : 0 },
	};
}

int
gate_is_wanted(const struct gate *gate)
{
	struct pool_rules rules;

	gate_pool(gate, &rules);
	return pool_is_wanted(&rules);
}

void
gate_recover_pool(const struct gate *gate)
{
	struct pool_rules rules;
	struct err err = ERR_INIT;

	gate_pool(gate, &rules);
	if (pool_recover(&rules, &err) < 0)
		log_event(LOG_WARNING, "sessions that were left behind: %s",
			  err.text);
}

/* Where the runner finds the objects. A session without any would wait for ever
 * for somebody to send them: the repository may have been removed under a
 * worker. */
static int
add_alternates(const struct gate *gate, json_t *alternates, struct err *err)
{
	struct texts dirs = { 0 };
	int ret = repo_object_dirs(gate->repo, &dirs, err);

	for (size_t i = 0; i < dirs.count; i++)
		json_array_append_new(alternates, json_text(dirs.items[i]));
	if (!ret && !dirs.count)
		ret = err_set(err, ERR_SYSTEM,
			      "%s has no objects any more: was it removed?",
			      repo_gitdir(gate->repo));
	texts_release(&dirs);
	return ret;
}

/* The members of a spec that do not depend on the plan; NULL and err. */
static json_t *
common_spec(const struct gate *gate, const struct sandbox_policy *box,
	    const struct pool_policy *pool, struct err *err)
{
	json_t *read = json_array(), *env = json_object();
	json_t *alternates = json_array();

	for (size_t i = 0; i < box->read->count; i++)
		json_array_append_new(read, json_text(box->read->items[i]));
	for (size_t i = 0; i < box->env->count; i++) {
		char *name = mem_copy_text(box->env->items[i]);
		char *value = strchr(name, '=');

		if (value)
			*value++ = '\0';
		json_object_set_new(env, name, json_text(value ? value : ""));
		free(name);
	}
	if (!pool->is_elsewhere && add_alternates(gate, alternates, err) < 0) {
		json_decref(read);
		json_decref(env);
		json_decref(alternates);
		return NULL;
	}
	return json_pack(
		"{s:o, s:{s:I, s:i, s:I, s:I, s:I, s:I, s:i, s:I, s:I}, "
		"s:{s:s, s:o, s:o, s:s}, s:s, s:I}",
		"alternates", alternates, "limits", "memory_bytes",
		(json_int_t)box->memory_bytes, "processes", (int)box->processes,
		"cpu_ms", (json_int_t)box->cpu_ms, "wall_ms",
		(json_int_t)box->wall_ms, "disk_bytes",
		(json_int_t)box->disk_bytes, "output_bytes",
		(json_int_t)box->output_bytes, "files", (int)box->files,
		"build_ms", (json_int_t)box->build_ms, "session_ms",
		(json_int_t)box->session_ms, "sandbox", "root",
		box->root ? box->root : "", "read", read, "env", env,
		"build_cache", box->build_cache ? box->build_cache : "",
		"counter", box->counter, "sample_ms",
		(json_int_t)box->sample_ms);
}

struct rule_data {
	const struct gate *gate;
	const struct gather *gather;
	struct noise_book *noise; /* NULL: no need of it */
};

static void
find_rule(void *data, const char *test, const char *metric,
	  const char *environment, struct rule *rule)
{
	const struct rule_data *from = data;
	const struct gather_test *gathered = gather_find(from->gather, test);
	struct test_policy policy;

	policy_test(from->gate->policy, from->gather->ref, test, metric,
		    &policy);
	if (gathered)
		policy_tighten(&policy, &gathered->directives);
	rule->threshold = policy.threshold;
	rule->severe = policy.severe;
	if (from->noise) {
		const struct noise_key key = { test, metric, environment,
					       rule->threshold };

		rule->noise = noise_book_find(from->noise, from->gate->store,
					      &key)
				      .noise;
	}
}

static int
is_slurm(const struct pool_policy *pool)
{
	return !strcmp(pool->type, "slurm");
}

char *
gate_runner(const struct gate *gate)
{
	struct pool_policy pool;

	policy_pool(gate->policy, &pool);
	if (is_slurm(&pool))
		return mem_copy_text(pool.runner ? pool.runner
						 : PROGRAM_RUNNER);
	return pool.launch ? mem_copy_text(PROGRAM_RUNNER)
			   : programs_find(PROGRAM_RUNNER);
}

/*
 * As root the slot's user must be able to reach the trees: the repository may
 * lie where it cannot go. Others who push to a shared repository as users of
 * their own cannot seal, lock or remove what its owner built.
 */
static char *
cache_dir(const struct gate *gate, const struct pool_policy *pool)
{
	const char *gitdir = repo_gitdir(gate->repo);
	struct stat owner;

	if (pool->cache)
		return mem_copy_text(pool->cache);
	if (!geteuid() || is_slurm(pool))
		return mem_copy_text(ROOT_CACHE);
	if (!stat(gitdir, &owner) && owner.st_uid != geteuid())
		return mem_text("%s/" DIR_CACHE ".%u", gitdir,
				(unsigned)geteuid());
	return gate_path(gate, DIR_CACHE);
}

struct store_results {
	const struct weigh_result *result;
	int samples_alone;
};

/* The columns that there are; their number. */
static size_t
course_values(const struct sample_course *course,
	      struct store_values values[COURSE_COLUMNS])
{
	static const char *const names[COURSE_COLUMNS] = {
		"@time",    "@memory", "@rss",     "@cpu",
		"@threads", "@read",   "@written",
	};
	size_t count = 0;

	for (size_t i = 0; course->count && i < COURSE_COLUMNS; i++)
		if (course->columns[i])
			values[count++] = (struct store_values){
				names[i], course->columns[i], course->count
			};
	return count;
}

static int
put_sample(struct store_tx *tx, const struct weigh_session *session,
	   size_t test, size_t revision, int64_t now_s)
{
	const struct sample_test *sampled = &session->samples.tests[test];
	struct store_values *values = mem_new(sampled->count, sizeof(*values));
	const char *environment = json_text_or(
		json_object_get(session->end, "environment"), "id", "unknown");
	struct store_sample sample = {
		.test = session->plan.tests[test].path,
		.environment = environment,
		.session = session->id,
		.commit = session->plan.revisions[revision].commit->commit,
		.time_s = now_s,
		.metrics = values,
		.metric_count = sampled->count
	};
	double **columns = mem_new(sampled->count, sizeof(*columns));
	struct store_values course[COURSE_COLUMNS];
	int ret;

	for (size_t i = 0; i < sampled->count; i++) {
		const struct sample_metric *metric = &sampled->metrics[i];

		columns[i] = mem_new(sampled->rounds, sizeof(double));
		for (size_t j = 0; j < sampled->rounds; j++)
			columns[i][j] = samples_value(&session->samples, metric,
						      j, revision);
		values[i] = (struct store_values){ metric->name, columns[i],
						   sampled->rounds };
	}
	sample.course = course;
	sample.course_count = course_values(&sampled->courses[revision],
					    course);
	ret = store_sample_put(tx, &sample);
	for (size_t i = 0; i < sampled->count; i++)
		free(columns[i]);
	free(columns);
	free(values);
	return ret;
}

void
gate_put_samples(struct store_tx *tx, const struct weigh_session *session,
		 int64_t now_s, int laid_over)
{
	const json_t *environment = json_object_get(session->end,
						    "environment");

	if (environment)
		store_environment_put(
			tx, json_text_or(environment, "id", "unknown"),
			environment);
	for (size_t i = 0; i < session->plan.test_count; i++) {
		const struct plan_test *test = &session->plan.tests[i];

		for (size_t j = 0; j < test->count; j++)
			if (laid_over ||
			    !session->plan.revisions[test->revisions[j]]
				     .overlaid)
				put_sample(tx, session, i, test->revisions[j],
					   now_s);
	}
}

static int
put_results(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_results *from = data;
	const struct weigh_result *result = from->result;

	(void)err;
	for (size_t i = 0; i < result->session_count; i++)
		if (result->sessions[i].id)
			gate_put_samples(tx, &result->sessions[i],
					 result->reports[0].time_s, 0);
	for (size_t i = 0; i < result->count && !from->samples_alone; i++)
		gate_put_report(tx, &result->reports[i]);
	return store_tx_error(tx);
}

int
gate_put_report(struct store_tx *tx, const struct report *report)
{
	json_t *head = report_head_json(report);

	store_verdict_put(tx, &report->commit, "", "", report->time_s, head);
	json_decref(head);
	for (size_t i = 0; i < report->count; i++) {
		json_t *test = report_test_json(&report->tests[i]);

		store_verdict_put(tx, &report->commit, report->tests[i].path,
				  "", report->time_s, test);
		json_decref(test);
	}
	return store_tx_error(tx);
}

struct read_report {
	struct report *report;
	struct err *err;
	int found;
};

static int
on_verdict(void *data, const char *test, const char *metric, json_t *doc)
{
	struct read_report *read = data;

	read->found = 1;
	if (*metric)
		return 0;
	return *test ? report_test_read(read->report, doc, read->err)
		     : report_head_read(read->report, doc, read->err);
}

/* What a session adds to a report that others have begun. */
static int
add_tests(struct report *known, const struct report *report, struct err *err)
{
	char *sessions;
	int ret = 0;

	for (size_t i = 0; !ret && i < report->count; i++) {
		json_t *test = report_test_json(&report->tests[i]);

		ret = report_test_read(known, test, err);
		json_decref(test);
	}
	if (!known->environment) {
		report_set(&known->environment, report->environment);
		report_set(&known->machine, report->machine);
		report_set(&known->why, NULL);
	}
	sessions = mem_text("%s%s%s", known->sessions ? known->sessions : "",
			    known->sessions ? " " : "",
			    report->sessions ? report->sessions : "");
	report_set(&known->sessions, sessions);
	free(sessions);
	known->spent_ms += report->spent_ms;
	report_conclude(known);
	return ret;
}

int
gate_add_report(struct store_tx *tx, const struct report *report,
		struct err *err)
{
	struct report known;
	int ret = gate_get_report(tx, &report->commit, &known, err);

	if (ret == ERR_NOT_FOUND) {
		ret = gate_put_report(tx, report);
	} else if (!ret) {
		ret = add_tests(&known, report, err);
		if (!ret)
			ret = gate_put_report(tx, &known);
	}
	report_release(&known);
	return ret;
}

int
gate_get_report(struct store_tx *tx, const struct oid *commit,
		struct report *report, struct err *err)
{
	struct read_report read = { .report = report, .err = err };
	int ret;

	report_init(report, commit);
	ret = store_verdict_each(tx, commit, on_verdict, &read);
	if (ret < 0)
		return ret;
	if (!read.found) {
		char hex[OID_HEX + 1];

		return err_set(err, ERR_NOT_FOUND, "%s was never weighed",
			       oid_short(commit, hex));
	}
	return 0;
}

/* What a session needs, beside what it is to measure. */
struct setup {
	struct noise_book noise;
	struct rule_data rules;
	struct send_data send;
	struct weigh weigh;
	char *cache, *runner;
};

static int
setup_init(struct setup *setup, struct gate *gate, const struct gather *gather,
	   const struct gate_run *run, struct err *err)
{
	struct ref_policy ref;
	struct sandbox_policy box;
	struct pool_policy pool;

	*setup = (struct setup){ .rules = { gate, gather, &setup->noise },
				 .send = { .repo = gate->repo } };
	policy_ref(gate->policy, gather->ref, &ref);
	policy_sandbox(gate->policy, &box);
	/* Who may push there could fill it with what others would run. */
	if (!ref.is_trusted)
		box.build_cache = NULL;
	policy_pool(gate->policy, &pool);
	setup->cache = cache_dir(gate, &pool);
	setup->runner = gate_runner(gate);
	setup->weigh = (struct weigh){
		.class = run->class,
		.rules = { find_rule, &setup->rules },
		.common = common_spec(gate, &box, &pool, err),
		.deadline_ms = run->deadline_ms,
		.rounds = ref.rounds,
		/* An admin who set a number meant it. */
		.more_rounds = !config_last(&gate->config,
					    SECTION_GATE ".rounds"),
		.progress = run->progress,
		.progress_data = run->data,
		.give_way = run->give_way,
		.stopped = run->stopped,
		.placed = run->placed,
		.send_objects = pool.is_elsewhere ? send_objects : NULL,
		.objects_data = &setup->send
	};
	gate_pool(gate, &setup->weigh.pool);
	setup->weigh.pool.session.runner = setup->runner;
	setup->weigh.pool.session.cache = setup->cache;
	if (!setup->weigh.common)
		return err->code;
	if (setup->runner)
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		       "%s is not installed beside this program",
		       PROGRAM_RUNNER);
}

static void
setup_release(struct setup *setup)
{
	noise_book_release(&setup->noise);
	json_decref(setup->weigh.common);
	free(setup->runner);
	free(setup->cache);
}

int
gate_weigh(struct gate *gate, const struct gather *gather,
	   const struct gate_run *run, struct weigh_result *result,
	   struct err *err)
{
	struct store_results stored = { result, run->samples_alone };
	struct setup setup;
	int ret = setup_init(&setup, gate, gather, run, err);

	*result = (struct weigh_result){ 0 };
	if (!ret)
		ret = weigh_classes(&setup.weigh, &gather->request, result,
				    err);
	for (size_t i = 0; !ret && i < result->count; i++) {
		gather_describe(gather, &result->reports[i]);
		noise_book_describe(&setup.noise, gate->store,
				    &result->reports[i]);
	}
	if (!ret && gate->store && !run->unrecorded)
		ret = store_write(gate->store, put_results, &stored, err);
	setup_release(&setup);
	return ret;
}

static int
run_single(struct gate *gate, const struct gather *gather,
	   const struct plan_request *request, const struct gate_run *run,
	   int is_study, struct weigh_session *session, struct err *err)
{
	struct setup setup;
	struct plan plan;
	int ret = setup_init(&setup, gate, gather, run, err);

	setup.weigh.more_rounds = 0;
	setup.weigh.is_study = is_study;
	if (!ret) {
		plan_make(&plan, request);
		ret = weigh_run_session(&setup.weigh, &plan, is_study, 0, 1,
					session, err);
	}
	setup_release(&setup);
	return ret;
}

int
gate_study(struct gate *gate, const struct gather *gather,
	   const struct plan_request *request, const struct gate_run *run,
	   struct weigh_session *session, struct err *err)
{
	return run_single(gate, gather, request, run, 1, session, err);
}

int
gate_measure(struct gate *gate, const struct gather *gather,
	     const struct gate_run *run, struct weigh_session *session,
	     struct err *err)
{
	return run_single(gate, gather, &gather->request, run, 0, session, err);
}

struct recall {
	struct gate *gate;
	const struct gather *gather;
	struct report *report;
	struct oid twin; /* another commit of the same tree, zero: none */
};

/* What was measured under another threshold may say something else now. */
static int
still_holds(const struct gate *gate, const struct gather *gather,
	    const struct gather_test *test, const struct report_test *known)
{
	if (!known->definition || strcmp(known->definition, test->definition) ||
	    !oid_equal(&known->baseline, &test->baseline))
		return 0;
	switch (known->verdict) {
	case VERDICT_UNWEIGHED:
	case VERDICT_FAILURE:
	case VERDICT_UNDECIDED:
		return 0;
	case VERDICT_PASS:
	case VERDICT_IMPROVED:
	case VERDICT_NEW:
	case VERDICT_ACCEPTED:
	case VERDICT_BROKEN:
	case VERDICT_REGRESSED:
	case VERDICT_SEVERE:
		break;
	}
	for (size_t i = 0; i < known->count; i++) {
		const struct report_metric *metric = &known->metrics[i];
		struct rule_data data = { gate, gather, NULL };
		struct rule rule;

		find_rule(&data, test->path, metric->name, NULL, &rule);
		if (isfinite(metric->ratio) &&
		    (fabs(rule.threshold - metric->threshold) > 1e-9 ||
		     (rule.severe < metric->severe * (1 - 1e-9)) ||
		     (rule.severe > metric->severe * (1 + 1e-9))))
			return 0;
	}
	return 1;
}

/* A trailer speaks for the push that carries it. What was stored after it spoke
 * is the measured verdict again, so that this push has to accept it too. */
static void
take_back_accepted(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		struct report_test *test = &report->tests[i];

		for (size_t j = 0; j < test->count; j++) {
			struct report_metric *metric = &test->metrics[j];

			if (metric->verdict == VERDICT_ACCEPTED)
				metric->verdict = metric->measured;
			test->verdict = verdict_worse(test->verdict,
						      metric->verdict);
		}
		report_set(&test->accepted, NULL);
	}
	report_conclude(report);
}

/* 1 when what is stored of commit answers for all tests. */
static int
read_one(struct store_tx *tx, const struct recall *recall,
	 const struct oid *commit, struct report *known, struct err *err)
{
	int ret = gate_get_report(tx, commit, known, err), all = 1;

	if (ret < 0)
		return ret == ERR_NOT_FOUND ? 0 : ret;
	for (size_t i = 0; i < recall->gather->test_count; i++) {
		const struct gather_test *test = &recall->gather->tests[i];
		const struct report_test *found = report_find(known,
							      test->path);

		if (test->runs &&
		    (!found ||
		     !still_holds(recall->gate, recall->gather, test, found)))
			all = 0;
	}
	take_back_accepted(known);
	return all;
}

static int
read_recalled(struct store_tx *tx, void *data, struct err *err)
{
	const struct recall *recall = data;
	const struct oid *tip = &recall->gather->update.tip;
	struct report known;
	int ret;

	report_release(recall->report);
	ret = read_one(tx, recall, tip, recall->report, err);
	if (ret || oid_is_zero(&recall->twin))
		return ret;
	ret = read_one(tx, recall, &recall->twin, &known, err);
	if (ret > 0) {
		report_release(recall->report);
		*recall->report = known;
		recall->report->commit = *tip;
		gather_describe(recall->gather, recall->report);
	} else {
		report_release(&known);
	}
	return ret;
}

/* A merge of a branch that was up to date has the branch's files: what was
 * measured of them holds, and a merge in a browser need not wait. */
static void
find_twin(const struct gate *gate, const struct gather *gather,
	  struct oid *twin)
{
	const struct repo_commit *tip =
		&gather->commits[gather->update.count - 1];

	*twin = (struct oid){ { 0 } };
	for (size_t i = 1; i < tip->parent_count; i++) {
		struct oid tree;

		if (!repo_commit_parent(gate->repo, &tip->parents[i], NULL,
					&tree, NULL) &&
		    oid_equal(&tree, &tip->tree))
			*twin = tip->parents[i];
	}
}

int
gate_recall(struct gate *gate, const struct gather *gather,
	    struct report *report, struct err *err)
{
	struct recall recall = { gate, gather, report, { { 0 } } };
	struct noise_book noise = NOISE_BOOK_INIT;
	int ret;

	report_init(report, &gather->update.tip);
	if (!gate->store)
		return 0;
	find_twin(gate, gather, &recall.twin);
	ret = store_read(gate->store, read_recalled, &recall, err);
	/* A new test may have been studied since it was weighed. */
	if (ret >= 0 && report_count(report, VERDICT_NEW))
		noise_book_describe(&noise, gate->store, report);
	noise_book_release(&noise);
	return ret;
}
