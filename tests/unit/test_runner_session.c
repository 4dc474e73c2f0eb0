#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/oid.h"
#include "base/protocol.h"
#include "runner/attempt.h"
#include "runner/control.h"
#include "runner/message.h"
#include "runner/prepare.h"
#include "runner/rounds.h"
#include "runner/spec.h"

/* Two tests at three revisions: the first at all, the second at 0 and 2. */
static size_t all_revisions[] = { 0, 1, 2 }, two_revisions[] = { 2, 0 };

static void
make_spec(struct spec *spec, struct spec_test tests[2],
	  struct spec_revision revisions[3], uint64_t seed)
{
	tests[0] = (struct spec_test){ .revisions = all_revisions,
				       .revision_count = 3,
				       .rounds = 5,
				       .warmup = 1 };
	tests[1] = (struct spec_test){ .revisions = two_revisions,
				       .revision_count = 2,
				       .rounds = 3,
				       .warmup = 2 };
	memset(revisions, 0, 3 * sizeof(*revisions));
	*spec = (struct spec){ .seed = seed,
			       .tests = tests,
			       .test_count = 2,
			       .revisions = revisions,
			       .revision_count = 3 };
}

struct plan_fixture {
	struct spec spec;
	struct spec_test tests[2];
	struct spec_revision revisions[3];
	struct rounds rounds;
};

static int
setup_plan(void **state)
{
	struct plan_fixture *plan = mem_new(1, sizeof(*plan));

	make_spec(&plan->spec, plan->tests, plan->revisions, 7);
	rounds_init(&plan->rounds, &plan->spec);
	*state = plan;
	return 0;
}

static int
teardown_plan(void **state)
{
	struct plan_fixture *plan = *state;

	rounds_release(&plan->rounds);
	free(plan);
	return 0;
}

/* Run it all; the order as text, `t0r2 ` each, warm-ups as `T0r2 `. */
static void
run_all(struct rounds *rounds, struct buf *order)
{
	for (int i = 0; i < 1000; i++) {
		struct rounds_step step;

		switch (rounds_next(rounds, &step)) {
		case ROUNDS_OVER:
			return;
		case ROUNDS_TRIAL:
			buf_addf(order, "%c%zur%zu ", step.warmup ? 'T' : 't',
				 step.test, step.revision);
			break;
		case ROUNDS_ROUND_DONE:
			buf_addf(order, "|%d ", step.round);
			break;
		}
	}
	fail_msg("rounds never end");
}

static int
count_of(const struct buf *text, const char *what)
{
	int count = 0;

	for (const char *at = buf_text(text); (at = strstr(at, what)); at++)
		count++;
	return count;
}

static void
test_every_trial_comes_once_a_round(void **state)
{
	struct plan_fixture *plan = *state;
	struct buf order = BUF_INIT;
	const char *first;

	run_all(&plan->rounds, &order);
	assert_int_equal(count_of(&order, "T0r0"), 1);
	assert_int_equal(count_of(&order, "T1r2"), 2);
	assert_int_equal(count_of(&order, "T1r1"), 0);
	for (int i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "t0r%d", i);
		assert_int_equal(count_of(&order, name), 5);
	}
	assert_int_equal(count_of(&order, "t1r0"), 3);
	assert_int_equal(count_of(&order, "t1r1"), 0);
	assert_int_equal(count_of(&order, "|"), 5);
	first = strstr(order.data, "|0 ");
	assert_non_null(first);
	/* All warm-ups come before any trial. */
	assert_true(strrchr(order.data, 'T') < strchr(order.data, 't'));
	assert_null(strchr(first, 'T'));
	buf_release(&order);
}

