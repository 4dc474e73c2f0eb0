#include "policy_help.h"

#include "policy/directive.h"
#include "policy/tree_config.h"

static struct problems problems;
static struct directives said;
static struct tree_config tree;

static void
read_file(const char *text)
{
	problems_release(&problems);
	directives_release(&said);
	directives_read(&said, text, strlen(text), "perf/x", &problems);
}

static void
read_tree(const char *text)
{
	problems_release(&problems);
	directives_release(&said);
	tree_config_release(&tree);
	tree_config_read(&tree, text, strlen(text), ".pacegate", &problems);
}

static int
set_up(void **state)
{
	(void)state;
	directives_init(&said);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	problems_release(&problems);
	directives_release(&said);
	tree_config_release(&tree);
	return 0;
}

static void
reads_every_word(void **state)
{
	(void)state;
	read_file("#!/bin/sh\n"
		  "# perf: timeout=90s metrics=wall,maxrss threshold=2% "
		  "severe=5% affects=src/ssl/,:!src/x inputs=perf/data\n"
		  "# perf: kind=perf duration=2m format=go needs=avx rounds=20 "
		  "warmup=0\n"
		  "# perf: affects=lib/\n");
	assert_no_problem(&problems);
	assert_int_equal(said.timeout_ms, 90000);
	assert_int_equal(said.duration_ms, 120000);
	assert_about(said.threshold, 0.02);
	assert_about(said.severe, 0.05);
	assert_int_equal(said.rounds, 20);
	assert_int_equal(said.warmup, 0);
	assert_string_equal(said.format, "go");
	assert_string_equal(said.needs, "avx");
	assert_int_equal(said.metrics.count, 2);
	assert_string_equal(said.metrics.items[1], "maxrss");
	assert_int_equal(said.affects.count, 3);
	assert_string_equal(said.affects.items[1], "!src/x");
	assert_string_equal(said.affects.items[2], "lib/");
	assert_int_equal(said.inputs.count, 1);
}

static void
reads_comments_of_any_style(void **state)
{
	static const char *const lines[] = {
		"# perf: timeout=7s",
		"// perf: timeout=7s",
		"//perf: timeout=7s",
		"-- perf: timeout=7s",
		";; perf: timeout=7s",
		"% perf: timeout=7s",
		"/* perf: timeout=7s */",
		"/*perf: timeout=7s*/",
		" * perf: timeout=7s",
		"\"\"\"perf: timeout=7s\"\"\"",
		"perf: timeout=7s",
		"  perf: timeout=7s",
		"REM perf: timeout=7s",
		"dnl perf: timeout=7s",
		"C perf: timeout=7s",
		"<!-- perf: timeout=7s -->",
		"(* perf: timeout=7s *)",
		"{- perf: timeout=7s -}",
		"#| perf: timeout=7s |#",
		"! perf: timeout=7s",
		"' perf: timeout=7s",
		"# perf: timeout=7s\r",
		"#\tperf:\ttimeout=7s",
		"### perf: timeout=7s ###",
		"#: \xe2\x8f\xb1 perf: timeout=7s",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		read_file(lines[i]);
		assert_no_problem(&problems);
		if (said.timeout_ms != 7000)
			fail_msg("not read: %s", lines[i]);
	}
}

static void
passes_over_what_is_no_directive(void **state)
{
	static const char *const lines[] = {
		"perf: this measures the parser",
		"echo perf: timeout=7s",
		"# perf:timeout=7s",
		"# perf timeout=7s",
		"# superperf: timeout=7s",
		"# perf:",
		"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		read_file(lines[i]);
		assert_no_problem(&problems);
		assert_int_equal(said.timeout_ms, 0);
	}
}

static void
looks_at_forty_lines(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (int i = 1; i < 40; i++)
		buf_adds(&text, "\n");
	buf_adds(&text, "# perf: timeout=1s\n# perf: timeout=2s\n");
	read_file(buf_text(&text));
	assert_int_equal(said.timeout_ms, 1000);
	buf_release(&text);
	problems_release(&problems);
	directives_release(&said);
	/* A program holds no lines, whatever its bytes look like. */
	directives_read(&said,
			"\x7f"
			"ELF\0\n# perf: timeout=1s\n",
			26, "x", &problems);
	directives_read(&said, "ELF\0 # perf: timeout=1s\n", 24, "x",
			&problems);
	assert_int_equal(said.timeout_ms, 0);
}

static void
names_file_and_line(void **state)
{
	(void)state;
	read_file("#!/bin/sh\n"
		  "# perf: timeuot=60s timeout=3 h\n"
		  "# perf: threshold=3 severe=-1% kind=fuzz\n"
		  "# perf: rounds=4 warmup=x metrics= timeout=0s\n"
		  "# perf: timeout=48h format=\n");
	assert_problem(&problems, "perf/x:2", "timeuot=60s: no such directive");
	assert_problem(&problems, "perf/x:2", "'h': write NAME=VALUE");
	assert_problem(&problems, "perf/x:3", "threshold=3: write a perc");
	assert_problem(&problems, "perf/x:3", "severe=-1%");
	assert_problem(&problems, "perf/x:3", "kind=fuzz: this version");
	assert_problem(&problems, "perf/x:4", "rounds=4: write a whole number");
	assert_problem(&problems, "perf/x:4", "warmup=x");
	assert_problem(&problems, "perf/x:4", "metrics=: write a list");
	assert_problem(&problems, "perf/x:4", "timeout=0s");
	assert_problem(&problems, "perf/x:5", "up to 24h");
	assert_problem(&problems, "perf/x:5", "format=: write a value");
	assert_int_equal(said.timeout_ms, 3000);
	assert_true(said.threshold <= 0 && said.severe <= 0);
	assert_int_equal(said.rounds, 0);
	assert_int_equal(said.warmup, -1);
	assert_null(said.format);
}

