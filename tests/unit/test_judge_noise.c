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

static double ratios[MANY], widths[MANY];

static void
fill(size_t count, double sd, double width, uint64_t seed)
{
	struct source source = { seed, 0 };

	for (size_t i = 0; i < count; i++) {
		ratios[i] = exp(hypot(sd, width) * gauss(&source));
		widths[i] = width;
	}
}

static void
learns_the_sd(void **state)
{
	(void)state;
	/* Of half a Gaussian: the median is at its upper quartile. */
	assert_near(1.4826, 1 / gsl_cdf_ugaussian_Pinv(0.75), 1e-4);
	fill(MANY, 0.01, 0, 1);
	assert_near(noise_learn(ratios, NULL, MANY).sd, 0.01, 0.0015);
	fill(MANY, 0.01, 0.01, 2);
	assert_near(noise_learn(ratios, NULL, MANY).sd, 0.01414, 0.002);
	assert_near(noise_learn(ratios, widths, MANY).sd, 0.01, 0.002);
	fill(MANY, 0, 0.01, 3);
	assert_true(noise_learn(ratios, widths, MANY).sd < 0.004);
	assert_false(noise_learn(ratios, widths, MANY).exact);
	assert_int_equal(noise_learn(ratios, widths, MANY).sessions, MANY);
}

static void
is_robust(void **state)
{
	(void)state;
	fill(41, 0.01, 0, 4);
	ratios[7] = 5;
	ratios[9] = NAN;
	ratios[10] = 0;
	ratios[11] = INFINITY;
	ratios[12] = -2;
	ratios[30] = 1e-9;
	assert_near(noise_learn(ratios, NULL, 41).sd, 0.01, 0.005);
	assert_int_equal(noise_learn(ratios, NULL, 41).sessions, 37);
}

static void
scale_and_direction_do_not_matter(void **state)
{
	struct noise there, back;

	(void)state;
	fill(40, 0.02, 0, 5);
	there = noise_learn(ratios, NULL, 40);
	for (size_t i = 0; i < 40; i++)
		ratios[i] = 1 / ratios[i];
	back = noise_learn(ratios, NULL, 40);
	assert_near(there.sd, back.sd, 1e-12);
	there = noise_learn_history(ratios, NULL, 40);
	for (size_t i = 0; i < 40; i++)
		ratios[i] *= 1.7;
	back = noise_learn_history(ratios, NULL, 40);
	assert_near(there.sd, back.sd, 1e-12);
}

static void
exact_and_unknown(void **state)
{
	const double ones[] = { 1, 1, 1, 1, 1 };

	(void)state;
	assert_true(noise_learn(ones, NULL, NOISE_EXACT).exact);
	assert_near(noise_learn(ones, NULL, 5).sd, 0, 0);
	assert_false(noise_learn(ones, NULL, NOISE_EXACT - 1).exact);
	assert_true(noise_learn_history(ones, NULL, 5).exact);
	assert_int_equal(noise_learn(NULL, NULL, 0).sessions, 0);
	assert_int_equal(noise_learn_history(ones, NULL, 1).sessions, 0);
	assert_int_equal(noise_learn_history(NULL, NULL, 0).sessions, 0);
}

/* A change that stays shifts every later ratio; it is not noise. */
static void
history_ignores_changes_that_stay(void **state)
{
	struct noise noise;

	(void)state;
	fill(50, 0.004, 0, 6);
	for (size_t i = 10; i < 50; i++)
		ratios[i] *= i < 30 ? 1.025 : 0.9;
	noise = noise_learn_history(ratios, NULL, 50);
	assert_int_equal(noise.sessions, 49);
	/* The noise of two sessions. */
	assert_near(noise.sd, 0.004 * M_SQRT2, 0.0025);
	assert_true(noise_learn(ratios, NULL, 50).sd > 0.03);
	ratios[20] = NAN;
	assert_int_equal(noise_learn_history(ratios, NULL, 50).sessions, 48);
}

/* Neither does one that goes on, even where every step is larger than noise. */
static void
history_ignores_steady_drift(void **state)
{
	(void)state;
	fill(50, 0.004, 0, 8);
	for (size_t i = 0; i < 50; i++)
		ratios[i] *= pow(1.01, (double)i);
	assert_near(noise_learn_history(ratios, NULL, 50).sd, 0.004 * M_SQRT2,
		    0.0025);
	/* A count that grows by the same every time is not one that never
	 * varies. */
	for (size_t i = 0; i < 50; i++)
		ratios[i] = pow(2, (double)i);
	assert_false(noise_learn_history(ratios, NULL, 50).exact);
}

static void
a_few_sessions_are_not_trusted(void **state)
{
	size_t under = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		fill(8, 0.01, 0, seed);
		under += noise_learn(ratios, NULL, 8).sd < 0.005;
	}
	printf("# of 400 learnt from 8 sessions %zu are below half\n", under);
	assert_true(under < 40);
}

static void
width_of_an_interval(void **state)
{
	struct rule rule = RULE_INIT;
	double sum = 0, centre = 0;
	enum { TIMES = 200, ROUNDS = 30 };

	(void)state;
	assert_near(noise_width(0, INFINITY), 0, 0);
	assert_near(noise_width(0.9, INFINITY), 0, 0);
	assert_near(noise_width(1, 1), 0, 0);
	/* Against what estimates of the same shift really vary by. */
	for (uint64_t seed = 0; seed < TIMES; seed++) {
		struct source source = { seed, 0 };
		struct pair pairs[ROUNDS];
		struct look look;

		for (size_t i = 0; i < ROUNDS; i++)
			pairs[i] = round_of(&source, GAUSS, 0, 0.02);
		look_at(&rule, pairs, ROUNDS, &look);
		sum += noise_width(look.estimate.low, look.estimate.high) /
		       TIMES;
		centre += pow(log(look.estimate.ratio), 2) / TIMES;
	}
	printf("# sd of estimates %.5f, by their intervals %.5f\n",
	       sqrt(centre), sum);
	assert_near(sum / sqrt(centre), 1, 0.2);
}

static void
detectable_agrees_with_the_judge(void **state)
{
	const unsigned rounds[] = { 10, 15, 30, 60, 200 };
	struct noise none = NOISE_UNKNOWN, known = { 0.01, 9, 0 };
	struct noise exact = { 0, 9, 1 };
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
		    noise_detectable(&none, 0.02, 30, 0.01) + 0.014);
	assert_near(noise_detectable(&exact, 0, 4, 0.01), 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_the_sd),
		cmocka_unit_test(is_robust),
		cmocka_unit_test(scale_and_direction_do_not_matter),
		cmocka_unit_test(exact_and_unknown),
		cmocka_unit_test(history_ignores_changes_that_stay),
		cmocka_unit_test(history_ignores_steady_drift),
		cmocka_unit_test(a_few_sessions_are_not_trusted),
		cmocka_unit_test(width_of_an_interval),
		cmocka_unit_test(detectable_agrees_with_the_judge),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge noise", tests, NULL, NULL);
}
