#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "policy/directive.h"
#include "pool/slot.h"
#include "samples.h"
#include "spec.h"

enum { COMMITS = 3 };

struct facts {
	struct plan_commit base, commits[COMMITS];
	struct directives directives;
	struct plan_file overlay;
	struct plan_request_test tests[3];
	struct plan_request request;
};

/* perf/same is as it was, perf/changed is laid over, perf/new has nothing. */
static void
facts_init(struct facts *facts)
{
	*facts = (struct facts){ 0 };
	directives_init(&facts->directives);
	facts->base.commit.bytes[0] = 1;
	facts->base.build = "make";
	for (size_t i = 0; i < COMMITS; i++)
		facts->commits[i].commit.bytes[0] = (unsigned char)(10 + i);
	facts->overlay =
		(struct plan_file){ "perf/changed", { { 7 } }, 0100755 };
	facts->tests[0] = (struct plan_request_test){ "perf/same",
						      &facts->directives,
						      &facts->base, 0 };
	facts->tests[1] = (struct plan_request_test){ "perf/changed",
						      &facts->directives,
						      &facts->base, 1 };
	facts->tests[2] = (struct plan_request_test){ "perf/new",
						      &facts->directives, NULL,
						      0 };
	facts->request = (struct plan_request){ .commits = facts->commits,
						.commit_count = COMMITS,
						.tests = facts->tests,
						.test_count = 3,
						.overlay = &facts->overlay,
						.overlay_count = 1 };
}

static void
changed_tests_do_not_touch_the_others(void **state)
{
	struct facts facts;
	struct plan plan;

	(void)state;
	facts_init(&facts);
	plan_make(&plan, &facts.request);
	/* The plain baseline, three commits, the overlaid baseline. */
	assert_int_equal(plan.revision_count, 5);
	assert_int_equal(plan.tests[0].count, 4);
	assert_false(plan.revisions[plan.tests[0].revisions[0]].overlaid);
	assert_int_equal(plan.tests[1].count, 2);
	assert_true(plan.revisions[plan.tests[1].revisions[0]].overlaid);
	assert_false(plan.tests[2].has_baseline);
	assert_int_equal(plan_test_tip(&plan.tests[0]),
			 plan_test_tip(&plan.tests[1]));
	plan_release(&plan);
}

static void
a_narrow_plan_keeps_what_is_asked(void **state)
{
	const unsigned char keep[] = { 1, 0, 0 };
	size_t extra[] = { 0, SIZE_MAX, SIZE_MAX }, from[3] = { 9, 9, 9 };
	struct plan plan, narrow;
	struct facts facts;

	(void)state;
	facts_init(&facts);
	plan_make(&plan, &facts.request);
	extra[0] = plan.tests[0].revisions[1];
	plan_narrow(&narrow, &plan, keep, extra, from);
	assert_int_equal(narrow.test_count, 1);
	assert_int_equal(from[0], 0);
	assert_int_equal(narrow.revision_count, 3);
	assert_ptr_equal(narrow.revisions[0].commit, &facts.base);
	assert_ptr_equal(narrow.revisions[2].commit, &facts.commits[2]);
	plan_release(&narrow);
	extra[0] = SIZE_MAX;
	plan_narrow(&narrow, &plan, keep, extra, from);
	assert_int_equal(narrow.revision_count, 2);
	plan_release(&narrow);
	plan_release(&plan);
}

static void
a_spec_says_it_all(void **state)
{
	json_t *common = json_pack("{s:s}", "counter", "none"), *spec;
	struct facts facts;
	struct plan plan;
	json_t *revisions, *tests;

	(void)state;
	facts_init(&facts);
	plan_make(&plan, &facts.request);
	spec = spec_of_plan(&plan, common, "id", 5, 1, 40);
	revisions = json_object_get(spec, "revisions");
	tests = json_object_get(spec, "tests");
	assert_int_equal(json_array_size(revisions), 5);
	assert_int_equal(json_array_size(tests), 3);
	assert_string_equal(json_text_or(spec, "counter", ""), "none");
	assert_true(json_bool_or(spec, "fresh", 0));
	assert_string_equal(
		json_text_or(json_array_get(revisions, 0), "build", ""),
		"make");
	json_decref(spec);
	json_decref(common);
	plan_release(&plan);
}

