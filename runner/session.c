#include "runner/session.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/protocol.h"
#include "runner/attempt.h"
#include "runner/control.h"
#include "runner/counting.h"
#include "runner/course.h"
#include "runner/environment.h"
#include "runner/exchange.h"
#include "runner/message.h"
#include "runner/objects.h"
#include "runner/prepare.h"
#include "runner/rounds.h"
#include "runner/sandbox.h"
#include "runner/spec.h"
#include "runner/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How it works. The steps below run one after the other; each returns 1 to go
 * on, 0 when the session is to stop for a reason that control knows, negative
 * for an error, which is sent. Whatever happened, the end is sent as long as
 * somebody listens, and everything is let go of in one place.
 */

enum {
	SPEC_MS = 60000,
	MAX_REPEATS = 2,
	SAMPLE_NS = 500000 /* to begin with: a trial may be short */
};

struct session {
	const struct session_options *options;
	struct control control;
	struct spec spec;
	struct sandbox sandbox;
	struct environment environment;
	struct objects *objects;
	struct trees trees;
	struct tree *built; /* one a revision */
	char *build_cache;  /* NULL: none */
	struct rounds rounds;
	int has_rounds, gone;      /* gone: nobody reads what we send */
	enum spec_counter counter; /* what it came to */
	char counter_why[256];     /* not "": why it is not what was asked */
	struct course course;      /* of the trial in hand */
};

static int read_spec(struct session *session, struct err *err);
static int open_sandbox(struct session *session, struct err *err);
static int read_environment(struct session *session, struct err *err);
static int open_objects(struct session *session, struct err *err);
static int prepare_all(struct session *session, struct err *err);
static int run_rounds(struct session *session, struct err *err);
static void send_error(struct session *session, const struct err *err);
static void send_end(struct session *session);
static void close_session(struct session *session);

/* Sends and forgets the message. ERR_SYSTEM when the gate is gone. */
static int
send_message(struct session *session, json_t *message, struct err *err)
{
	int ret = ERR_SYSTEM;

	if (!session->gone)
		ret = json_write_line(session->options->out, message, err);
	session->gone |= ret < 0;
	json_decref(message);
	return ret;
}

int
session_serve(const struct session_options *options)
{
	static int (*const steps[])(struct session *, struct err *) = {
		read_spec,    open_sandbox, read_environment,
		open_objects, prepare_all,  run_rounds,
	};
	struct session session = { .options = options,
				   .spec = SPEC_INIT,
				   .sandbox = SANDBOX_INIT,
				   .environment = ENVIRONMENT_INIT,
				   .counter = SPEC_COUNTER_NONE,
				   .trees = { .lock = -1 } };
	struct err err = ERR_INIT;
	int ret = control_open(&session.control, options->in, &err);

	if (ret >= 0)
		ret = send_message(&session, message_hello(getenv(ENV_NODE)),
				   &err);
	for (size_t i = 0; ret >= 0 && i < sizeof(steps) / sizeof(steps[0]);
	     i++) {
		ret = steps[i](&session, &err);
		if (ret == 0)
			break;
	}
	if (ret < 0)
		log_event(LOG_ERROR, "%s", err.text);
	send_error(&session, ret < 0 ? &err : NULL);
	send_end(&session);
	close_session(&session);
	return ret < 0 ? EXIT_OURS : EXIT_FINE;
}

/* Why the session stops early, for the gate; nothing when it asked for it. */
static void
send_error(struct session *session, const struct err *err)
{
	const struct control *control = &session->control;
	struct buf text = BUF_INIT;

	if (err)
		buf_adds(&text, err->text);
	else if (control->stop == CONTROL_DEADLINE && !session->spec.session)
		buf_addf(&text, "the gate sent no spec within %d s",
			 (int)SPEC_MS / 1000);
	else if (control->stop == CONTROL_DEADLINE)
		buf_addf(&text,
			 "the session took longer than %lld s, raise "
			 "session_ms or bring fewer tests",
			 (long long)session->spec.limits.session_ms / 1000);
	else if (control->stop == CONTROL_SIGNAL)
		buf_adds(&text, "the runner was told to stop by a signal");
	else if (control->stop == CONTROL_PROTOCOL)
		buf_addf(&text, "the gate broke the protocol: %s",
			 control->why);
	if (text.len && control->stop != CONTROL_END_OF_INPUT)
		send_message(session,
			     message_error(err ? err->fault : FAULT_OURS,
					   buf_text(&text)),
			     NULL);
	buf_release(&text);
}

