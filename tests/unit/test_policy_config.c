#include "policy_help.h"

static struct problems problems;
static struct config config;

static void
parse_len(const char *text, size_t len)
{
	problems_release(&problems);
	config_release(&config);
	config_parse(&config, text, len, ".pacegate", &problems);
}

static void
parse(const char *text)
{
	parse_len(text, strlen(text));
}

static int
tear_down(void **state)
{
	(void)state;
	problems_release(&problems);
	config_release(&config);
	return 0;
}

static void
assert_entry(size_t i, const char *key, const char *value, int line)
{
	assert_true(i < config.count);
	assert_string_equal(config.items[i].key, key);
	assert_string_equal(config.items[i].value, value);
	assert_int_equal(config.items[i].line, line);
}

static void
reads_git_syntax(void **state)
{
	(void)state;
	parse("# a comment\n"
	      "[PaceGate]\n"
	      "\tTests = perf/*   ; why\n"
	      "  build = make -s \\\n"
	      "-j2\n"
	      "bare\n"
	      "empty =\n"
	      "quoted = \"  a # b ; \\\"c\\\" \\\\ \"  # d\n"
	      "half = a\" b \"c\n"
	      "tab = a\\tb\\n\n"
	      "[test \"perf/S\\\"s\\\\l\"] timeout = 3s\n"
	      "[old.Style]\n"
	      "key = 1");
	assert_no_problem(&problems);
	assert_int_equal(config.count, 9);
	assert_entry(0, "pacegate.tests", "perf/*", 3);
	assert_entry(1, "pacegate.build", "make -s -j2", 4);
	assert_entry(2, "pacegate.bare", "true", 6);
	assert_entry(3, "pacegate.empty", "", 7);
	assert_entry(4, "pacegate.quoted", "  a # b ; \"c\" \\ ", 8);
	assert_entry(5, "pacegate.half", "a b c", 9);
	assert_entry(6, "pacegate.tab", "a\tb\n", 10);
	assert_entry(7, "test.perf/S\"s\\l.timeout", "3s", 11);
	assert_entry(8, "old.style.key", "1", 13);
	assert_string_equal(config_last(&config, "pacegate.bare"), "true");
	assert_null(config_last(&config, "pacegate.nothing"));
}

static void
reads_what_editors_add(void **state)
{
	(void)state;
	parse("\xef\xbb\xbf[pacegate]\r\n\tbuild = make\r\n\tsetup = a \\\r\n"
	      "b\r\n");
	assert_no_problem(&problems);
	assert_entry(0, "pacegate.build", "make", 2);
	assert_entry(1, "pacegate.setup", "a b", 3);
}

static void
names_the_line_and_goes_on(void **state)
{
	(void)state;
	parse("early = 1\n"
	      "[pacegate]\n"
	      "build make\n"
	      "tests = \"perf/*\n"
	      "setup = a\\qb\n"
	      "= 3\n"
	      "bare # why\n"
	      "[test \"perf/x]\n"
	      "timeout = 3s\n"
	      "[pacegate]\n"
	      "build = make\n");
	assert_int_equal(problems.count, 7);
	assert_problem(&problems, ".pacegate:1", "before any [section]");
	assert_problem(&problems, ".pacegate:3", "key = value");
	assert_problem(&problems, ".pacegate:4", "not closed");
	assert_problem(&problems, ".pacegate:5", "escape");
	assert_problem(&problems, ".pacegate:6", "not a section");
	assert_problem(&problems, ".pacegate:7", "key = value");
	assert_problem(&problems, ".pacegate:8", "[name \"sub\"]");
	/* What stands in a section that is lost is not put into another. */
	assert_int_equal(config.count, 1);
	assert_entry(0, "pacegate.build", "make", 11);
}

static void
hides_nothing_behind_nul(void **state)
{
	static const char text[] = "[pacegate]\nbuild = a\0b\n[t \"a\0b\"]\n"
				   "x = 1\n";

	(void)state;
	parse_len(text, sizeof(text) - 1);
	assert_problem(&problems, ".pacegate:2", "NUL");
	assert_problem(&problems, ".pacegate:3", "not a section");
	assert_int_equal(config.count, 0);
}

static void
splits_keys(void **state)
{
	const char *sub = NULL, *variable = NULL;
	size_t section = 0, sub_len = 0;

	(void)state;
	config_split("pacegate.refs/heads/v1.0.mode", &section, &sub, &sub_len,
		     &variable);
	assert_int_equal(section, 8);
	assert_int_equal(sub_len, strlen("refs/heads/v1.0"));
	assert_memory_equal(sub, "refs/heads/v1.0", sub_len);
	assert_string_equal(variable, "mode");
	config_split("pacegate.mode", &section, &sub, &sub_len, &variable);
	assert_null(sub);
	assert_string_equal(variable, "mode");
}

static void
bounds_what_it_takes(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	buf_adds(&text, "[a]\n");
	for (int i = 0; i < 30000; i++)
		buf_addf(&text, "k%d = v\n", i);
	parse(buf_text(&text));
	assert_int_equal(config.count, 20000);
	assert_problem(&problems, ".pacegate", "more than 20000");
	buf_clear(&text);
	for (int i = 0; i < 30000; i++)
		buf_addf(&text, "=%d\n", i);
	parse(buf_text(&text));
	assert_int_equal(problems.count, MAX_PROBLEMS);
	buf_release(&text);
}

/* Whatever stands there, it ends, and what it gives is well formed. */
static void
survives_noise(void **state)
{
	static const char letters[] = "[]\"\\= \t\n\r;#.a-Z1\0\x80";
	uint64_t random = 7;
	char text[200];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = next_random(&random) % sizeof(text);

		for (size_t j = 0; j < len; j++)
			text[j] = letters[next_random(&random) %
					  (sizeof(letters) - 1)];
		parse_len(text, len);
		for (size_t j = 0; j < config.count; j++)
			assert_non_null(strchr(config.items[j].key, '.'));
	}
}

static void
problems_are_clean_and_said_once(void **state)
{
	(void)state;
	problems_release(&problems);
	for (int i = 0; i < 3; i++)
		problems_add(&problems, "perf/\x1b[2J", "a %s", "\x1b]0;x\a");
	assert_int_equal(problems.count, 1);
	assert_string_equal(problems.items[0].where, "perf/\\x1b[2J");
	assert_string_equal(problems.items[0].what, "a \\x1b]0;x\\x07");
	problems_add_line(&problems, "f", 7, "%2000s", "x");
	assert_string_equal(problems.items[1].where, "f:7");
	assert_true(strlen(problems.items[1].what) <= MAX_PROBLEM_TEXT);
	problems_add(NULL, "nobody", "listens");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_git_syntax),
		cmocka_unit_test(reads_what_editors_add),
		cmocka_unit_test(names_the_line_and_goes_on),
		cmocka_unit_test(hides_nothing_behind_nul),
		cmocka_unit_test(splits_keys),
		cmocka_unit_test(bounds_what_it_takes),
		cmocka_unit_test(survives_noise),
		cmocka_unit_test(problems_are_clean_and_said_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_config", tests, NULL,
					   tear_down);
}
