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
#include "base/json.h"
#include "base/mem.h"
#include "policy/trailer.h"
#include "report/accept.h"
#include "report/report.h"
#include "report/text.h"

static const struct oid commit = { { 0xaa, 1, 2 } };

static struct report_metric *
add_metric(struct report *report, const char *test, const char *name,
	   enum verdict verdict, double ratio)
{
	struct report_test *entry = report_test(report, test);
	struct report_metric *metric = report_test_metric(entry, name);

	entry->baseline.bytes[0] = 0xbb;
	entry->verdict = verdict;
	report_set(&metric->unit, "ns");
	metric->verdict = verdict;
	metric->base = 1e7;
	metric->value = 1e7 * ratio;
	metric->ratio = ratio;
	metric->low = ratio * 0.99;
	metric->high = ratio * 1.01;
	metric->threshold = 0.03;
	metric->severe = 0.1;
	metric->detectable = 0.02;
	return metric;
}

static void
a_report_survives_json(void **state)
{
	struct report report, again;
	struct err err = ERR_INIT;
	json_t *head, *test;

	(void)state;
	report_init(&report, &commit);
	report_set(&report.author, "Ada");
	add_metric(&report, "perf/a", "cpu", VERDICT_SEVERE, 1.3)->severe =
		INFINITY;
	report_set(&report_test(&report, "perf/a")->why, "z\xff");
	report_conclude(&report);
	head = report_head_json(&report);
	test = report_test_json(&report.tests[0]);
	report_init(&again, &commit);
	assert_int_equal(report_head_read(&again, head, &err), 0);
	assert_int_equal(report_test_read(&again, test, &err), 0);
	assert_int_equal(again.verdict, VERDICT_SEVERE);
	assert_string_equal(again.author, "Ada");
	assert_string_equal(again.tests[0].why, "z\\xff");
	assert_true(isinf(again.tests[0].metrics[0].severe));
	assert_true(fabs(again.tests[0].metrics[0].ratio - 1.3) < 1e-12);
	json_object_set_new(test, "verdict", json_string("splendid"));
	assert_int_equal(report_test_read(&again, test, &err), ERR_INPUT);
	assert_non_null(strstr(err.text, "splendid"));
	json_decref(head);
	json_decref(test);
	report_release(&report);
	report_release(&again);
}

static void
drift_survives_json_and_is_told(void **state)
{
	char test[] = "perf/a", cpu[] = "cpu", wall[] = "wall", unit[] = "ns";
	char machine[] = "e", ref[] = "refs/heads/main", ada[] = "A\033da";
	struct report_drift drift = { .test = test,
				      .metric = cpu,
				      .unit = unit,
				      .environment = machine,
				      .ref = ref,
				      .ratio = 1.041,
				      .low = 1.038,
				      .high = 1.043,
				      .commits = 5 };
	struct report report, again;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	json_t *head;

	(void)state;
	report_init(&report, &commit);
	report_drifts_add(&report.drifts, &drift);
	drift.metric = wall;
	report_drifts_add(&report.drifts, &drift);
	drift.state = DRIFT_GONE;
	drift.is_against_best = 1;
	drift.author = ada;
	report_drifts_add(&report.drifts, &drift);
	drift.state = DRIFT_STANDS;
	report_drifts_add(&report.drifts, &drift);
	head = report_head_json(&report);
	report_init(&again, &commit);
	assert_int_equal(report_head_read(&again, head, &err), 0);
	assert_int_equal(again.drifts.count, 4);
	assert_int_equal(report_drifts_news(&again.drifts), 3);
	report_add_drifts(&text, &again.drifts);
	assert_string_equal(
		text.data,
		"  drift: perf/a: cpu is 4.1 % slower (+3.8 % .. +4.3 %) than "
		"its baseline 0000000000, little by little over 5 commits "
		"since 0000000000; wall +4.1 %\n"
		"  drift gone: perf/a wall is back at the best level of "
		"0000000000; well done, A\\x1bda\n"
		"  drift, still: perf/a: wall is 4.1 % slower (+3.8 % .. +4.3 "
		"%) than its best, 0000000000, little by little over 5 commits "
		"since 0000000000\n");
	json_object_set_new(json_array_get(json_object_get(head, "drift"), 0),
			    "state", json_string("odd"));
	assert_int_equal(report_head_read(&again, head, &err), ERR_INPUT);
	json_decref(head);
	buf_release(&text);
	report_release(&report);
	report_release(&again);
}

static void
read_trailer(struct trailers *trailers, const char *option)
{
	trailers_read_option(trailers, option, NULL);
	assert_int_equal(trailers->count, 1);
}

