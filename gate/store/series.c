#include <string.h>

#include "base/json.h"
#include "store/names.h"
#include "store/tables.h"

/*
 * Key: test, metric, environment, order, first bytes of the commit (two
 * commits may have the same order). A history is one range of keys.
 */
enum { COMMIT_PREFIX = 8, SERIES_PREFIX = 12 };

/* A record taken apart. */
struct located {
	uint32_t test, metric, environment;
	uint64_t order;
	struct store_point point;
};

static int
load(struct store_tx *tx, struct record *record, struct located *located)
{
	struct store_point *point = &located->point;
	struct fields *key = &record->key, *value = &record->value;
	unsigned char prefix[COMMIT_PREFIX];

	located->test = fields_u32(key);
	located->metric = fields_u32(key);
	located->environment = fields_u32(key);
	located->order = fields_u64(key);
	for (int i = 0; i < COMMIT_PREFIX; i++)
		prefix[i] = (unsigned char)fields_u8(key);
	fields_oid(value, &point->commit);
	point->value = fields_double(value);
	point->low = fields_double(value);
	point->high = fields_double(value);
	point->base = fields_double(value);
	point->trials = fields_u32(value);
	point->flags = fields_u32(value);
	point->time_s = fields_s64(value);
	if (!fields_are_done(key) || !located->test || !located->metric ||
	    !located->environment)
		return tx_bad(tx, record, "key of a wrong form");
	if (!fields_are_done(value))
		return tx_bad(tx, record, "value of a wrong length");
	if (memcmp(prefix, point->commit.bytes, COMMIT_PREFIX) != 0)
		return tx_bad(tx, record, "key and value differ in commit");
	return 0;
}

static void
pack_point(struct pack *value, const struct store_point *point)
{
	pack_start(value);
	pack_oid(value, &point->commit);
	pack_double(value, point->value);
	pack_double(value, point->low);
	pack_double(value, point->high);
	pack_double(value, point->base);
	pack_u32(value, point->trials);
	pack_u32(value, point->flags);
	pack_s64(value, point->time_s);
}

int
store_point_put(struct store_tx *tx, const struct store_series *series,
		uint64_t order, const struct store_point *point)
{
	uint32_t test, metric, environment;
	struct pack key, value;

	tx_check_name(tx, "test", series->test);
	tx_check_name(tx, "metric", series->metric);
	tx_check_name(tx, "environment", series->environment);
	name_make(tx, NAME_TEST, series->test, &test);
	name_make(tx, NAME_METRIC, series->metric, &metric);
	name_make(tx, NAME_ENVIRONMENT, series->environment, &environment);
	if (store_tx_error(tx) < 0)
		return store_tx_error(tx);
	pack_start(&key);
	pack_u32(&key, test);
	pack_u32(&key, metric);
	pack_u32(&key, environment);
	pack_u64(&key, order);
	pack_bytes(&key, point->commit.bytes, COMMIT_PREFIX);
	pack_point(&value, point);
	return tx_put_pack(tx, TABLE_SERIES, &key, &value);
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

int
store_point_each(struct store_tx *tx, const struct store_series *series,
		 const struct store_range *range, store_point_fn *fn,
		 void *data)
{
	struct located located;
	struct pack prefix;
	struct walk walk;
	size_t count = 0;
	int rc = find_prefix(tx, series, &prefix);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	walk_start(&walk, tx, TABLE_SERIES, &prefix);
	pack_u64(&walk.low, range->from);
	pack_u64(&walk.high, range->to);
	walk.newest_first = range->newest_first;
	while ((rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, &located);
		if (rc == 0)
			rc = fn(data, located.order, &located.point);
		if (rc != 0 || ++count == range->limit)
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
	struct located located = { 0 };
	struct walk newest;
	int rc;

	walk_start(&newest, tx, TABLE_SERIES, prefix);
	newest.newest_first = 1;
	rc = walk_next(&newest);
	if (rc == 1)
		rc = load(tx, &newest.record, &located);
	walk_end(&newest);
	if (rc < 0)
		return rc;
	name_of(tx, record, NAME_TEST, located.test, test);
	name_of(tx, record, NAME_METRIC, located.metric, metric);
	rc = name_of(tx, record, NAME_ENVIRONMENT, located.environment,
		     environment);
	return rc < 0 ? rc : fn(data, &series, located.order);
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
	for (;;) {
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

json_t *
point_show(struct store_tx *tx, struct record *record)
{
	char test[STORE_MAX_NAME + 1], metric[STORE_MAX_NAME + 1];
	char environment[STORE_MAX_NAME + 1];
	struct located located;
	const struct store_point *point = &located.point;
	json_t *line;

	if (load(tx, record, &located) < 0)
		return NULL;
	name_of(tx, record, NAME_TEST, located.test, test);
	name_of(tx, record, NAME_METRIC, located.metric, metric);
	name_of(tx, record, NAME_ENVIRONMENT, located.environment, environment);
	if (store_tx_error(tx) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "test", line_name(test));
	json_object_set_new(line, "metric", line_name(metric));
	json_object_set_new(line, "environment", line_name(environment));
	json_object_set_new(line, "order",
			    json_integer((json_int_t)located.order));
	json_object_set_new(line, "commit", json_oid(&point->commit));
	json_object_set_new(line, "value", line_double(point->value));
	json_object_set_new(line, "low", line_double(point->low));
	json_object_set_new(line, "high", line_double(point->high));
	json_object_set_new(line, "base", line_double(point->base));
	json_object_set_new(line, "trials", json_integer(point->trials));
	json_object_set_new(line, "flags", json_integer(point->flags));
	json_object_set_new(line, "time_s", json_integer(point->time_s));
	return line;
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
