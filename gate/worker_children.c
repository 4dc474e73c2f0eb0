#include "worker_children.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "worker_nursery.h"

/* From the signal on: a runner is given some time to clean up. */
enum { END_MS = 60000 };

int
worker_children_start(struct worker_children *children, uint64_t id,
		      const struct job_kind *kind, struct err *err)
{
	int ret = worker_nursery_ask(children->nursery, NURSERY_START, id, err);

	if (ret < 0)
		return ret;
	MEM_GROW(children->items, children->count, children->cap);
	children->items[children->count++] = (struct worker_child){
		.id = id, .kind = kind, .since_s = clock_wall_s(&clock_real)
	};
	return 0;
}

struct worker_child *
worker_children_find(const struct worker_children *children, uint64_t id)
{
	for (size_t i = 0; i < children->count; i++)
		if (children->items[i].id == id)
			return &children->items[i];
	return NULL;
}

int
worker_children_stop(struct worker_children *children, uint64_t id,
		     struct err *err)
{
	struct worker_child *child = worker_children_find(children, id);

	if (!child)
		return 0;
	child->leaving = 1;
	return worker_nursery_ask(children->nursery, NURSERY_STOP, id, err);
}

int
worker_children_reap(struct worker_children *children, int timeout_ms,
		     struct worker_child *child, int *status, struct err *err)
{
	struct worker_child *found;
	uint64_t id = 0;
	int ret = worker_nursery_next(children->nursery, timeout_ms, &id,
				      status, err);

	if (ret <= 0)
		return ret;
	found = worker_children_find(children, id);
	if (!found)
		return 0;
	*child = *found;
	*found = children->items[--children->count];
	return 1;
}

void
worker_children_end(struct worker_children *children)
{
	int64_t now_ms = clock_monotonic_ms(&clock_real);
	int64_t until_ms = now_ms + END_MS;
	struct worker_child child;
	int status, ret = 0;

	for (size_t i = 0; i < children->count; i++)
		worker_nursery_ask(children->nursery, NURSERY_STOP,
				   children->items[i].id, NULL);
	while (children->count && ret >= 0) {
		if (now_ms >= until_ms)
			for (size_t i = 0; i < children->count; i++)
				worker_nursery_ask(children->nursery,
						   NURSERY_KILL,
						   children->items[i].id, NULL);
		ret = worker_children_reap(
			children,
			now_ms < until_ms ? (int)(until_ms - now_ms) : 1000,
			&child, &status, NULL);
		now_ms = clock_monotonic_ms(&clock_real);
	}
	free(children->items);
	children->items = NULL;
	children->count = children->cap = 0;
}