static int
add(struct samples *samples, const char *text)
{
	struct err err = ERR_INIT;
	json_t *trial = json_parse(text, strlen(text), &err);
	int ret;

	assert_non_null(trial);
	ret = samples_add_trial(samples, trial, &err);
	json_decref(trial);
	return ret;
}

static void
a_runner_is_not_trusted(void **state)
{
	struct samples samples;
	struct facts facts;
	struct plan plan;

	(void)state;
	facts_init(&facts);
	plan_make(&plan, &facts.request);
	samples_init(&samples, &plan);
	assert_int_equal(add(&samples,
			     "{\"test\":99,\"revision\":0,\"round\":0,"
			     "\"outcome\":\"ok\"}"),
			 ERR_PROTOCOL);
	assert_int_equal(add(&samples, "{\"test\":0,\"revision\":-1,"
				       "\"round\":0,\"outcome\":\"ok\"}"),
			 ERR_PROTOCOL);
	assert_int_equal(add(&samples, "{\"test\":0,\"revision\":0,"
				       "\"round\":999999999,"
				       "\"outcome\":\"ok\"}"),
			 ERR_PROTOCOL);
	assert_int_equal(add(&samples, "{\"test\":0,\"revision\":0,\"round\":0,"
				       "\"outcome\":\"ok\","
				       "\"metrics\":{\"invented\":1}}"),
			 ERR_PROTOCOL);
	assert_int_equal(add(&samples,
			     "{\"test\":0,\"revision\":0,\"round\":3,"
			     "\"outcome\":\"ok\",\"metrics\":{\"wall\":5},"
			     "\"values\":[{\"name\":\"x\",\"value\":2,"
			     "\"unit\":\"B\",\"better\":\"higher\"}]}"),
			 0);
	assert_true(isnan(samples_value(
		&samples, samples_metric(&samples, 0, "wall"), 2, 0)));
	assert_true(samples_value(&samples, samples_metric(&samples, 0, "wall"),
				  3, 0) > 4.9);
	assert_int_equal(samples_metric(&samples, 0, "x")->better,
			 BETTER_HIGHER);
	assert_int_equal(add(&samples, "{\"test\":0,\"revision\":1,\"round\":0,"
				       "\"outcome\":\"failed\",\"why\":\"exit "
				       "1\"}"),
			 0);
	assert_string_equal(samples.tests[0].trouble[1].why, "exit 1");
	samples_release(&samples);
	plan_release(&plan);
}

static void
slots_share_the_cpus(void **state)
{
	struct err err = ERR_INIT;
	char cpus[256];

	(void)state;
	assert_int_equal(slot_cpus("2-5", 0, 2, cpus, sizeof(cpus), &err), 0);
	assert_string_equal(cpus, "2,3");
	assert_int_equal(slot_cpus("2-5", 1, 2, cpus, sizeof(cpus), &err), 0);
	assert_string_equal(cpus, "4,5");
	assert_int_equal(slot_cpus("1", 2, 3, cpus, sizeof(cpus), &err), 0);
	assert_string_equal(cpus, "1");
	assert_int_equal(slot_cpus("5-2", 0, 1, cpus, sizeof(cpus), &err),
			 ERR_INPUT);
	assert_int_equal(slot_cpus("x", 0, 1, cpus, sizeof(cpus), &err),
			 ERR_INPUT);
}

