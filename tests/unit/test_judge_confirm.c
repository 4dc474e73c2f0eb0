#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "judge/confirm.h"
#include "judge_help.h"

enum { ROUNDS = 40 };

struct sessions {
	struct pair pairs[2][LOOK_MAX_PAIRS];
	size_t count[2];
	struct look look[2];
};

static struct sessions sessions;

static void
run_both(const struct rule *rule, struct source *source, enum kind kind,
	 double first, double second, double spread)
{
	double shifts[2] = { first, second };

	for (size_t i = 0; i < 2; i++)
		sessions.count[i] = run_session(rule, source, kind, shifts[i],
						spread, sessions.pairs[i],
						&sessions.look[i]);
}

static struct finding
confirmed(const struct rule *rule, int alone)
{
	struct rounds first = { sessions.pairs[0], sessions.count[0] };
	struct rounds second = { sessions.pairs[1], sessions.count[1] };
	struct finding finding;

	confirm(rule, first, second, alone, &finding);
	return finding;
}

static struct finding
of_shifts(double first, double second, double spread, int alone)
{
	struct rule rule = RULE_INIT;
	struct source source = { 3, 0 };

	run_both(&rule, &source, GAUSS, first, second, spread);
	return confirmed(&rule, alone);
}

static void
a_look_alone_never_alarms(void **state)
{
	struct rule rule = RULE_INIT;
	struct source source = { 1, 0 };
	struct finding finding;

	(void)state;
	run_both(&rule, &source, GAUSS, 0.3, 0, 0.01);
	assert_true(look_needs_confirmation(&sessions.look[0]));
	finding_of_look(&sessions.look[0], &finding);
	assert_int_equal(finding.verdict, VERDICT_UNDECIDED);
	assert_int_equal(finding.sessions, 1);
	finding_of_look(&sessions.look[1], &finding);
	assert_int_equal(finding.verdict, VERDICT_PASS);
}

static void
both_sessions_confirm(void **state)
{
	struct finding finding = of_shifts(0.06, 0.06, 0.01, 0);

	(void)state;
	assert_int_equal(finding.verdict, VERDICT_REGRESSED);
	assert_int_equal(finding.sessions, 2);
	assert_int_equal(finding.rounds, sessions.count[0] + sessions.count[1]);
	assert_true(finding.e_worse >= 1e4);
	assert_true(finding.estimate.low > 1.03);
	assert_true(finding.estimate.low < exp(0.06) &&
		    finding.estimate.high > exp(0.06));
	assert_false(finding.unconfirmed);
	assert_int_equal(of_shifts(0.06, 0.06, 0.01, 1).verdict,
			 VERDICT_REGRESSED);
	assert_int_equal(of_shifts(0.2, 0.2, 0.01, 0).verdict, VERDICT_SEVERE);
	assert_int_equal(of_shifts(-0.2, -0.2, 0.01, 0).verdict,
			 VERDICT_IMPROVED);
}

static void
severe_needs_both(void **state)
{
	(void)state;
	assert_int_equal(of_shifts(0.2, 0.06, 0.01, 0).verdict,
			 VERDICT_REGRESSED);
	assert_int_equal(of_shifts(0.06, 0.2, 0.01, 0).verdict,
			 VERDICT_REGRESSED);
}

static void
an_alarm_that_does_not_come_again(void **state)
{
	struct finding finding = of_shifts(0.2, 0, 0.01, 0);

	(void)state;
	assert_int_equal(finding.verdict, VERDICT_PASS);
	assert_true(finding.unconfirmed);
	assert_true(finding.estimate.high < 1.03);
	finding = of_shifts(-0.2, 0, 0.01, 0);
	assert_int_equal(finding.verdict, VERDICT_PASS);
	assert_true(finding.unconfirmed);
	finding = of_shifts(0.2, -0.2, 0.01, 0);
	assert_int_equal(finding.verdict, VERDICT_UNDECIDED);
	assert_true(finding.unconfirmed);
	/* The sessions contradict each other: both are covered. */
	assert_true(finding.estimate.low < exp(-0.2));
	assert_true(finding.estimate.high > exp(0.2));
	/* What only the second shows is no finding, and no alarm either. */
	finding = of_shifts(0, 0.2, 0.01, 0);
	assert_int_equal(finding.verdict, VERDICT_UNDECIDED);
	assert_false(finding.unconfirmed);
}

