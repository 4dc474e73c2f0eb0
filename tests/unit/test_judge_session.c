#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/session.h"
#include "judge_help.h"

enum { ROUNDS = 40, MANY = 2000 };

static struct pair pairs[MANY];

static void
fill(size_t count, uint64_t seed, double shift, double spread)
{
	struct source source = { seed, 0 };

	for (size_t i = 0; i < count; i++)
		pairs[i] = round_of(&source, GAUSS, shift, spread);
}

static void
fill_same(size_t count, double baseline, double candidate)
{
	for (size_t i = 0; i < count; i++)
		pairs[i] = (struct pair){ baseline, candidate, 0 };
}

static struct look
look(const struct rule *rule, size_t count)
{
	struct look result;

	look_at(rule, pairs, count, &result);
	return result;
}

static void
quiet_sessions_end_early(void **state)
{
	const double shifts[] = { -0.2, -0.12, -0.05, 0, 0.05, 0.12, 0.2 };
	const enum outlook expected[] = { OUTLOOK_BETTER, OUTLOOK_BETTER,
					  OUTLOOK_BETTER, OUTLOOK_SAME,
					  OUTLOOK_WORSE,  OUTLOOK_WORSE,
					  OUTLOOK_WORSE };
	struct rule rule = RULE_INIT;

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		struct source source = { i, 0 };
		struct look last;
		size_t count = run_session(&rule, &source, GAUSS, shifts[i],
					   0.005, pairs, &last);

		assert_int_equal(last.outlook, expected[i]);
		assert_in_range(count, 8, 10);
		assert_true(last.estimate.low <= exp(shifts[i]));
		assert_true(last.estimate.high >= exp(shifts[i]));
		assert_true(fabs(log(last.estimate.ratio) - shifts[i]) < 0.01);
	}
}

/* How often the right thing is said of a shift, and after how many rounds. */
static void
measure_power(enum kind kind, double spread, double shift, double *mean_rounds,
	      double *right)
{
	struct rule rule = RULE_INIT;
	enum outlook expected = shift > log1p(rule.threshold) ? OUTLOOK_WORSE
							      : OUTLOOK_SAME;
	size_t rounds = 0, hits = 0, n = repeats(60, 2000);

	for (size_t i = 0; i < n; i++) {
		struct source source = { i * 7919 + 1, 0 };
		struct look last;

		rounds += run_session(&rule, &source, kind, shift, spread,
				      pairs, &last);
		hits += last.outlook == expected;
	}
	*mean_rounds = (double)rounds / (double)n;
	*right = (double)hits / (double)n;
}

static void
power(void **state)
{
	const double spreads[] = { 0.005, 0.01, 0.02 };
	const double shifts[] = { 0, 0.01, 0.02, 0.05, 0.12, 0.2 };

	(void)state;
	printf("# right, after so many rounds   0 %%      +1 %%      +2 %%     "
	       " "
	       "+5 %%     +12 %%     +20 %%\n");
	for (int i = 0; i < KINDS * 3; i++) {
		enum kind kind = (enum kind)(i / 3);
		double spread = spreads[i % 3], rounds, right;

		printf("# %-8s, a round's sd %3.1f %%:", kind_names[kind],
		       100 * spread);
		for (size_t j = 0; j < 6; j++) {
			measure_power(kind, spread, log1p(shifts[j]), &rounds,
				      &right);
			printf(" %3.0f %%%5.1f", 100 * right, rounds);
			if (kind != GAUSS || i % 3 == 2)
				continue;
			assert_true(right > (j == 2 ? 0.9 : 0.97));
			if (j == 0 || j == 3 || j == 5)
				assert_true(rounds < 11);
		}
		printf("\n");
	}
}