static void
test_order_comes_from_the_seed(void **state)
{
	struct plan_fixture *plan = *state, other;
	struct buf one = BUF_INIT, same = BUF_INIT, changed = BUF_INIT;

	run_all(&plan->rounds, &one);
	make_spec(&other.spec, other.tests, other.revisions, 7);
	rounds_init(&other.rounds, &other.spec);
	run_all(&other.rounds, &same);
	rounds_release(&other.rounds);
	assert_string_equal(buf_text(&one), buf_text(&same));
	make_spec(&other.spec, other.tests, other.revisions, 8);
	rounds_init(&other.rounds, &other.spec);
	run_all(&other.rounds, &changed);
	rounds_release(&other.rounds);
	assert_string_not_equal(buf_text(&one), buf_text(&changed));
	buf_release(&one);
	buf_release(&same);
	buf_release(&changed);
}

/* Each of the six orders of three revisions comes up about as often. */
static void
test_orders_are_even(void **state)
{
	struct plan_fixture *plan = *state;
	size_t seen[27] = { 0 };

	plan->tests[0].rounds = 6000;
	plan->spec.test_count = 1;
	for (int round = 0; round < 6001; round++) {
		size_t code = 0;
		struct rounds_step step = { .warmup = 0 };

		for (int i = 0; i < 3; i++) {
			assert_int_equal(rounds_next(&plan->rounds, &step),
					 ROUNDS_TRIAL);
			code = 3 * code + step.revision;
		}
		if (!step.warmup) {
			seen[code]++;
			assert_int_equal(rounds_next(&plan->rounds, &step),
					 ROUNDS_ROUND_DONE);
		}
	}
	/* 5 standard deviations of 1000 of 6000 are 144. */
	for (size_t i = 0; i < 27; i++)
		assert_true(seen[i] == 0 || (seen[i] > 856 && seen[i] < 1144));
}

static void
test_enough_ends_a_test_at_once(void **state)
{
	struct plan_fixture *plan = *state;
	struct buf order = BUF_INIT;

	assert_int_equal(rounds_set_enough(&plan->rounds, 2), ERR_INPUT);
	assert_int_equal(rounds_set_enough(&plan->rounds, -1), ERR_INPUT);
	assert_int_equal(rounds_set_enough(&plan->rounds, 0), 0);
	run_all(&plan->rounds, &order);
	assert_int_equal(count_of(&order, "0r0"), 0);
	assert_int_equal(count_of(&order, "t1r0"), 3);
	assert_int_equal(count_of(&order, "|"), 3);
	assert_int_equal(rounds_wants_revision(&plan->rounds, 1), 0);
	assert_int_equal(rounds_wants_revision(&plan->rounds, 2), 1);
	buf_release(&order);
}

static void
test_three_failures_in_a_row_end_a_test(void **state)
{
	struct plan_fixture *plan = *state;
	int trials = 0, failures = 0;

	for (int i = 0; i < 1000; i++) {
		struct rounds_step step;
		enum rounds_next next = rounds_next(&plan->rounds, &step);
		int ok;

		if (next == ROUNDS_OVER)
			break;
		if (next == ROUNDS_ROUND_DONE || step.test != 0)
			continue;
		trials++;
		ok = step.revision != 1 || failures == 1; /* fail, ok, fail*3 */
		if (step.revision == 1)
			failures++;
		rounds_note(&plan->rounds, &step, ok);
	}
	assert_int_equal(failures, 5);
	assert_true(trials < 3 * 6);
}

static void
test_dropped_revision_gets_no_trials(void **state)
{
	struct plan_fixture *plan = *state;
	struct buf order = BUF_INIT;

	rounds_drop_revision(&plan->rounds, 0);
	rounds_drop_revision(&plan->rounds, 2);
	run_all(&plan->rounds, &order);
	assert_int_equal(count_of(&order, "t0r1"), 5);
	assert_int_equal(count_of(&order, "1r"), 0);
	buf_release(&order);
}

