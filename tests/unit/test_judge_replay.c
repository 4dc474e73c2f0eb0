#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "judge/replay.h"
#include "judge_help.h"

enum { N = 40 };

static struct replay_point points[N];

/* A history against one baseline of 100, with intervals of +- width. */
static void
fill(double sd, double width, uint64_t seed)
{
	struct source source = { seed, 0 };

	for (size_t i = 0; i < N; i++) {
		double ratio = exp(sd * gauss(&source));

		points[i] = (struct replay_point){ ratio / (1 + width),
						   ratio * (1 + width),
						   100 * ratio, 100, NAN };
	}
}

static void
slower(size_t from, size_t to, double by)
{
	for (size_t i = from; i < to; i++) {
		points[i].low *= by;
		points[i].high *= by;
		points[i].value *= by;
	}
}

static struct noise
noise_at(double threshold)
{
	struct noise prior = noise_prior(0);
	struct noise_session sessions[N];
	size_t count = replay_sessions(points, N, threshold, sessions);

	return noise_learn(&prior, sessions, count);
}

static double
suggested(double now)
{
	struct noise noise = noise_at(now);

	return replay_suggest(points, N, &noise, now);
}

static struct replay
replayed(double threshold)
{
	struct replay replay;

	replay_at(points, N, threshold, &replay);
	return replay;
}

static void
quiet_history_has_no_alarm(void **state)
{
	(void)state;
	fill(0.001, 0.002, 1);
	assert_int_equal(replayed(0.01).alarms, 0);
	assert_int_equal(replayed(0.01).unclear, 0);
	assert_int_equal(replayed(0.01).points, N);
	assert_int_equal(replayed(0.001).unclear, N);
	assert_near(suggested(0.03), 0.01, 0);
}

static void
a_change_that_stays_is_one_alarm(void **state)
{
	(void)state;
	fill(0.001, 0.002, 2);
	slower(20, N, 1.06);
	assert_int_equal(replayed(0.05).alarms, 1);
	assert_int_equal(replayed(0.05).stayed, 1);
	assert_int_equal(replayed(0.08).alarms, 0);
	assert_int_equal(replayed(0.08).unclear, 0);
	/* Accepted: the baseline moves, the level stays. */
	for (size_t i = 21; i < N; i++) {
		points[i].base *= 1.06;
		points[i].low /= 1.06;
		points[i].high /= 1.06;
	}
	assert_int_equal(replayed(0.05).alarms, 1);
	assert_int_equal(replayed(0.05).stayed, 1);
}

static void
a_change_that_goes_is_reverted(void **state)
{
	(void)state;
	fill(0.001, 0.002, 3);
	slower(10, 11, 1.06);
	slower(20, 22, 1.06);
	slower(N - 1, N, 1.06);
	assert_int_equal(replayed(0.05).alarms, 3);
	assert_int_equal(replayed(0.05).reverted, 2);
	assert_int_equal(replayed(0.05).stayed, 0);
	assert_int_equal(replayed(0.05).open, 1);
}

static void
an_improvement_is_no_alarm(void **state)
{
	(void)state;
	fill(0.001, 0.002, 4);
	slower(20, N, 0.8);
	assert_int_equal(replayed(0.05).alarms, 0);
	assert_int_equal(replayed(0.05).unclear, 0);
}

static void
what_cannot_be_compared_is_left_out(void **state)
{
	struct noise noise = { 0.001, 20, 0, 20 };
	struct replay replay;

	(void)state;
	fill(0.001, 0.002, 5);
	points[0] = (struct replay_point){ 0, INFINITY, 100, NAN, NAN };
	points[1] = (struct replay_point){ 0, INFINITY, 100, 100, NAN };
	points[2] = (struct replay_point){ NAN, NAN, NAN, NAN, NAN };
	points[3] = (struct replay_point){ 1, 0.5, 100, 100, NAN };
	points[4] = (struct replay_point){ 1, 1, 0, 0, NAN };
	points[5] = (struct replay_point){ 1, 1, -1, 100, NAN };
	assert_int_equal(replayed(0.03).points, N - 6);
	assert_int_equal(replayed(0.03).alarms, 0);
	replay_at(NULL, 0, 0.03, &replay);
	assert_int_equal(replay.points, 0);
	assert_int_equal(replay_sessions(NULL, 0, 0.03, NULL), 0);
	assert_near(replay_suggest(points, 9, &noise, 0.03), 0, 0);
	noise.sessions = NOISE_ENOUGH - 1;
	assert_near(replay_suggest(points, N, &noise, 0.03), 0, 0);
}

static void
noise_leaves_changes_out(void **state)
{
	(void)state;
	fill(0.004, 0.002, 6);
	slower(15, 25, 1.3);
	assert_int_equal(noise_at(0.03).sessions, N - 11);
	assert_near(noise_at(0.03).sd, 0.004 * M_SQRT2, 0.002);
	/* A threshold that its own noise drowns is not suggested. */
	assert_true(suggested(0.03) >= 0.015);
	fill(0.03, 0.01, 7);
	assert_true(suggested(0.03) >= 0.08);
}

/* Under load sessions end at their cap with wide intervals: that is no noise
 * between them, and no reason for another threshold. */
static void
a_loaded_machine_loosens_nothing(void **state)
{
	(void)state;
	fill(0.002, 0.1, 8);
	for (size_t i = 0; i < N; i++)
		points[i].width = 0.02;
	assert_int_equal(replayed(0.03).unclear, N);
	assert_near(suggested(0.03), 0.03, 0);
	assert_near(suggested(0.05), 0.05, 0);
	/* An alarm that went away is one, and so is the noise. */
	fill(0.001, 0.002, 9);
	slower(10, 11, 1.06);
	assert_near(suggested(0.03), 0.08, 0);
	fill(0.001, 0.002, 10);
	assert_near(replay_suggest(points, N, &(struct noise){ 0.03, 20, 0, 0 },
				   0.03),
		    0.1, 0);
}

static void
scale_does_not_matter(void **state)
{
	struct replay before, after;

	(void)state;
	fill(0.02, 0.01, 8);
	slower(30, N, 1.1);
	before = replayed(0.02);
	for (size_t i = 0; i < N; i++) {
		points[i].value *= 1e9;
		points[i].base *= 1e9;
	}
	after = replayed(0.02);
	assert_memory_equal(&before, &after, sizeof(before));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_history_has_no_alarm),
		cmocka_unit_test(a_change_that_stays_is_one_alarm),
		cmocka_unit_test(a_change_that_goes_is_reverted),
		cmocka_unit_test(an_improvement_is_no_alarm),
		cmocka_unit_test(what_cannot_be_compared_is_left_out),
		cmocka_unit_test(noise_leaves_changes_out),
		cmocka_unit_test(a_loaded_machine_loosens_nothing),
		cmocka_unit_test(scale_does_not_matter),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge replay", tests, NULL, NULL);
}
