#include "store_help.h"

#include <math.h>

#include "store/block.h"
#include "store/tables.h"

/* Histories in blocks: any order of coming, long ones, those of schema 1; the
 * two forms of samples. */

static const struct store_series wall = { "perf/a", "wall", "env" };
static const struct store_series cpu = { "perf/a", "cpu", "env" };

/* The same numbers in every run. */
static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Everything of a point follows from its number. */
static struct store_point
point_of(uint32_t number)
{
	return (struct store_point){
		.commit = commit_of(number),
		.value = number / 7.0,
		.low = number % 5 ? 1 - number / 1e9 : NAN,
		.high = number % 11 ? 1.5 : INFINITY,
		.base = -0.0,
		.trials = number % 3 ? number : UINT32_MAX,
		.flags = number * 2654435761u,
		.time_s = number % 13 ? (int64_t)number * 1000 - 5000
				      : INT64_MIN + number,
	};
}

static void
expect_point(const struct store_point *point, uint32_t number)
{
	const struct store_point wanted = point_of(number);

	assert_memory_equal(&point->commit, &wanted.commit, OID_BYTES);
	assert_memory_equal(&point->value, &wanted.value, 4 * sizeof(double));
	assert_int_equal(point->trials, wanted.trials);
	assert_int_equal(point->flags, wanted.flags);
	assert_true(point->time_s == wanted.time_s);
}

enum { MANY = 2000, EACH_WRITE = 60 };

enum way { FORWARDS, BACKWARDS, INWARDS, SHUFFLED, WAYS };

/* Which number comes as the i-th. */
static uint32_t
number_at(enum way way, uint32_t i)
{
	switch (way) {
	case FORWARDS:
		return i;
	case BACKWARDS:
		return MANY - 1 - i;
	case INWARDS:
		return i % 2 ? MANY - 1 - i / 2 : i / 2;
	case SHUFFLED:
		/* 1999 is a prime, so that each comes once but 0 twice. */
		return i % 1999 * 1234 % 1999 + i / 1999 * 1999;
	case WAYS:
		break;
	}
	return 0;
}

struct batch {
	enum way way;
	uint32_t begin;
};

/* Two histories in turns, each point of one of them stored twice. */
static int
put_batch(struct store_tx *tx, void *data, struct err *err)
{
	const struct batch *batch = data;

	(void)err;
	for (uint32_t i = batch->begin;
	     i < MANY && i < batch->begin + EACH_WRITE; i++) {
		uint32_t number = number_at(batch->way, i);
		struct store_point point = point_of(number);
		struct store_point other = point_of(number + 1);

		other.commit = point.commit;
		/* Two commits share an order. */
		store_point_put(tx, &wall, number / 2, &other);
		store_point_put(tx, &wall, number / 2, &point);
		if (i % 10 == 0)
			store_point_put(tx, &cpu, number, &point);
	}
	return 0;
}

struct reading {
	uint32_t next, step; /* step -1 counts down */
	size_t count;
};

static int
expect_next(void *data, uint64_t order, const struct store_point *point)
{
	struct reading *reading = data;

	assert_true(order == reading->next / 2);
	expect_point(point, reading->next);
	reading->next += reading->step;
	reading->count++;
	return 0;
}

/* A range, in both directions, with and without a limit. */
static int
read_ranges(struct store_tx *tx, void *data, struct err *err)
{
	uint32_t state = 1;

	(void)data, (void)err;
	for (int i = 0; i < 300; i++) {
		uint32_t from = next_random(&state) % (MANY / 2);
		uint32_t to = next_random(&state) % (MANY / 2);
		size_t limit = next_random(&state) % 200;
		size_t all = to < from ? 0 : 2 * (size_t)(to - from + 1);
		struct reading up = { 2 * from, 1, 0 };
		struct reading down = { 2 * to + 1, UINT32_MAX, 0 };
		struct store_range range = { from, to, 0, limit };

		if (limit > 0 && all > limit)
			all = limit;
		store_point_each(tx, &wall, &range, expect_next, &up);
		assert_int_equal(up.count, all);
		range.newest_first = 1;
		store_point_each(tx, &wall, &range, expect_next, &down);
		assert_int_equal(down.count, all);
	}
	return 0;
}

static void
expect_points(struct fixture *fixture, size_t points)
{
	struct store_counts counts;
	struct err err = ERR_INIT;

	must(store_verify(fixture->store, NULL, NULL, &counts, &err), &err);
	assert_int_equal(counts.points, points);
}

static int
count_records(struct store_tx *tx, void *data, struct err *err)
{
	struct walk walk;
	int rc;

	(void)err;
	*(size_t *)data = 0;
	walk_start(&walk, tx, TABLE_SERIES, NULL);
	while ((rc = walk_next(&walk)) == 1)
		++*(size_t *)data;
	walk_end(&walk);
	return rc;
}

