#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "report/comment.h"
#include "report/mail.h"
#include "report/markdown.h"
#include "report/report.h"

static const struct oid commit = { { 0xaa, 1, 2 } };

static void
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
	metric->trials = 16;
	metric->sessions = 2;
}

static void
make(struct report *report)
{
	report_init(report, &commit);
	report_set(&report->author, "Ada");
	report_set(&report->email, "ada@example.org");
	report_set(&report->subject, "Sort by hand");
	report_set(&report->ref, "refs/heads/main");
	report_set(&report->machine, "box");
	report_set(&report->environment, "0123456789abcdef");
}

static void
assert_comment(const struct report *report, const char *page,
	       const char *wanted)
{
	struct buf text = BUF_INIT;

	report_add_comment(&text, report, page);
	assert_string_equal(buf_text(&text), wanted);
	buf_release(&text);
}

static void
says_what_an_author_can_act_on(void **state)
{
	struct report report;

	(void)state;
	make(&report);
	add_metric(&report, "perf/calm", "cpu", VERDICT_PASS, 1.001);
	add_metric(&report, "perf/sort", "cpu", VERDICT_SEVERE, 1.3);
	add_metric(&report, "perf/fast", "cpu", VERDICT_IMPROVED, 0.5);
	report_set(&report_test(&report, "perf/sort")->evidence,
		   "30 % more work");
	report_test(&report, "perf/sort")->changed.bytes[0] = 0xcc;
	report_conclude(&report);
	assert_true(report_has_news(&report));
	assert_comment(
		&report, "https://perf.example.org/commit/x.html",
		"**severe**: `perf/sort` of 3 tests\n\n"
		"| test | metric | before | now | change | interval | verdict "
		"|\n"
		"| --- | --- | ---: | ---: | ---: | --- | --- |\n"
		"| `perf/sort` | cpu | 10 ms | 13 ms | +3 ms, **+30.0 "
		"%** | +28.7 % .. +31.3 % | severe |\n"
		"| `perf/fast` | cpu | 10 ms | 5 ms | -5 ms, **-50.0 "
		"%** | -50.5 % .. -49.5 % | improved |\n\n"
		"Against bb00000000, side by side: 16 trials on each side in 2 "
		"sessions on box, environment `0123456789abcdef`. Evidence: "
		"30 % more work. First seen at cc00000000.\n\n"
		"To reproduce it in a clone:\n\n"
		"```\npacegate run bb00000000 aa01020000 --test perf/sort\n"
		"```\n\n"
		"If it is wanted, say so in the last lines of a commit "
		"message, with the reason behind the bar:\n\n"
		"```\nPerf-Accept: perf/sort cpu <=+32% | why\n```\n\n"
		"Well done, Ada: `perf/fast` went from 10 ms to 5 ms.\n\n"
		"[All figures](https://perf.example.org/commit/x.html)\n");
	report_release(&report);
}

static void
says_little_where_little_happened(void **state)
{
	struct report report;

	(void)state;
	make(&report);
	add_metric(&report, "perf/calm", "cpu", VERDICT_PASS, 1.001);
	report_conclude(&report);
	assert_false(report_has_news(&report));
	assert_comment(
		&report, NULL,
		"**pass**: no change beyond the threshold in 1 test\n\n");
	report_set(&report_test(&report, "perf/calm")->accepted,
		   "TLS 1.3, see #41");
	report_test(&report, "perf/calm")->verdict = VERDICT_ACCEPTED;
	report_test(&report, "perf/calm")->metrics[0].verdict =
		VERDICT_ACCEPTED;
	report_conclude(&report);
	assert_true(report_has_news(&report));
	report_release(&report);
}