/* At the threshold itself, the worst case, and at no change at all. */
static void
false_claims_are_bounded(void **state)
{
	struct rule rule = RULE_INIT;
	size_t n = repeats(300, 20000);

	(void)state;
	for (int kind = 0; kind < KINDS; kind++) {
		size_t worse = 0, same = 0, outside = 0, wild = 0;

		for (size_t i = 0; i < n; i++) {
			struct source source = { i * 104729 + 5, 0 };
			double shift = log1p(rule.threshold);
			struct look last;

			run_session(&rule, &source, (enum kind)kind, shift,
				    0.01, pairs, &last);
			worse += last.outlook == OUTLOOK_WORSE;
			same += last.outlook == OUTLOOK_SAME;
			outside += last.estimate.low > exp(shift) ||
				   last.estimate.high < exp(shift);
			run_session(&rule, &source, (enum kind)kind, 0, 0.05,
				    pairs, &last);
			wild += look_needs_confirmation(&last) != 0;
		}
		printf("# %-8s of %zu: false worse %zu, false same %zu, "
		       "interval missed %zu, alarms at no change %zu\n",
		       kind_names[kind], n, worse, same, outside, wild);
		/* alpha is 1 % each; four sd of the simulation on top. */
		assert_true((double)worse <
			    0.01 * (double)n + 4 * sqrt(0.01 * (double)n));
		assert_true((double)same <
			    0.01 * (double)n + 4 * sqrt(0.01 * (double)n));
		assert_true((double)outside <
			    0.02 * (double)n + 4 * sqrt(0.02 * (double)n));
		assert_true((double)wild <
			    0.01 * (double)n + 4 * sqrt(0.01 * (double)n));
	}
}

static void
swapping_sides_mirrors(void **state)
{
	struct rule rule = RULE_INIT;

	(void)state;
	rule.severe = INFINITY;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct look there, back;

		fill(ROUNDS, seed, 0.01 * (double)seed - 0.1, 0.02);
		there = look(&rule, ROUNDS);
		for (size_t i = 0; i < ROUNDS; i++)
			pairs[i] = (struct pair){ pairs[i].candidate,
						  pairs[i].baseline, 0 };
		back = look(&rule, ROUNDS);
		assert_near(there.estimate.ratio * back.estimate.ratio, 1,
			    1e-9);
		assert_near(there.estimate.low * back.estimate.high, 1, 1e-9);
		assert_near(there.e_worse / back.e_better, 1, 1e-9);
		assert_int_equal(there.outlook == OUTLOOK_WORSE,
				 back.outlook == OUTLOOK_BETTER);
		assert_int_equal(there.outlook == OUTLOOK_SAME,
				 back.outlook == OUTLOOK_SAME);
	}
}

static void
higher_is_better_mirrors(void **state)
{
	struct rule lower = RULE_INIT, higher = RULE_INIT;

	(void)state;
	higher.better = BETTER_HIGHER;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct look low, high;

		fill(ROUNDS, seed, 0.02 * (double)seed - 0.2, 0.02);
		low = look(&lower, ROUNDS);
		for (size_t i = 0; i < ROUNDS; i++) {
			pairs[i].baseline = 1 / pairs[i].baseline;
			pairs[i].candidate = 1 / pairs[i].candidate;
		}
		high = look(&higher, ROUNDS);
		assert_int_equal(low.outlook, high.outlook);
		assert_int_equal(low.severe, high.severe);
		assert_near(low.e_worse / high.e_worse, 1, 1e-9);
		assert_near(low.estimate.ratio * high.estimate.ratio, 1, 1e-9);
		assert_near(low.estimate.low * high.estimate.high, 1, 1e-9);
	}
}

static void
scale_does_not_matter(void **state)
{
	const double scales[] = { 1e-250, 1e-9, 3, 1e200 };
	struct rule rule = RULE_INIT;

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct look plain, scaled;

		fill(ROUNDS, k, 0.03, 0.02);
		plain = look(&rule, ROUNDS);
		for (size_t i = 0; i < ROUNDS; i++) {
			pairs[i].baseline *= scales[k];
			pairs[i].candidate *= scales[k];
		}
		scaled = look(&rule, ROUNDS);
		assert_int_equal(plain.outlook, scaled.outlook);
		assert_near(plain.estimate.ratio, scaled.estimate.ratio, 1e-9);
		assert_near(plain.estimate.low, scaled.estimate.low, 1e-6);
		assert_near(plain.e_worse / scaled.e_worse, 1, 1e-6);
	}
}