static void
send_end(struct session *session)
{
	struct buf text = BUF_INIT;
	json_t *environment = NULL;

	if (session->control.stop == CONTROL_END_OF_INPUT)
		return;
	if (session->sandbox.bwrap)
		sandbox_describe(&session->sandbox, &text);
	if (session->environment.id[0])
		environment = environment_json(&session->environment);
	/* Beside the facts, not of its id: times go on as they were. */
	if (environment)
		json_object_set_new(
			environment, "counter",
			json_text(spec_counter_name(session->counter)));
	send_message(session,
		     message_end(environment, buf_text(&text),
				 spec_counter_name(session->counter),
				 session->counter_why),
		     NULL);
	buf_release(&text);
}

static void
evict_trees(struct session *session)
{
	trees_evict(&session->trees, session->options->cache_bytes / 2,
		    clock_wall_s(&clock_real) - TREE_MAX_AGE_S);
}

static void
close_session(struct session *session)
{
	for (size_t i = 0; session->built && i < session->spec.revision_count;
	     i++)
		tree_release(&session->built[i]);
	free(session->built);
	free(session->build_cache);
	if (session->has_rounds)
		rounds_release(&session->rounds);
	if (session->trees.lock >= 0)
		evict_trees(session);
	trees_close(&session->trees);
	objects_free(session->objects);
	environment_release(&session->environment);
	sandbox_close(&session->sandbox);
	spec_release(&session->spec);
	control_close(&session->control);
}

static int
read_spec(struct session *session, struct err *err)
{
	char *line = NULL;
	size_t len = 0;
	int got = control_limit(&session->control, SPEC_MS, err);

	if (got < 0)
		return got;
	got = control_line(&session->control, &line, &len, err);
	if (got <= 0)
		return got;
	if (spec_parse(line, len, &session->spec, err) < 0)
		return err->code;
	log_session(session->spec.session);
	session->built = mem_new(session->spec.revision_count,
				 sizeof(*session->built));
	for (size_t i = 0; i < session->spec.revision_count; i++)
		session->built[i] = (struct tree)TREE_INIT;
	got = control_limit(&session->control, session->spec.limits.session_ms,
			    err);
	return got < 0 ? got : 1;
}

/* Nothing to count with is a finding, no reason to give up. */
static void
choose_counter(struct session *session)
{
	struct err why = ERR_INIT;

	session->counter = counting_choose(session->spec.counter,
					   &session->sandbox, &why);
	snprintf(session->counter_why, sizeof(session->counter_why), "%.250s",
		 why.text);
	log_event(LOG_INFO, "counter: %s%s%s",
		  spec_counter_name(session->counter), *why.text ? ", " : "",
		  why.text);
}

/* Builds go without one where it cannot be had. A fresh build uses none: what
 * is compiled again is what it is for. */
static void
open_build_cache(struct session *session)
{
	const char *path = session->spec.sandbox.build_cache;
	struct err err = ERR_INIT;

	if (!*path || session->spec.fresh)
		return;
	session->build_cache = sandbox_cache(&session->sandbox, path, &err);
	if (!session->build_cache)
		log_event(LOG_WARNING, "no build cache: %s", err.text);
}

static int
open_sandbox(struct session *session, struct err *err)
{
	const struct spec *spec = &session->spec;
	const struct sandbox_options options = {
		.slot = session->options->slot,
		.cpus = session->options->cpus,
		.root = spec->sandbox.root,
		.read = &spec->sandbox.read,
		.env = &spec->sandbox.env,
		.limits = { .memory_bytes = spec->limits.memory_bytes,
			    .processes = spec->limits.processes,
			    .cpu_ms = spec->limits.cpu_ms,
			    .disk_bytes = spec->limits.disk_bytes,
			    .output_bytes = spec->limits.output_bytes,
			    .files = spec->limits.files }
	};

	if (sandbox_open(&options, &session->sandbox, err) < 0)
		return err->code;
	open_build_cache(session);
	for (size_t i = 0; i < session->sandbox.notes.count; i++)
		log_event(LOG_INFO, "%s", session->sandbox.notes.items[i]);
	choose_counter(session);
	return 1;
}

static int
read_environment(struct session *session, struct err *err)
{
	const char *cache = session->options->cache;
	int ret = file_make_dirs(cache, 0711, err);

	if (!ret)
		ret = environment_read(&session->sandbox, cache,
				       &session->environment, err);
	if (!ret)
		ret = send_message(session,
				   message_environment(session->environment.id),
				   err);
	return ret < 0 ? ret : 1;
}

static int
open_objects(struct session *session, struct err *err)
{
	const struct session_options *options = session->options;
	int64_t half = options->cache_bytes / 2;
	int ret;

	objects_evict(options->cache, half);
	ret = objects_open(options->cache, &session->spec.alternates,
			   &session->objects, err);
	if (!ret)
		ret = trees_open(options->cache, &session->trees, err);
	if (ret < 0 || session->spec.alternates.count)
		return ret < 0 ? ret : 1;
	return exchange_objects(&session->control, options->out,
				session->objects, half, err);
}

