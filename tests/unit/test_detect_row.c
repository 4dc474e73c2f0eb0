#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/detect_row.h"

/* One row on its own, after one of the series `before`. */
static int
read_one(struct detect_row *row, const char *before, const char *text)
{
	struct err err = ERR_INIT;
	const char *at = text;

	*row = (struct detect_row){ 0 };
	if (before) {
		row->name.text = before;
		row->name.len = strlen(before);
	}
	return detect_row_read(row, &at, text + strlen(text), &err);
}

static int
is(const struct detect_row *row, const char *name, long index, double value)
{
	return row->name.len == strlen(name) &&
	       !memcmp(row->name.text, name, row->name.len) &&
	       row->index == index &&
	       (row->value == value || (isnan(row->value) && isnan(value)));
}

static void
rows_are_read(void **state)
{
	struct detect_row row;

	(void)state;
	assert_int_equal(read_one(&row, NULL, "a,0,1.5\n"), 0);
	assert_true(is(&row, "a", 0, 1.5));
	assert_int_equal(read_one(&row, "a", "a,17,1.5e-05\n"), 0);
	assert_true(is(&row, "a", 17, 1.5e-05));
	assert_int_equal(read_one(&row, "a", "a,17,12"), 0);
	assert_true(is(&row, "a", 17, 12));
	assert_int_equal(read_one(&row, "a", "a,17,12\r\n"), 0);
	assert_true(is(&row, "a", 17, 12));
	assert_int_equal(read_one(&row, "a", "b,3,0.25\n"), 0);
	assert_true(is(&row, "b", 3, 0.25));
	assert_int_equal(read_one(&row, "a", "a,1,nan\n"), 0);
	assert_true(is(&row, "a", 1, NAN));
	assert_int_equal(read_one(&row, "a", "a,1,-3\n"), 0);
	assert_true(is(&row, "a", 1, -3));
	assert_int_equal(read_one(&row, "a", "a,1,1e400\n"), 0);
	assert_true(isinf(row.value));
	assert_int_equal(read_one(&row, "a", "\n"), 1);
	assert_int_equal(read_one(&row, "a", "\r\n"), 1);
}

/* Only the last two commas divide, whatever series came before. */
static void
names_may_hold_commas(void **state)
{
	struct detect_row row;

	(void)state;
	assert_int_equal(read_one(&row, NULL, "f(1,2),3,4\n"), 0);
	assert_true(is(&row, "f(1,2)", 3, 4));
	assert_int_equal(read_one(&row, "f(1,2)", "f(1,2),4,5\n"), 0);
	assert_true(is(&row, "f(1,2)", 4, 5));
	assert_int_equal(read_one(&row, "a", "a,1,5,3\n"), 0);
	assert_true(is(&row, "a,1", 5, 3));
	assert_int_equal(read_one(&row, "a,1", "a,1,5\n"), 0);
	assert_true(is(&row, "a", 1, 5));
	assert_int_equal(read_one(&row, "", ",1,5\n"), 0);
	assert_true(is(&row, "", 1, 5));
}

static void
what_is_no_row_is_said(void **state)
{
	static const char *const bad[] = { "a",       "a,1",      "a,1,",
					   "a,,3",    "a,x,3",    "a,1,x",
					   "a,1,3 4", "a,-1,3",   "a,1.5,3",
					   ",",       "a,1,3e\n", "a,1,1.2.3" };
	struct detect_row row;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(read_one(&row, NULL, bad[i]), ERR_INPUT);
		assert_int_equal(read_one(&row, "a", bad[i]), ERR_INPUT);
	}
}

/* The quick way gives what strtod(3) does, to the last bit. */
static void
numbers_are_exact(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct detect_row row;
		char text[64], *number;
		int digits;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		digits = 1 + (int)(seed >> 33) % 17;
		number = text + snprintf(text, 8, "a,1,");
		snprintf(number, sizeof(text) - 8, i % 2 ? "%.*g" : "%.*e",
			 digits, exp((double)(seed >> 40) / 524288.0 - 16));
		assert_int_equal(read_one(&row, "a", text), 0);
		assert_true(row.value == strtod(number, NULL));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(names_may_hold_commas),
		cmocka_unit_test(what_is_no_row_is_said),
		cmocka_unit_test(numbers_are_exact),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("detect row", tests, NULL, NULL);
}