/* Everything that goes into a tree changes its key, nothing else does. */
static void
test_key_covers_what_a_tree_is_made_of(void **state)
{
	struct plan_fixture *plan = *state;
	struct spec_overlay overlay = { .path = (char[]){ "perf/x" },
					.mode = 0100755 };
	struct spec_revision *revision = &plan->revisions[0];
	struct oid keys[9];
	char root[] = "/srv/root";

	plan->spec.sandbox.root = NULL;
	assert_int_equal(prepare_key(&plan->spec, 0, "e", &keys[0], NULL), 0);
	assert_int_equal(prepare_key(&plan->spec, 0, "f", &keys[1], NULL), 0);
	assert_true(oid_equal(&keys[0], &keys[1]));
	revision->tree.bytes[3] = 1;
	prepare_key(&plan->spec, 0, "e", &keys[1], NULL);
	revision->overlay = &overlay;
	revision->overlay_count = 1;
	prepare_key(&plan->spec, 0, "e", &keys[2], NULL);
	overlay.mode = 0100644;
	prepare_key(&plan->spec, 0, "e", &keys[3], NULL);
	revision->build = (char[]){ "make" };
	prepare_key(&plan->spec, 0, "e", &keys[4], NULL);
	prepare_key(&plan->spec, 0, "f", &keys[5], NULL);
	revision->setup = revision->build;
	revision->build = NULL;
	prepare_key(&plan->spec, 0, "f", &keys[6], NULL);
	plan->spec.sandbox.root = root;
	prepare_key(&plan->spec, 0, "f", &keys[7], NULL);
	texts_add(&plan->spec.sandbox.env, "A=1");
	prepare_key(&plan->spec, 0, "f", &keys[8], NULL);
	texts_release(&plan->spec.sandbox.env);
	for (size_t i = 0; i < 9; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(oid_equal(&keys[i], &keys[j]));
}

static void
judge(struct attempt *attempt, const char *outcome, const char *why)
{
	attempt->result.outcome = outcome;
	snprintf(attempt->result.why, sizeof(attempt->result.why), "%s", why);
	attempt_judge(attempt, "perf/x at baseline 1a2b3c");
}

static void
test_attempt_outcomes(void **state)
{
	struct attempt attempt = ATTEMPT_INIT;

	(void)state;
	judge(&attempt, OUTCOME_OK, "");
	assert_string_equal(attempt.outcome, OUTCOME_OK);
	judge(&attempt, OUTCOME_START, "no such file");
	assert_string_equal(attempt.why,
			    "perf/x at baseline 1a2b3c: no such file");
	readings_problem(&attempt.readings, "event 1: bad");
	judge(&attempt, OUTCOME_OK, "");
	assert_string_equal(attempt.outcome, OUTCOME_EVENTS);
	assert_string_equal(attempt.why, "event 1: bad");
	assert_false(attempt_is_to_repeat(&attempt));
	readings_set_reason(&attempt.readings.skip, "no net", 6);
	judge(&attempt, OUTCOME_OK, "");
	assert_string_equal(attempt.outcome, OUTCOME_SKIP);
	readings_set_reason(&attempt.readings.fail, "wrong sum", 9);
	judge(&attempt, OUTCOME_OK, "");
	assert_string_equal(attempt.outcome, OUTCOME_FAILED);
	assert_string_equal(attempt.why, "wrong sum");
	judge(&attempt, OUTCOME_FAILED, "exit 1");
	assert_string_equal(attempt.why, "exit 1: wrong sum");
	judge(&attempt, OUTCOME_TIMEOUT, "took longer than 1 s");
	assert_string_equal(attempt.outcome, OUTCOME_TIMEOUT);
	readings_release(&attempt.readings);
	readings_problem(&attempt.readings, "event 1: late");
	attempt.readings.lags = 1;
	judge(&attempt, OUTCOME_OK, "");
	assert_true(attempt_is_to_repeat(&attempt));
	readings_problem(&attempt.readings, "event 2: bad");
	assert_false(attempt_is_to_repeat(&attempt));
	readings_release(&attempt.readings);
}

static void
test_trial_message(void **state)
{
	const struct rounds_step step = { 1, 2, 3, 0 };
	struct trial_result result = TRIAL_RESULT_INIT;
	struct readings readings = READINGS_INIT;
	struct reading_value value = { "x", 1, 1.5, "ns", BETTER_HIGHER, 1 };
	json_t *message, *trial = NULL, *item;

	(void)state;
	result.metrics[0] = (struct trial_metric){ "wall", 61200000 };
	result.metric_count = 1;
	readings_add(&readings, "here", &value);
	buf_adds(&result.run.log, "never sent when ok");
	message = message_trial(&step, OUTCOME_OK, "", &result, &readings);
	assert_int_equal(json_get_object(message, "trial", &trial, NULL), 0);
	assert_int_equal(json_int_or(trial, "test", -1), 1);
	assert_int_equal(json_int_or(trial, "revision", -1), 2);
	assert_int_equal(json_int_or(trial, "round", -1), 3);
	assert_int_equal(
		json_int_or(json_object_get(trial, "metrics"), "wall", -1),
		61200000);
	item = json_array_get(json_object_get(trial, "values"), 0);
	assert_true(json_number_or(item, "value", 0) == 1.5);
	assert_string_equal(json_text_or(item, "better", ""), "higher");
	assert_int_equal(json_bool_or(item, "coarse", 0), 1);
	assert_null(json_object_get(trial, "log"));
	json_decref(message);
	message = message_trial(&step, OUTCOME_FAILED, "exit 1", &result,
				&readings);
	trial = json_object_get(message, "trial");
	assert_non_null(json_object_get(trial, "log"));
	json_decref(message);
	buf_release(&result.run.log);
	readings_release(&readings);
}

static void
test_logs_are_cleaned_and_cut(void **state)
{
	struct buf text = BUF_INIT, clean = BUF_INIT;

	(void)state;
	message_clean_log("a\tb\n\x1b[2J\xff\nend", 13, &clean);
	assert_string_equal(buf_text(&clean), "a    b\n\\x1b[2J\\xff\nend");
	buf_clear(&clean);
	message_clean_log("", 0, &clean);
	assert_int_equal(clean.len, 0);
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, "\x01line %d\n", i);
	message_clean_log(text.data, text.len, &clean);
	assert_true(clean.len <= PROTOCOL_MAX_LOG);
	assert_true(clean.len > PROTOCOL_MAX_LOG - 100);
	assert_memory_equal(clean.data, "\\x01line ", 9);
	assert_non_null(strstr(clean.data, "line 4999\n"));
	buf_release(&text);
	buf_release(&clean);
}