static int
report_phase(void *data, const struct message_phase *phase)
{
	return send_message(data, message_phase(phase), NULL);
}

static int
on_enough(void *data, long long test)
{
	struct session *session = data;

	return rounds_set_enough(&session->rounds, test);
}

static int
prepare_all(struct session *session, struct err *err)
{
	const struct prepare prepare = { .spec = &session->spec,
					 .objects = session->objects,
					 .trees = &session->trees,
					 .sandbox = &session->sandbox,
					 .control = &session->control,
					 .environment = session->environment.id,
					 .build_cache = session->build_cache,
					 .report = report_phase,
					 .data = session };

	rounds_init(&session->rounds, &session->spec);
	session->has_rounds = 1;
	session->control.data = session;
	session->control.on_enough = on_enough;
	for (size_t i = 0; i < session->spec.revision_count; i++) {
		int got;

		if (control_check(&session->control))
			return 0;
		if (!rounds_wants_revision(&session->rounds, i))
			continue;
		got = prepare_revision(&prepare, i, &session->built[i], err);
		if (got < 0)
			return err_context(err, "%s",
					   session->spec.revisions[i].label);
		if (got == 0)
			rounds_drop_revision(&session->rounds, i);
	}
	evict_trees(session);
	return session->control.stop ? 0 : 1;
}

/* Of one round; every revision's, so that what it costs is the same for all. */
static int
wants_course(const struct session *session, const struct rounds_step *step)
{
	return session->spec.sample_ms >= 0 && !step->warmup && !step->round;
}

/* One trial, sent. 1, 0 when it was stopped, or an error. */
static int
run_step(struct session *session, const struct rounds_step *step,
	 struct err *err)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct course *course = wants_course(session, step) ? &session->course
							    : NULL;
	const struct attempt_setup setup = {
		.sandbox = &session->sandbox,
		.control = &session->control,
		.test = &session->spec.tests[step->test],
		.revision = &session->spec.revisions[step->revision],
		.tree = session->built[step->revision].path,
		.counters = session->counter == SPEC_COUNTER_PERF
				    ? counters_hardware
				    : NULL,
		.course = course,
		.course_interval_ns = session->spec.sample_ms
					      ? session->spec.sample_ms *
							1000000
					      : SAMPLE_NS,
	};
	int ret = 0;

	for (int i = 0; i <= MAX_REPEATS; i++) {
		attempt_release(&attempt);
		attempt_run(&attempt, &setup);
		if (session->control.stop || !attempt_is_to_repeat(&attempt))
			break;
	}
	/* Stopped, even if the trial just came to its end. */
	if (attempt.result.stopped || session->control.stop)
		goto out;
	rounds_note(&session->rounds, step,
		    !strcmp(attempt.outcome, OUTCOME_OK));
	ret = send_message(session,
			   message_trial(step, attempt.outcome, attempt.why,
					 &attempt.result, &attempt.readings),
			   err);
	if (!ret && course && course->count &&
	    !strcmp(attempt.outcome, OUTCOME_OK))
		ret = send_message(
			session,
			message_course(step->test, step->revision, course),
			err);
	if (!ret)
		ret = 1;
out:
	attempt_release(&attempt);
	return ret;
}

static int
report_count(void *data, size_t test, size_t revision,
	     const struct tally *tally)
{
	int ret = send_message(data, message_count(test, revision, tally),
			       NULL);

	return ret < 0 ? ret : 1;
}

/* After the first round: what does not run at all is not counted either, and
 * the judge has the counts before it looks in earnest. */
static int
end_round(struct session *session, int round, struct err *err)
{
	const struct counting counting = { .spec = &session->spec,
					   .rounds = &session->rounds,
					   .built = session->built,
					   .sandbox = &session->sandbox,
					   .control = &session->control,
					   .report = report_count,
					   .data = session };
	int ret = 1;

	if (!round && session->counter == SPEC_COUNTER_VALGRIND)
		ret = counting_run(&counting, err);
	if (ret > 0 && send_message(session, message_round(round), err) < 0)
		ret = err->code;
	return ret;
}

static int
run_rounds(struct session *session, struct err *err)
{
	for (;;) {
		struct rounds_step step = { .test = 0 };
		int ret = 1;

		if (control_check(&session->control))
			return 0;
		switch (rounds_next(&session->rounds, &step)) {
		case ROUNDS_OVER:
			return 1;
		case ROUNDS_TRIAL:
			ret = run_step(session, &step, err);
			break;
		case ROUNDS_ROUND_DONE:
			ret = end_round(session, step.round, err);
			break;
		}
		if (ret <= 0)
			return ret;
	}
}
