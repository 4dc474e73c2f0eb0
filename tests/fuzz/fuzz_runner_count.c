#include <stddef.h>
#include <stdint.h>

#include "runner/count.h"

/* What valgrind wrote into a place that the test could write to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double instructions;

	(void)count_parse((const char *)data, size, &instructions);
	return 0;
}