static void
many_movers_are_counted(void **state)
{
	struct buf text = BUF_INIT;
	struct report report;
	size_t rows = 0;

	(void)state;
	make(&report);
	for (int i = 0; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "perf/%02d", i);
		add_metric(&report, name, "cpu", VERDICT_REGRESSED, 1.05);
		add_metric(&report, name, "wall", VERDICT_REGRESSED, 1.05);
	}
	report_conclude(&report);
	report_add_comment(&text, &report, NULL);
	for (const char *at = buf_text(&text); (at = strstr(at, "\n| `perf/"));
	     at++)
		rows++;
	assert_int_equal(rows, 10);
	assert_non_null(strstr(buf_text(&text), "and 35 more that changed\n"));
	assert_true(text.len < 4000);
	buf_release(&text);
	report_release(&report);
}

/* What a stranger may write, and nothing of which may reach the page as more
 * than text. */
static const char hostile[] =
	"@all #12 !7 <img src=x onerror=alert(1)> [x](javascript:1) `a` | b "
	"https://evil.example www.evil.example **b** \x1b[2J\xe2\x80\xae"
	"\n/close\r\n&amp; ~bug $x$ :boom: \xff";

static void
strangers_write_no_markup(void **state)
{
	struct buf text = BUF_INIT;
	const char *at;

	(void)state;
	markdown_add_text(&text, hostile, 1000);
	at = buf_text(&text);
	assert_null(strchr(at, '\n'));
	assert_null(strchr(at, '\r'));
	assert_null(strchr(at, 0x1b));
	assert_null(strstr(at, "\xe2\x80\xae"));
	assert_null(strstr(at, "@all"));
	assert_null(strstr(at, "#12"));
	assert_null(strstr(at, "!7"));
	assert_null(strstr(at, "https://"));
	assert_null(strstr(at, "www.evil"));
	assert_null(strstr(at, "&amp;"));
	assert_null(strstr(at, ":boom"));
	/* Each sign that makes markup has its backslash. */
	for (at = buf_text(&text); (at = strpbrk(at, "`*_[]<>|")); at++)
		assert_true(at > buf_text(&text) && at[-1] == '\\');
	/* And what needs no care has none. */
	buf_clear(&text);
	markdown_add_text(&text, "12.5 % more work (TLS 1.3, see docs/x-y)",
			  1000);
	assert_string_equal(buf_text(&text),
			    "12.5 % more work \\(TLS 1.3, see docs/x-y\\)");
	buf_release(&text);
}

static void
code_ends_where_we_end_it(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	markdown_add_code(&text, hostile, 1000);
	assert_ptr_equal(strchr(buf_text(&text) + 1, '`'),
			 buf_text(&text) + text.len - 1);
	assert_null(strchr(buf_text(&text), '\n'));
	buf_clear(&text);
	markdown_add_code(&text, "a|b`c", 1000);
	assert_string_equal(buf_text(&text), "`a\\|b'c`");
	buf_clear(&text);
	markdown_add_code(&text, "", 1000);
	assert_string_equal(buf_text(&text), "` `");
	buf_release(&text);
}

static void
hostile_reports_stay_in_their_lines(void **state)
{
	struct buf text = BUF_INIT;
	struct report report;
	const char *at;

	(void)state;
	make(&report);
	report_set(&report.author, hostile);
	report_set(&report.machine, hostile);
	add_metric(&report, "perf/$(rm -rf x)'\n```\n@all", hostile,
		   VERDICT_REGRESSED, 1.05);
	add_metric(&report, hostile, "cpu", VERDICT_IMPROVED, 0.5);
	report_set(&report.tests[0].metrics[0].unit, "<b>");
	report_set(&report.tests[0].evidence, hostile);
	report_conclude(&report);
	report_add_comment(&text, &report, NULL);
	at = buf_text(&text);
	assert_null(strstr(at, "\n/close"));
	assert_null(strstr(at, "\n@all"));
	assert_null(strchr(at, 0x1b));
	/* Two blocks of code, opened and closed by us. */
	for (int i = 0; i < 4; i++) {
		at = strstr(at, "\n```\n");
		assert_non_null(at);
		at += 4;
	}
	assert_null(strstr(at, "\n```"));
	/* What is pasted into a shell is one word there. */
	assert_non_null(strstr(buf_text(&text),
			       " --test 'perf/$(rm -rf x)'\\''\\x0a```"));
	buf_release(&text);
	report_release(&report);
}

