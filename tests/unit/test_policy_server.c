#include "policy_help.h"

#include <math.h>

#include "base/mem.h"
#include "policy/directive.h"
#include "policy/hosts.h"
#include "policy/keys.h"
#include "policy/policy.h"

static struct problems problems;
static struct policy *policy;

static void
configure(const char *text)
{
	struct config config = { 0 };

	problems_release(&problems);
	policy_free(policy);
	config_parse(&config, text, strlen(text), "config", &problems);
	policy = policy_new(&config, &problems);
	config_release(&config);
}

static int
tear_down(void **state)
{
	(void)state;
	problems_release(&problems);
	policy_free(policy);
	return 0;
}

static struct ref_policy
ref_of(const char *name)
{
	struct ref_policy ref;

	policy_ref(policy, name, &ref);
	return ref;
}

static struct test_policy
test_of(const char *ref, const char *test, const char *metric)
{
	struct test_policy result;

	policy_test(policy, ref, test, metric, &result);
	return result;
}

#define MAIN "refs/heads/main"

static void
has_defaults(void **state)
{
	struct sandbox_policy box;
	struct pool_policy pool;
	struct ref_policy ref;

	(void)state;
	configure("[core]\nbare = true\n[pacegates]\nx = 1\n");
	assert_no_problem(&problems);
	ref = ref_of(MAIN);
	assert_int_equal(ref.mode, MODE_REPORT);
	assert_about(ref.threshold, 0.03);
	assert_about(ref.severe, 0.10);
	assert_int_equal(ref.budget_ms, 300000);
	assert_int_equal(ref.late, DECISION_ACCEPT);
	assert_int_equal(ref.failure, DECISION_ACCEPT);
	assert_int_equal(ref.commits, 8);
	assert_int_equal(ref.tests->count, 1);
	assert_string_equal(ref.tests->items[0], "perf/*");
	assert_string_equal(ref.ignore->items[0], "*.md");
	assert_null(ref.build);
	policy_sandbox(policy, &box);
	assert_int_equal(box.memory_bytes, 1 << 30);
	assert_int_equal(box.disk_bytes, 512 << 20);
	assert_int_equal(box.processes, 256);
	assert_int_equal(box.build_ms, 600000);
	assert_null(box.root);
	assert_string_equal(box.counter, "auto");
	policy_pool(policy, &pool);
	assert_int_equal(pool.slots, 1);
	assert_false(pool.is_elsewhere);
	assert_null(pool.launch);
}

static void
tags_are_off_unless_named(void **state)
{
	(void)state;
	configure(
		"[pacegate]\nmode = wait\n[pacegate \"refs/tags/v*\"]\n"
		"mode = report\n[pacegate \"refs/heads/wip/\"]\nmode = off\n");
	assert_int_equal(ref_of(MAIN).mode, MODE_WAIT);
	assert_int_equal(ref_of("refs/heads/wip/x").mode, MODE_OFF);
	assert_int_equal(ref_of("refs/tags/v1").mode, MODE_REPORT);
	assert_int_equal(ref_of("refs/tags/x").mode, MODE_OFF);
	assert_int_equal(ref_of("refs/notes/x").mode, MODE_OFF);
}

static void
the_more_exact_ref_wins(void **state)
{
	(void)state;
	configure("[pacegate \"refs/heads/main\"]\nbudget = 1m\n"
		  "[pacegate \"refs/heads/*\"]\nbudget = 2m\nlate = reject\n"
		  "[pacegate \"refs/heads\"]\nbudget = 8m\n"
		  "[pacegate \"refs/heads/ma*\"]\nbudget = 3m\n"
		  "[pacegate]\nbudget = 4m\ncommits = 3\n"
		  "[pacegate \"refs/heads/mb*\"]\nbudget = 5m\nbudget = 6m\n");
	assert_no_problem(&problems);
	assert_int_equal(ref_of(MAIN).budget_ms, 60000);
	assert_int_equal(ref_of(MAIN).late, DECISION_REJECT);
	assert_int_equal(ref_of(MAIN).commits, 3);
	assert_int_equal(ref_of("refs/heads/max").budget_ms, 180000);
	assert_int_equal(ref_of("refs/heads/mbx").budget_ms, 360000);
	assert_int_equal(ref_of("refs/heads/x").budget_ms, 120000);
	assert_int_equal(ref_of("refs/tags/x").budget_ms, 240000);
}