static void
test_any_order(void **state)
{
	/* Forwards and backwards leave full blocks: 54 of these points. */
	static const size_t most[WAYS] = { 45, 45, 75, 75 };
	struct fixture *fixture = *state;

	for (enum way way = FORWARDS; way < WAYS; way++) {
		size_t records;

		for (uint32_t i = 0; i < MANY; i += EACH_WRITE) {
			struct batch batch = { way, i };

			must_write(fixture->store, put_batch, &batch);
		}
		must_read(fixture->store, read_ranges, NULL);
		must_write(fixture->store, read_ranges, NULL);
		expect_points(fixture, MANY + MANY / 10);
		must_read(fixture->store, count_records, &records);
		if (records > most[way])
			fail_msg("%zu records", records);
		teardown_store(state);
		setup_store(state);
		fixture = *state;
	}
}

/* A point put by the function that is given points is there at once. */
static int
put_behind(void *data, uint64_t order, const struct store_point *point)
{
	struct store_point next = *point;

	if (order == 300)
		return 1;
	next.commit = commit_of((unsigned)order + 1);
	return store_point_put(data, &wall, order + 1, &next);
}

static int
chase(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_range all = { 0, UINT64_MAX, 0, 0 };
	struct store_point point = { .commit = commit_of(0) };

	(void)data, (void)err;
	store_point_put(tx, &wall, 0, &point);
	return store_point_each(tx, &wall, &all, put_behind, tx);
}

static void
test_put_while_reading(void **state)
{
	struct fixture *fixture = *state;

	/* Each block is read as it was when the walk came to it. */
	for (int i = 0; i < 10; i++)
		must_write(fixture->store, chase, NULL);
	expect_points(fixture, 11);
}

/* What a transaction that failed held back goes with it. */
static int
put_and_fail(struct store_tx *tx, void *data, struct err *err)
{
	struct store_point point = point_of(7);

	(void)data;
	store_point_put(tx, &wall, 7, &point);
	return err_set(err, ERR_INPUT, "no");
}

static void
test_undone(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	assert_int_equal(store_write(fixture->store, put_and_fail, NULL, &err),
			 ERR_INPUT);
	expect_points(fixture, 0);
}

static void
put_old(struct store_tx *tx, unsigned metric, uint32_t number)
{
	const struct store_point point = point_of(number);
	struct pack key, value;

	pack_start(&key);
	pack_u32(&key, 1);
	pack_u32(&key, metric);
	pack_u32(&key, 1);
	pack_u64(&key, number / 2);
	pack_bytes(&key, point.commit.bytes, 8);
	pack_start(&value);
	pack_oid(&value, &point.commit);
	pack_double(&value, point.value);
	pack_double(&value, point.low);
	pack_double(&value, point.high);
	pack_double(&value, point.base);
	pack_u32(&value, point.trials);
	pack_u32(&value, point.flags);
	pack_s64(&value, point.time_s);
	tx_put_pack(tx, TABLE_SERIES, &key, &value);
}

static int
make_old(struct store_tx *tx, void *data, struct err *err)
{
	struct store_point point = point_of(0);
	struct pack key, value;

	(void)data, (void)err;
	/* The names get the ids 1 and 2. */
	store_point_put(tx, &wall, 0, &point);
	store_point_put(tx, &cpu, 0, &point);
	series_flush(tx);
	tx->points = 0;
	for (uint32_t metric = 1; metric <= 2; metric++) {
		pack_start(&key);
		pack_u32(&key, 1);
		pack_u32(&key, metric);
		pack_u32(&key, 1);
		pack_u64(&key, 0);
		pack_oid(&key, &point.commit);
		assert_int_equal(tx_delete(tx, TABLE_SERIES, &key), 0);
	}
	for (uint32_t number = 0; number < MANY; number++)
		put_old(tx, 1, number);
	for (uint32_t number = 0; number < MANY; number += 10)
		put_old(tx, 2, number);
	pack_start(&key);
	pack_tail(&key, "schema");
	pack_start(&value);
	pack_u32(&value, 1);
	return tx_put_pack(tx, TABLE_META, &key, &value);
}

static void
test_schema_1(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	size_t records;

	must_write(fixture->store, make_old, NULL);
	store_close(fixture->store);
	assert_int_equal(
		store_open(&fixture->store, fixture->dir, STORE_READ, &err),
		ERR_VERSION);
	fixture->store = open_store(fixture->dir, STORE_WRITE);
	must_read(fixture->store, read_ranges, NULL);
	expect_points(fixture, MANY + MANY / 10);
	must_read(fixture->store, count_records, &records);
	assert_true(records <= 45);
}

static const double odd_values[] = { 0.0,
				     -0.0,
				     1.0,
				     -1.0,
				     9007199254740992.0,
				     -9007199254740992.0,
				     9007199254740994.0,
				     1e300,
				     0.5,
				     NAN,
				     INFINITY,
				     -INFINITY };
