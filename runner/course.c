#include "runner/course.h"

#include <string.h>

void
course_init(struct course *course, int64_t interval_ns)
{
	course->count = 0;
	course->interval_ns = interval_ns;
	course->by_group = 0;
}

/* The last point of each pair stays, so that the last of all does. */
static void
thin(struct course *course)
{
	size_t kept = 0;

	for (size_t i = 1 - course->count % 2; i < course->count; i += 2)
		course->points[kept++] = course->points[i];
	course->count = kept;
	course->interval_ns *= 2;
}

static int64_t
no_less(int64_t now, int64_t before)
{
	return now > before ? now : before;
}

void
course_add(struct course *course, const struct course_point *point)
{
	struct course_point *added;

	if (course->count == COURSE_MAX)
		thin(course);
	added = &course->points[course->count];
	*added = *point;
	if (course->count++) {
		const struct course_point *last = added - 1;

		added->cpu_ns = no_less(added->cpu_ns, last->cpu_ns);
		added->read_bytes = no_less(added->read_bytes,
					    last->read_bytes);
		added->written_bytes = no_less(added->written_bytes,
					       last->written_bytes);
	}
}

void
course_finish(struct course *course, int64_t start_ns, int64_t end_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < course->count; i++) {
		struct course_point point = course->points[i];

		if (point.at_ns < start_ns || point.at_ns > end_ns)
			continue;
		point.at_ns -= start_ns;
		course->points[kept++] = point;
	}
	course->count = kept;
	while (course->count > COURSE_KEPT)
		thin(course);
}
