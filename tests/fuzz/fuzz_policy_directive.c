#include <stddef.h>
#include <stdint.h>

#include "policy/directive.h"
#include "policy/problem.h"

/* The first lines of a test's file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = { 0 };
	struct directives said;

	directives_init(&said);
	directives_read(&said, (const char *)data, size, "perf/x", &problems);
	directives_release(&said);
	problems_release(&problems);
	return 0;
}
