#include <string.h>

#include "store/block.h"
#include "store/schema.h"
#include "store/tables.h"

/*
 * Schema 1 had a record for each point. Key: test, metric, environment, order,
 * first bytes of the commit; value: commit, value, low, high, base, trials,
 * flags, time. They are read in order and written again into the same table as
 * blocks, whose keys are longer, so that none is in the way of another.
 */
enum { SERIES_BYTES = 12, KEY_BYTES = SERIES_BYTES + 8 + 8 };

/* A history as far as it was read. */
struct pending {
	struct pack prefix;
	struct block block;
};

static int
load(struct store_tx *tx, struct record *record, struct block_point *next)
{
	struct store_point *point = &next->point;
	struct fields *key = &record->key, *value = &record->value;

	for (int i = 0; i < SERIES_BYTES; i++)
		fields_u8(key);
	next->order = fields_u64(key);
	fields_u64(key);
	fields_oid(value, &point->commit);
	point->value = fields_double(value);
	point->low = fields_double(value);
	point->high = fields_double(value);
	point->base = fields_double(value);
	point->trials = fields_u32(value);
	point->flags = fields_u32(value);
	point->time_s = fields_s64(value);
	if (!fields_are_done(key) || !fields_are_done(value))
		return tx_bad(tx, record, "no point of schema 1");
	return 0;
}

/* Write as many points as fill a record, or all that there are. */
static int
flush(struct store_tx *tx, struct pending *pending, int all)
{
	struct block *block = &pending->block;
	unsigned char bytes[BLOCK_BYTES];
	int rc = 0;

	while (rc == 0 && block->count > 0) {
		struct pack key = pending->prefix;
		size_t len, packed;

		packed = block_pack(block, 0, block->count, bytes, &len);
		if (packed == block->count && !all)
			break;
		pack_u64(&key, block->points[0].order);
		pack_oid(&key, &block->points[0].point.commit);
		rc = tx_put(tx, TABLE_SERIES, &key, bytes, len);
		block_drop(block, packed);
	}
	return rc;
}

static int
take(struct store_tx *tx, struct record *record, struct pending *pending)
{
	const unsigned char *key = record->key_bytes;
	struct block_point next;
	int rc = load(tx, record, &next);

	if (rc == 0 && (pending->prefix.len == 0 ||
			memcmp(pending->prefix.bytes, key, SERIES_BYTES))) {
		rc = flush(tx, pending, 1);
		pack_start(&pending->prefix);
		pack_bytes(&pending->prefix, key, SERIES_BYTES);
	}
	if (rc < 0)
		return rc;
	tx->points += block_insert(&pending->block, &next);
	return flush(tx, pending, 0);
}

int
series_migrate(struct store_tx *tx, void *data, struct err *err)
{
	struct pending pending = { .prefix = { .len = 0 } };
	struct walk walk;
	int rc;

	(void)data, (void)err;
	pending.block.count = pending.block.len = 0;
	walk_start(&walk, tx, TABLE_SERIES, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		/* What was written already. */
		if (walk.record.key_len != KEY_BYTES)
			continue;
		rc = take(tx, &walk.record, &pending);
		if (rc < 0)
			break;
		walk_delete(&walk);
	}
	walk_end(&walk);
	return rc < 0 ? rc : flush(tx, &pending, 1);
}