static void
too_few_rounds_say_nothing(void **state)
{
	struct rule rule = RULE_INIT;
	struct look none;

	(void)state;
	look_at(&rule, NULL, 0, &none);
	assert_int_equal(none.outlook, OUTLOOK_MORE);
	assert_near(none.estimate.ratio, 1, 0);
	assert_true(isinf(none.estimate.high) && isinf(none.detectable));
	fill(ROUNDS, 1, 1, 0.001);
	for (size_t n = 1; n < 8; n++) {
		struct look few = look(&rule, n);

		assert_int_equal(few.outlook, OUTLOOK_MORE);
		assert_int_equal(few.rounds, n);
		assert_true(few.e_worse <= pow(2, (double)n));
		assert_near(few.estimate.ratio, exp(1), 0.02);
	}
	assert_true(isinf(look(&rule, 3).detectable));
	rule.cap = 5;
	assert_int_equal(look(&rule, 5).outlook, OUTLOOK_CAPPED);
}

static void
equal_values_are_the_same(void **state)
{
	struct rule rule = RULE_INIT;
	struct look same;

	(void)state;
	fill_same(MANY, 42, 42);
	same = look(&rule, 9);
	assert_int_equal(same.outlook, OUTLOOK_SAME);
	assert_near(same.estimate.ratio, 1, 0);
	assert_near(same.spread, 0, 0);
	assert_true(same.detectable < 1e-6);
	assert_int_equal(look(&rule, MANY).outlook, OUTLOOK_SAME);
}

static void
unusable_values_are_left_out(void **state)
{
	const double bad[] = { NAN, INFINITY, -INFINITY, -1 };
	struct rule rule = RULE_INIT;
	struct look some;

	(void)state;
	fill(ROUNDS, 3, 0.2, 0.01);
	for (size_t i = 0; i < 4; i++) {
		pairs[3 * i].baseline = bad[i];
		pairs[3 * i + 1].candidate = bad[i];
	}
	some = look(&rule, ROUNDS);
	assert_int_equal(some.unusable, 8);
	assert_int_equal(some.rounds, ROUNDS - 8);
	assert_int_equal(some.outlook, OUTLOOK_WORSE);
	fill_same(ROUNDS, NAN, 3);
	some = look(&rule, ROUNDS - 1);
	assert_int_equal(some.outlook, OUTLOOK_MORE);
	assert_int_equal(some.unusable, ROUNDS - 1);
	some = look(&rule, ROUNDS);
	assert_int_equal(some.outlook, OUTLOOK_CAPPED);
	assert_int_equal(look_verdict(&some), VERDICT_UNDECIDED);
}

static void
zeros(void **state)
{
	struct rule rule = RULE_INIT;

	(void)state;
	fill_same(ROUNDS, 0, 0);
	assert_int_equal(look(&rule, 10).outlook, OUTLOOK_SAME);
	fill_same(ROUNDS, 0, 5);
	assert_int_equal(look(&rule, 10).outlook, OUTLOOK_WORSE);
	assert_true(look(&rule, 10).estimate.ratio > 999);
	fill_same(ROUNDS, 5, 0);
	assert_int_equal(look(&rule, 10).outlook, OUTLOOK_BETTER);
	rule.counted = 1;
	fill_same(ROUNDS, 0, 1);
	assert_int_equal(look(&rule, 4).outlook, OUTLOOK_SAME);
}

static void
huge_and_tiny_values(void **state)
{
	struct rule rule = RULE_INIT;
	struct look far;

	(void)state;
	fill_same(MANY, 1e-300, 1e300);
	far = look(&rule, MANY);
	assert_int_equal(far.outlook, OUTLOOK_WORSE);
	assert_true(far.severe && !isnan(far.estimate.low));
	fill_same(MANY, 1e300, 1e-300);
	far = look(&rule, MANY);
	assert_int_equal(far.outlook, OUTLOOK_BETTER);
	assert_true(far.estimate.ratio >= 0 && !isnan(far.e_better));
}

static void
many_rounds_are_bounded(void **state)
{
	struct rule rule = RULE_INIT;
	struct look many;

	(void)state;
	rule.cap = 0;
	fill(MANY, 9, log1p(rule.threshold), 0.02);
	many = look(&rule, 513);
	assert_int_equal(many.rounds, 513);
	assert_int_equal(many.outlook, OUTLOOK_MORE);
	many = look(&rule, MANY);
	assert_int_equal(many.rounds, LOOK_MAX_PAIRS);
	assert_int_equal(many.outlook, OUTLOOK_CAPPED);
	assert_near(many.estimate.ratio, 1.03, 0.005);
	assert_true(isfinite(many.e_worse) && isfinite(many.e_better));
}

