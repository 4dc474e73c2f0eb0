#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runner/checkout.h"
#include "runner/spec.h"

/* A raw tree object, as a stranger's repository holds it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct tree_entry entry;
	unsigned sum = 0;

	while (size && checkout_next_entry(&at, end, &entry) > 0) {
		(void)spec_name_fault(entry.name, strlen(entry.name));
		for (int i = 0; i < 20; i++)
			sum |= entry.oid[i];
	}
	return sum > 255;
}
