#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/protocol.h"
#include "runner/events.h"
#include "runner/random.h"
#include "runner/readings.h"

enum { START_NS = 1000000 };

struct fixture {
	struct readings readings;
	struct events events;
};

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));

	events_init(&fixture->events, &fixture->readings, START_NS);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	events_release(&fixture->events);
	readings_release(&fixture->readings);
	free(fixture);
	return 0;
}

static void
send(struct fixture *fixture, const char *line, int64_t received_ns)
{
	events_line(&fixture->events, line, strlen(line), received_ns);
}

static const struct reading *
find(const struct fixture *fixture, const char *name)
{
	for (size_t i = 0; i < fixture->readings.count; i++)
		if (!strcmp(fixture->readings.items[i].name, name))
			return &fixture->readings.items[i];
	return NULL;
}

static void
assert_problem(const struct fixture *fixture, const char *part)
{
	assert_int_equal(fixture->readings.problems.count, 1);
	if (!strstr(fixture->readings.problems.items[0], part))
		fail_msg("'%s' lacks '%s'", fixture->readings.problems.items[0],
			 part);
}

static void
test_own_stamps_are_the_value(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "start transfer t=2000000", 2005000);
	send(fixture, "end transfer t=74000000", 74009000);
	events_finish(&fixture->events);
	assert_int_equal(fixture->readings.problems.count, 0);
	assert_non_null(find(fixture, "transfer"));
	assert_true(reading_median(find(fixture, "transfer")) == 72e6);
	assert_int_equal(find(fixture, "transfer")->coarse, 0);
	assert_string_equal(find(fixture, "transfer")->unit, "ns");
}

static void
test_receipts_are_coarse(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "start a", 2000000);
	send(fixture, "end a", 5000000);
	send(fixture, "start b t=6000000", 6001000);
	send(fixture, "end b", 9000000);
	events_finish(&fixture->events);
	assert_int_equal(fixture->readings.problems.count, 0);
	assert_true(reading_median(find(fixture, "a")) == 3e6);
	assert_int_equal(find(fixture, "a")->coarse, 1);
	assert_int_equal(find(fixture, "b")->coarse, 1);
}

/* A receipt comes later than its event: the next stamp may be older. */
static void
test_stamp_after_receipt_may_be_older(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "start a", 2010000);
	send(fixture, "start b t=2005000", 2011000);
	send(fixture, "end b t=2008000", 2012000);
	send(fixture, "end a", 2013000);
	events_finish(&fixture->events);
	assert_int_equal(fixture->readings.problems.count, 0);
	assert_int_equal(fixture->readings.count, 2);
}

static void
test_repeated_pairs_become_their_median(void **state)
{
	struct fixture *fixture = *state;
	static const int64_t spans[] = { 50, 10, 9000, 30, 20 };
	int64_t now = START_NS;
	char line[64];

	for (size_t i = 0; i < 5; i++) {
		snprintf(line, sizeof(line), "start x t=%lld", (long long)now);
		send(fixture, line, now + 5);
		now += spans[i];
		snprintf(line, sizeof(line), "end x t=%lld", (long long)now);
		send(fixture, line, now + 5);
	}
	events_finish(&fixture->events);
	assert_int_equal(find(fixture, "x")->count, 5);
	assert_true(reading_median(find(fixture, "x")) == 30);
}

static void
test_values_notes_and_reasons(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "value sent 1048576 unit=B better=higher", 2000000);
	send(fixture, "value plain -0.5", 2000000);
	send(fixture, "note hello \x1b[31m world", 2000000);
	send(fixture, "skip no network", 2000000);
	send(fixture, "skip the second does not count", 2000000);
	send(fixture, "fail", 2000000);
	events_finish(&fixture->events);
	assert_int_equal(fixture->readings.problems.count, 0);
	assert_int_equal(find(fixture, "sent")->better, BETTER_HIGHER);
	assert_string_equal(find(fixture, "sent")->unit, "B");
	assert_true(reading_median(find(fixture, "plain")) == -0.5);
	assert_string_equal(find(fixture, "plain")->unit, "1");
	assert_string_equal(fixture->readings.notes.items[0],
			    "hello \\x1b[31m world");
	assert_string_equal(fixture->readings.skip, "no network");
	assert_string_equal(fixture->readings.fail, "");
}