static void
counts_are_compared_exactly(void **state)
{
	struct rule rule = RULE_INIT;
	struct look exact;

	(void)state;
	rule.counted = 1;
	fill_same(ROUNDS, 1000000, 1050000);
	assert_int_equal(look(&rule, 3).outlook, OUTLOOK_MORE);
	exact = look(&rule, 4);
	assert_int_equal(exact.outlook, OUTLOOK_WORSE);
	assert_false(exact.severe);
	assert_near(exact.estimate.low, 1.05, 1e-9);
	assert_near(exact.estimate.high, 1.05, 1e-9);
	assert_near(exact.detectable, 1e-6, 1e-9);
	fill_same(ROUNDS, 1000000, 1020000);
	assert_int_equal(look(&rule, 4).outlook, OUTLOOK_SAME);
	fill_same(ROUNDS, 1000000, 900000);
	assert_int_equal(look(&rule, 4).outlook, OUTLOOK_BETTER);
	fill_same(ROUNDS, 1000000, 1200000);
	assert_true(look(&rule, 4).severe);
	/* One that varies is noise like any other. */
	pairs[2].candidate += 1;
	assert_int_equal(look(&rule, 4).outlook, OUTLOOK_MORE);
	assert_int_equal(look(&rule, 9).outlook, OUTLOOK_WORSE);
	/* History knows of a metric that is not called a count. */
	rule.counted = 0;
	pairs[2].candidate -= 1;
	assert_int_equal(look(&rule, 4).outlook, OUTLOOK_MORE);
	rule.noise = (struct noise){ 0, 9, 1, 0 };
	assert_int_equal(look(&rule, 4).outlook, OUTLOOK_WORSE);
}

static void
noise_of_sessions_widens(void **state)
{
	struct rule quiet = RULE_INIT, noisy = RULE_INIT, studied = RULE_INIT;
	struct look a, b, c;

	(void)state;
	noisy.noise = (struct noise){ 0.01, 50, 0, 0 };
	studied.noise = (struct noise){ 0.01, 1, 0, 4 };
	fill(ROUNDS, 4, log1p(0.04), 0.003);
	a = look(&quiet, 20);
	b = look(&noisy, 20);
	assert_int_equal(a.outlook, OUTLOOK_WORSE);
	c = look(&studied, 20);
	/* Nothing is clear, and no further round would make it so. */
	assert_int_equal(b.outlook, OUTLOOK_CAPPED);
	assert_true(a.e_worse > b.e_worse && a.e_worse >= 100);
	assert_near(log(a.estimate.low / b.estimate.low), 0.015, 1e-9);
	assert_near(log(b.estimate.high / a.estimate.high), 0.015, 1e-9);
	assert_true(b.detectable > a.detectable + 0.014);
	/* What few sessions say reaches further. */
	assert_true(c.estimate.low < b.estimate.low / 1.002);
	assert_true(c.e_worse < b.e_worse);
	fill(ROUNDS, 4, log1p(0.06), 0.003);
	assert_int_equal(look(&noisy, 20).outlook, OUTLOOK_WORSE);
	fill(ROUNDS, 4, 0, 0.003);
	assert_int_equal(look(&noisy, 20).outlook, OUTLOOK_SAME);
	/* Where sessions differ by more than the threshold, it is the noise
	 * that an alarm has to stand out of. */
	noisy.noise.sd = 0.05;
	assert_int_equal(look(&noisy, 20).outlook, OUTLOOK_CAPPED);
	fill(ROUNDS, 4, 0.11, 0.003);
	assert_int_equal(look(&noisy, 20).outlook, OUTLOOK_CAPPED);
	fill(ROUNDS, 4, 0.14, 0.003);
	assert_int_equal(look(&noisy, 20).outlook, OUTLOOK_WORSE);
}

