#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/block.h"
#include "store/changes.h"
#include "store/names.h"
#include "store/tables.h"

/*
 * Key: test, metric, environment, then order and commit of the first point of a
 * block. Value: the block. So a history is one range of keys, and blocks in it
 * do not overlap: a point belongs into the last block that does not begin
 * behind it.
 */
enum { SERIES_PREFIX = 12 };

/* A record taken apart. */
struct located {
	uint32_t test, metric, environment;
	struct block block;
};

static int
load(struct store_tx *tx, struct record *record, struct located *located)
{
	struct fields *key = &record->key;
	struct block_point first;

	located->test = fields_u32(key);
	located->metric = fields_u32(key);
	located->environment = fields_u32(key);
	first.order = fields_u64(key);
	fields_oid(key, &first.point.commit);
	if (!fields_are_done(key) || !located->test || !located->metric ||
	    !located->environment)
		return tx_bad(tx, record, "key of a wrong form");
	if (block_unpack(&located->block, first.order, record->value.at,
			 record->value.left) < 0)
		return tx_bad(tx, record, "value is no block of points");
	if (block_compare(&first, &located->block.points[0]) != 0)
		return tx_bad(tx, record, "key and value differ");
	return 0;
}

static void
add_place(struct pack *key, uint64_t order, const struct oid *commit)
{
	pack_u64(key, order);
	pack_oid(key, commit);
}

/* Points from begin to before end, in as many records as they take. */
static int
put_points(struct store_tx *tx, const struct pack *prefix,
	   const struct block *block, size_t begin, size_t end)
{
	unsigned char bytes[BLOCK_BYTES];
	struct pack key;
	size_t len;
	int rc = 0;

	while (rc == 0 && begin < end) {
		const struct block_point *first = &block->points[begin];

		begin += block_pack(block, begin, end, bytes, &len);
		key = *prefix;
		add_place(&key, first->order, &first->point.commit);
		rc = tx_put(tx, TABLE_SERIES, &key, bytes, len);
	}
	return rc;
}

/*
 * A transaction keeps the block that it put a point into last, since the next
 * one mostly belongs into it as well (an import, a backfill, a study): it is
 * written when another block is needed, before the table is read, and at the
 * end.
 */
struct open_block {
	struct pack prefix;
	struct block block;
	int is_last; /* of its history */
	int is_changed;
};

static int
write_open(struct store_tx *tx, struct open_block *open)
{
	if (!open->is_changed)
		return store_tx_error(tx);
	open->is_changed = 0;
	return put_points(tx, &open->prefix, &open->block, 0,
			  open->block.count);
}

int
series_flush(struct store_tx *tx)
{
	return tx->open_block ? write_open(tx, tx->open_block)
			      : store_tx_error(tx);
}

void
series_release(struct store_tx *tx)
{
	free(tx->open_block);
	tx->open_block = NULL;
}

/* The newest block of a history, or the newest that does not begin behind a
 * place in it. 1, or 0 for none. */
static int
read_newest(struct store_tx *tx, const struct pack *prefix,
	    const struct block_point *place, struct block *block)
{
	struct located located;
	struct walk walk;
	int rc;

	walk_start(&walk, tx, TABLE_SERIES, prefix);
	if (place)
		add_place(&walk.high, place->order, &place->point.commit);
	walk.newest_first = 1;
	rc = walk_next(&walk);
	if (rc == 1 && load(tx, &walk.record, &located) < 0)
		rc = store_tx_error(tx);
	if (rc == 1)
		*block = located.block;
	walk_end(&walk);
	return rc;
}

static int
read_oldest(struct store_tx *tx, const struct pack *prefix, struct block *block)
{
	struct located located;
	struct walk walk;
	int rc;

	walk_start(&walk, tx, TABLE_SERIES, prefix);
	rc = walk_next(&walk);
	if (rc == 1)
		rc = load(tx, &walk.record, &located);
	if (rc == 0)
		*block = located.block;
	walk_end(&walk);
	return rc;
}

/*
 * Open the block that a point belongs into: the last one that does not begin
 * behind it, else the first one of the history, whose key then changes.
 */
