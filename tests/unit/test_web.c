/* Pages are pure functions of JSON: hostile text in them does no harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "web/html.h"
#include "web/svg.h"
#include "web/thin.h"
#include "web/web.h"

static const char hostile[] =
	"</title><script>alert(1)</script>\" onload='x' &amp; \x1b[2J \xff "
	"\xe2\x80\xae";

static void
text_is_harmless(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	html_text(&buf, hostile);
	assert_null(strpbrk(buf_text(&buf), "<>\"'\x1b\xff"));
	assert_null(strstr(buf_text(&buf), "\xe2\x80\xae"));
	assert_non_null(strstr(buf_text(&buf), "&lt;script&gt;"));
	assert_non_null(strstr(buf_text(&buf), "&amp;amp;"));
	buf_release(&buf);
}

static void
check_slug(const char *test, const char *slug)
{
	struct buf buf = BUF_INIT;
	char *back = NULL;

	web_slug(&buf, test);
	assert_string_equal(buf_text(&buf), slug);
	assert_int_equal(web_unslug(slug, strlen(slug), &back), 0);
	assert_string_equal(back, test);
	free(back);
	buf_release(&buf);
}

static void
slugs_are_file_names(void **state)
{
	struct buf slug = BUF_INIT;
	char *back = NULL, name[481];
	const char *bad[] = { "",    "..",  "a/b", "=2",  "=2g",     "=2f",
			      "=2F", "=41", "=00", "a.b", "\xc3\xa4" };

	(void)state;
	check_slug("perf/sort", "perf~sort");
	check_slug("perf/a b.sh", "perf~a=20b=2Esh");
	check_slug("../../x", "=2E=2E~=2E=2E~x");
	check_slug("p~=\xff", "p=7E=3D=FF");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(web_unslug(bad[i], strlen(bad[i]), &back) < 0);
	/* What no file could be named. */
	memset(name, '.', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	web_slug(&slug, name);
	assert_true(slug.len <= 200);
	assert_non_null(strstr(buf_text(&slug), WEB_SLUG_CUT));
	assert_true(web_unslug(buf_text(&slug), slug.len, &back) < 0);
	buf_release(&slug);
}

static void
thinning_hides_no_outlier(void **state)
{
	enum { COUNT = 100000, MAX = 800 };
	double *values = calloc(COUNT, sizeof(*values));
	size_t keep[MAX], kept, seen = 0;

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		values[i] = i % 7 ? 100 : NAN;
	values[51234] = 900;
	values[77778] = 1;
	kept = web_thin(values, COUNT, MAX, keep);
	assert_true(kept <= MAX && kept > 2);
	assert_int_equal(keep[0], 0);
	assert_int_equal(keep[kept - 1], COUNT - 1);
	for (size_t i = 0; i < kept; i++) {
		assert_true(!i || keep[i] > keep[i - 1]);
		seen += keep[i] == 51234 || keep[i] == 77778;
	}
	assert_int_equal(seen, 2);
	assert_int_equal(web_thin(values, 5, MAX, keep), 5);
	assert_int_equal(web_thin(values, 0, MAX, keep), 0);
	free(values);
}