static void
a_bound_covers_or_does_not(void **state)
{
	struct trailers trailers = { 0 };
	struct texts lines = { 0 };
	struct report report;

	(void)state;
	report_init(&report, &commit);
	add_metric(&report, "perf/a", "cpu", VERDICT_SEVERE, 1.3);
	add_metric(&report, "perf/a", "wall", VERDICT_REGRESSED, 1.2);
	read_trailer(&trailers, "perf.accept=perf/a cpu <=+35% | known");
	report_accept(&report, &trailers, &lines);
	/* The other metric still stands. */
	assert_true(verdict_is_regression(report.verdict));
	assert_int_equal(report.tests[0].metrics[0].verdict, VERDICT_ACCEPTED);
	trailers_release(&trailers);
	read_trailer(&trailers, "perf.accept=perf/a * <=+10% | too little");
	report_accept(&report, &trailers, &lines);
	assert_true(verdict_is_regression(report.verdict));
	assert_int_equal(lines.count, 1);
	assert_true(trailers.items[0].narrow);
	trailers_release(&trailers);
	read_trailer(&trailers, "perf.accept=perf/a * <=+25% | enough");
	report_accept(&report, &trailers, &lines);
	assert_int_equal(report.verdict, VERDICT_ACCEPTED);
	assert_string_equal(report.tests[0].accepted, "enough");
	trailers_release(&trailers);
	texts_release(&lines);
	report_release(&report);
}

/* On a noisy machine the middle of a wide interval is no reason to refuse what
 * was accepted. */
static void
a_bound_is_passed_when_that_is_sure(void **state)
{
	struct trailers trailers = { 0 };
	struct texts lines = { 0 };
	struct report report;
	struct report_metric *metric;

	(void)state;
	report_init(&report, &commit);
	add_metric(&report, "perf/a", "wall", VERDICT_SEVERE, 1.42);
	metric = &report.tests[0].metrics[0];
	metric->low = 1.2;
	metric->high = 1.9;
	read_trailer(&trailers, "perf.accept=perf/a wall <=+15% | known");
	report_accept(&report, &trailers, &lines);
	assert_true(verdict_is_regression(report.verdict));
	trailers_release(&trailers);
	read_trailer(&trailers, "perf.accept=perf/a wall <=+30% | known");
	report_accept(&report, &trailers, &lines);
	assert_int_equal(report.verdict, VERDICT_ACCEPTED);
	trailers_release(&trailers);
	texts_release(&lines);
	report_release(&report);
}

static void
a_claim_is_met_or_unmet(void **state)
{
	struct trailers trailers = { 0 };
	struct texts lines = { 0 };
	struct report report;

	(void)state;
	report_init(&report, &commit);
	add_metric(&report, "perf/a", "wall", VERDICT_IMPROVED, 0.8);
	read_trailer(&trailers, "perf.expect=perf/a wall -20%");
	report_accept(&report, &trailers, &lines);
	assert_non_null(strstr(lines.items[0], ": met"));
	trailers_release(&trailers);
	read_trailer(&trailers, "perf.expect=perf/a wall -40%");
	report_accept(&report, &trailers, &lines);
	assert_non_null(strstr(lines.items[1], ": unmet"));
	trailers_release(&trailers);
	texts_release(&lines);
	report_release(&report);
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void
many_tests_fit_a_screen(void **state)
{
	const struct text_style style = { .rows = 10 };
	struct buf text = BUF_INIT;
	struct report report;

	(void)state;
	report_init(&report, &commit);
	for (int i = 0; i < 500; i++) {
		char *name = mem_text("perf/%03d", i);

		add_metric(&report, name, "cpu",
			   i % 50 ? VERDICT_PASS : VERDICT_SEVERE,
			   i % 50 ? 1 : 1.2);
		free(name);
	}
	report_conclude(&report);
	report_add_table(&text, &report, &style);
	report_add_summary(&text, &report);
	report_add_advice(&text, &report, &style);
	assert_true(count_lines(text.data) <= 24);
	assert_non_null(strstr(text.data, "490 pass"));
	assert_non_null(strstr(text.data, "Perf-Accept: perf/000 cpu <=+22%"));
	buf_release(&text);
	report_release(&report);
}

static void
hostile_names_are_harmless(void **state)
{
	const struct text_style style = { .rows = 10 };
	struct buf text = BUF_INIT;
	struct report report;

	(void)state;
	report_init(&report, &commit);
	add_metric(&report, "perf/\033[2J\n\xe2\x80\xae", "cpu", VERDICT_SEVERE,
		   1.2);
	report_set(&report.author, "\033]0;owned\007");
	report_conclude(&report);
	report_add_table(&text, &report, &style);
	report_add_summary(&text, &report);
	report_add_advice(&text, &report, &style);
	assert_null(strchr(text.data, '\033'));
	assert_null(strstr(text.data, "\xe2\x80\xae"));
	buf_release(&text);
	report_release(&report);
}

static void
the_verdict_s_own_metric_is_named(void **state)
{
	struct report report;

	(void)state;
	report_init(&report, &commit);
	add_metric(&report, "perf/a", "wall", VERDICT_UNDECIDED, 1.01);
	add_metric(&report, "perf/a", "cpu", VERDICT_PASS, 1);
	report.tests[0].verdict = VERDICT_PASS;
	assert_string_equal(report_main_metric(&report.tests[0])->name, "cpu");
	report_release(&report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_survives_json),
		cmocka_unit_test(drift_survives_json_and_is_told),
		cmocka_unit_test(a_bound_covers_or_does_not),
		cmocka_unit_test(a_bound_is_passed_when_that_is_sure),
		cmocka_unit_test(a_claim_is_met_or_unmet),
		cmocka_unit_test(many_tests_fit_a_screen),
		cmocka_unit_test(hostile_names_are_harmless),
		cmocka_unit_test(the_verdict_s_own_metric_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
