#include "store_help.h"

#include <math.h>

#include "history.h"
#include "judge_help.h"

/* Histories with definitions, out of a store. */

enum { MANY = 120 };

static struct oid
commit_at(size_t i)
{
	struct oid commit = { { 1 } };

	commit.bytes[1] = (unsigned char)i;
	return commit;
}

struct made {
	size_t count;
	size_t changes; /* the test's definition changes here; 0: never */
	size_t known;   /* every so many points' definition is known; 0: none */
	size_t step;    /* slower by a tenth from here on; 0: nowhere */
	double level;   /* of the second definition, to the first's */
};

static int
put_history(struct store_tx *tx, void *data, struct err *err)
{
	const struct made *made = data;
	const struct store_series series = { "perf/a", "cpu", "e" };
	struct source source = { 1, 0 };

	(void)err;
	for (size_t i = 0; i < made->count; i++) {
		int second = made->changes && i >= made->changes;
		struct store_point point = {
			.commit = commit_at(i), .low = 1, .high = 1, .base = 1
		};
		struct store_baseline record = { .commit = commit_at(0),
						 .why = STORE_HELD };

		point.value = 1e6 * exp(0.005 * gauss(&source)) *
			      (second ? made->level : 1) *
			      (made->step && i >= made->step ? 1.1 : 1);
		store_point_put(tx, &series, 1000 + i, &point);
		snprintf(record.definition, sizeof(record.definition), "%s",
			 second ? "two" : "one");
		if (second && i == made->changes) {
			record.commit = point.commit;
			record.why = STORE_DEFINITION;
		}
		if (made->known && i % made->known == 0)
			store_baseline_put(tx, "perf/a", &point.commit,
					   &record);
	}
	return store_tx_error(tx);
}

struct wanted {
	const struct line *line;
	struct history history;
};

static int
get_history(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_series series = { "perf/a", "cpu", "e" };
	struct wanted *wanted = data;

	return history_read(tx, &series, wanted->line, &wanted->history, err);
}

static void
make(struct fixture *fixture, struct made made, struct wanted *wanted)
{
	must_write(fixture->store, put_history, &made);
	must_read(fixture->store, get_history, wanted);
}

static void
test_no_change_across_epochs(void **state)
{
	struct wanted wanted = { 0 };
	const struct history *history = &wanted.history;

	make(*state, (struct made){ MANY, 60, 1, 0, 1.5 }, &wanted);
	assert_int_equal(history->count, MANY);
	assert_int_equal(history->epoch_count, 2);
	assert_int_equal(history->epochs[1].start, 60);
	assert_string_equal(history->epochs[0].why, "first");
	assert_string_equal(history->epochs[1].why, "definition");
	assert_int_equal(history_newest_epoch(history), 60);
	assert_int_equal(history->change_count, 0);
	assert_near(history->noise, 0.005, 0.003);
	assert_int_equal(history->points[60].why, STORE_DEFINITION);
	assert_int_equal(history->points[61].why, STORE_HELD);
	history_release(&wanted.history);
}

static void
test_a_change_within_an_epoch(void **state)
{
	struct wanted wanted = { 0 };
	const struct history *history = &wanted.history;

	make(*state, (struct made){ MANY, 40, 1, 80, 0.5 }, &wanted);
	assert_int_equal(history->change_count, 1);
	assert_int_equal(history->changes[0].change.at, 80);
	assert_true(history->changes[0].change.first <= 80 &&
		    history->changes[0].change.last >= 80);
	assert_near(history->changes[0].change.ratio, 1.1, 0.01);
	assert_false(history->changes[0].is_told);
	history_release(&wanted.history);
}

/* Of an older store nothing is known: one epoch, and its step a change. */
static void
test_unknown_definitions(void **state)
{
	struct wanted wanted = { 0 };
	const struct history *history = &wanted.history;

	make(*state, (struct made){ MANY, 60, 0, 0, 1.5 }, &wanted);
	assert_int_equal(history->epoch_count, 1);
	assert_int_equal(history->change_count, 1);
	assert_false(history->points[60].is_known);
	history_release(&wanted.history);
	/* Those in between belong to the epoch that they are in. */
	make(*state, (struct made){ MANY, 60, 4, 0, 1.5 }, &wanted);
	assert_int_equal(history->epoch_count, 2);
	assert_int_equal(history->change_count, 0);
	history_release(&wanted.history);
}

/* Every other commit is of another branch. */
static void
test_along_a_line(void **state)
{
	struct line line = { 0 };
	struct wanted wanted = { .line = &line };
	struct oid elsewhere = { { 9 } };

	for (size_t i = MANY; i-- > 0;) {
		struct oid commit = commit_at(i);

		if (i % 2)
			continue;
		MEM_GROW(line.commits, line.count, line.cap);
		oid_map_put(&line.places, &commit, line.count);
		line.commits[line.count++] = commit;
	}
	make(*state, (struct made){ MANY, 0, 1, 80, 1 }, &wanted);
	assert_int_equal(wanted.history.count, MANY / 2);
	assert_int_equal(wanted.history.left_out, MANY / 2);
	assert_int_equal(wanted.history.change_count, 1);
	assert_int_equal(wanted.history.changes[0].change.at, 40);
	history_release(&wanted.history);
	line_release(&line);
	/* A line that meets none of them. */
	MEM_GROW(line.commits, line.count, line.cap);
	oid_map_put(&line.places, &elsewhere, 0);
	line.commits[line.count++] = elsewhere;
	must_read(((struct fixture *)*state)->store, get_history, &wanted);
	assert_int_equal(wanted.history.count, MANY);
	history_release(&wanted.history);
	line_release(&line);
}

static void
test_nothing(void **state)
{
	struct wanted wanted = { 0 };

	make(*state, (struct made){ 0, 0, 0, 0, 1 }, &wanted);
	assert_int_equal(wanted.history.count, 0);
	assert_int_equal(history_newest_epoch(&wanted.history), 0);
	history_release(&wanted.history);
	make(*state, (struct made){ 1, 0, 1, 0, 1 }, &wanted);
	assert_int_equal(wanted.history.epoch_count, 1);
	history_release(&wanted.history);
}

#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, setup_store, teardown_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN(test_no_change_across_epochs),
		OPEN(test_a_change_within_an_epoch),
		OPEN(test_unknown_definitions),
		OPEN(test_along_a_line),
		OPEN(test_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("gate history", tests, NULL, NULL);
}
