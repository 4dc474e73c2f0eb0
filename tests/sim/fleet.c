/*
 * fleet: the simulation of sim.h as a test. fleet --bench: its figures for 500
 * and 5,000 nodes and a day of 10^5 sessions of pushes, with and without
 * preemption.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim.h"

static const struct sim_rules short_day = { .seed = 1,
					    .nodes = 40,
					    .hours = 4,
					    .pushes_a_day = 20000,
					    .trial_s = 2,
					    .mtbf_h = 5,
					    .cursed = 0.01,
					    .per_pusher = 3,
					    .preempt = 1,
					    .backfill = 1,
					    .checks = 1 };

static void
by_the_rules(const struct sim_rules *rules, struct sim_result *result)
{
	sim_run(rules, result);
	if (result->violations)
		fail_msg("%zu times, first: %s", result->violations,
			 result->first);
	/* Nothing is lost, and nothing is left. */
	assert_int_equal(result->unfinished, 0);
	assert_int_equal(result->pushes,
			 result->weighed + result->overtaken + result->failed);
	assert_true(result->most_tries <= 3);
	assert_true(result->pushes > 100);
}

static void
test_days(void **state)
{
	struct sim_rules rules = short_day;
	struct sim_result result;

	(void)state;
	for (rules.seed = 1; rules.seed <= 4; rules.seed++) {
		by_the_rules(&rules, &result);
		assert_true(result.lost > 0);
		assert_true(result.gave_way > 0);
		assert_true(result.failed > 0);
	}
}

/* Far more than the nodes can do: older pushes are thinned out, and all are
 * dealt with in the end. */
static void
test_too_much(void **state)
{
	struct sim_rules rules = short_day;
	struct sim_result result;

	(void)state;
	rules.nodes = 5;
	by_the_rules(&rules, &result);
	assert_true(result.overtaken > result.pushes / 4);
	assert_true(result.blocking.p99_s < result.others.p99_s);
}

static void
test_one_node(void **state)
{
	struct sim_rules rules = short_day;
	struct sim_result result;

	(void)state;
	rules.nodes = 1;
	rules.hours = 12;
	rules.pushes_a_day = 1200;
	by_the_rules(&rules, &result);
}

static void
test_same_seed(void **state)
{
	struct sim_rules rules = short_day;
	struct sim_result first, again, other;

	(void)state;
	rules.hours = 1;
	sim_run(&rules, &first);
	sim_run(&rules, &again);
	assert_true(first.hash == again.hash);
	rules.seed++;
	sim_run(&rules, &other);
	assert_true(first.hash != other.hash);
}

static void
test_preemption_helps(void **state)
{
	struct sim_rules rules = short_day;
	struct sim_result with, without;

	(void)state;
	rules.nodes = 4;
	rules.hours = 12;
	rules.pushes_a_day = 1200;
	rules.trial_s = 5;
	by_the_rules(&rules, &with);
	rules.preempt = 0;
	by_the_rules(&rules, &without);
	assert_int_equal(without.gave_way, 0);
	assert_true(4 * with.blocking.p50_s < without.blocking.p50_s);
	/* Little more than a round of who makes room. */
	assert_true(with.blocking.p99_s < 60);
}

/* What it judges is what was planted. */
static void
test_judge(void **state)
{
	struct sim_rules rules = short_day;
	struct sim_result result;

	(void)state;
	by_the_rules(&rules, &result);
	assert_true(result.planted > 50);
	assert_true(result.found * 10 > result.planted * 8);
	assert_true(result.false_alarms * 1000 <= result.weighed);
}

static void
print_day(const struct sim_rules *rules)
{
	struct sim_result result;

	sim_run(rules, &result);
	printf("%5u nodes  %-10s  %6zu pushes  %6zu sessions  "
	       "nodes used %5.1f %% (pushes %4.1f %%)  "
	       "blocking p50 %6.1f s  p99 %6.1f s  others p50 %6.1f s  "
	       "p99 %6.1f s  overtaken %zu  gave way %zu  lost %zu\n",
	       rules->nodes, rules->preempt ? "preempting" : "not",
	       result.pushes, result.sessions, 100 * result.used,
	       100 * result.pushing, result.blocking.p50_s,
	       result.blocking.p99_s, result.others.p50_s, result.others.p99_s,
	       result.overtaken, result.gave_way, result.lost);
	fflush(stdout);
}

static int
bench(void)
{
	struct sim_rules rules = { .seed = 1,
				   .hours = 24,
				   .pushes_a_day = 6e4,
				   .mtbf_h = 500,
				   .cursed = 1e-4,
				   .backfill = 1 };

	for (rules.nodes = 500; rules.nodes <= 5000; rules.nodes *= 10) {
		/* So long that 10^5 sessions are about what there is room for.
		 */
		rules.trial_s = 16 * rules.nodes / 500.0;
		for (rules.preempt = 1; rules.preempt >= 0; rules.preempt--)
			print_day(&rules);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_one_node),
		cmocka_unit_test(test_same_seed),
		cmocka_unit_test(test_preemption_helps),
		cmocka_unit_test(test_judge),
	};

	if (argc > 1 && !strcmp(argv[1], "--bench"))
		return bench();
	return cmocka_run_group_tests_name("sim_fleet", tests, NULL, NULL);
}
