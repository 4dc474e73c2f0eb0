#include "gather_touch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/pattern.h"

static int
is_gone(const struct gather *gather, const char *path)
{
	size_t from = 0, to = gather->gone_count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int order = strcmp(path, gather->gone[mid].path);

		if (!order)
			return 1;
		if (order < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return 0;
}

void
touch_init(struct touch *touch, const struct gather *gather)
{
	const struct texts *touched = &gather->touched;

	*touch = (struct touch){ .all = touched,
				 .paths = mem_new(touched->count,
						  sizeof(char *)),
				 .is_endless = gather->touched_more };
	for (size_t i = 0; i < touched->count; i++)
		if (!gather_find(gather, touched->items[i]) &&
		    !is_gone(gather, touched->items[i]))
			touch->paths[touch->count++] = touched->items[i];
}

void
touch_release(struct touch *touch)
{
	free(touch->paths);
	*touch = (struct touch){ 0 };
}

int
touch_is_empty(const struct touch *touch)
{
	/* A test may be the input of another one. */
	return !touch->is_endless && !(touch->all && touch->all->count);
}

/* The first path that is not before the text. */
static size_t
lower_bound(char *const *paths, size_t count, const char *text)
{
	size_t from = 0, to = count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(paths[mid], text) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static int
holds(const struct texts *sorted, const char *path)
{
	size_t at = lower_bound(sorted->items, sorted->count, path);

	return at < sorted->count && !strcmp(sorted->items[at], path);
}

/* Only paths below the pattern's plain beginning can match it. */
static int
pattern_touches(const struct touch *touch, const struct texts *patterns,
		const char *pattern)
{
	size_t len = pattern_prefix(pattern);
	char *prefix = mem_copy_bytes(pattern, len);
	int touches = 0;

	for (size_t i = lower_bound(touch->paths, touch->count, prefix);
	     !touches && i < touch->count &&
	     !strncmp(touch->paths[i], prefix, len);
	     i++)
		touches = patterns_match(patterns, touch->paths[i]);
	free(prefix);
	return touches;
}

int
touch_matters(const struct touch *touch, const struct directives *directives)
{
	const struct texts *affects = &directives->affects;

	if (touch->is_endless)
		return 1;
	for (size_t i = 0; i < directives->inputs.count; i++)
		if (holds(touch->all, directives->inputs.items[i]))
			return 1;
	if (!affects->count)
		return touch->count > 0;
	for (size_t i = 0; i < affects->count; i++)
		if (*affects->items[i] != '!' &&
		    pattern_touches(touch, affects, affects->items[i]))
			return 1;
	return 0;
}