static int
open_block(struct store_tx *tx, const struct pack *prefix,
	   const struct block_point *next, struct open_block *open)
{
	struct block *block = &open->block;
	struct pack key = *prefix;
	int rc = write_open(tx, open);

	open->prefix = *prefix;
	open->is_last = 1;
	block->count = block->len = 0;
	if (rc == 0)
		rc = read_newest(tx, prefix, NULL, block);
	if (rc <= 0 || block_compare(&block->points[0], next) <= 0)
		return rc < 0 ? rc : 0;
	open->is_last = 0;
	rc = read_newest(tx, prefix, next, block);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = read_oldest(tx, prefix, block);
	if (rc < 0)
		return rc;
	add_place(&key, block->points[0].order, &block->points[0].point.commit);
	return tx_delete(tx, TABLE_SERIES, &key);
}

/*
 * A block that got one point too many. One that came last or first, as they do
 * nearly always, begins a block of its own, so that the others stay full; else
 * the block is halved.
 */
static int
split_block(struct store_tx *tx, struct open_block *open,
	    const struct block_point *next)
{
	struct block *block = &open->block;
	size_t cut = block->count / 2;

	if (!block_compare(next, &block->points[block->count - 1]))
		cut = block->count - 1;
	else if (!block_compare(next, &block->points[0]))
		cut = 1;
	put_points(tx, &open->prefix, block, 0, cut);
	block_drop(block, cut);
	return write_open(tx, open);
}

static int
put_in_history(struct store_tx *tx, const struct pack *prefix,
	       const struct block_point *next)
{
	struct open_block *open = tx->open_block;
	struct block *block;
	int rc = 0;

	if (!open)
		open = tx->open_block = mem_new(1, sizeof(*open));
	block = &open->block;
	if (block->count == 0 || !open->is_last ||
	    memcmp(open->prefix.bytes, prefix->bytes, SERIES_PREFIX) != 0 ||
	    block_compare(next, &block->points[0]) < 0)
		rc = open_block(tx, prefix, next, open);
	if (rc < 0)
		return rc;
	tx->points += block_insert(block, next);
	open->is_changed = 1;
	return block->len <= BLOCK_BYTES ? 0 : split_block(tx, open, next);
}

int
store_point_put(struct store_tx *tx, const struct store_series *series,
		uint64_t order, const struct store_point *point)
{
	uint32_t test, metric, environment;
	const struct block_point next = { order, *point };
	struct pack prefix;

	tx_check_name(tx, "test", series->test);
	tx_check_name(tx, "metric", series->metric);
	tx_check_name(tx, "environment", series->environment);
	name_make(tx, NAME_TEST, series->test, &test);
	name_make(tx, NAME_METRIC, series->metric, &metric);
	name_make(tx, NAME_ENVIRONMENT, series->environment, &environment);
	if (store_tx_error(tx) < 0)
		return store_tx_error(tx);
	pack_start(&prefix);
	pack_u32(&prefix, test);
	pack_u32(&prefix, metric);
	pack_u32(&prefix, environment);
	change_test(tx, test);
	return put_in_history(tx, &prefix, &next);
}

/* The first bytes of all keys of a history; ERR_NOT_FOUND when one of its
 * names never occurred. */
static int
find_prefix(struct store_tx *tx, const struct store_series *series,
	    struct pack *prefix)
{
	uint32_t test = 0, metric = 0, environment = 0;
	int rc = name_find(tx, NAME_TEST, series->test, &test);

	if (rc == 0)
		rc = name_find(tx, NAME_METRIC, series->metric, &metric);
	if (rc == 0)
		rc = name_find(tx, NAME_ENVIRONMENT, series->environment,
			       &environment);
	pack_start(prefix);
	pack_u32(prefix, test);
	pack_u32(prefix, metric);
	pack_u32(prefix, environment);
	return rc;
}

/* A walk over points that is under way. */
struct reading {
	const struct store_range *range;
	store_point_fn *fn;
	void *data;
	size_t count;
};

/* 0 to go on, 1 at the end of what is wanted, or fn's error. */
static int
read_block(struct reading *reading, const struct block *block)
{
	const struct store_range *range = reading->range;

	for (size_t i = 0; i < block->count; i++) {
		size_t at = range->newest_first ? block->count - 1 - i : i;
		const struct block_point *next = &block->points[at];
		int rc;

		if (next->order < range->from || next->order > range->to)
			continue;
		rc = reading->fn(reading->data, next->order, &next->point);
		if (rc != 0)
			return rc;
		if (++reading->count == range->limit)
			return 1;
	}
	return 0;
}

