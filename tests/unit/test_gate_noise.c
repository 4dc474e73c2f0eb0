#include "store_help.h"

#include <math.h>

#include "noise.h"
#include "study_record.h"

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
					     .trials = 10,
					     .flags = noise_flags(made->swing /
								  100) };

		point.commit.bytes[0] = (unsigned char)i;
		store_point_put(tx, &series, made->from + i, &point);
	}
	return store_tx_error(tx);
}

/* What the book says; without an environment: where it was measured last. */
static struct noise
noise_in(struct noise_book *book, struct store *store, const char *test,
	 const char *metric, const char *environment, double threshold)
{
	const struct noise_key key = { test, metric, environment, threshold };

	return noise_book_find(book, store, &key).noise;
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
	noise = noise_in(&book, fixture->store, "perf/a", "cpu", NULL, 1);
	assert_int_equal(noise.sessions, 29);
	assert_true(noise.sd > 0.015 && noise.sd < 0.025);
	noise = noise_in(&book, fixture->store, "perf/a", "wall", NULL, 1);
	assert_int_equal(noise.sessions, 2);
	assert_int_equal(
		noise_in(&book, fixture->store, "perf/b", "cpu", NULL, 1)
			.sessions,
		0);
	assert_int_equal(
		noise_in(&book, NULL, "perf/c", "cpu", NULL, 1).sessions, 0);
	noise_book_release(&book);
}

struct defined {
	struct made made;
	const char *definition;
};

static int
put_defined(struct store_tx *tx, void *data, struct err *err)
{
	struct defined *defined = data;
	struct made *made = &defined->made;

	put_history(tx, made, err);
	for (size_t i = 0; i < made->count; i++) {
		struct store_baseline record = { .why = STORE_HELD };
		struct oid commit = { { (unsigned char)i } };

		snprintf(record.definition, sizeof(record.definition), "%s",
			 defined->definition);
		store_baseline_put(tx, made->test, &commit, &record);
	}
	return store_tx_error(tx);
}

/* What another definition of the test showed is of another test. */
static void
test_newest_definition(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;
	struct defined all = { { "perf/a", "cpu", "e", 0, 30, 0.1 }, "one" };
	struct noise noise;

	must_write(fixture->store, put_defined, &all);
	/* The first twelve commits measured again, by another one. */
	all = (struct defined){ { "perf/a", "cpu", "e", 50, 12, 0.001 },
				"two" };
	must_write(fixture->store, put_defined, &all);
	noise = noise_in(&book, fixture->store, "perf/a", "cpu", "e", 1);
	assert_int_equal(noise.sessions, 23);
	noise_book_release(&book);
	all = (struct defined){ { "perf/b", "cpu", "e", 0, 30, 0.1 }, "one" };
	must_write(fixture->store, put_defined, &all);
	noise = noise_in(&book, fixture->store, "perf/b", "cpu", "e", 1);
	assert_int_equal(noise.sessions, 29);
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
	noise = noise_in(&book, fixture->store, "perf/a", "cpu", NULL, 1);
	assert_int_equal(noise.sessions, 49);
	assert_true(noise.sd < 0.0045);
	/* Kept, whatever comes after. */
	put(fixture, (struct made){ "perf/a", "cpu", "e", 2000, 60, 0.3 });
	assert_true(
		noise_in(&book, fixture->store, "perf/a", "cpu", NULL, 1).sd <
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
	noise = noise_in(&book, fixture->store, "perf/a", "cpu", NULL, 0.03);
	assert_int_equal(noise.sessions, 19);
	assert_true(noise.sd < 0.0045);
	noise = noise_in(&book, fixture->store, "perf/a", "wall", NULL, 1);
	assert_int_equal(noise.sessions, 39);
	noise_book_release(&book);
}

static void
test_never_varied(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;

	put(fixture, (struct made){ "perf/a", "instructions", "e", 0, 9, 0 });
	assert_true(noise_in(&book, fixture->store, "perf/a", "instructions",
			     NULL, 1)
			    .exact);
	noise_book_release(&book);
}

static json_t *
study_of(const char *metric, double ratio)
{
	const struct noise_session session = { ratio, 0.0001 };

	return json_pack("{s:o}", metric, study_metric_json(&session, 0.001));
}

static int
put_study(struct store_tx *tx, void *data, struct err *err)
{
	json_t *record = study_record_of(tx, "e", "perf/a", data);

	(void)err;
	for (size_t i = 0; i < 6; i++)
		study_record_add(record, "id", 1,
				 study_of("cpu", i % 2 ? 1.01 : 0.99));
	study_record_put(tx, "e", "perf/a", record);
	json_decref(record);
	return store_tx_error(tx);
}

/* What was studied counts with the history, in its own environment alone, and
 * a new definition begins anew. */
static void
test_study_counts(void **state)
{
	struct fixture *fixture = *state;
	struct noise_book book = NOISE_BOOK_INIT;
	const struct noise_key key = { "perf/a", "cpu", "e", 1 };
	char one[] = "one", two[] = "two";
	struct noise_floor floor;
	struct noise noise;

	must_write(fixture->store, put_study, one);
	floor = noise_book_find(&book, fixture->store, &key);
	assert_int_equal(floor.noise.sessions, 6);
	assert_true(floor.noise.sd > 0.006 && floor.noise.sd < 0.011);
	assert_true(floor.spread > 0.0009 && floor.spread < 0.0011);
	assert_true(floor.detectable > 0.015 && floor.detectable < 0.05);
	noise = noise_in(&book, fixture->store, "perf/a", "cpu", "f", 1);
	assert_int_equal(noise.sessions, 0);
	assert_true(noise.sd > 0.003);
	noise = noise_in(&book, fixture->store, "perf/a", "wall", "e", 1);
	assert_int_equal(noise.sessions, 0);
	noise_book_release(&book);
	put(fixture, (struct made){ "perf/a", "cpu", "e", 0, 5, 0.01 });
	must_write(fixture->store, put_study, two);
	noise = noise_in(&book, fixture->store, "perf/a", "cpu", "e", 1);
	assert_int_equal(noise.sessions, 6 + 4);
	noise_book_release(&book);
}

static void
test_flags(void **state)
{
	(void)state;
	assert_true(isnan(noise_flags_width(0)));
	assert_int_equal(noise_flags(NAN), 0);
	assert_int_equal(noise_flags(-1), 0);
	assert_true(fabs(noise_flags_width(noise_flags(0.0123)) - 0.0123) <
		    1e-7);
	assert_true(noise_flags_width(noise_flags(0)) <= 0);
	assert_true(noise_flags_width(noise_flags(1e9)) > 200);
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
		noise_in(&book, fixture->store, "perf/a", "cpu", NULL, 1)
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
		OPEN(test_newest_definition),
		OPEN(test_only_the_newest_points),
		OPEN(test_changes_are_left_out),
		OPEN(test_never_varied),
		OPEN(test_study_counts),
		cmocka_unit_test(test_flags),
		OPEN(test_points_without_a_comparison),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("gate noise", tests, NULL, NULL);
}