struct enough {
	long long tests[8];
	size_t count;
};

static int
collect(void *data, long long test)
{
	struct enough *enough = data;

	if (test < 0 || test > 5 || enough->count >= 8)
		return -1;
	enough->tests[enough->count++] = test;
	return 0;
}

struct control_fixture {
	struct control control;
	struct enough enough;
	int pipe[2];
};

static int
setup_control(void **state)
{
	struct control_fixture *fixture = mem_new(1, sizeof(*fixture));
	struct err err = ERR_INIT;

	assert_int_equal(io_pipe(fixture->pipe), 0);
	assert_int_equal(
		control_open(&fixture->control, fixture->pipe[0], &err), 0);
	fixture->control.data = &fixture->enough;
	fixture->control.on_enough = collect;
	*state = fixture;
	return 0;
}

static int
teardown_control(void **state)
{
	struct control_fixture *fixture = *state;

	control_close(&fixture->control);
	io_close(&fixture->pipe[0]);
	io_close(&fixture->pipe[1]);
	free(fixture);
	return 0;
}

static void
say(struct control_fixture *fixture, const char *text)
{
	assert_int_equal(io_write_all(fixture->pipe[1], text, strlen(text)), 0);
}

static void
test_control_takes_enough(void **state)
{
	struct control_fixture *fixture = *state;

	assert_int_equal(control_check(&fixture->control), 0);
	say(fixture, "{\"enough\":[2,0]}\n{\"enough\":[]}\n{\"eno");
	assert_int_equal(io_wait(fixture->control.watch, POLLIN, 0), 1);
	assert_int_equal(control_check(&fixture->control), 0);
	assert_int_equal(fixture->enough.count, 2);
	assert_int_equal(fixture->enough.tests[0], 2);
	say(fixture, "ugh\":[5]}\n");
	assert_int_equal(control_check(&fixture->control), 0);
	assert_int_equal(fixture->enough.count, 3);
	io_close(&fixture->pipe[1]);
	assert_int_equal(io_wait(fixture->control.watch, POLLIN, 0), 1);
	assert_int_not_equal(control_check(&fixture->control), 0);
	assert_int_equal(fixture->control.stop, CONTROL_END_OF_INPUT);
}

