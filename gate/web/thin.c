#include "web/thin.h"

#include <math.h>

/* Values that are not finite are gaps: neither least nor largest. */
static void
extremes(const double *values, size_t from, size_t to, size_t *least,
	 size_t *largest)
{
	*least = *largest = from;
	for (size_t i = from; i < to; i++) {
		if (!(values[i] >= values[*least]))
			*least = isfinite(values[i]) ? i : *least;
		if (!(values[i] <= values[*largest]))
			*largest = isfinite(values[i]) ? i : *largest;
	}
}

static void
add(size_t *keep, size_t *count, size_t index)
{
	if (!*count || keep[*count - 1] < index)
		keep[(*count)++] = index;
}

size_t
web_thin(const double *values, size_t count, size_t max, size_t *keep)
{
	size_t kept = 0, stretches = (max - 2) / 2;

	if (count <= max) {
		for (size_t i = 0; i < count; i++)
			keep[i] = i;
		return count;
	}
	add(keep, &kept, 0);
	for (size_t i = 0; i < stretches; i++) {
		size_t least, largest;

		extremes(values, count * i / stretches,
			 count * (i + 1) / stretches, &least, &largest);
		add(keep, &kept, least < largest ? least : largest);
		add(keep, &kept, least < largest ? largest : least);
	}
	add(keep, &kept, count - 1);
	return kept;
}
