#include <string.h>

#include "store/env.h"
#include "store/tables.h"
#include "store/tx.h"

/* Ranges of records. In a writing transaction each step looks for its place
 * again, since the caller may have changed the table under the cursor. */

void
walk_start(struct walk *walk, struct store_tx *tx, enum table table,
	   const struct pack *prefix)
{
	walk->tx = tx;
	walk->cursor = NULL;
	walk->newest_first = 0;
	walk->begun = 0;
	/* Not as a whole: the bytes are many, and few of them used. */
	pack_start(&walk->low);
	pack_start(&walk->last);
	if (prefix)
		pack_bytes(&walk->low, prefix->bytes, prefix->len);
	pack_start(&walk->high);
	pack_bytes(&walk->high, walk->low.bytes, walk->low.len);
	memset(&walk->record, 0, sizeof(walk->record));
	walk->record.table = table;
}

static int
move(struct walk *walk, MDB_cursor_op op, const struct pack *to, MDB_val *key,
     MDB_val *value)
{
	if (to) {
		key->mv_data = (void *)(uintptr_t)to->bytes;
		key->mv_size = to->len;
	}
	return mdb_cursor_get(walk->cursor, key, value, op);
}

/* To the last record before `to`; NULL: to the last one of all. */
static int
move_before(struct walk *walk, const struct pack *to, MDB_val *key,
	    MDB_val *value)
{
	int result = MDB_NOTFOUND;

	if (to)
		result = move(walk, MDB_SET_RANGE, to, key, value);
	if (result == MDB_NOTFOUND)
		return move(walk, MDB_LAST, NULL, key, value);
	if (result != MDB_SUCCESS)
		return result;
	return move(walk, MDB_PREV, NULL, key, value);
}

static int
move_first(struct walk *walk, MDB_val *key, MDB_val *value)
{
	struct pack after;

	if (walk->newest_first) {
		int bounded = pack_after(&walk->high, &after);

		return move_before(walk, bounded ? &after : NULL, key, value);
	}
	if (walk->low.len == 0)
		return move(walk, MDB_FIRST, NULL, key, value);
	return move(walk, MDB_SET_RANGE, &walk->low, key, value);
}

static int
move_on(struct walk *walk, MDB_val *key, MDB_val *value)
{
	int result;

	if (!walk->tx->write)
		return move(walk, walk->newest_first ? MDB_PREV : MDB_NEXT,
			    NULL, key, value);
	if (walk->newest_first)
		return move_before(walk, &walk->last, key, value);
	result = move(walk, MDB_SET_RANGE, &walk->last, key, value);
	if (result == MDB_SUCCESS && key->mv_size == walk->last.len &&
	    !memcmp(key->mv_data, walk->last.bytes, walk->last.len))
		result = move(walk, MDB_NEXT, NULL, key, value);
	return result;
}

static int
is_below(const MDB_val *key, const struct pack *low)
{
	size_t len = key->mv_size < low->len ? key->mv_size : low->len;
	int order = memcmp(key->mv_data, low->bytes, len);

	return order < 0 || (order == 0 && key->mv_size < low->len);
}

static int
is_past(const MDB_val *key, const struct pack *high)
{
	size_t len = key->mv_size < high->len ? key->mv_size : high->len;

	return memcmp(key->mv_data, high->bytes, len) > 0;
}

static int
open_cursor(struct walk *walk)
{
	struct store_tx *tx = walk->tx;
	enum table table = walk->record.table;
	int result;

	if (walk->low.bad || walk->high.bad)
		return tx_fail(tx, ERR_LIMIT, "key too long");
	result = mdb_cursor_open(tx->txn, tx->store->dbi[table], &walk->cursor);
	if (result != MDB_SUCCESS)
		return tx_fail_lmdb(tx, result, tables[table].name);
	return 0;
}

int
walk_next(struct walk *walk)
{
	struct record *record = &walk->record;
	MDB_val key = { 0, NULL }, value = { 0, NULL };
	int result, rc;

	rc = store_tx_error(walk->tx);
	if (rc == 0 && !walk->begun)
		rc = open_cursor(walk);
	if (rc < 0)
		return rc;
	result = walk->begun ? move_on(walk, &key, &value)
			     : move_first(walk, &key, &value);
	walk->begun = 1;
	if (result == MDB_NOTFOUND)
		return 0;
	if (result != MDB_SUCCESS)
		return tx_fail_lmdb(walk->tx, result,
				    tables[record->table].name);
	if (walk->newest_first ? is_below(&key, &walk->low)
			       : is_past(&key, &walk->high))
		return 0;
	if (walk->tx->write) {
		/* The map may move under us: keep the key. */
		pack_start(&walk->last);
		pack_bytes(&walk->last, key.mv_data, key.mv_size);
		key.mv_data = walk->last.bytes;
	}
	record->key_bytes = key.mv_data;
	record->key_len = key.mv_size;
	store_tick(walk->tx->store);
	fields_start(&record->key, key.mv_data, key.mv_size);
	fields_start(&record->value, value.mv_data, value.mv_size);
	return 1;
}

void
walk_end(struct walk *walk)
{
	if (walk->cursor)
		mdb_cursor_close(walk->cursor);
	walk->cursor = NULL;
}

int
walk_delete(struct walk *walk)
{
	return tx_delete(walk->tx, walk->record.table, &walk->last);
}
