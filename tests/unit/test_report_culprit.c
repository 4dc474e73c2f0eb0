#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "report/culprit.h"
#include "report/report.h"

static struct report_culprit
made(enum culprit_kind kind)
{
	struct report_culprit culprit = { .kind = kind,
					  .ratio = 1.3,
					  .low = 1.25,
					  .high = 1.35,
					  .commits = 4,
					  .untestable = 3,
					  .weighed = 7 };

	culprit.metric = mem_copy_text("cpu");
	culprit.author = mem_copy_text("Ada\x1b[31m");
	culprit.subject = mem_copy_text("Faster\nlookup");
	culprit.why = mem_copy_text("3 commits cannot be told apart");
	culprit.commit.bytes[0] = 0xab;
	culprit.good.bytes[0] = 0x01;
	culprit.bad.bytes[0] = 0xab;
	return culprit;
}

static char *
sentence(const struct report_culprit *culprit)
{
	struct buf text = BUF_INIT;
	char *copy;

	report_add_culprit(&text, culprit);
	copy = mem_copy_text(buf_text(&text));
	buf_release(&text);
	return copy;
}

static void
what_is_written_is_read(void **state)
{
	(void)state;
	for (int kind = CULPRIT_COMMIT; kind <= CULPRIT_SPREAD; kind++) {
		struct report_culprit culprit = made((enum culprit_kind)kind);
		struct report_culprit again = { 0 };
		json_t *json = report_culprit_json(&culprit);
		char *said = sentence(&culprit), *read;

		assert_int_equal(report_culprit_read(&again, json, NULL), 0);
		read = sentence(&again);
		assert_string_equal(said, read);
		assert_int_equal(again.kind, kind);
		assert_int_equal(again.untestable, 3);
		assert_int_equal(again.weighed, 7);
		assert_true(oid_equal(&again.bad, &culprit.bad));
		assert_true(fabs(again.high - 1.35) < 1e-9);
		free(said);
		free(read);
		json_decref(json);
		report_culprit_release(&again);
		report_culprit_release(&culprit);
	}
}

static void
one_line_without_controls(void **state)
{
	struct report_culprit culprit = made(CULPRIT_COMMIT);
	char *said = sentence(&culprit);

	(void)state;
	assert_null(strchr(said, '\n'));
	assert_null(strchr(said, '\x1b'));
	assert_non_null(strstr(said, "brought by ab00000000 (Ada"));
	assert_non_null(strstr(said, "+30.0 % cpu"));
	free(said);
	report_culprit_release(&culprit);
}

static void
nothing_is_nothing(void **state)
{
	struct report_culprit culprit = { 0 };
	struct err err = ERR_INIT;
	char *said = sentence(&culprit);
	json_t *half = json_pack("{s:s}", "kind", "commit");
	json_t *odd = json_pack("{s:s}", "kind", "of another version");

	(void)state;
	assert_string_equal(said, "");
	assert_null(report_culprit_json(&culprit));
	assert_int_equal(report_culprit_read(&culprit, NULL, &err), 0);
	assert_int_equal(report_culprit_read(&culprit, odd, &err), 0);
	assert_int_equal(culprit.kind, CULPRIT_NONE);
	assert_true(report_culprit_read(&culprit, half, &err) < 0);
	json_decref(half);
	json_decref(odd);
	free(said);
	report_culprit_release(&culprit);
}

/* A test's report carries it. */
static void
a_report_keeps_it(void **state)
{
	struct oid commit = { { 1 } };
	struct report report, again;
	json_t *json;

	(void)state;
	report_init(&report, &commit);
	report_init(&again, &commit);
	report_test(&report, "perf/a")->culprit = made(CULPRIT_STRETCH);
	json = report_test_json(&report.tests[0]);
	assert_int_equal(report_test_read(&again, json, NULL), 0);
	assert_int_equal(again.tests[0].culprit.kind, CULPRIT_STRETCH);
	assert_int_equal(again.tests[0].culprit.commits, 4);
	json_decref(json);
	report_release(&report);
	report_release(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(one_line_without_controls),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(a_report_keeps_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("report culprit", tests, NULL, NULL);
}
