#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/push.h"
#include "judge_help.h"

enum { TESTS = 1000, METRICS = 3, CLAIMS = TESTS * METRICS };

static struct finding findings[CLAIMS];

static void
the_procedure_on_a_worked_example(void **state)
{
	/* Ten hypotheses at 5 %: the k-th largest has to reach 200 / k. */
	const double e[] = { 1, 90, 0, 300, 66, 39, 51, 20, 1, 0.1 };
	int keep[10];

	(void)state;
	assert_int_equal(e_bh(e, 10, 0.05, keep), 4);
	assert_true(keep[3] && keep[1] && keep[4] && keep[6] && !keep[5]);
	assert_int_equal(e_bh(e, 10, 0.02, keep), 0);
	assert_int_equal(e_bh(e, 0, 0.05, keep), 0);
	assert_int_equal(e_bh((const double[]){ 20 }, 1, 0.05, keep), 1);
	assert_int_equal(e_bh((const double[]){ 19.9 }, 1, 0.05, keep), 0);
	assert_int_equal(e_bh((const double[]){ NAN, INFINITY }, 2, 0.05, keep),
			 1);
	assert_true(!keep[0] && keep[1]);
	/* Ties stand or fall together. */
	assert_int_equal(e_bh((const double[]){ 30, 30, 1 }, 3, 0.05, keep), 2);
}

static void
claim(size_t i, enum verdict verdict, double worse, double better,
      double severe)
{
	findings[i] = (struct finding){ .verdict = verdict,
					.e_worse = worse,
					.e_better = better,
					.e_severe = severe };
}

static void
weak_findings_are_taken_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++)
		claim(i, VERDICT_PASS, 0, 0, 0);
	claim(7, VERDICT_REGRESSED, 1e4, 0, 0);
	claim(8, VERDICT_IMPROVED, 0, 1e4, 0);
	claim(9, VERDICT_REGRESSED, 600, 0, 0);
	claim(10, VERDICT_UNDECIDED, 1e9, 0, 0);
	claim(11, VERDICT_BROKEN, 1e9, 0, 0);
	assert_int_equal(push_control(findings, 100, PUSH_FDR), 1);
	assert_int_equal(findings[7].verdict, VERDICT_REGRESSED);
	assert_int_equal(findings[8].verdict, VERDICT_IMPROVED);
	assert_int_equal(findings[9].verdict, VERDICT_UNDECIDED);
	assert_int_equal(findings[10].verdict, VERDICT_UNDECIDED);
	assert_int_equal(findings[11].verdict, VERDICT_BROKEN);
	assert_int_equal(push_control(findings, 0, PUSH_FDR), 0);
}

static void
severe_may_become_regressed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++)
		claim(i, VERDICT_PASS, 0, 0, 0);
	claim(0, VERDICT_SEVERE, 1e5, 0, 1e4);
	claim(1, VERDICT_SEVERE, 1e5, 0, 900);
	assert_int_equal(push_control(findings, 100, PUSH_FDR), 1);
	assert_int_equal(findings[0].verdict, VERDICT_SEVERE);
	assert_int_equal(findings[1].verdict, VERDICT_REGRESSED);
}

static void
order_does_not_matter(void **state)
{
	struct finding before[50];
	struct source source = { 4, 0 };

	(void)state;
	for (size_t i = 0; i < 50; i++)
		claim(i, i % 2 ? VERDICT_REGRESSED : VERDICT_SEVERE,
		      exp(12 * uniform(&source)), 0,
		      exp(12 * uniform(&source)));
	memcpy(before, findings, sizeof(before));
	push_control(findings, 50, PUSH_FDR);
	for (size_t i = 0; i < 50; i++) {
		struct finding kept = findings[i];

		/* The same, from the other end. */
		struct finding back[50];

		for (size_t j = 0; j < 50; j++)
			back[j] = before[49 - j];
		push_control(back, 50, PUSH_FDR);
		assert_int_equal(back[49 - i].verdict, kept.verdict);
	}
}