/* Each line alone is one problem that names the event and says what to do. */
static void
test_malformed_lines(void **state)
{
	static const char *const rows[][2] = {
		{ "strat x", "no such word 'strat'" },
		{ "", "no such word ''" },
		{ " start x", "no such word" },
		{ "START x", "no such word" },
		{ "start", "is no name" },
		{ "start a b", "'b' is no stamp" },
		{ "start a  t=1500000", "is too much" },
		{ "start a t=1500000 x", "is too much" },
		{ "start a t=15e5", "is no stamp" },
		{ "start a t=-5", "is no stamp" },
		{ "start a t=99999999999999999999", "is no stamp" },
		{ "start a t=999999", "outside the trial" },
		{ "start a t=2000001", "outside the trial" },
		{ "start cpu\xc3\xa9 t=1500000", "is no name" },
		{ "start -x", "is no name" },
		{ "end a", "was not started" },
		{ "value a", "is no number" },
		{ "value a 1x", "is no number" },
		{ "value a nan", "is no number" },
		{ "value a inf", "is no number" },
		{ "value a 0x10", "is no number" },
		{ "value a 1e999", "is no number" },
		{ "value a 1 unit=", "is not understood" },
		{ "value a 1 unit=12345678901234567", "is not understood" },
		{ "value a 1 better=more", "is not understood" },
		{ "value a 1 unit=B unit=B", "is not understood" },
		{ "value wall 1", "measures 'wall' itself" },
		{ "value a 1\r", "is no number" },
	};
	struct fixture *unused = *state;

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture fixture = { READINGS_INIT, { 0 } };

		events_init(&fixture.events, &fixture.readings, START_NS);
		send(&fixture, rows[i][0], 2000000);
		assert_problem(&fixture, rows[i][1]);
		assert_problem(&fixture, "event 1: ");
		assert_int_equal(fixture.readings.count, 0);
		events_finish(&fixture.events);
		events_release(&fixture.events);
		readings_release(&fixture.readings);
	}
}

static void
test_unordered_stamps(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "start a t=3000000", 3000500);
	send(fixture, "end a t=2900000", 3001000);
	assert_problem(fixture, "event 2: t=2900000 is before");
	assert_int_equal(fixture->readings.count, 0);
}

static void
test_lag_is_told_apart(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "start a t=3000000", 3000000 + EVENTS_MAX_LAG_NS);
	assert_int_equal(fixture->readings.problems.count, 0);
	send(fixture, "end a t=4000000", 4000001 + EVENTS_MAX_LAG_NS);
	assert_problem(fixture, "event 2: came 20 ms after");
	assert_int_equal(fixture->readings.lags, 1);
}

static void
test_unmatched_spans(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "start a t=3000000", 3000500);
	send(fixture, "start a t=3000010", 3000500);
	assert_problem(fixture, "event 2: 'a' was started already");
	events_finish(&fixture->events);
	assert_int_equal(fixture->readings.problems.count, 2);
	assert_non_null(strstr(fixture->readings.problems.items[1],
			       "event 1: 'start a' never ended"));
}

static void
test_empty_span(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "start a", 3000000);
	send(fixture, "end a", 3000000);
	assert_problem(fixture, "took no time, write t=");
	assert_int_equal(fixture->readings.lags, 1);
}

static void
test_other_unit_before(void **state)
{
	struct fixture *fixture = *state;

	send(fixture, "value a 1 unit=B", 3000000);
	send(fixture, "value a 1 unit=ms", 3000000);
	assert_problem(fixture, "another unit");
	assert_int_equal(find(fixture, "a")->count, 1);
}

static void
test_bytes_in_any_pieces(void **state)
{
	static const char text[] = "start a t=2000000\nend a t=2000100\n"
				   "value b 7\nvalue c 8";

	(void)state;
	for (size_t piece = 1; piece < sizeof(text); piece++) {
		struct fixture fixture = { READINGS_INIT, { 0 } };

		events_init(&fixture.events, &fixture.readings, START_NS);
		for (size_t at = 0; at < sizeof(text) - 1; at += piece) {
			size_t left = sizeof(text) - 1 - at;

			events_bytes(&fixture.events, text + at,
				     left < piece ? left : piece, 2001000);
		}
		events_finish(&fixture.events);
		assert_int_equal(fixture.readings.problems.count, 0);
		assert_int_equal(fixture.readings.count, 3);
		assert_true(reading_median(find(&fixture, "a")) == 100);
		assert_true(reading_median(find(&fixture, "c")) == 8);
		events_release(&fixture.events);
		readings_release(&fixture.readings);
	}
}