enum { ODD = sizeof(odd_values) / sizeof(odd_values[0]) };

/* Each alone, then all of them: whole metrics and others. */
static int
put_odd(struct store_tx *tx, void *data, struct err *err)
{
	struct store_values rows[ODD + 2];
	char names[ODD][8];
	const struct store_sample sample = { .test = "perf/a",
					     .environment = "env",
					     .session = "s",
					     .commit = commit_of(1),
					     .time_s = 5,
					     .metrics = rows,
					     .metric_count = ODD + 2 };

	(void)data, (void)err;
	for (size_t i = 0; i < ODD; i++) {
		snprintf(names[i], sizeof(names[i]), "m%zu", i);
		rows[i] = (struct store_values){ names[i], &odd_values[i], 1 };
	}
	rows[ODD] = (struct store_values){ "all", odd_values, ODD };
	rows[ODD + 1] = (struct store_values){ "none", NULL, 0 };
	return store_sample_put(tx, &sample);
}

static int
expect_odd(void *data, const struct store_sample *sample)
{
	assert_int_equal(sample->metric_count, ODD + 2);
	for (size_t i = 0; i < ODD; i++) {
		assert_int_equal(sample->metrics[i].count, 1);
		assert_memory_equal(sample->metrics[i].values, &odd_values[i],
				    sizeof(double));
	}
	assert_int_equal(sample->metrics[ODD].count, ODD);
	assert_memory_equal(sample->metrics[ODD].values, odd_values,
			    sizeof(odd_values));
	assert_int_equal(sample->metrics[ODD + 1].count, 0);
	++*(int *)data;
	return 0;
}

static int
read_odd(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid commit = commit_of(1);

	(void)err;
	return store_sample_each(tx, "perf/a", &commit, expect_odd, data);
}

/* As schema 1 had it: ids and counts of four bytes, doubles. */
static int
put_odd_old(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid commit = commit_of(1);
	struct pack key, value;

	(void)data, (void)err;
	pack_start(&key);
	pack_u32(&key, 1);
	pack_oid(&key, &commit);
	pack_u32(&key, 1);
	pack_tail(&key, "s");
	pack_start(&value);
	pack_s64(&value, 5);
	pack_u32(&value, ODD + 2);
	for (uint32_t i = 0; i < ODD; i++) {
		pack_u32(&value, i + 1);
		pack_u32(&value, 1);
		pack_double(&value, odd_values[i]);
	}
	pack_u32(&value, ODD + 1);
	pack_u32(&value, ODD);
	for (uint32_t i = 0; i < ODD; i++)
		pack_double(&value, odd_values[i]);
	pack_u32(&value, ODD + 2);
	pack_u32(&value, 0);
	return tx_put_pack(tx, TABLE_SAMPLES, &key, &value);
}

static void
test_sample_values(void **state)
{
	struct fixture *fixture = *state;
	int seen = 0;

	must_write(fixture->store, put_odd, NULL);
	must_read(fixture->store, read_odd, &seen);
	must_write(fixture->store, put_odd_old, NULL);
	must_read(fixture->store, read_odd, &seen);
	assert_int_equal(seen, 2);
	expect_points(fixture, 0);
}

static void
test_bad_blocks(void **state)
{
	static struct block block, other;
	unsigned char bytes[BLOCK_BYTES];
	size_t len;

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		const struct block_point next = { i, point_of(i) };

		assert_int_equal(block_insert(&block, &next), 1);
	}
	assert_int_equal(block_pack(&block, 0, 5, bytes, &len), 5);
	assert_int_equal(len, block.len);
	assert_int_equal(block_unpack(&other, 0, bytes, len), 0);
	assert_int_equal(other.count, 5);
	/* Cut anywhere but between points. */
	for (size_t cut = 0, whole = 0; cut < len; cut++) {
		if (block_unpack(&other, 0, bytes, cut) == 0)
			assert_int_equal(other.count, ++whole);
		assert_true(whole < 5);
	}
	/* Orders that pass the last one, and two points the wrong way round. */
	assert_int_equal(block_unpack(&other, UINT64_MAX, bytes, len), -1);
	assert_int_equal(block_pack(&block, 0, 1, bytes, &len), 1);
	block_pack(&block, 0, 1, bytes + len, &len);
	assert_int_equal(block_unpack(&other, 0, bytes, 2 * len), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_order, setup_store,
						teardown_store),
		cmocka_unit_test_setup_teardown(test_put_while_reading,
						setup_store, teardown_store),
		cmocka_unit_test_setup_teardown(test_undone, setup_store,
						teardown_store),
		cmocka_unit_test_setup_teardown(test_schema_1, setup_store,
						teardown_store),
		cmocka_unit_test_setup_teardown(test_sample_values, setup_store,
						teardown_store),
		cmocka_unit_test(test_bad_blocks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store_series", tests, NULL, NULL);
}