static void
lists_begin_anew(void **state)
{
	struct ref_policy ref;

	(void)state;
	configure("[pacegate]\nignore = a\nignore =\nignore = :!b\nignore = c\n"
		  "[pacegate \"refs/heads/x\"]\nignore = d\n"
		  "[pacegate \"refs/heads/y\"]\nignore =\n");
	ref = ref_of(MAIN);
	assert_int_equal(ref.ignore->count, 2);
	assert_string_equal(ref.ignore->items[0], "!b");
	assert_string_equal(ref.ignore->items[1], "c");
	ref = ref_of("refs/heads/x");
	assert_int_equal(ref.ignore->count, 1);
	assert_string_equal(ref.ignore->items[0], "d");
	assert_int_equal(ref_of("refs/heads/y").ignore->count, 0);
}

/* Where nobody says, 0: as the threshold. A drift below it is no slip. */
static void
drift_of_tests(void **state)
{
	(void)state;
	configure("[pacegate \"refs/heads/main\"]\ndrift = 2%\n"
		  "[pacegate-test \"perf/x\"]\ndrift = never\n"
		  "threshold = 9%\n");
	assert_no_problem(&problems);
	assert_about(test_of(MAIN, "perf/a", "cpu").drift, 0.02);
	assert_about(test_of("refs/heads/x", "perf/a", "cpu").drift, 0);
	assert_true(isinf(test_of(MAIN, "perf/x", "cpu").drift));
	assert_true(ref_of(MAIN).is_watched);
	assert_false(ref_of("refs/heads/x").is_watched);
	configure("[pacegate]\ndrift = 4%\n");
	assert_about(test_of("refs/heads/x", "perf/a", "cpu").drift, 0.04);
	assert_false(ref_of("refs/heads/x").is_watched);
}

static void
limits_of_tests(void **state)
{
	struct test_policy got;

	(void)state;
	configure("[pacegate \"refs/heads/main\"]\nthreshold = 1%\n"
		  "[pacegate-test \"perf/*:maxrss\"]\nthreshold = 20%\n"
		  "severe = never\n"
		  "[pacegate-test \"perf/ssl\"]\nthreshold = 8%\n"
		  "[pacegate-test \"perf/ss*\"]\nthreshold = 7%\n"
		  "[pacegate-test \"perf/loud\"]\nthreshold = 15%\n"
		  "[pacegate-test \"perf/strict\"]\nsevere = 2%\n"
		  "[pacegate-test \"perf/go:Bench?x\"]\nthreshold = 5%\n");
	assert_no_problem(&problems);
	assert_about(test_of(MAIN, "perf/x", "cpu").threshold, 0.01);
	assert_about(test_of("refs/heads/x", "perf/x", "cpu").threshold, 0.03);
	assert_about(test_of(MAIN, "perf/ssl", "cpu").threshold, 0.08);
	assert_about(test_of(MAIN, "perf/ssx", "cpu").threshold, 0.07);
	got = test_of(MAIN, "perf/ssl", "maxrss");
	assert_about(got.threshold, 0.20);
	assert_true(isinf(got.severe));
	assert_about(test_of(MAIN, "perf/go", "Bench/x").threshold, 0.05);
	/* The more exact of a threshold and a severe that cross stands. */
	got = test_of(MAIN, "perf/loud", "cpu");
	assert_about(got.threshold, 0.15);
	assert_about(got.severe, 0.15);
	got = test_of("refs/heads/x", "perf/strict", "cpu");
	assert_about(got.threshold, 0.02);
	assert_about(got.severe, 0.02);
}

static void
directives_tighten_only(void **state)
{
	struct test_policy limits = { 0.03, 0.10, 0 };
	struct directives said;

	(void)state;
	directives_init(&said);
	assert_int_equal(policy_tighten(&limits, &said), 0);
	said.threshold = 0.08;
	said.severe = INFINITY;
	assert_int_equal(policy_tighten(&limits, &said), 1);
	assert_about(limits.threshold, 0.03);
	assert_about(limits.severe, 0.10);
	said.threshold = 0.01;
	said.severe = 0.05;
	assert_int_equal(policy_tighten(&limits, &said), 0);
	assert_about(limits.threshold, 0.01);
	assert_about(limits.severe, 0.05);
	/* A severe below the threshold tightens both. */
	limits = (struct test_policy){ 0.03, 0.10, 0 };
	said.threshold = 0;
	said.severe = 0.02;
	policy_tighten(&limits, &said);
	assert_about(limits.threshold, 0.02);
	assert_about(limits.severe, 0.02);
}