/* Two sessions of one test, as weigh.c runs them, within a push of count. */
static void
weigh(size_t i, size_t count, double shift, double spread, uint64_t seed)
{
	static struct pair pairs[2][LOOK_MAX_PAIRS];
	struct rule rule = RULE_INIT;
	struct source source = { seed, 0 };
	struct rounds rounds[2] = { { pairs[0], 0 }, { pairs[1], 0 } };
	struct look look;

	rule.e_wanted = push_e_wanted(count, PUSH_FDR);
	rounds[0].count = run_session(&rule, &source, GAUSS, shift, spread,
				      pairs[0], &look);
	finding_of_look(&look, &findings[i]);
	if (!look_needs_confirmation(&look))
		return;
	rounds[1].count = run_session(&rule, &source, GAUSS, shift, spread,
				      pairs[1], &look);
	confirm(&rule, rounds[0], rounds[1], 0, &findings[i]);
}

/* One real regression among a thousand tests is not lost because the judge
 * was content with less evidence than such a push needs. */
static void
a_lone_regression_stands_in_a_large_push(void **state)
{
	size_t lost = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		size_t at = seed * 59;

		for (size_t i = 0; i < CLAIMS; i++)
			claim(i, VERDICT_PASS, 0.1, 0.1, 0.1);
		weigh(at, CLAIMS, 0.06, 0.01, seed);
		assert_int_equal(findings[at].verdict, VERDICT_REGRESSED);
		lost += push_control(findings, CLAIMS, PUSH_FDR);
	}
	assert_int_equal(lost, 0);
	/* One round more than a push of one test needs. */
	assert_true(push_e_wanted(CLAIMS, PUSH_FDR) < 256);
	assert_true(push_e_wanted(1, PUSH_FDR) < 100);
}

/* What never varies, a test more or a metric more, is no claim and changes
 * none. */
static void
constants_change_nothing(void **state)
{
	enum verdict alone[20];

	(void)state;
	for (size_t i = 0; i < 20; i++)
		weigh(i, 40, i % 4 ? 0 : 0.06, 0.01, i);
	push_control(findings, 20, PUSH_FDR);
	for (size_t i = 0; i < 20; i++)
		alone[i] = findings[i].verdict;
	for (size_t i = 0; i < 40; i++)
		weigh(i, 40, i < 20 && i % 4 == 0 ? 0.06 : 0, i < 20 ? 0.01 : 0,
		      i);
	push_control(findings, 40, PUSH_FDR);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(findings[i].verdict,
				 i < 20 ? alone[i] : VERDICT_PASS);
}

/* Pushes of 60 tests of which `slower` are slower by a tenth and the others at
 * the very threshold, where false findings are most likely. Returns the false
 * discovery rate: the mean share of false ones among a push's findings. */
static double
simulate(size_t pushes, size_t slower, size_t *missed)
{
	size_t all_of_all = 0, none = 0;
	double rate = 0;

	*missed = 0;
	for (size_t p = 0; p < pushes; p++) {
		size_t false_ones = 0, all = 0;

		for (size_t i = 0; i < 60; i++)
			weigh(i, 60, i < slower ? 0.1 : log1p(0.03), 0.01,
			      p * 60 + i);
		push_control(findings, 60, PUSH_FDR);
		for (size_t i = 0; i < 60; i++) {
			int is = verdict_is_regression(findings[i].verdict);

			all += is != 0;
			false_ones += is && i >= slower;
			*missed += !is && i < slower;
		}
		all_of_all += all;
		none += !all;
		rate += all ? (double)false_ones / (double)all : 0;
	}
	rate /= (double)pushes;
	printf("# %zu pushes, %zu of 60 slower: %zu findings, %.2f %% of a "
	       "push's false, %zu missed, %zu pushes without any\n",
	       pushes, slower, all_of_all, 100 * rate, *missed, none);
	return rate;
}

static void
false_discoveries_are_bounded_in_a_mix(void **state)
{
	size_t missed;

	(void)state;
	assert_true(simulate(repeats(20, 1000), 5, &missed) <= PUSH_FDR);
	assert_int_equal(missed, 0);
}

/* Where nothing is slower, every finding is false, and the rate is how many
 * pushes have one. */
static void
false_discoveries_are_bounded_under_the_null(void **state)
{
	size_t missed;

	(void)state;
	assert_true(simulate(repeats(20, 1000), 0, &missed) <= PUSH_FDR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_procedure_on_a_worked_example),
		cmocka_unit_test(weak_findings_are_taken_back),
		cmocka_unit_test(severe_may_become_regressed),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(a_lone_regression_stands_in_a_large_push),
		cmocka_unit_test(constants_change_nothing),
		cmocka_unit_test(false_discoveries_are_bounded_in_a_mix),
		cmocka_unit_test(false_discoveries_are_bounded_under_the_null),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge push", tests, NULL, NULL);
}
