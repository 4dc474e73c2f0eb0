#include "course.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/protocol.h"

void
course_release(struct sample_course *course)
{
	for (size_t i = 0; i < COURSE_COLUMNS; i++)
		free(course->columns[i]);
	*course = (struct sample_course){ 0 };
}

static int
take_column(struct sample_course *course, size_t column, const json_t *array,
	    struct err *err)
{
	const char *name = course_rows[column].name;

	if (json_array_size(array) != course->count)
		return err_set(err, ERR_PROTOCOL,
			       "course: %s has %zu points, not %zu", name,
			       json_array_size(array), course->count);
	course->columns[column] = mem_new(course->count, sizeof(double));
	for (size_t i = 0; i < course->count; i++) {
		const json_t *value = json_array_get(array, i);

		if (!json_is_number(value))
			return err_set(err, ERR_PROTOCOL,
				       "course: %s[%zu] is no number", name, i);
		course->columns[column][i] = json_number_value(value);
	}
	return 0;
}

int
course_take(struct sample_course *course, const json_t *body, struct err *err)
{
	const json_t *time = json_object_get(body, course_rows[0].name);
	int ret = 0;

	course_release(course);
	course->count = json_array_size(time);
	if (!json_is_array(time) || course->count > PROTOCOL_MAX_POINTS)
		ret = err_set(err, ERR_PROTOCOL,
			      "course: no times, or more "
			      "than there may be");
	for (size_t i = 0; !ret && i < COURSE_COLUMNS; i++) {
		const json_t *array = json_object_get(body,
						      course_rows[i].name);

		if (array)
			ret = take_column(course, i, array, err);
	}
	if (ret < 0)
		course_release(course);
	return ret;
}
