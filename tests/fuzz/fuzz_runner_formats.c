#include <stddef.h>
#include <stdint.h>

#include "runner/formats.h"
#include "runner/readings.h"

/* What a test prints: the first byte chooses the format. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct readings readings = READINGS_INIT;
	size_t count = 0;

	while (format_rows[count].name)
		count++;
	if (size)
		format_read(&format_rows[data[0] % count],
			    (const char *)data + 1, size - 1, &readings);
	readings_release(&readings);
	return 0;
}