static void
names_what_is_wrong(void **state)
{
	(void)state;
	configure("[pacegate]\n"
		  "tresh = 3%\n"
		  "mode = wiat\n"
		  "threshold = 3\n"
		  "budget = soon\n"
		  "rounds = 0\n"
		  "late = perhaps\n"
		  "memory = 1G\n"
		  "[pacegate \"main\"]\n"
		  "mode = wait\n"
		  "[pacegate-test]\n"
		  "threshold = 3%\n"
		  "[pacegate-pool \"x\"]\n"
		  "slots = 3\n"
		  "[pacegate-pol]\n"
		  "slots = 3\n"
		  "[pacegate-sandbox]\n"
		  "root = jail\n"
		  "env = A B\n"
		  "counter = valgrin\n"
		  "disk = 2G\n"
		  "[pacegate \"refs/heads/x\"]\n"
		  "severe = 2%\n"
		  "threshold = 4%\n"
		  "[pacegate-host]\n"
		  "comments = sometimes\n"
		  "[pacegate-xyz]\n"
		  "q = 1\n");
	assert_problem(&problems, "config:2",
		       "did you mean pacegate.threshold");
	assert_problem(&problems, "config:3", "off, report, recall or wait");
	assert_problem(&problems, "config:4", "percentage above 0, such as 3%");
	assert_problem(&problems, "config:5", "30s, 5m or 2h");
	assert_problem(&problems, "config:6", "from 8 to 10000");
	assert_problem(&problems, "config:7", "accept or reject");
	assert_problem(&problems, "config:8", "pacegate-sandbox.memory");
	assert_problem(&problems, "config:10", "refs/heads/main");
	assert_problem(&problems, "config:12", "[pacegate-test \"perf/x\"]");
	assert_problem(&problems, "config:14", "whole repository");
	assert_problem(&problems, "config:16", "pacegate-pool.slots");
	assert_problem(&problems, "config:18", "path from the root");
	assert_problem(&problems, "config:19", "NAME=VALUE");
	assert_problem(&problems, "config:20", "valgrind or none");
	assert_problem(&problems, "config:21", "less than");
	assert_problem(&problems, "config:23", "below threshold = 4%");
	assert_problem(&problems, "config:26", "never, changes or always");
	assert_problem(&problems, "config:28", "see pacegate.config(5)");
	assert_int_equal(problems.count, 18);
	/* What is wrong counts as not written. */
	assert_int_equal(ref_of(MAIN).mode, MODE_REPORT);
	assert_about(ref_of(MAIN).threshold, 0.03);
	assert_int_equal(ref_of(MAIN).rounds, 40);
}

static void
sandbox_has_two_spellings(void **state)
{
	struct sandbox_policy box;

	(void)state;
	configure("[pacegate \"sandbox\"]\nroot = /srv/jail\n"
		  "[pacegate-sandbox]\nread = /opt/a\nread = /opt/b\n"
		  "env = A=b=c\nmemory = 2G\n");
	assert_no_problem(&problems);
	policy_sandbox(policy, &box);
	assert_string_equal(box.root, "/srv/jail");
	assert_int_equal(box.read->count, 2);
	assert_string_equal(box.env->items[0], "A=b=c");
	assert_int_equal(box.memory_bytes, 2LL << 30);
	configure("[pacegate]\nbuild = make\nbuild =\n");
	assert_null(ref_of(MAIN).build);
}

static void
accepters_are_named_exactly(void **state)
{
	(void)state;
	configure("");
	assert_true(policy_may_accept(policy, ""));
	assert_true(policy_may_accept(policy, "bob"));
	configure("[pacegate]\naccepters = alice\naccepters = carol\n");
	assert_true(policy_may_accept(policy, "alice"));
	assert_true(policy_may_accept(policy, "carol"));
	assert_false(policy_may_accept(policy, "bob"));
	assert_false(policy_may_accept(policy, "Alice"));
	assert_false(policy_may_accept(policy, ""));
}

struct told {
	struct buf text;
};

static void
tell(void *data, const char *key, const char *value, const char *where)
{
	struct told *told = data;

	buf_addf(&told->text, "%s=%s (%s)\n", key, value, where);
}

