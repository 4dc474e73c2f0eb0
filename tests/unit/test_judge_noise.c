#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

#include "judge/noise.h"
#include "judge/session.h"
#include "judge_help.h"

enum { MANY = 400 };

static struct noise_session sessions[MANY];

static void
fill(size_t count, double sd, double width, uint64_t seed)
{
	struct source source = { seed, 0 };

	for (size_t i = 0; i < count; i++)
		sessions[i] = (struct noise_session){
			exp(hypot(sd, width) * gauss(&source)), width
		};
}

static struct noise
learnt(size_t count)
{
	struct noise prior = noise_prior(0);

	return noise_learn(&prior, sessions, count);
}

static struct noise
learnt_of_steps(size_t count)
{
	struct noise_session steps[MANY];
	struct noise prior = noise_prior(0);

	return noise_learn(&prior, steps, noise_steps(sessions, count, steps));
}

static void
learns_the_sd(void **state)
{
	(void)state;
	/* Of half a Gaussian: the median is at its upper quartile. */
	assert_near(1.4826, 1 / gsl_cdf_ugaussian_Pinv(0.75), 1e-4);
	fill(MANY, 0.01, 0, 1);
	assert_near(learnt(MANY).sd, 0.01, 0.0008);
	assert_near(learnt(MANY).freedom, MANY + 3, 1e-9);
	fill(MANY, 0.01, 0.01, 2);
	assert_near(learnt(MANY).sd, 0.01, 0.0015);
	assert_false(learnt(MANY).exact);
	assert_int_equal(learnt(MANY).sessions, MANY);
	fill(MANY, 0.001, 0.001, 3);
	assert_near(learnt(MANY).sd, 0.001, 0.0003);
}

/* A worked example: with no errors of rounds it is the weighted mean of the
 * variances, 3 parts 0.35^2 and one part each 0.1^2, 0.2^2, 0.3^2. */
static void
a_weighted_mean(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		sessions[i] = (struct noise_session){
			exp(0.001 * (double)(i + 1)), 0
		};
	assert_near(learnt(3).sd,
		    sqrt((3 * 0.35 * 0.35 + 0.01 + 0.04 + 0.09) / 6) / 100,
		    1e-9);
	assert_near(learnt(3).freedom, 6, 1e-9);
}

static void
is_robust(void **state)
{
	(void)state;
	fill(41, 0.01, 0, 4);
	sessions[7].ratio = 5;
	sessions[9].ratio = NAN;
	sessions[10].ratio = 0;
	sessions[11].ratio = INFINITY;
	sessions[12].ratio = -2;
	sessions[13].width = NAN;
	sessions[30].ratio = 1e-9;
	assert_near(learnt(41).sd, 0.01, 0.004);
	assert_int_equal(learnt(41).sessions, 36);
}

static void
scale_and_direction_do_not_matter(void **state)
{
	struct noise there, back;

	(void)state;
	fill(40, 0.02, 0, 5);
	there = learnt(40);
	for (size_t i = 0; i < 40; i++)
		sessions[i].ratio = 1 / sessions[i].ratio;
	back = learnt(40);
	assert_near(there.sd, back.sd, 1e-12);
	there = learnt_of_steps(40);
	for (size_t i = 0; i < 40; i++)
		sessions[i].ratio *= 1.7;
	back = learnt_of_steps(40);
	assert_near(there.sd, back.sd, 1e-12);
}

static void
exact_and_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 5; i++)
		sessions[i] = (struct noise_session){ 1, 0 };
	assert_true(learnt(NOISE_EXACT).exact);
	assert_near(learnt(5).sd, 0, 0);
	assert_near(noise_reach(&(struct noise){ learnt(5).sd, 5, 1, 8 }), 0,
		    0);
	assert_false(learnt(NOISE_EXACT - 1).exact);
	assert_true(learnt(NOISE_EXACT - 1).sd > 0.001);
	assert_true(learnt_of_steps(5).exact);
	/* They look alike, and their rounds vary. */
	for (size_t i = 0; i < 5; i++)
		sessions[i].width = 0.01;
	assert_false(learnt(5).exact);
	assert_int_equal(learnt(0).sessions, 0);
	assert_near(learnt(0).sd, noise_prior(0).sd, 0);
	assert_int_equal(learnt_of_steps(1).sessions, 0);
	assert_int_equal(noise_steps(NULL, 0, NULL), 0);
}