static void
no_alarm_and_two_sessions(void **state)
{
	(void)state;
	assert_int_equal(of_shifts(0, 0, 0.01, 0).verdict, VERDICT_PASS);
	/* One too noisy to say, both together are not. */
	assert_int_equal(of_shifts(0.01, 0.01, 0.03, 0).verdict, VERDICT_PASS);
	assert_int_equal(of_shifts(0.02, 0.02, 0.1, 0).verdict,
			 VERDICT_UNDECIDED);
}

/* The second session ends at its cap, hardly short of clear. */
static void
two_weaker_ones_make_a_sure_one_unless_alone(void **state)
{
	struct rule rule = RULE_INIT;
	struct source source = { 12, 0 };
	struct finding together, apart;
	struct look second;

	(void)state;
	rule.severe = INFINITY;
	rule.e_wanted = 3000;
	rule.cap = 12;
	run_both(&rule, &source, GAUSS, 0.2, 0.2, 0.005);
	sessions.count[1] = 6;
	look_at(&rule, sessions.pairs[1], 6, &second);
	assert_true(second.e_worse < 100 && second.e_worse >= 10);
	together = confirmed(&rule, 0);
	apart = confirmed(&rule, 1);
	assert_int_equal(together.verdict, VERDICT_REGRESSED);
	assert_int_equal(apart.verdict, VERDICT_UNDECIDED);
	assert_true(apart.unconfirmed);
	assert_near(together.e_worse, apart.e_worse, 0);
}

static void
empty_sessions_say_nothing(void **state)
{
	struct rule rule = RULE_INIT;
	struct finding finding;

	(void)state;
	sessions.count[0] = sessions.count[1] = 0;
	finding = confirmed(&rule, 0);
	assert_int_equal(finding.verdict, VERDICT_UNDECIDED);
	assert_int_equal(finding.rounds, 0);
	assert_near(finding.e_worse, 1, 0);
}

/* The promise that counts: nothing changed, and two sessions say that it did.
 * Sessions have errors of their own here, that history knows of. */
static void
confirmed_false_alarms_are_rare(void **state)
{
	size_t n = repeats(400, 50000), alarms = 0, findings = 0;
	const double own[] = { 0, 0.005, 0.02, 0.05 };

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		struct rule rule = RULE_INIT;

		rule.noise = (struct noise){ own[k], 20, 0, 0 };
		for (size_t i = 0; i < n; i++) {
			struct source source = { i * 6700417 + k, 0 };
			enum kind kind = (enum kind)(i % KINDS);
			double first = own[k] * gauss(&source);
			double second = own[k] * gauss(&source);
			struct finding finding;

			run_both(&rule, &source, kind, first, second, 0.02);
			alarms += look_needs_confirmation(&sessions.look[0]) !=
				  0;
			finding = confirmed(&rule, 0);
			findings += verdict_is_regression(finding.verdict) ||
				    finding.verdict == VERDICT_IMPROVED;
		}
	}
	printf("# of %zu pairs without a change: %zu alarms, %zu confirmed\n",
	       4 * n, alarms, findings);
	assert_true((double)alarms < 0.015 * 4 * (double)n);
	assert_true((double)findings <= 0.0002 * 4 * (double)n);
}

/* Of a young test the noise is a guess, here less than half of what it is, and
 * the threshold hardly more than that. */
