#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "course.h"
#include "base/err.h"
#include "base/json.h"
#include "base/protocol.h"

/* The course of a trial, from a runner that may send anything. */

static int
take(const char *text, struct sample_course *course, struct err *err)
{
	json_t *body = json_parse(text, strlen(text), err);
	int ret;

	assert_non_null(body);
	ret = course_take(course, body, err);
	json_decref(body);
	return ret;
}

static void
columns_are_taken(void **state)
{
	struct sample_course course = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(take("{\"time\":[1,2.5],\"rss\":[3,4],\"cpu\":[0,1],"
			      "\"more\":\"later\"}",
			      &course, &err),
			 0);
	assert_int_equal(course.count, 2);
	assert_string_equal(course_rows[2].name, "rss");
	assert_true(fabs(course.columns[2][1] - 4) < 1e-9);
	assert_null(course.columns[1]);
	/* A second one replaces it. */
	assert_int_equal(take("{\"time\":[]}", &course, &err), 0);
	assert_int_equal(course.count, 0);
	course_release(&course);
}

static void
the_rest_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"time\":7}",
		"{\"time\":[1,2],\"cpu\":[1]}",
		"{\"time\":[1,2],\"cpu\":[1,2,3]}",
		"{\"time\":[1,2],\"cpu\":[1,\"2\"]}",
		"{\"time\":[1,null]}",
		"{\"time\":[1],\"cpu\":{}}",
	};
	struct sample_course course = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(take(texts[i], &course, &err), ERR_PROTOCOL);
		assert_int_equal(course.count, 0);
		assert_null(course.columns[0]);
	}
}

static void
points_are_bounded(void **state)
{
	struct sample_course course = { 0 };
	struct err err = ERR_INIT;
	json_t *body = json_object(), *time = json_array();

	(void)state;
	json_object_set_new(body, "time", time);
	for (int i = 0; i < PROTOCOL_MAX_POINTS; i++)
		json_array_append_new(time, json_integer(i));
	assert_int_equal(course_take(&course, body, &err), 0);
	json_array_append_new(time, json_integer(0));
	assert_int_equal(course_take(&course, body, &err), ERR_PROTOCOL);
	course_release(&course);
	json_decref(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_taken),
		cmocka_unit_test(the_rest_is_refused),
		cmocka_unit_test(points_are_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
