#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "hooks/journal.h"
#include "hooks/push.h"
#include "store/store.h"

/* The half of the journal that post-receive needs, in a file of its own so
 * that this hook does not load libgit2. */

struct mark {
	const struct push *push;
	const struct push_line **lines; /* by id and ref: a mirror has many */
	uint64_t ids[64];
	size_t count;
	int pending; /* entries that wait, whether of this push or not */
};

static int
by_id(const void *a, const void *b)
{
	const struct push_line *const *left = a, *const *right = b;
	int order = oid_compare(&(*left)->new, &(*right)->new);

	return order ? order : strcmp((*left)->ref, (*right)->ref);
}

static void
sort_lines(struct mark *mark)
{
	const struct push *push = mark->push;

	mark->lines = mem_new(push->count, sizeof(*mark->lines));
	for (size_t i = 0; i < push->count; i++)
		mark->lines[i] = &push->lines[i];
	if (push->count)
		qsort(mark->lines, push->count, sizeof(*mark->lines), by_id);
}

static int
holds_line(const json_t *doc, const struct mark *mark)
{
	json_t *update;
	size_t i;

	json_array_foreach(json_object_get(doc, "updates"), i, update)
	{
		const char *ref = json_text_or(update, "ref", "");
		struct push_line line = { .ref = (char *)(uintptr_t)ref };
		const struct push_line *key = &line;

		if (!mark->push->count ||
		    json_get_oid(update, "new", &line.new, NULL) < 0)
			continue;
		if (bsearch(&key, mark->lines, mark->push->count,
			    sizeof(*mark->lines), by_id))
			return 1;
	}
	return 0;
}

static int
on_pending(void *data, const struct store_entry *entry)
{
	struct mark *mark = data;

	mark->pending = 1;
	if (mark->count < sizeof(mark->ids) / sizeof(*mark->ids) &&
	    holds_line(entry->doc, mark))
		mark->ids[mark->count++] = entry->id;
	return 0;
}

static int
find_pending(struct store_tx *tx, void *data, struct err *err)
{
	struct mark *mark = data;

	(void)err;
	mark->count = 0;
	return store_journal_each(tx, STORE_PENDING, on_pending, mark);
}

static int
mark_landed(struct store_tx *tx, void *data, struct err *err)
{
	const struct mark *mark = data;

	(void)err;
	/* A worker may have settled it meanwhile: not found is fine. */
	for (size_t i = 0; i < mark->count; i++)
		store_journal_set(tx, mark->ids[i], STORE_LANDED,
				  clock_wall_s(&clock_real));
	return store_tx_error(tx);
}

int
journal_mark(struct store *store, const struct push *push, struct err *err)
{
	struct mark mark = { .push = push };
	int ret;

	sort_lines(&mark);
	ret = store_read(store, find_pending, &mark, err);

	if (!ret && mark.count)
		ret = store_write(store, mark_landed, &mark, err);
	free(mark.lines);
	return ret < 0 ? ret : mark.pending;
}