/* 25 % a round cannot be clear of 3 % within 400 of them; 5 % can. */
static void
rounds_that_cannot_be_enough_are_not_run(void **state)
{
	struct rule rule = RULE_INIT;
	struct look wild, far, calm;
	size_t count = 0;

	(void)state;
	rule.cap = 400;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct source source = { seed, 0 };

		count += run_session(&rule, &source, GAUSS, 0, 0.25, pairs,
				     &wild);
		assert_int_equal(wild.outlook, OUTLOOK_CAPPED);
		/* What may still become an alarm is waited for. */
		source = (struct source){ seed, 0 };
		run_session(&rule, &source, GAUSS, 0.12, 0.25, pairs, &far);
		assert_true(far.outlook == OUTLOOK_WORSE ||
			    (far.outlook == OUTLOOK_CAPPED &&
			     far.rounds == rule.cap));
		source = (struct source){ seed, 0 };
		run_session(&rule, &source, GAUSS, 0, 0.05, pairs, &calm);
		assert_int_equal(calm.outlook, OUTLOOK_SAME);
	}
	printf("# hopeless after %.1f rounds\n", (double)count / 20);
	assert_in_range(count / 20, 100, 350);
}

static void
an_alarm_of_a_large_push_takes_longer(void **state)
{
	struct rule rule = RULE_INIT;

	(void)state;
	fill(ROUNDS, 2, 0.5, 0.005);
	assert_int_equal(look(&rule, 8).outlook, OUTLOOK_WORSE);
	rule.e_wanted = 1000;
	assert_int_equal(look(&rule, 8).outlook, OUTLOOK_MORE);
	assert_int_equal(look(&rule, 12).outlook, OUTLOOK_WORSE);
	assert_true(look(&rule, 12).e_worse >= 1000);
	/* At the cap what is clear stays clear. */
	rule.cap = 8;
	assert_int_equal(look(&rule, 8).outlook, OUTLOOK_WORSE);
	/* No change needs no more than before. */
	rule.cap = 40;
	fill(ROUNDS, 2, 0, 0.005);
	assert_int_equal(look(&rule, 8).outlook, OUTLOOK_SAME);
}

static void
severity_is_settled_while_it_can_be(void **state)
{
	struct rule rule = RULE_INIT;

	(void)state;
	rule.cap = 400;
	fill(ROUNDS, 6, log1p(0.12), 0.015);
	assert_int_equal(look(&rule, 8).outlook, OUTLOOK_MORE);
	assert_true(look(&rule, 8).e_worse >= 100);
	assert_int_equal(look(&rule, ROUNDS - 1).outlook, OUTLOOK_WORSE);
	assert_true(look(&rule, ROUNDS - 1).severe);
	fill(SEVERE_ROUNDS, 6, log1p(0.10), 0.015);
	assert_int_equal(look(&rule, 30).outlook, OUTLOOK_MORE);
	assert_int_equal(look(&rule, SEVERE_ROUNDS).outlook, OUTLOOK_WORSE);
	assert_false(look(&rule, SEVERE_ROUNDS).severe);
	rule.severe = INFINITY;
	assert_int_equal(look(&rule, 30).outlook, OUTLOOK_WORSE);
	assert_near(look(&rule, 30).e_severe, 0, 0);
}

/* One round in three stutters; with the marks it is clear sooner. */
static void
unquiet_rounds_weigh_less(void **state)
{
	struct rule rule = RULE_INIT;
	size_t with = 0, without = 0;

	(void)state;
	rule.cap = 400;
	for (uint64_t seed = 0; seed < 40; seed++) {
		for (int marked = 0; marked < 2; marked++) {
			struct source source = { seed, 0 };
			struct look last;
			size_t n = 0;

			do {
				int stutter = uniform(&source) < 0.33;
				double spread = stutter ? 0.3 : 0.01;

				pairs[n] = round_of(&source, GAUSS, 0.05,
						    spread);
				pairs[n++].unquiet = marked && stutter;
				look_at(&rule, pairs, n, &last);
			} while (last.outlook == OUTLOOK_MORE);
			*(marked ? &with : &without) += n;
		}
	}
	printf("# rounds with the marks %.1f, without %.1f\n",
	       (double)with / 40, (double)without / 40);
	assert_true((double)with < 0.85 * (double)without);
	/* Where every round is unquiet, they are what there is. */
	fill(ROUNDS, 5, 0.2, 0.01);
	for (size_t i = 0; i < ROUNDS; i++)
		pairs[i].unquiet = 1;
	assert_int_equal(look(&rule, 9).outlook, OUTLOOK_WORSE);
}

