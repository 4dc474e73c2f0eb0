#include <stddef.h>
#include <stdint.h>

#include "policy/problem.h"
#include "policy/trailer.h"

/* A commit message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct oid commit = { { 1 } };
	struct problems problems = { 0 };
	struct trailers trailers = { 0 };

	trailers_read(&trailers, (const char *)data, size, &commit, &problems);
	trailers_release(&trailers);
	problems_release(&problems);
	return 0;
}