static void
a_slot_has_one_holder(void **state)
{
	char dir[] = "/tmp/pacegate-slot.XXXXXX";
	struct slot_rules rules = { .cpus = "0", .count = 1 };
	struct slot first = SLOT_INIT, second = SLOT_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	rules.lock_dir = dir;
	assert_int_equal(
		slot_take(&first, &rules, SLOT_BLOCKING, 0, NULL, NULL, &err),
		0);
	assert_int_equal(slot_count_taken(&rules, &err), 1);
	assert_int_equal(
		slot_take(&second, &rules, SLOT_BLOCKING, 0, NULL, NULL, &err),
		ERR_TIMEOUT);
	slot_give_back(&first);
	assert_int_equal(slot_take(&second, &rules, SLOT_BACKGROUND, 0, NULL,
				   NULL, &err),
			 0);
	slot_give_back(&second);
	assert_int_equal(slot_count_taken(&rules, &err), 0);
	assert_int_equal(file_remove_tree(dir, &err), 0);
}

/* Who gives a slot back and wants it again comes after one who waited. */
static void
who_waits_is_not_passed_over(void **state)
{
	char dir[] = "/tmp/pacegate-slot.XXXXXX", byte = 0;
	struct slot_rules rules = { .cpus = "0", .count = 1 };
	struct slot slot = SLOT_INIT;
	struct err err = ERR_INIT;
	char *turn;
	int fds[2], fd, status = 0;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(dir));
	rules.lock_dir = dir;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(
		slot_take(&slot, &rules, SLOT_BACKGROUND, 0, NULL, NULL, &err),
		0);
	child = fork();
	if (!child) {
		struct slot own = SLOT_INIT;

		/* A lock is held as long as any copy of it is open. */
		slot_give_back(&slot);
		if (slot_take(&own, &rules, SLOT_BACKGROUND, -1, NULL, NULL,
			      &err) < 0)
			_exit(1);
		_exit(write(fds[1], "x", 1) != 1);
	}
	turn = mem_text("%s/pacegate.turn", dir);
	for (int held = 0; !held; io_close(&fd)) {
		clock_sleep_ms(5);
		fd = open(turn, O_RDONLY | O_CLOEXEC);
		held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
	}
	slot_give_back(&slot);
	assert_int_equal(
		slot_take(&slot, &rules, SLOT_BACKGROUND, -1, NULL, NULL, &err),
		0);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	slot_give_back(&slot);
	free(turn);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(file_remove_tree(dir, &err), 0);
}

static int
give_up(void *data, int64_t waited_ms)
{
	(void)data;
	(void)waited_ms;
	return 1;
}

/* Not even a free slot is for the background while somebody blocks. */
static void
the_background_waits_for_who_blocks(void **state)
{
	char dir[] = "/tmp/pacegate-slot.XXXXXX";
	struct slot_rules rules = { .cpus = "0", .count = 2 };
	struct slot slot = SLOT_INIT;
	struct err err = ERR_INIT;
	char *wanted;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	rules.lock_dir = dir;
	wanted = mem_text("%s/pacegate.wanted", dir);
	fd = open(wanted, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_true(slot_is_wanted(&rules));
	assert_int_equal(slot_take(&slot, &rules, SLOT_BACKGROUND, -1, give_up,
				   NULL, &err),
			 ERR_BUSY);
	assert_int_equal(
		slot_take(&slot, &rules, SLOT_BLOCKING, 0, NULL, NULL, &err),
		0);
	slot_give_back(&slot);
	close(fd);
	assert_int_equal(
		slot_take(&slot, &rules, SLOT_BACKGROUND, 0, NULL, NULL, &err),
		0);
	slot_give_back(&slot);
	free(wanted);
	assert_int_equal(file_remove_tree(dir, &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed_tests_do_not_touch_the_others),
		cmocka_unit_test(a_narrow_plan_keeps_what_is_asked),
		cmocka_unit_test(a_spec_says_it_all),
		cmocka_unit_test(a_runner_is_not_trusted),
		cmocka_unit_test(slots_share_the_cpus),
		cmocka_unit_test(a_slot_has_one_holder),
		cmocka_unit_test(who_waits_is_not_passed_over),
		cmocka_unit_test(the_background_waits_for_who_blocks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
