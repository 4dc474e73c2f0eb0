#include "store/env.h"
#include "store/tx.h"

/* Who watches what takes long. */

static int
count_records(struct store_tx *tx, void *data, struct err *err)
{
	uint64_t *total = data;

	(void)err;
	*total = 0;
	for (int i = 0; i < TABLE_COUNT; i++) {
		MDB_stat stat;

		if (!mdb_stat(tx->txn, tx->store->dbi[i], &stat))
			*total += stat.ms_entries;
	}
	return 0;
}

void
store_watch(struct store *store, store_watch_fn *fn, void *data)
{
	struct store_watch watch = { .fn = fn, .data = data };

	store_read(store, count_records, &watch.total, NULL);
	store->watch = watch;
}

void
store_tick(struct store *store)
{
	struct store_watch *watch = &store->watch;

	/* Looking at the clock for each would take longer than reading it. */
	if (!watch->fn || ++watch->seen % 256)
		return;
	watch->fn(watch->data, watch->seen, watch->total);
}
