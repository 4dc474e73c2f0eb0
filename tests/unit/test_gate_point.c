#include "store_help.h"

#include <math.h>

#include "noise.h"
#include "point.h"
#include "report/report.h"

/* Points that come afterwards, chained to one that the history has. */

static const struct store_series series = { "perf/a", "cpu", "env" };

static struct oid
commit(unsigned char number)
{
	struct oid oid = { { number } };

	return oid;
}

struct found {
	struct store_point points[8];
	size_t count;
};

static int
take(void *data, uint64_t order, const struct store_point *point)
{
	struct found *found = data;

	assert_int_equal(order, point->time_s);
	assert_true(found->count < 8);
	found->points[found->count++] = *point;
	return 0;
}

static int
read_points(struct store_tx *tx, void *data, struct err *err)
{
	static const struct store_range all = { 0, UINT64_MAX, 0, 0 };
	struct found *found = data;

	(void)err;
	found->count = 0;
	return store_point_each(tx, &series, &all, take, found);
}

/* A session in which the commit took 1.1 times what the other did. */
static const struct report_metric measured = { .base = 100,
					       .value = 110,
					       .ratio = 1.1,
					       .low = 1.08,
					       .high = 1.12,
					       .width = 0.01,
					       .trials = 12 };

static int
put_known(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_point point = { .commit = commit(9),
					   .value = 200,
					   .time_s = 900 };

	(void)data;
	(void)err;
	return store_point_put(tx, &series, 900, &point);
}

static int
put_chain(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return point_chain(tx, &series, data, &measured);
}

static void
another_hour_is_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct point_chain chain = { commit(1), commit(9), 100, 900, 1 };
	struct found found;

	must_write(fixture->store, put_known, NULL);
	must_write(fixture->store, put_chain, &chain);
	must_read(fixture->store, read_points, &found);
	assert_int_equal(found.count, 2);
	assert_true(oid_equal(&found.points[0].commit, &chain.commit));
	assert_true(fabs(found.points[0].value - 220) < 1e-9);
	assert_true(fabs(found.points[0].base - 200) < 1e-9);
	assert_true(fabs(found.points[0].low - 1.08) < 1e-9);
	assert_true(noise_flags_backfilled(found.points[0].flags));
	assert_true(fabs(noise_flags_width(found.points[0].flags) - 0.01) <
		    1e-6);
	assert_false(noise_flags_backfilled(found.points[1].flags));
}

static void
without_a_point_to_hold_on_to_values_stand(void **state)
{
	struct fixture *fixture = *state;
	struct point_chain chain = { commit(1), commit(8), 100, 800, 0 };
	struct found found;

	must_write(fixture->store, put_chain, &chain);
	must_read(fixture->store, read_points, &found);
	assert_int_equal(found.count, 1);
	assert_true(fabs(found.points[0].value - 110) < 1e-9);
	assert_true(fabs(found.points[0].base - 100) < 1e-9);
	assert_false(noise_flags_backfilled(found.points[0].flags));
}

static void
what_is_there_stays(void **state)
{
	struct fixture *fixture = *state;
	struct point_chain chain = { commit(9), commit(1), 900, 100, 1 };
	struct found found;

	must_write(fixture->store, put_known, NULL);
	must_write(fixture->store, put_chain, &chain);
	must_read(fixture->store, read_points, &found);
	assert_int_equal(found.count, 1);
	assert_true(fabs(found.points[0].value - 200) < 1e-9);
}

/* What older versions stored for a width without bounds is no backfill. */
static void
old_flags_are_no_backfill(void **state)
{
	(void)state;
	assert_false(noise_flags_backfilled(UINT32_MAX));
	assert_false(noise_flags_backfilled(noise_flags(INFINITY)));
	assert_true(noise_flags_backfilled(noise_flags(INFINITY) |
					   POINT_BACKFILLED));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(another_hour_is_left_out,
						setup_store, teardown_store),
		cmocka_unit_test_setup_teardown(
			without_a_point_to_hold_on_to_values_stand, setup_store,
			teardown_store),
		cmocka_unit_test_setup_teardown(what_is_there_stays,
						setup_store, teardown_store),
		cmocka_unit_test(old_flags_are_no_backfill),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("gate point", tests, NULL, NULL);
}