/* Where the walk begins: the block that holds the first point of the range may
 * begin before it. */
static int
find_start(struct store_tx *tx, const struct pack *prefix, uint64_t from,
	   struct pack *start)
{
	static const struct oid zero;
	struct walk walk;
	int rc;

	*start = *prefix;
	if (from == 0)
		return 0;
	walk_start(&walk, tx, TABLE_SERIES, prefix);
	add_place(&walk.high, from, &zero);
	walk.newest_first = 1;
	rc = walk_next(&walk);
	if (rc == 1) {
		pack_start(start);
		pack_bytes(start, walk.record.key_bytes, walk.record.key_len);
	}
	walk_end(&walk);
	return rc < 0 ? rc : 0;
}

int
store_point_each(struct store_tx *tx, const struct store_series *series,
		 const struct store_range *range, store_point_fn *fn,
		 void *data)
{
	struct reading reading = { range, fn, data, 0 };
	struct located located;
	struct pack prefix;
	struct walk walk;
	int rc = find_prefix(tx, series, &prefix);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	rc = series_flush(tx);
	walk_start(&walk, tx, TABLE_SERIES, &prefix);
	if (rc == 0)
		rc = find_start(tx, &prefix, range->from, &walk.low);
	pack_u64(&walk.high, range->to);
	walk.newest_first = range->newest_first;
	/* fn may put points, too. */
	while (rc == 0 && series_flush(tx) == 0 &&
	       (rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, &located);
		if (rc == 0)
			rc = read_block(&reading, &located.block);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

/* Names and newest order of the history that record belongs to. */
static int
describe(struct store_tx *tx, struct record *record, const struct pack *prefix,
	 store_series_fn *fn, void *data)
{
	char test[STORE_MAX_NAME + 1], metric[STORE_MAX_NAME + 1];
	char environment[STORE_MAX_NAME + 1];
	const struct store_series series = { test, metric, environment };
	struct located located;
	const struct block *block = &located.block;
	struct walk newest;
	int rc;

	walk_start(&newest, tx, TABLE_SERIES, prefix);
	newest.newest_first = 1;
	rc = walk_next(&newest);
	if (rc == 1)
		rc = load(tx, &newest.record, &located);
	walk_end(&newest);
	if (rc != 0)
		return rc < 0 ? rc : store_tx_error(tx);
	name_of(tx, record, NAME_TEST, located.test, test);
	name_of(tx, record, NAME_METRIC, located.metric, metric);
	rc = name_of(tx, record, NAME_ENVIRONMENT, located.environment,
		     environment);
	return rc < 0 ? rc
		      : fn(data, &series,
			   block->points[block->count - 1].order);
}

/* From history to history by seeking, not through their points. */
int
store_series_each(struct store_tx *tx, const char *test, store_series_fn *fn,
		  void *data)
{
	struct pack prefix, low, high;
	struct walk walk;
	uint32_t id = 0;
	int rc = test ? name_find(tx, NAME_TEST, test, &id) : 0;

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	pack_start(&high);
	if (test)
		pack_u32(&high, id);
	low = high;
	while (series_flush(tx) == 0) {
		walk_start(&walk, tx, TABLE_SERIES, NULL);
		walk.low = low;
		walk.high = high;
		rc = walk_next(&walk);
		if (rc == 1 && walk.record.key_len < SERIES_PREFIX)
			rc = tx_bad(tx, &walk.record, "key too short");
		if (rc == 1) {
			pack_start(&prefix);
			pack_bytes(&prefix, walk.record.key_bytes,
				   SERIES_PREFIX);
			rc = describe(tx, &walk.record, &prefix, fn, data);
			rc = rc == 0 ? 1 : (rc > 0 ? 0 : rc);
		}
		walk_end(&walk);
		if (rc <= 0 || !pack_after(&prefix, &low))
			break;
	}
	return rc < 0 ? rc : store_tx_error(tx);
}

int
block_check(struct store_tx *tx, struct record *record)
{
	char name[STORE_MAX_NAME + 1];
	struct located located;

	if (load(tx, record, &located) < 0)
		return store_tx_error(tx);
	name_of(tx, record, NAME_TEST, located.test, name);
	name_of(tx, record, NAME_METRIC, located.metric, name);
	return name_of(tx, record, NAME_ENVIRONMENT, located.environment, name);
}

/* As line_double(), without jansson: most lines of a store are points. */
static void
add_double(struct buf *text, const char *name, double value)
{
	char number[32];

	if (isnan(value) || isinf(value)) {
		buf_addf(text, ",\"%s\":\"%s\"", name,
			 isnan(value) ? "nan"
			 : value > 0  ? "inf"
				      : "-inf");
		return;
	}
	snprintf(number, sizeof(number), "%.17g", value);
	/* -0 would come back as a whole number without its sign. */
	buf_addf(text, ",\"%s\":%s%s", name, number,
		 strpbrk(number, ".e") ? "" : ".0");
}

static void
add_point(struct buf *text, const struct block_point *next)
{
	const struct store_point *point = &next->point;
	char hex[OID_HEX + 1];

	buf_addf(text, ",\"order\":%" PRId64 ",\"commit\":\"%s\"",
		 (int64_t)next->order, oid_format(&point->commit, hex));
	add_double(text, "value", point->value);
	add_double(text, "low", point->low);
	add_double(text, "high", point->high);
	add_double(text, "base", point->base);
	buf_addf(text, ",\"trials\":%u,\"flags\":%u,\"time_s\":%" PRId64 "}\n",
		 point->trials, point->flags, point->time_s);
}

/* What the lines of a block begin with, without the closing brace. */
static void
add_names(struct buf *text, const struct store_series *series)
{
	json_t *line = json_object();

	json_object_set_new(line, "table",
			    json_text(tables[TABLE_SERIES].name));
	json_object_set_new(line, "test", line_name(series->test));
	json_object_set_new(line, "metric", line_name(series->metric));
	json_object_set_new(line, "environment",
			    line_name(series->environment));
	json_append(text, line);
	text->len--;
	json_decref(line);
}

int
block_lines(struct store_tx *tx, struct record *record, struct buf *text,
	    size_t *lines)
{
	char test[STORE_MAX_NAME + 1], metric[STORE_MAX_NAME + 1];
	char environment[STORE_MAX_NAME + 1];
	const struct store_series series = { test, metric, environment };
	struct buf names = BUF_INIT;
	struct located located;

	if (load(tx, record, &located) < 0)
		return store_tx_error(tx);
	name_of(tx, record, NAME_TEST, located.test, test);
	name_of(tx, record, NAME_METRIC, located.metric, metric);
	name_of(tx, record, NAME_ENVIRONMENT, located.environment, environment);
	if (store_tx_error(tx) < 0)
		return store_tx_error(tx);
	add_names(&names, &series);
	for (size_t i = 0; i < located.block.count; i++) {
		buf_add(text, names.data, names.len);
		add_point(text, &located.block.points[i]);
	}
	*lines += located.block.count;
	buf_release(&names);
	return 0;
}

static int
restore_point(const json_t *line, struct store_point *point, struct err *err)
{
	int rc = json_get_oid(line, "commit", &point->commit, err);

	if (rc == 0)
		rc = line_get_double(line, "value", &point->value, err);
	if (rc == 0)
		rc = line_get_double(line, "low", &point->low, err);
	if (rc == 0)
		rc = line_get_double(line, "high", &point->high, err);
	if (rc == 0)
		rc = line_get_double(line, "base", &point->base, err);
	if (rc == 0)
		rc = line_get_u32(line, "trials", &point->trials, err);
	if (rc == 0)
		rc = line_get_u32(line, "flags", &point->flags, err);
	if (rc == 0)
		rc = line_get_time(line, "time_s", &point->time_s, err);
	return rc;
}

int
point_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	char test[STORE_MAX_NAME + 1], metric[STORE_MAX_NAME + 1];
	char environment[STORE_MAX_NAME + 1];
	const struct store_series series = { test, metric, environment };
	struct store_point point;
	int64_t order;
	int rc = line_get_name(line, "test", 0, test, err);

	if (rc == 0)
		rc = line_get_name(line, "metric", 0, metric, err);
	if (rc == 0)
		rc = line_get_name(line, "environment", 0, environment, err);
	/* 64 bits that passed through a signed number. */
	if (rc == 0)
		rc = line_get_time(line, "order", &order, err);
	if (rc == 0)
		rc = restore_point(line, &point, err);
	return rc < 0 ? rc
		      : store_point_put(tx, &series, (uint64_t)order, &point);
}
