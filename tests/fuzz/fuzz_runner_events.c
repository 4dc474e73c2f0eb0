#include <stddef.h>
#include <stdint.h>

#include "runner/events.h"
#include "runner/readings.h"

/* Events of a test: the first byte says how many bytes a read brings. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct readings readings = READINGS_INIT;
	struct events events;
	size_t piece = size ? (size_t)data[0] + 1 : 1;

	events_init(&events, &readings, 1000);
	for (size_t at = 1; at < size; at += piece)
		events_bytes(&events, (const char *)data + at,
			     size - at < piece ? size - at : piece,
			     (int64_t)(2000 + at));
	events_finish(&events);
	for (size_t i = 0; i < readings.count; i++)
		(void)reading_median(&readings.items[i]);
	events_release(&events);
	readings_release(&readings);
	return 0;
}
