#include <stddef.h>
#include <stdint.h>

#include "runner/spec.h"

/* The gate's first line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec spec = SPEC_INIT;

	(void)spec_parse((const char *)data, size, &spec, NULL);
	spec_release(&spec);
	return 0;
}