static void
doctor_hears_what_is_in_force(void **state)
{
	struct told told = { BUF_INIT };
	const char *text;

	(void)state;
	configure("[pacegate]\ncommits = 3\ncommits = 4\nignore = a\nignore =\n"
		  "ignore = b\nignore = c\n"
		  "[pacegate \"refs/heads/main\"]\nmode = wait\n"
		  "[pacegate-test \"perf/x:wall\"]\nsevere = never\n");
	policy_each(policy, tell, &told);
	text = buf_text(&told.text);
	assert_non_null(strstr(text, "pacegate.mode=report (default)\n"));
	assert_non_null(strstr(text, "pacegate.refs/heads/main.mode=wait "
				     "(config:9)\n"));
	assert_null(strstr(text, "commits=3"));
	assert_non_null(strstr(text, "pacegate.commits=4 (config:3)\n"));
	assert_null(strstr(text, "ignore=a"));
	assert_null(strstr(text, "ignore=*.md"));
	assert_non_null(strstr(text, "pacegate.ignore=b (config:6)\n"
				     "pacegate.ignore=c (config:7)\n"));
	assert_non_null(strstr(text, "pacegate.tests=perf/* (default)\n"));
	assert_non_null(strstr(text, "pacegate-test.perf/x:wall.severe=never "
				     "(config:11)\n"));
	buf_release(&told.text);
}

/* Each default is sound, and what policy_each() says of a list is what is in
 * force. */
static void
the_table_is_sound(void **state)
{
	(void)state;
	configure("");
	for (const struct key_row *row = key_rows; row->name; row++) {
		struct buf advice = BUF_INIT;
		size_t len = strlen(row->section);

		assert_ptr_equal(key_find(row->section, len, row->name), row);
		if (row->initial)
			assert_true(key_check(row, row->initial, &advice));
		assert_true(*row->help);
		if (!strcmp(row->name, "tests"))
			assert_string_equal(ref_of(MAIN).tests->items[0],
					    row->initial);
		else if (!strcmp(row->name, "ignore"))
			assert_string_equal(ref_of(MAIN).ignore->items[0],
					    row->initial);
		else if (key_is_list(row))
			assert_null(row->initial);
		buf_release(&advice);
	}
}

/* A second service takes over how to say it, never where a token goes. */
static void
several_hosts(void **state)
{
	struct host_policy *hosts = NULL;

	(void)state;
	configure("[pacegate-host]\n"
		  "type = gitea\n"
		  "url = https://git.example.org/api/v1\n"
		  "project = a/b\n"
		  "tokenFile = /etc/token\n"
		  "context = speed\n"
		  "comments = never\n"
		  "[pacegate-host \"mirror\"]\n"
		  "type = github\n"
		  "tokenFile = token\n"
		  "comments = always\n"
		  "[pacegate-host \"tokenless\"]\n"
		  "type = gitlab\n"
		  "[pacegate-host \"typeless\"]\n"
		  "tokenFile = /x\n");
	assert_no_problem(&problems);
	assert_int_equal(policy_hosts(policy, &hosts), 2);
	assert_string_equal(hosts[0].name, "");
	assert_string_equal(hosts[0].project, "a/b");
	assert_int_equal(hosts[0].comments, COMMENTS_NEVER);
	assert_string_equal(hosts[1].name, "mirror");
	assert_string_equal(hosts[1].type, "github");
	assert_null(hosts[1].url);
	assert_null(hosts[1].project);
	assert_string_equal(hosts[1].token_file, "token");
	assert_string_equal(hosts[1].context, "speed");
	assert_int_equal(hosts[1].comments, COMMENTS_ALWAYS);
	free(hosts);
	configure("[pacegate-host]\ntype = gitolite\ntokenFile = /x\n"
		  "[pacegate-host \"a b\"]\ntype = gitea\n"
		  "[pacegate-host \"x\"]\nparallel = 2\n");
	assert_problem(&problems, "config:5", "of letters, digits");
	assert_problem(&problems, "config:7", "whole repository");
	assert_int_equal(policy_hosts(policy, &hosts), 0);
	free(hosts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(tags_are_off_unless_named),
		cmocka_unit_test(the_more_exact_ref_wins),
		cmocka_unit_test(lists_begin_anew),
		cmocka_unit_test(limits_of_tests),
		cmocka_unit_test(directives_tighten_only),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(sandbox_has_two_spellings),
		cmocka_unit_test(drift_of_tests),
		cmocka_unit_test(accepters_are_named_exactly),
		cmocka_unit_test(several_hosts),
		cmocka_unit_test(doctor_hears_what_is_in_force),
		cmocka_unit_test(the_table_is_sound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_server", tests, NULL,
					   tear_down);
}
