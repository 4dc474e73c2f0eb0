#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "course.h"
#include "base/err.h"
#include "base/json.h"

/* The course that a runner sends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample_course course = { 0 };
	struct err err = ERR_INIT;
	json_t *body = json_parse((const char *)data, size, &err);

	if (body)
		(void)course_take(&course, body, &err);
	course_release(&course);
	json_decref(body);
	return 0;
}