/* Every text of a document is hostile: no page may hold it as it is. */
static json_t *
hostile_doc(void)
{
	json_t *point = json_pack("{s:s, s:i, s:f, s:f, s:f, s:f, s:o, s:o}",
				  "commit", "deadbeef", "time", 1700000000,
				  "value", 1e6, "base", 1e6, "low", 0.9, "high",
				  1.1, "author", json_text(hostile), "subject",
				  json_text(hostile));
	json_t *row = json_pack(
		"{s:o, s:s, s:o, s:o, s:f, s:s, s:[f, n], s:s, s:i, s:o, s:o, "
		"s:o, s:o, s:o, s:f, s:o, s:o}",
		"test", json_text(hostile), "verdict", "severe", "metric",
		json_text(hostile), "unit", json_text(hostile), "value", 1.0,
		"better", "lower", "spark", 1.0, "commit", "deadbeef", "time",
		1700000000, "what", json_text(hostile), "who",
		json_text(hostile), "why", json_text(hostile), "author",
		json_text(hostile), "subject", json_text(hostile), "ratio", 1.2,
		"log", json_text(hostile), "metrics", json_array());
	json_t *history = json_pack("{s:o, s:o, s:o, s:[O, O], s:[O], s:i}",
				    "metric", json_text(hostile), "unit",
				    json_text(hostile), "machine",
				    json_text(hostile), "points", point, point,
				    "changes", point, "count", 2);
	json_t *doc = json_pack(
		"{s:o, s:o, s:[O], s:[O], s:[O], s:[O], s:[O], s:[o], s:o, "
		"s:o, s:{s:s, s:s, s:o, s:o, s:[O]}, s:[o], s:{s:o}, s:o, s:o}",
		"repository", json_text(hostile), "test", json_text(hostile),
		"tests", row, "regressions", row, "improvements", row,
		"entries", row, "rows", row, "histories", history, "a",
		json_text(hostile), "b", json_text(hostile), "report", "commit",
		"deadbeef", "verdict", "pass", "subject", json_text(hostile),
		"sessions", json_text(hostile), "tests", row, "advice",
		json_text(hostile), "environment", "model", json_text(hostile),
		"title", json_text(hostile), "why", json_text(hostile));

	assert_non_null(doc);
	json_decref(point);
	json_decref(row);
	return doc;
}

static void
pages_are_harmless(void **state)
{
	void (*const pages[])(struct buf *, const json_t *) = {
		web_overview, web_test,    web_commit, web_compare, web_session,
		web_ledger,   web_trouble, web_feed,   web_badge
	};
	json_t *doc = hostile_doc(), *empty = json_object();

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct buf buf = BUF_INIT;

		pages[i](&buf, doc);
		assert_null(strstr(buf_text(&buf), "<script>"));
		assert_null(strstr(buf_text(&buf), "onload='x'"));
		assert_null(strchr(buf_text(&buf), '\x1b'));
		assert_true(buf.len > 100);
		buf_clear(&buf);
		/* What a document lacks is left out. */
		pages[i](&buf, empty);
		assert_true(buf.len > 50);
		buf_release(&buf);
	}
	json_decref(doc);
	json_decref(empty);
}

static void
plots_of_odd_values(void **state)
{
	double values[] = { NAN, 1, INFINITY, 1, 0, -5 };
	struct svg_history history = { .values = values,
				       .lows = values,
				       .highs = values,
				       .unit = "ns",
				       .label = "x" };

	(void)state;
	for (size_t count = 0; count <= 6; count++) {
		struct buf buf = BUF_INIT;

		history.count = count;
		svg_history(&buf, &history);
		svg_spark(&buf, values, count, "x");
		assert_null(strstr(buf_text(&buf), "nan"));
		assert_null(strstr(buf_text(&buf), "inf"));
		buf_release(&buf);
	}
}

/* Both sides have one time and one range of values, whatever is missing. */
static void
courses_lie_over_each_other(void **state)
{
	double times[] = { 0, 50e6, NAN, 100e6 }, late[] = { 0, 200e6 };
	double values[] = { 0, 10, 20, -INFINITY }, more[] = { 0, 40 };
	struct svg_course course = { .base = { times, values, 4 },
				     .value = { late, more, 2 },
				     .unit = "B",
				     .label = "x" };
	struct buf buf = BUF_INIT;

	(void)state;
	svg_course(&buf, &course);
	/* A quarter of the width, three quarters of the height. */
	assert_non_null(strstr(buf_text(&buf),
			       "class=\"base\" d=\"M100.0 122.0L295.5 96.0\""));
	assert_non_null(
		strstr(buf_text(&buf),
		       "class=\"value\" d=\"M100.0 122.0L882.0 18.0\""));
	assert_non_null(strstr(buf_text(&buf), "200 ms"));
	assert_null(strstr(buf_text(&buf), "nan"));
	assert_null(strstr(buf_text(&buf), "inf"));
	buf_clear(&buf);
	course.base.count = course.value.count = 0;
	svg_course(&buf, &course);
	assert_null(strstr(buf_text(&buf), "nan"));
	buf_release(&buf);
}

