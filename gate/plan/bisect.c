#include "plan/bisect.h"

#include <stdlib.h>

#include "base/mem.h"

/* Was unclear once: still open. */
enum { ONCE_UNCLEAR = BISECT_UNTESTABLE + 1 };

void
bisect_init(struct bisect *bisect, size_t count)
{
	bisect->commits = mem_new(count, 1);
	bisect->count = count;
	bisect->commits[0] = BISECT_UNCHANGED;
}

void
bisect_release(struct bisect *bisect)
{
	free(bisect->commits);
	*bisect = (struct bisect){ 0 };
}

void
bisect_answer(struct bisect *bisect, size_t at, enum bisect_found found)
{
	unsigned char *known = &bisect->commits[at];

	switch (found) {
	case BISECT_UNKNOWN:
		break;
	case BISECT_UNCHANGED:
	case BISECT_CHANGED:
	case BISECT_UNTESTABLE:
		*known = (unsigned char)found;
		break;
	case BISECT_UNCLEAR:
		if (*known == BISECT_UNKNOWN)
			*known = ONCE_UNCLEAR;
		else if (*known == ONCE_UNCLEAR)
			*known = BISECT_UNCLEAR;
		break;
	}
}

static int
is_open(const struct bisect *bisect, size_t at)
{
	return bisect->commits[at] == BISECT_UNKNOWN ||
	       bisect->commits[at] == ONCE_UNCLEAR;
}

void
bisect_look(const struct bisect *bisect, struct bisect_state *state)
{
	size_t last = bisect->count - 1;

	*state = (struct bisect_state){ .bad = last };
	for (size_t i = last; i-- > 0;) {
		if (bisect->commits[i] == BISECT_CHANGED)
			state->bad = i;
		else if (bisect->commits[i] == BISECT_UNCHANGED) {
			state->good = i;
			break;
		}
	}
	for (size_t i = state->good + 1; i < state->bad; i++) {
		state->open += (size_t)is_open(bisect, i);
		state->holes += !is_open(bisect, i);
	}
	if (bisect->commits[last] == BISECT_UNCHANGED)
		state->end = BISECT_NOTHING;
	else if (is_open(bisect, last))
		state->end = BISECT_ASKS;
	else if (bisect->commits[last] != BISECT_CHANGED)
		state->end = BISECT_UNSURE;
	else if (state->good + 1 == state->bad)
		state->end = BISECT_FOUND;
	else if (!state->open || state->holes >= BISECT_MAX_HOLES)
		state->end = BISECT_STRETCH;
	else
		state->end = BISECT_ASKS;
}

/* Commits side by side that can be asked. */
struct stretch {
	size_t start, len;
	size_t cuts; /* of them that will be */
};

/* One more cut where the parts are the longest; 0 when all would be asked. */
static int
cut_longest(struct stretch *stretches, size_t count)
{
	struct stretch *best = NULL;

	for (size_t i = 0; i < count; i++) {
		struct stretch *stretch = &stretches[i];

		if (stretch->cuts < stretch->len &&
		    (!best || stretch->len * (best->cuts + 1) >
				      best->len * (stretch->cuts + 1)))
			best = stretch;
	}
	if (best)
		best->cuts++;
	return best != NULL;
}

static size_t
find_stretches(const struct bisect *bisect, const struct bisect_state *state,
	       const unsigned char *asked, struct stretch *stretches)
{
	size_t count = 0, end = state->good;

	for (size_t i = state->good + 1; i < state->bad; i++) {
		if (!is_open(bisect, i) || (asked && asked[i]))
			continue;
		if (!count || end != i)
			stretches[count++] = (struct stretch){ i, 0, 0 };
		stretches[count - 1].len++;
		end = i + 1;
	}
	return count;
}

size_t
bisect_next(const struct bisect *bisect, const unsigned char *asked,
	    size_t places, size_t *next)
{
	size_t last = bisect->count - 1, n = 0, count, left = places;
	struct stretch *stretches;
	struct bisect_state state;
	int asks_last;

	bisect_look(bisect, &state);
	if (state.end != BISECT_ASKS || !places)
		return 0;
	asks_last = is_open(bisect, last) && !(asked && asked[last]);
	left -= (size_t)asks_last;
	stretches = mem_new(state.open / 2 + state.holes + 2 + places,
			    sizeof(*stretches));
	count = find_stretches(bisect, &state, asked, stretches);
	while (left && cut_longest(stretches, count))
		left--;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < stretches[i].cuts; j++)
			next[n++] = stretches[i].start - 1 +
				    (j + 1) * (stretches[i].len + 1) /
					    (stretches[i].cuts + 1);
	if (asks_last)
		next[n++] = last;
	free(stretches);
	return n;
}