/* A change that stays shifts every later ratio; it is not noise. */
static void
history_ignores_changes_that_stay(void **state)
{
	(void)state;
	fill(50, 0.004, 0, 6);
	for (size_t i = 10; i < 50; i++)
		sessions[i].ratio *= i < 30 ? 1.025 : 0.9;
	assert_int_equal(learnt_of_steps(50).sessions, 49);
	/* The noise of two sessions. */
	assert_near(learnt_of_steps(50).sd, 0.004 * M_SQRT2, 0.0025);
	assert_true(learnt(50).sd > 0.03);
	sessions[20].ratio = NAN;
	assert_int_equal(learnt_of_steps(50).sessions, 48);
}

/* Neither does one that goes on, even where every step is larger than noise. */
static void
history_ignores_steady_drift(void **state)
{
	(void)state;
	fill(50, 0.004, 0, 8);
	for (size_t i = 0; i < 50; i++)
		sessions[i].ratio *= pow(1.01, (double)i);
	assert_near(learnt_of_steps(50).sd, 0.004 * M_SQRT2, 0.0025);
	/* A count that grows by the same every time is not one that never
	 * varies. */
	for (size_t i = 0; i < 50; i++)
		sessions[i] = (struct noise_session){ pow(2, (double)i), 0 };
	assert_false(learnt_of_steps(50).exact);
}

static void
a_few_sessions_are_not_trusted(void **state)
{
	size_t under = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct noise noise;

		fill(8, 0.01, 0, seed);
		noise = learnt(8);
		under += noise_reach(&noise) < 0.6 * NOISE_REACH * 0.01;
	}
	printf("# of 400 learnt from 8 sessions %zu are much too small\n",
	       under);
	assert_true(under < 80);
}

/* However many: rounds that are wide hide the noise between sessions, and what
 * is hidden is not 0. */
static void
wide_sessions_say_little(void **state)
{
	double least = 1;

	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct noise noise;

		fill(8, 0, 0.02, seed);
		noise = learnt(8);
		least = fmin(least, noise.sd);
		assert_true(noise.freedom < 3.5);
		assert_true(noise_reach(&noise) > 0.004);
	}
	printf("# least of 200 learnt from 8 wide sessions: %.3f %%\n",
	       100 * least);
	fill(1, 0, 0.02, 1);
	assert_true(learnt(1).sd > 0.003);
}

/* Student's t against GSL; a little more is on the safe side. */
static void
few_sessions_reach_further(void **state)
{
	(void)state;
	for (unsigned freedom = 3; freedom < 40; freedom++) {
		struct noise noise = { 0.01, freedom, 0, freedom };
		double reach = gsl_cdf_tdist_Pinv(
			gsl_cdf_ugaussian_P(NOISE_REACH), freedom);
		double clear = gsl_cdf_tdist_Pinv(
			gsl_cdf_ugaussian_P(NOISE_CLEAR), freedom);

		assert_near(noise_reach(&noise) / (0.01 * reach), 1.01, 0.015);
		assert_near(noise_clear(&noise) / (0.01 * clear), 1.03, 0.035);
	}
	assert_near(noise_reach(&(struct noise){ 0.01, 9, 0, 0 }), 0.015,
		    1e-12);
	assert_near(noise_clear(&(struct noise){ 0.01, 9, 0, 1e9 }), 0.025,
		    1e-6);
	assert_near(noise_reach(&(struct noise)NOISE_NONE), 0, 0);
}

/* Facts about real noise, shared/eval: medians of |ln ratio|. */
static void
the_guess_is_like_what_is_seen(void **state)
{
	double quartile = gsl_cdf_tdist_Pinv(0.75, noise_prior(0).freedom);

	(void)state;
	assert_near(quartile * noise_prior(0).sd, 0.003, 0.001);
	assert_near(log10(quartile * noise_prior(1).sd), -4.25, 0.75);
}

