#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/pattern.h"

/* A pattern on the first line, a path on the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct texts patterns = { 0 };
	char *text = mem_copy_bytes(data, size);
	char *path = strchr(text, '\n');

	if (path)
		*path++ = '\0';
	patterns_add(&patterns, text);
	(void)patterns_match(&patterns, path ? path : "");
	if (patterns.count &&
	    pattern_prefix(patterns.items[0]) > strlen(patterns.items[0]))
		abort();
	texts_release(&patterns);
	free(text);
	return 0;
}
