#include "store_help.h"

#include <math.h>

#include "noise.h"

/* Noise floors out of a store with a made history. */

struct made {
	const char *test, *metric, *environment;
	uint64_t from;
	size_t count;
	double swing; /* ratios go to and fro by so much */
};

static int
put_history(struct store_tx *tx, void *data, struct err *err)
{
	const struct made *made = data;
	const struct store_series series = { made->test, made->metric,
					     made->environment };

	(void)err;
	for (size_t i = 0; i < made->count; i++) {
		double ratio = exp(i % 2 ? made->swing : -made->swing);
		struct store_point point = { .value = 100 * ratio,
					     .base = 100,
					     .low = ratio / 1.0001,
					     .high = ratio * 1.0001,
					     .trials = 10 };

		point.commit.bytes[0] = (unsigned char)i;
		store_point_put(tx, &series, made->from + i, &point);
	}
	return store_tx_error(tx);
}

static void
put(struct fixture *fixture, struct made made)
{
	must_write(fixture->store, put_history, &made);
}

static void
test_newest_environment(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;
	struct noise noise;

	put(fixture, (struct made){ "perf/a", "cpu", "old", 10, 30, 0.1 });
	put(fixture, (struct made){ "perf/a", "cpu", "new", 50, 30, 0.01 });
	put(fixture, (struct made){ "perf/a", "wall", "old", 90, 3, 0.2 });
	noise = noise_book_find(&book, fixture->store, "perf/a", "cpu", 1);
	assert_int_equal(noise.sessions, 29);
	assert_true(noise.sd > 0.02 && noise.sd < 0.04);
	noise = noise_book_find(&book, fixture->store, "perf/a", "wall", 1);
	assert_int_equal(noise.sessions, 2);
	assert_int_equal(
		noise_book_find(&book, fixture->store, "perf/b", "cpu", 1)
			.sessions,
		0);
	assert_int_equal(
		noise_book_find(&book, NULL, "perf/a", "cpu", 1).sessions, 0);
	noise_book_release(&book);
}

static void
test_only_the_newest_points(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;
	struct noise noise;

	put(fixture, (struct made){ "perf/a", "cpu", "e", 0, 200, 0.1 });
	put(fixture, (struct made){ "perf/a", "cpu", "e", 1000, 60, 0.001 });
	noise = noise_book_find(&book, fixture->store, "perf/a", "cpu", 1);
	assert_int_equal(noise.sessions, 49);
	assert_true(noise.sd < 0.004);
	/* Kept, whatever comes after. */
	put(fixture, (struct made){ "perf/a", "cpu", "e", 2000, 60, 0.3 });
	assert_true(
		noise_book_find(&book, fixture->store, "perf/a", "cpu", 1).sd <
		0.004);
	noise_book_release(&book);
}

/* What was a change is no noise. */
static void
test_changes_are_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;
	struct noise noise;

	put(fixture, (struct made){ "perf/a", "cpu", "e", 0, 20, 0.001 });
	put(fixture, (struct made){ "perf/a", "cpu", "e", 50, 20, 0.3 });
	put(fixture, (struct made){ "perf/a", "wall", "e", 0, 20, 0.001 });
	put(fixture, (struct made){ "perf/a", "wall", "e", 50, 20, 0.3 });
	noise = noise_book_find(&book, fixture->store, "perf/a", "cpu", 0.03);
	assert_int_equal(noise.sessions, 19);
	assert_true(noise.sd < 0.004);
	noise = noise_book_find(&book, fixture->store, "perf/a", "wall", 1);
	assert_int_equal(noise.sessions, 39);
	noise_book_release(&book);
}

static void
test_never_varied(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;

	put(fixture, (struct made){ "perf/a", "instructions", "e", 0, 9, 0 });
	assert_true(noise_book_find(&book, fixture->store, "perf/a",
				    "instructions", 1)
			    .exact);
	noise_book_release(&book);
}

static void
test_points_without_a_comparison(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;

	put(fixture, (struct made){ "perf/a", "cpu", "e", 0, 9, NAN });
	put(fixture, (struct made){ "perf/a", "cpu", "e", 50, 5, 0.01 });
	put(fixture, (struct made){ "perf/a", "cpu", "e", 60, 9, INFINITY });
	assert_int_equal(
		noise_book_find(&book, fixture->store, "perf/a", "cpu", 1)
			.sessions,
		4);
	noise_book_release(&book);
}

#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, setup_store, teardown_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN(test_newest_environment),
		OPEN(test_only_the_newest_points),
		OPEN(test_changes_are_left_out),
		OPEN(test_never_varied),
		OPEN(test_points_without_a_comparison),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("gate noise", tests, NULL, NULL);
}