static void
test_control_refuses_nonsense(void **state)
{
	static const char *const lines[] = {
		"x\n",
		"{}\n",
		"[]\n",
		"{\"enough\":3}\n",
		"{\"enough\":[9]}\n",
		"{\"enough\":[\"a\"]}\n",
		"\n",
		"{\"enough\":[-1]}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct control_fixture *fixture = NULL;
		void *inner = NULL;

		setup_control(&inner);
		fixture = inner;
		say(fixture, lines[i]);
		assert_int_not_equal(control_check(&fixture->control), 0);
		assert_int_equal(fixture->control.stop, CONTROL_PROTOCOL);
		assert_true(fixture->control.why[0] != '\0');
		teardown_control(&inner);
	}
}

static void
test_control_hears_a_signal(void **state)
{
	struct control_fixture *fixture = *state;
	char *line = NULL;
	size_t len = 0;

	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(io_wait(fixture->control.watch, POLLIN, 0), 1);
	assert_int_equal(control_line(&fixture->control, &line, &len, NULL), 0);
	assert_int_equal(fixture->control.stop, CONTROL_SIGNAL);
}

static void
test_control_has_a_deadline(void **state)
{
	struct control_fixture *fixture = *state;
	char *line = NULL, byte;
	size_t len = 0;

	assert_int_equal(control_limit(&fixture->control, 1, NULL), 0);
	/* Waits without any input until the time is up. */
	assert_int_equal(control_line(&fixture->control, &line, &len, NULL), 0);
	assert_int_equal(fixture->control.stop, CONTROL_DEADLINE);
	assert_int_equal(control_bytes(&fixture->control, &byte, 1, NULL), 0);
}

static void
test_control_gives_lines_then_bytes(void **state)
{
	struct control_fixture *fixture = *state;
	char *line = NULL, bytes[8] = "";
	size_t len = 0;

	say(fixture, "{\"pack\":5}\nab\ncd{\"enough\":[1]}\n");
	assert_int_equal(control_line(&fixture->control, &line, &len, NULL), 1);
	assert_string_equal(line, "{\"pack\":5}");
	assert_int_equal(control_bytes(&fixture->control, bytes, 5, NULL), 5);
	assert_memory_equal(bytes, "ab\ncd", 5);
	assert_int_equal(control_check(&fixture->control), 0);
	assert_int_equal(fixture->enough.tests[0], 1);
}

int
main(void)
{
#define WITH_PLAN(name)                                                        \
	cmocka_unit_test_setup_teardown(name, setup_plan, teardown_plan)
#define WITH_CONTROL(name)                                                     \
	cmocka_unit_test_setup_teardown(name, setup_control, teardown_control)
	const struct CMUnitTest tests[] = {
		WITH_PLAN(test_every_trial_comes_once_a_round),
		WITH_PLAN(test_order_comes_from_the_seed),
		WITH_PLAN(test_orders_are_even),
		WITH_PLAN(test_enough_ends_a_test_at_once),
		WITH_PLAN(test_three_failures_in_a_row_end_a_test),
		WITH_PLAN(test_dropped_revision_gets_no_trials),
		WITH_PLAN(test_key_covers_what_a_tree_is_made_of),
		cmocka_unit_test(test_attempt_outcomes),
		cmocka_unit_test(test_trial_message),
		cmocka_unit_test(test_logs_are_cleaned_and_cut),
		WITH_CONTROL(test_control_takes_enough),
		cmocka_unit_test(test_control_refuses_nonsense),
		WITH_CONTROL(test_control_hears_a_signal),
		WITH_CONTROL(test_control_has_a_deadline),
		WITH_CONTROL(test_control_gives_lines_then_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_session", tests, NULL, NULL);
}
