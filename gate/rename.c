#include "rename.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"

struct copied {
	uint64_t order;
	struct store_point point;
};

/* Read before any is put, as one does not walk what one changes. */
struct copying {
	struct texts metrics, environments;
	struct copied *points;
	size_t count, cap;
};

static int
note_series(void *data, const struct store_series *series, uint64_t last_order)
{
	struct copying *copying = data;

	(void)last_order;
	texts_add(&copying->metrics, series->metric);
	texts_add(&copying->environments, series->environment);
	return 0;
}

static int
note_point(void *data, uint64_t order, const struct store_point *point)
{
	struct copying *copying = data;

	MEM_GROW(copying->points, copying->count, copying->cap);
	copying->points[copying->count++] = (struct copied){ order, *point };
	return 0;
}

/* What a point was held against, and by which definition, goes with it. */
static void
copy_record(struct store_tx *tx, const char *from, const char *to,
	    const struct oid *commit)
{
	struct store_baseline record, known;

	if (!store_baseline_get(tx, from, commit, &record) &&
	    store_baseline_get(tx, to, commit, &known) == ERR_NOT_FOUND)
		store_baseline_put(tx, to, commit, &record);
}

void
rename_history(struct store_tx *tx, const char *from, const char *to)
{
	const struct store_range all = { 0, UINT64_MAX, 0, 0 };
	struct copying copying = { 0 };

	store_series_each(tx, from, note_series, &copying);
	for (size_t i = 0; i < copying.metrics.count; i++) {
		struct store_series series = { from, copying.metrics.items[i],
					       copying.environments.items[i] };

		copying.count = 0;
		store_point_each(tx, &series, &all, note_point, &copying);
		series.test = to;
		for (size_t j = 0; j < copying.count; j++) {
			store_point_put(tx, &series, copying.points[j].order,
					&copying.points[j].point);
			copy_record(tx, from, to,
				    &copying.points[j].point.commit);
		}
	}
	texts_release(&copying.metrics);
	texts_release(&copying.environments);
	free(copying.points);
}