static void
width_of_an_interval(void **state)
{
	struct rule rule = RULE_INIT;
	double sum = 0, centre = 0, rounds = 0;
	enum { TIMES = 200, ROUNDS = 30 };

	(void)state;
	assert_near(noise_width_of_interval(0, INFINITY), 0, 0);
	assert_near(noise_width_of_interval(0.9, INFINITY), 0, 0);
	assert_near(noise_width_of_interval(1, 1), 0, 0);
	assert_near(noise_width(0.1, 0), 0, 0);
	/* Against what estimates of the same shift really vary by. */
	for (uint64_t seed = 0; seed < TIMES; seed++) {
		struct source source = { seed, 0 };
		struct pair pairs[ROUNDS];
		struct look look;

		for (size_t i = 0; i < ROUNDS; i++)
			pairs[i] = round_of(&source, GAUSS, 0, 0.02);
		look_at(&rule, pairs, ROUNDS, &look);
		sum += noise_width_of_interval(look.estimate.low,
					       look.estimate.high) /
		       TIMES;
		rounds += noise_width(look.spread, look.rounds) / TIMES;
		centre += pow(log(look.estimate.ratio), 2) / TIMES;
	}
	printf("# sd of estimates %.5f, by their rounds %.5f, by their "
	       "intervals %.5f\n",
	       sqrt(centre), rounds, sum);
	assert_near(sum / sqrt(centre), 1, 0.2);
	assert_near(rounds / sqrt(centre), 1, 0.1);
}

static void
detectable_agrees_with_the_judge(void **state)
{
	const unsigned rounds[] = { 10, 15, 30, 60, 200 };
	struct noise none = NOISE_NONE, known = { 0.01, 9, 0, 0 };
	struct noise exact = { 0, 9, 1, 0 };
	struct rule rule = RULE_INIT;

	(void)state;
	for (size_t k = 0; k < 5; k++) {
		double expected = noise_detectable(&none, 0.02, rounds[k],
						   rule.alpha);
		double sum = 0;

		for (uint64_t seed = 0; seed < 40; seed++) {
			struct source source = { seed + 50, 0 };
			struct pair pairs[200];
			struct look look;

			for (size_t i = 0; i < rounds[k]; i++)
				pairs[i] = round_of(&source, GAUSS, 0, 0.02);
			look_at(&rule, pairs, rounds[k], &look);
			sum += look.detectable / 40;
		}
		printf("# %u rounds: %.2f %%, foreseen %.2f %%\n", rounds[k],
		       100 * sum, 100 * expected);
		assert_near(sum / expected, 1, 0.25);
	}
	assert_true(isinf(noise_detectable(&none, 0.02, 7, 0.01)));
	assert_true(isinf(noise_detectable(&none, 0.02, 0, 0.01)));
	assert_true(isfinite(noise_detectable(&none, 0.02, 8, 0.01)));
	assert_true(noise_detectable(&known, 0.02, 30, 0.01) >
		    noise_detectable(&none, 0.02, 30, 0.01) + 0.024);
	assert_near(noise_detectable(&exact, 0, 4, 0.01), 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_the_sd),
		cmocka_unit_test(a_weighted_mean),
		cmocka_unit_test(is_robust),
		cmocka_unit_test(scale_and_direction_do_not_matter),
		cmocka_unit_test(exact_and_unknown),
		cmocka_unit_test(history_ignores_changes_that_stay),
		cmocka_unit_test(history_ignores_steady_drift),
		cmocka_unit_test(a_few_sessions_are_not_trusted),
		cmocka_unit_test(wide_sessions_say_little),
		cmocka_unit_test(few_sessions_reach_further),
		cmocka_unit_test(the_guess_is_like_what_is_seen),
		cmocka_unit_test(width_of_an_interval),
		cmocka_unit_test(detectable_agrees_with_the_judge),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge noise", tests, NULL, NULL);
}
