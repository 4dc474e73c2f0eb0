#include "base/nearest.h"
#include "base/buf.h"

#include <string.h>

enum { MAX_WORD = 64 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Letters put in, left out, changed, and neighbours swapped: the optimal string
 * alignment distance (Damerau 1964), which counts a typing mistake as one.
 */
static size_t
distance_between(const char *a, const char *b)
{
	size_t rows[3][MAX_WORD + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	size_t m = strlen(a), n = strlen(b);

	if (m > MAX_WORD || n > MAX_WORD)
		return MAX_WORD;
	for (size_t j = 0; j <= n; j++)
		last[j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *free_row = before;

		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t same = a[i - 1] == b[j - 1];

			now[j] = least(last[j] + 1, now[j - 1] + 1);
			now[j] = least(now[j], last[j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = free_row;
	}
	return last[n];
}

void
nearest_init(struct nearest *nearest, const char *word)
{
	*nearest = (struct nearest){ .word = word, .distance = MAX_WORD };
}

void
nearest_add(struct nearest *nearest, const char *known)
{
	size_t len = strlen(nearest->word);
	const char *slash = strrchr(nearest->word, '/');
	size_t distance = distance_between(nearest->word, known);

	/* A word that is being typed counts as near, as `stat` for `status`. */
	if (len > 2 && !strncmp(nearest->word, known, len))
		distance = 1;
	/* Of a path the last part counts: what is before is often the same. */
	if (distance > 1 + strlen(slash ? slash + 1 : nearest->word) / 4 ||
	    distance >= nearest->distance || distance >= len)
		return;
	nearest->best = known;
	nearest->distance = distance;
}
