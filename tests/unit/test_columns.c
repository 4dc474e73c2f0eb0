/* Columns of a terminal, and words that may have been meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/columns.h"
#include "base/nearest.h"
#include "report/bar.h"

static void
test_width(void **state)
{
	(void)state;
	assert_int_equal(columns_of(""), 0);
	assert_int_equal(columns_of("perf/sort"), 9);
	assert_int_equal(columns_of("größe"), 5);
	assert_int_equal(columns_of("日本語"), 6);
	assert_int_equal(columns_of("e\u0301"), 1);
	assert_int_equal(columns_of("\U0001f600"), 2);
	assert_int_equal(columns_of("\xff\xfe"), 2);
}

static void
assert_cell(const char *text, size_t columns, enum columns_side side,
	    const char *wanted)
{
	struct buf cell = BUF_INIT;

	columns_add(&cell, text, columns, side);
	assert_string_equal(buf_text(&cell), wanted);
	buf_release(&cell);
}

static void
test_cell(void **state)
{
	(void)state;
	assert_cell("größe", 7, COLUMNS_LEFT, "größe  ");
	assert_cell("größe", 7, COLUMNS_RIGHT, "  größe");
	assert_cell("日本語", 7, COLUMNS_LEFT, "日本語 ");
	assert_cell("perf/sorting", 9, COLUMNS_LEFT, "perf/s...");
	/* Half of a wide character is a blank. */
	assert_cell("日本語日本語", 8, COLUMNS_LEFT, "日本... ");
	assert_cell("perf/sort", 4, COLUMNS_LEFT, "perf");
	assert_cell("x", 0, COLUMNS_LEFT, "");
}

static void
assert_bar(size_t columns, double share, const char *what, int64_t left_ms,
	   const char *wanted)
{
	struct buf line = BUF_INIT;

	bar_add(&line, columns, share, what, left_ms);
	assert_string_equal(buf_text(&line), wanted);
	assert_true(columns_of(buf_text(&line)) <= columns);
	buf_release(&line);
}

static void
test_bar(void **state)
{
	(void)state;
	assert_bar(100, 0.5, "round 7", 12000,
		   "[############............]  50 %  round 7, 12 s left");
	assert_bar(79, 0, "waiting", -1,
		   "[........................]   0 %  waiting");
	assert_bar(79, 2, "all", 0,
		   "[########################] 100 %  all, 0 s left");
	assert_bar(40, 0.1, "checking out 1a2b3c4d5e", 90000,
		   "[#.........]  10 %  che, 1 min 30 s left");
}

static const char *
near(const char *word)
{
	static const char *const known[] = { "show", "status", "serve",
					     "perf/sort", "perf/a" };
	struct nearest nearest;

	nearest_init(&nearest, word);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		nearest_add(&nearest, known[i]);
	return nearest.best ? nearest.best : "";
}

static void
test_nearest(void **state)
{
	(void)state;
	assert_string_equal(near("shwo"), "show");
	assert_string_equal(near("stat"), "status");
	assert_string_equal(near("stauts"), "status");
	assert_string_equal(near("perf/srot"), "perf/sort");
	assert_string_equal(near("perf/nix"), "");
	assert_string_equal(near("x"), "");
	assert_string_equal(near(""), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_cell),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