/* A commit with a course on one side, on both, and of unequal columns. */
static void
commits_show_courses(void **state)
{
	json_t *side = json_pack("{s:[i, i], s:[i, i], s:[i]}", "time", 0,
				 1000000, "memory", 0, 4096, "cpu", 0);
	json_t *course = json_pack("{s:O}", "value", side);
	json_t *doc = json_pack("{s:{s:[{s:s, s:O}]}}", "report", "tests",
				"test", "perf/a", "course", course);
	struct buf buf = BUF_INIT;

	(void)state;
	web_commit(&buf, doc);
	assert_non_null(strstr(buf_text(&buf), "memory over time, in a trial: "
					       "now (solid)"));
	assert_non_null(strstr(buf_text(&buf), "cpu over time"));
	assert_null(strstr(buf_text(&buf), "rss"));
	json_object_set(course, "base", side);
	buf_clear(&buf);
	web_commit(&buf, doc);
	assert_non_null(strstr(buf_text(&buf), "before (dashed) and now"));
	assert_non_null(strstr(buf_text(&buf),
			       "aria-label=\"memory of perf/a over time, "
			       "before and now\""));
	json_decref(doc);
	json_decref(course);
	json_decref(side);
	buf_release(&buf);
}

/* A test that is studied still, one that never varies, and an alert. */
static void
overviews_tell_what_is_seen(void **state)
{
	json_t *doc = json_pack(
		"{s:[{s:s, s:{s:f, s:i, s:i}}, {s:s, s:{s:b, s:i, s:i}}], "
		"s:[{s:s, s:s, s:f, s:i, s:s}], "
		"s:{s:[{s:s, s:f, s:i, s:i, s:f, s:f}]}}",
		"tests", "test", "perf/a", "sessions", "detectable", 0.012,
		"sessions", 3, "wanted", 8, "test", "perf/b", "sessions",
		"exact", 1, "sessions", 4, "wanted", 8, "drifts", "test",
		"perf/a", "metric", "cpu", "ratio", 1.041, "commits", 5,
		"first", "deadbeef", "canary", "rows", "test", "sum", "size",
		0.05, "alarms", 9, "pairs", 10, "low", 0.55, "high", 0.99);
	struct buf buf = BUF_INIT;

	(void)state;
	assert_non_null(doc);
	web_overview(&buf, doc);
	assert_non_null(strstr(buf_text(&buf), ">1.2 %<div class=\"quiet\">"
					       "studied 3 of 8</div>"));
	assert_non_null(strstr(buf_text(&buf), ">any</td>"));
	assert_null(strstr(buf_text(&buf), "studied 4 of 8"));
	assert_non_null(strstr(buf_text(&buf), "Slow drift"));
	assert_non_null(strstr(buf_text(&buf), " by 5 commits since "));
	assert_non_null(strstr(buf_text(&buf),
			       "canary sum, +5 % planted: 9 of 10 alarms "
			       "(55 to 99 %)"));
	json_decref(doc);
	doc = json_object();
	buf_clear(&buf);
	web_overview(&buf, doc);
	assert_null(strstr(buf_text(&buf), "Slow drift"));
	json_decref(doc);
	buf_release(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_harmless),
		cmocka_unit_test(slugs_are_file_names),
		cmocka_unit_test(thinning_hides_no_outlier),
		cmocka_unit_test(pages_are_harmless),
		cmocka_unit_test(plots_of_odd_values),
		cmocka_unit_test(courses_lie_over_each_other),
		cmocka_unit_test(commits_show_courses),
		cmocka_unit_test(overviews_tell_what_is_seen),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("web", tests, NULL, NULL);
}
