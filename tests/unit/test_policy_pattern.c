#include "policy_help.h"

#include <time.h>

#include "base/mem.h"
#include "policy/pattern.h"

struct example {
	const char *pattern, *path;
	int matches;
};

static const struct example examples[] = {
	{ "perf/*", "perf/ssl", 1 },
	{ "perf/*", "perf/a/b", 1 }, /* stars cross slashes */
	{ "perf/*", "perf", 0 },
	{ "perf/*", "perfect/a", 0 },
	{ "*.md", "README.md", 1 },
	{ "*.md", "doc/a.md", 1 },
	{ "*.md", "a.mdx", 0 },
	{ "docs", "docs/a", 1 },
	{ "docs/", "docs/a/b", 1 },
	{ "docs/", "docs", 0 },
	{ "docs", "docs2/a", 0 },
	{ "perf/ssl", "perf/ssl", 1 },
	{ "perf/ssl", "perf/ssl2", 0 },
	{ "perf/s?l", "perf/sxl", 1 },
	{ "perf/s?l", "perf/sl", 0 },
	{ "a?b", "a/b", 1 },
	{ "[a-c]x", "bx", 1 },
	{ "[a-c]x", "dx", 0 },
	{ "[!a-c]x", "dx", 1 },
	{ "[^a-c]x", "bx", 0 },
	{ "[]a]x", "]x", 1 },
	{ "[]a]x", "ax", 1 },
	{ "[a-]x", "-x", 1 },
	{ "[abc", "[abc", 1 }, /* not closed: a plain bracket */
	{ "[abc", "a", 0 },
	{ "[]", "[]", 1 },
	{ "[!]", "[!]", 1 },
	{ "[\x80-\xff]", "\xe9", 1 }, /* bytes, not signed characters */
	{ "\\*x", "*x", 1 },
	{ "\\*x", "ax", 0 },
	{ "a\\", "a\\", 1 },
	{ "**/x.c", "x.c", 1 },
	{ "**/x.c", "a/b/x.c", 1 },
	{ "**/x.c", "ax.c", 0 },
	{ "a/**/b", "a/b", 1 },
	{ "a/**/b", "a/x/y/b", 1 },
	{ "a/**/b", "a/xb", 0 },
	{ "a**b", "a/x/b", 1 },
	{ "a/**", "a/b/c", 1 },
	{ "*a*b*c*", "xxaxxbxxcxx", 1 },
	{ "*a*b*c*", "xxaxxcxxbxx", 0 },
	{ "*/perf/*", "a/perf/x", 1 },
	{ "*/docs/", "a/docs/x", 1 },
	{ "refs/heads/*", "refs/heads/a/b", 1 },
	{ "", "a", 0 },
	{ "*", "a/b", 1 },
	{ "***", "a", 1 },
};

static void
matches_as_pathspecs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(examples); i++)
		if (pattern_matches(examples[i].pattern, examples[i].path) !=
		    examples[i].matches)
			fail_msg("%s against %s: not %d", examples[i].pattern,
				 examples[i].path, examples[i].matches);
}

/* What a plain search says, exponential and without any cleverness. */
static int
slow_match(const char *p, const char *s)
{
	if (!*p)
		return !*s || *s == '/';
	if (*p == '*')
		return slow_match(p + 1, s) || (*s && slow_match(p, s + 1));
	return *s && (*p == '?' || *p == *s) && slow_match(p + 1, s + 1);
}

static void
agrees_with_a_plain_search(void **state)
{
	static const char letters[] = "ab*?/";
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char pattern[9] = "", path[9] = "";
		size_t len = next_random(&random) % 8;

		for (size_t j = 0; j < len; j++)
			pattern[j] = letters[next_random(&random) % 5];
		len = 1 + next_random(&random) % 7;
		for (size_t j = 0; j < len; j++)
			path[j] = "abab/"[next_random(&random) % 5];
		/* These two have a meaning that the plain search lacks. */
		if (strstr(pattern, "**") || !*pattern ||
		    pattern[strlen(pattern) - 1] == '/')
			continue;
		if (pattern_matches(pattern, path) != slow_match(pattern, path))
			fail_msg("'%s' against '%s'", pattern, path);
	}
}

static void
hostile_patterns_end(void **state)
{
	enum { LONG = 4000 };
	char *path = mem_new(LONG + 1, 1), *pattern = mem_new(LONG + 1, 1);
	static const char *const pieces[] = { "*a",   "*[", "*[]", "**/",
					      "*[a-", "?*", "*[!" };
	clock_t start = clock();

	(void)state;
	memset(path, 'a', LONG);
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		size_t len = strlen(pieces[i]);

		memset(pattern, 0, LONG + 1);
		for (size_t at = 0; at + len < LONG; at += len)
			memcpy(pattern + at, pieces[i], len);
		pattern[LONG - 1] = 'b';
		(void)pattern_matches(pattern, path);
	}
	memset(pattern, '[', LONG);
	pattern[0] = '*';
	assert_false(pattern_matches(pattern, path));
	free(path);
	free(pattern);
	/* Seconds where it should be milliseconds; a backtracking one needs
	 * the age of the universe. */
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
}

static void
lists_exclude(void **state)
{
	struct texts list = { 0 };

	(void)state;
	patterns_add(&list, "perf/*");
	patterns_add(&list, ":!perf/slow*");
	patterns_add(&list, ":^perf/b");
	patterns_add(&list, ":(exclude)perf/c");
	patterns_add(&list, "./perf/slow-but-wanted");
	assert_string_equal(list.items[1], "!perf/slow*");
	assert_string_equal(list.items[2], "!perf/b");
	assert_string_equal(list.items[3], "!perf/c");
	assert_string_equal(list.items[4], "perf/slow-but-wanted");
	assert_true(patterns_match(&list, "perf/a"));
	assert_false(patterns_match(&list, "perf/b"));
	assert_false(patterns_match(&list, "perf/c"));
	assert_false(patterns_match(&list, "perf/slow1"));
	assert_true(patterns_match(&list, "perf/slow-but-wanted"));
	assert_false(patterns_match(&list, "src/a"));
	patterns_add(&list, "");
	assert_int_equal(list.count, 0);
	assert_false(patterns_match(&list, "perf/a"));
	patterns_add(&list, "!");
	assert_int_equal(list.count, 0);
	texts_release(&list);
}

static void
prefixes_are_directories(void **state)
{
	static const struct {
		const char *pattern;
		size_t len;
	} rows[] = { { "perf/*", 5 },       { "perf/ssl", 5 },
		     { "perf/a/b?c", 7 },   { "*.md", 0 },
		     { "docs", 0 },         { "docs/", 5 },
		     { "perf/ab/[x]/", 8 }, { "p\\erf/x", 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(pattern_prefix(rows[i].pattern), rows[i].len);
	assert_true(pattern_is_plain("perf/ssl"));
	assert_false(pattern_is_plain("perf/*"));
	assert_false(pattern_is_plain("!perf/ssl"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_pathspecs),
		cmocka_unit_test(agrees_with_a_plain_search),
		cmocka_unit_test(hostile_patterns_end),
		cmocka_unit_test(lists_exclude),
		cmocka_unit_test(prefixes_are_directories),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_pattern", tests, NULL, NULL);
}