static void
a_secondary_metric_does_not_hold_up(void **state)
{
	struct rule rules[2] = { RULE_INIT, RULE_INIT };
	struct look looks[2] = { { .outlook = OUTLOOK_MORE, .rounds = 9 },
				 { .outlook = OUTLOOK_MORE, .rounds = 9 } };

	(void)state;
	rules[1].secondary = 1;
	assert_true(test_wants_more(rules, looks, 2));
	looks[0].outlook = OUTLOOK_SAME;
	looks[0].clear_at = 9;
	assert_true(test_wants_more(rules, looks, 2));
	looks[0].rounds = looks[1].rounds = 18;
	assert_false(test_wants_more(rules, looks, 2));
	looks[0].clear_at = 12;
	assert_true(test_wants_more(rules, looks, 2));
	looks[1].outlook = OUTLOOK_WORSE;
	assert_false(test_wants_more(rules, looks, 2));
	looks[1].outlook = OUTLOOK_MORE;
	assert_true(test_wants_more(rules + 1, looks + 1, 1));
	assert_false(test_wants_more(rules, looks, 0));
}

static void
the_first_clear_round_is_known(void **state)
{
	struct rule rule = RULE_INIT;
	struct source source = { 8, 0 };
	struct look last;
	size_t count = run_session(&rule, &source, GAUSS, 0.01, 0.015, pairs,
				   &last);

	(void)state;
	assert_int_equal(last.outlook, OUTLOOK_SAME);
	assert_int_equal(last.clear_at, count);
	for (size_t i = 0; i < 15; i++)
		pairs[count + i] = round_of(&source, GAUSS, 0.01, 0.015);
	last = look(&rule, count + 15);
	assert_int_equal(last.outlook, OUTLOOK_SAME);
	assert_int_equal(last.clear_at, count);
}

/* What was counted once stands for itself; in two sessions the interval is
 * what covers both. */
static void
what_is_counted_once_is_compared(void **state)
{
	struct rule rule = RULE_INIT;
	struct look got;

	(void)state;
	rule.counted = rule.once = 1;
	fill_same(1, 1e6, 1.12e6);
	got = look(&rule, 1);
	assert_int_equal(got.outlook, OUTLOOK_WORSE);
	assert_true(got.severe);
	assert_true(fabs(got.estimate.ratio - 1.12) < 1e-9);
	assert_true(fabs(got.estimate.low - got.estimate.high) < 1e-9);
	fill_same(1, 1e6, 1e6 + 10);
	got = look(&rule, 1);
	assert_int_equal(got.outlook, OUTLOOK_SAME);
	pairs[0].candidate = 1.12e6;
	pairs[1] = (struct pair){ 1e6, 1.14e6, 0 };
	got = look(&rule, 2);
	assert_int_equal(got.outlook, OUTLOOK_WORSE);
	assert_true(got.estimate.low < 1.1201 && got.estimate.high > 1.1399);
	assert_int_equal(look(&rule, 0).outlook, OUTLOOK_MORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_sessions_end_early),
		cmocka_unit_test(power),
		cmocka_unit_test(false_claims_are_bounded),
		cmocka_unit_test(swapping_sides_mirrors),
		cmocka_unit_test(higher_is_better_mirrors),
		cmocka_unit_test(scale_does_not_matter),
		cmocka_unit_test(too_few_rounds_say_nothing),
		cmocka_unit_test(equal_values_are_the_same),
		cmocka_unit_test(unusable_values_are_left_out),
		cmocka_unit_test(zeros),
		cmocka_unit_test(huge_and_tiny_values),
		cmocka_unit_test(many_rounds_are_bounded),
		cmocka_unit_test(counts_are_compared_exactly),
		cmocka_unit_test(noise_of_sessions_widens),
		cmocka_unit_test(rounds_that_cannot_be_enough_are_not_run),
		cmocka_unit_test(an_alarm_of_a_large_push_takes_longer),
		cmocka_unit_test(severity_is_settled_while_it_can_be),
		cmocka_unit_test(unquiet_rounds_weigh_less),
		cmocka_unit_test(a_secondary_metric_does_not_hold_up),
		cmocka_unit_test(the_first_clear_round_is_known),
		cmocka_unit_test(what_is_counted_once_is_compared),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge session", tests, NULL, NULL);
}