static void
a_mail_has_a_subject_and_plain_text(void **state)
{
	struct buf text = BUF_INIT;
	struct report report, calm;
	struct mail_report parts[2] = { { &calm, NULL }, { &report, "URL" } };

	(void)state;
	make(&report);
	make(&calm);
	add_metric(&calm, "perf/calm", "cpu", VERDICT_REGRESSED, 1.04);
	add_metric(&report, "perf/sort", "cpu", VERDICT_SEVERE, 1.3);
	report_set(&report.subject, "Sort\r\nBcc: all@example.org");
	report_conclude(&report);
	report_conclude(&calm);
	report_add_subject(&text, parts, 2);
	assert_string_equal(buf_text(&text),
			    "[pacegate] severe: perf/sort: cpu is 30 % slower "
			    "than at bb00000000 (main and 1 more)");
	buf_clear(&text);
	report_add_mail(&text, parts, 2, "bob");
	assert_null(strstr(buf_text(&text), "\nBcc"));
	assert_non_null(strstr(buf_text(&text), "regressed: perf/calm: cpu"));
	assert_non_null(strstr(buf_text(&text), "severe: perf/sort: cpu is"));
	assert_non_null(strstr(buf_text(&text), "page     URL\n"));
	assert_non_null(strstr(buf_text(&text), "Perf-Accept: perf/sort"));
	assert_non_null(strstr(buf_text(&text), "\npushed by bob\n"));
	buf_release(&text);
	report_release(&report);
	report_release(&calm);
}

/* Of a push that passes, drift is the news. */
static void
a_mail_tells_of_drift(void **state)
{
	char test[] = "perf/calm", metric[] = "cpu", unit[] = "ns", no[] = "";
	struct report_drift drift = { .test = test,
				      .metric = metric,
				      .unit = unit,
				      .environment = no,
				      .ref = no,
				      .ratio = 1.05,
				      .low = 1.04,
				      .high = 1.06,
				      .commits = 9 };
	struct buf text = BUF_INIT;
	struct report report;
	struct mail_report part = { &report, NULL };

	(void)state;
	make(&report);
	add_metric(&report, "perf/calm", "cpu", VERDICT_PASS, 1.0);
	report_conclude(&report);
	report_drifts_add(&report.drifts, &drift);
	report_add_subject(&text, &part, 1);
	assert_string_equal(
		buf_text(&text),
		"[pacegate] drift: perf/calm: cpu is 5.0 % slower (+4.0 % .. "
		"+6.0 %) than its baseline 0000000000, little by little over 9 "
		"commits since 0000000000 (main)");
	buf_clear(&text);
	report_add_mail(&text, &part, 1, "");
	assert_non_null(strstr(buf_text(&text), "\n  drift: perf/calm: cpu"));
	/* A regression comes first. */
	report.verdict = VERDICT_REGRESSED;
	report.tests[0].verdict = VERDICT_REGRESSED;
	buf_clear(&text);
	report_add_subject(&text, &part, 1);
	assert_non_null(strstr(buf_text(&text), "[pacegate] regressed: "));
	buf_release(&text);
	report_release(&report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_an_author_can_act_on),
		cmocka_unit_test(says_little_where_little_happened),
		cmocka_unit_test(many_movers_are_counted),
		cmocka_unit_test(strangers_write_no_markup),
		cmocka_unit_test(code_ends_where_we_end_it),
		cmocka_unit_test(hostile_reports_stay_in_their_lines),
		cmocka_unit_test(a_mail_has_a_subject_and_plain_text),
		cmocka_unit_test(a_mail_tells_of_drift),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("report_comment", tests, NULL, NULL);
}