static void
test_long_lines_and_nul(void **state)
{
	struct fixture *fixture = *state;
	char line[3000];

	memset(line, 'x', sizeof(line));
	memcpy(line, "note ", 5);
	line[510] = '\n'; /* 511 with its newline: the longest */
	events_bytes(&fixture->events, line, 511, 2000000);
	assert_int_equal(fixture->readings.problems.count, 0);
	line[510] = 'x';
	events_bytes(&fixture->events, line, sizeof(line), 2000000);
	events_bytes(&fixture->events, "\nvalue a 1\n", 11, 2000000);
	assert_problem(fixture, "event 2: longer than 512 bytes");
	assert_non_null(find(fixture, "a"));
	events_bytes(&fixture->events, "note a\0b\n", 9, 2000000);
	assert_int_equal(fixture->readings.problems.count, 2);
	assert_non_null(strstr(fixture->readings.problems.items[1], "NUL"));
}

static void
test_counts_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	char line[64];

	for (int i = 0; i < 3 * EVENTS_MAX_COUNT; i++) {
		snprintf(line, sizeof(line), "value v%d 1", i % 100);
		send(fixture, line, 2000000);
	}
	events_finish(&fixture->events);
	assert_int_equal(fixture->readings.count, PROTOCOL_MAX_VALUES);
	assert_int_equal(fixture->readings.problems.count, PROTOCOL_MAX_TEXTS);
	assert_true(fixture->readings.unsaid > 0);
	assert_int_equal(find(fixture, "v0")->count, EVENTS_MAX_COUNT / 100);
}

static void
test_metrics_directive(void **state)
{
	struct fixture *fixture = *state;
	struct texts metrics = { 0 };

	send(fixture, "value a 1", 2000000);
	send(fixture, "value b 2", 2000000);
	texts_add(&metrics, "wall");
	readings_keep(&fixture->readings, &metrics);
	assert_int_equal(fixture->readings.count, 2);
	texts_add(&metrics, "b");
	readings_keep(&fixture->readings, &metrics);
	assert_int_equal(fixture->readings.count, 1);
	assert_non_null(find(fixture, "b"));
	texts_add(&metrics, "gone");
	readings_keep(&fixture->readings, &metrics);
	assert_problem(fixture, "metrics=gone");
	texts_release(&metrics);
}

static void
test_medians(void **state)
{
	double huge[] = { 1.7e308, 1.7e308 }, two[] = { 4, 2 }, one[] = { 7 };
	struct reading reading = { .values = huge, .count = 2 };

	(void)state;
	assert_true(reading_median(&reading) == 1.7e308);
	reading.values = two;
	assert_true(reading_median(&reading) == 3);
	reading.values = one;
	reading.count = 1;
	assert_true(reading_median(&reading) == 7);
	reading.count = 0;
	assert_true(isnan(reading_median(&reading)));
}

/* Outputs of the reference implementation for the seed 1234567. */
static void
test_random_is_splitmix64(void **state)
{
	size_t items[10], seen = 0;
	struct random random;

	(void)state;
	random_init(&random, 1234567);
	assert_int_equal(random_next(&random), UINT64_C(6457827717110365317));
	assert_int_equal(random_next(&random), UINT64_C(3203168211198807973));
	for (size_t i = 0; i < 10; i++)
		items[i] = i;
	random_shuffle(&random, items, 10);
	for (size_t i = 0; i < 10; i++)
		seen |= (size_t)1 << items[i];
	assert_int_equal(seen, 1023);
	for (int i = 0; i < 1000; i++)
		assert_true(random_below(&random, 3) < 3);
}

int
main(void)
{
#define WITH_FIXTURE(name)                                                     \
	cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_own_stamps_are_the_value),
		WITH_FIXTURE(test_receipts_are_coarse),
		WITH_FIXTURE(test_stamp_after_receipt_may_be_older),
		WITH_FIXTURE(test_repeated_pairs_become_their_median),
		WITH_FIXTURE(test_values_notes_and_reasons),
		WITH_FIXTURE(test_malformed_lines),
		WITH_FIXTURE(test_unordered_stamps),
		WITH_FIXTURE(test_lag_is_told_apart),
		WITH_FIXTURE(test_unmatched_spans),
		WITH_FIXTURE(test_empty_span),
		WITH_FIXTURE(test_other_unit_before),
		cmocka_unit_test(test_bytes_in_any_pieces),
		WITH_FIXTURE(test_long_lines_and_nul),
		WITH_FIXTURE(test_counts_are_bounded),
		WITH_FIXTURE(test_metrics_directive),
		cmocka_unit_test(test_medians),
		cmocka_unit_test(test_random_is_splitmix64),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_events", tests, NULL, NULL);
}
