#include "cmd/show_course.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/units.h"
#include "report/report.h"
#include "store/store.h"
#include "view.h"

enum { MAX_ROWS = 20, WIDTH = 12 };

struct courses {
	const struct report *report;
	json_t *list; /* objects with test, session, environment and columns */
};

static int
take_course(void *data, const struct store_sample *sample)
{
	struct courses *courses = data;
	json_t *object;

	if (!sample->course_count)
		return 0;
	object = view_course(sample);
	json_object_set_new(object, "test", json_text(sample->test));
	json_object_set_new(object, "session", json_text(sample->session));
	json_object_set_new(object, "environment",
			    json_text(sample->environment));
	json_array_append_new(courses->list, object);
	return 0;
}

static int
read_courses(struct store_tx *tx, void *data, struct err *err)
{
	struct courses *courses = data;
	const struct report *report = courses->report;
	int ret = 0;

	(void)err;
	json_array_clear(courses->list);
	for (size_t i = 0; !ret && i < report->count; i++)
		ret = store_sample_each(tx, report->tests[i].path,
					&report->commit, take_course, courses);
	return ret;
}

static void
print_cell(const char *text)
{
	printf("  %*s", WIDTH, text);
}

/* One row in so many, and the last one. */
static void
print_points(const json_t *course, size_t count)
{
	size_t step = (count + MAX_ROWS - 1) / MAX_ROWS;
	struct buf text = BUF_INIT;

	for (size_t i = (count - 1) % step; i < count; i += step) {
		for (size_t k = 0; k < COURSE_COLUMNS; k++) {
			const struct course_row *row = &course_rows[k];
			const json_t *column = json_object_get(course,
							       row->name);

			if (!column)
				continue;
			buf_clear(&text);
			units_add_value(
				&text,
				json_number_value(json_array_get(column, i)),
				row->unit);
			print_cell(buf_text(&text));
		}
		puts("");
	}
	buf_release(&text);
}

static void
print_course(const json_t *course)
{
	size_t count = json_array_size(json_object_get(course, "time"));

	printf("%s, session %s\n", json_text_or(course, "test", ""),
	       json_text_or(course, "session", ""));
	for (size_t k = 0; k < COURSE_COLUMNS; k++)
		if (json_object_get(course, course_rows[k].name))
			print_cell(course_rows[k].name);
	puts("");
	if (count)
		print_points(course, count);
	puts("");
}

int
show_course(struct store *store, const struct report *report, int json,
	    struct err *err)
{
	struct courses courses = { .report = report, .list = json_array() };
	int ret = store_read(store, read_courses, &courses, err);

	if (!ret && json) {
		json_t *all = json_pack("{s:O}", "courses", courses.list);

		json_print(all);
		json_decref(all);
	} else if (!ret) {
		for (size_t i = 0; i < json_array_size(courses.list); i++)
			print_course(json_array_get(courses.list, i));
		if (!json_array_size(courses.list))
			puts("no course was kept: the sampler is off, or the "
			     "trials were too short or have expired");
	}
	json_decref(courses.list);
	return ret;
}
