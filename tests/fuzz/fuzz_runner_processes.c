#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runner/processes.h"

/* /proc/PID/stat, whose name a process chooses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct process_stat stat;
	char text[1024];
	size_t len = size < sizeof(text) - 1 ? size : sizeof(text) - 1;

	memcpy(text, data, len);
	text[len] = '\0';
	(void)process_parse_stat(text, &stat);
	return 0;
}