static void
lists_are_bounded(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "# perf: affects=a");
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, ",a");
	read_file(buf_text(&text));
	assert_int_equal(said.affects.count, 64);
	assert_problem(&problems, "perf/x:1", "at most 64");
	buf_release(&text);
}

static void
reads_the_tree(void **state)
{
	(void)state;
	read_tree("[pacegate]\n"
		  "tests = old/*\n"
		  "tests =\n"
		  "tests = perf/*\n"
		  "tests = :!perf/slow\n"
		  "build = make -s\n"
		  "setup = ./configure\n"
		  "setup =\n"
		  "[test \"perf/*\"]\n"
		  "timeout = 30s\n"
		  "inputs = perf/a, perf/b\n"
		  "[test \"perf/x\"]\n"
		  "timeout = 40s\n");
	assert_no_problem(&problems);
	assert_int_equal(tree.tests.count, 2);
	assert_string_equal(tree.tests.items[0], "perf/*");
	assert_string_equal(tree.tests.items[1], "!perf/slow");
	assert_string_equal(tree.build, "make -s");
	assert_null(tree.setup);
	tree_config_apply(&tree, "perf/y", &said, &problems);
	assert_int_equal(said.timeout_ms, 30000);
	assert_int_equal(said.inputs.count, 2);
	assert_string_equal(said.inputs.items[1], "perf/b");
	tree_config_apply(&tree, "perf/x", &said, &problems);
	assert_int_equal(said.timeout_ms, 40000);
	tree_config_apply(&tree, "src/x", &said, &problems);
	assert_no_problem(&problems);
}

static void
the_tree_may_not_judge(void **state)
{
	(void)state;
	read_tree("[pacegate]\n"
		  "mode = off\n"
		  "threshold = 50%\n"
		  "tests = /etc/*\n"
		  "bild = make\n"
		  "[pacegate \"refs/heads/main\"]\n"
		  "build = make\n"
		  "[pacegate-test \"perf/x\"]\n"
		  "severe = never\n"
		  "[pacegate-host]\n"
		  "tokenFile = /x\n"
		  "[test]\n"
		  "timeout = 3s\n"
		  "[test \"perf/x\"]\n"
		  "timeout = soon\n"
		  "[other]\n"
		  "x = 1\n"
		  "[pacegate]\n"
		  "build = make all\n");
	assert_problem(&problems, ".pacegate:2", "server's configuration");
	assert_problem(&problems, ".pacegate:3", "server's configuration");
	assert_problem(&problems, ".pacegate:4", "top of the repository");
	assert_problem(&problems, ".pacegate:5", "there are pacegate.tests");
	assert_problem(&problems, ".pacegate:7", "[pacegate] alone");
	assert_problem(&problems, ".pacegate:9", "server's configuration");
	assert_problem(&problems, ".pacegate:11", "server's configuration");
	assert_problem(&problems, ".pacegate:13", "say of which test");
	assert_problem(&problems, ".pacegate:15", "timeout = soon");
	assert_problem(&problems, ".pacegate:17", "no such key here");
	assert_int_equal(problems.count, 10);
	assert_int_equal(tree.tests.count, 0);
	assert_int_equal(tree.names.count, 0);
	assert_string_equal(tree.build, "make all");
	/* Nobody to tell: the same, silently. */
	tree_config_release(&tree);
	tree_config_read(&tree, "[pacegate]\nmode = off\n", 22, "x", NULL);
}

static void
the_tree_is_bounded(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "[pacegate]\n");
	for (int i = 0; i < 3000; i++)
		buf_addf(&text, "tests = perf/%d\n", i);
	buf_adds(&text, "[test \"*\"]\n");
	for (int i = 0; i < 3000; i++)
		buf_adds(&text, "timeout = 3s\n");
	read_tree(buf_text(&text));
	assert_int_equal(tree.tests.count, 200);
	assert_int_equal(tree.words.count, 2000);
	assert_int_equal(problems.count, 2);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_word),
		cmocka_unit_test(reads_comments_of_any_style),
		cmocka_unit_test(passes_over_what_is_no_directive),
		cmocka_unit_test(looks_at_forty_lines),
		cmocka_unit_test(names_file_and_line),
		cmocka_unit_test(lists_are_bounded),
		cmocka_unit_test(reads_the_tree),
		cmocka_unit_test(the_tree_may_not_judge),
		cmocka_unit_test(the_tree_is_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_tree", tests, set_up,
					   tear_down);
}