static void
young_tests_do_not_cry_wolf(void **state)
{
	size_t n = repeats(300, 30000), findings = 0, count = 0;
	const double own = 0.008, width = 0.002;

	(void)state;
	for (size_t known = 0; known <= NOISE_ENOUGH; known += 2) {
		for (size_t i = 0; i < n; i++, count++) {
			struct source source = { i * 6700417 + known, 0 };
			struct noise_session past[NOISE_ENOUGH];
			struct noise prior = noise_prior(0);
			struct rule rule = RULE_INIT;
			double first, second;

			for (size_t j = 0; j < known; j++)
				past[j] = (struct noise_session){
					exp(hypot(own, width) * gauss(&source)),
					width
				};
			rule.threshold = 0.01;
			rule.noise = noise_learn(&prior, past, known);
			first = own * gauss(&source);
			second = own * gauss(&source);
			run_both(&rule, &source, GAUSS, first, second, 0.005);
			findings += confirmed(&rule, 0).verdict !=
					    VERDICT_PASS &&
				    confirmed(&rule, 0).verdict !=
					    VERDICT_UNDECIDED;
		}
	}
	printf("# of %zu pairs of young tests: %zu confirmed\n", count,
	       findings);
	assert_true((double)findings <= 0.0007 * (double)count);
}

/* And 5 % is found at the default threshold from the first push on. */
static void
young_tests_bite(void **state)
{
	const double spreads[] = { 0.005, 0.02 };
	size_t n = repeats(60, 2000);

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		size_t found = 0;

		for (size_t i = 0; i < n; i++) {
			struct source source = { i * 6700417 + k, 0 };
			struct rule rule = RULE_INIT;
			double first = log(1.05) + 0.003 * gauss(&source);
			double second = log(1.05) + 0.003 * gauss(&source);

			rule.noise = noise_prior(0);
			rule.cap = 400;
			run_both(&rule, &source, GAUSS, first, second,
				 spreads[k]);
			found += verdict_is_regression(
					 confirmed(&rule, 0).verdict) != 0;
		}
		printf("# 5 %% at a spread of %.1f %%: %zu of %zu\n",
		       100 * spreads[k], found, n);
		assert_true((double)found >= 0.97 * (double)n);
	}
}

static void
worst_metric_names_the_test(void **state)
{
	struct rule rules[2] = { RULE_INIT, RULE_INIT };
	struct finding findings[2] = { { .verdict = VERDICT_PASS },
				       { .verdict = VERDICT_UNDECIDED } };

	(void)state;
	assert_int_equal(test_verdict(rules, findings, 0), VERDICT_UNWEIGHED);
	assert_int_equal(test_verdict(rules, findings, 2), VERDICT_UNDECIDED);
	rules[1].secondary = 1;
	assert_int_equal(test_verdict(rules, findings, 2), VERDICT_PASS);
	findings[1].verdict = VERDICT_REGRESSED;
	assert_int_equal(test_verdict(rules, findings, 2), VERDICT_REGRESSED);
	findings[0].verdict = VERDICT_SEVERE;
	assert_int_equal(test_verdict(rules, findings, 2), VERDICT_SEVERE);
	findings[1].verdict = VERDICT_UNDECIDED;
	assert_int_equal(test_verdict(rules + 1, findings + 1, 1),
			 VERDICT_UNDECIDED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_alone_never_alarms),
		cmocka_unit_test(both_sessions_confirm),
		cmocka_unit_test(severe_needs_both),
		cmocka_unit_test(an_alarm_that_does_not_come_again),
		cmocka_unit_test(no_alarm_and_two_sessions),
		cmocka_unit_test(two_weaker_ones_make_a_sure_one_unless_alone),
		cmocka_unit_test(empty_sessions_say_nothing),
		cmocka_unit_test(confirmed_false_alarms_are_rare),
		cmocka_unit_test(young_tests_do_not_cry_wolf),
		cmocka_unit_test(young_tests_bite),
		cmocka_unit_test(worst_metric_names_the_test),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("judge confirm", tests, NULL, NULL);
}
