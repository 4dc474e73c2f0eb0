#include "policy_help.h"

#include "base/metrics.h"
#include "policy/directive.h"
#include "policy/keys.h"
#include "policy/policy.h"
#include "policy/trailer.h"
#include "policy/tree_config.h"

/* The pages of the manual say what the tables say, and their examples work. */

/* An item of a list in a page: `.It Cm NAME ...`, its text, and the .Ss or .Sh
 * that it stands under. */
struct item {
	char name[64], title[128];
	struct buf text;
};

struct items {
	struct item items[200];
	size_t count;
};

static void
read_items(struct items *items, const char *page)
{
	char title[128] = "";

	items->count = 0;
	for (const char *at = page; *at; at = strchr(at, '\n') + 1) {
		size_t len = strcspn(at, "\n");

		if (!strncmp(at, ".Ss ", 4) || !strncmp(at, ".Sh ", 4)) {
			snprintf(title, sizeof(title), "%.*s", (int)len - 4,
				 at + 4);
		} else if (!strncmp(at, ".It Cm ", 7)) {
			struct item *item = &items->items[items->count++];

			assert_true(items->count < COUNT_OF(items->items));
			*item = (struct item){ .text = BUF_INIT };
			snprintf(item->name, sizeof(item->name), "%.*s",
				 (int)strcspn(at + 7, " \n"), at + 7);
			memcpy(item->title, title, sizeof(title));
		}
		if (items->count)
			buf_add(&items->items[items->count - 1].text, at,
				len + 1);
	}
}

static void
release_items(struct items *items)
{
	for (size_t i = 0; i < items->count; i++)
		buf_release(&items->items[i].text);
}

static int
title_is_of(const struct item *item, const struct key_row *row)
{
	char section[64];
	size_t len = (size_t)snprintf(section, sizeof(section), "[%s",
				      row->section);

	return !strncmp(item->title, section, len) &&
	       (item->title[len] == ']' || item->title[len] == ' ');
}

static void
check_key(const struct item *item, const struct key_row *row)
{
	char initial[80];
	const char *told = strstr(buf_text(&item->text), "Default:\n");

	if (row->initial) {
		snprintf(initial, sizeof(initial), "Default:\n.Cm %s .\n",
			 row->initial);
		if (!told || strncmp(told, initial, strlen(initial)))
			fail_msg("%s.%s: the page gives another default",
				 row->section, row->name);
	} else if (told) {
		fail_msg("%s.%s has no default", row->section, row->name);
	}
	if (!strstr(item->title, "REF") != !(row->where & KEY_REF) ||
	    !strstr(item->title, "NAME") != !(row->where & KEY_NAMED))
		fail_msg("%s.%s stands under '%s'", row->section, row->name,
			 item->title);
	if (row->words) {
		char *words = strdup(row->words), *rest = NULL;

		for (char *word = strtok_r(words, " ", &rest); word;
		     word = strtok_r(NULL, " ", &rest))
			if (!strstr(buf_text(&item->text), word))
				fail_msg("%s.%s: no word of %s", row->section,
					 row->name, word);
		free(words);
	}
}

static void
the_page_of_keys_is_the_table(void **state)
{
	static struct items items;
	struct buf page = BUF_INIT;
	size_t rows = 0;

	(void)state;
	read_page(&page, "pacegate.config.5");
	read_items(&items, buf_text(&page));
	for (const struct key_row *row = key_rows; row->name; row++, rows++) {
		const struct item *found = NULL;

		for (size_t i = 0; i < items.count; i++)
			if (!strcmp(items.items[i].name, row->name) &&
			    title_is_of(&items.items[i], row))
				found = &items.items[i];
		if (!found)
			fail_msg("%s.%s is not in pacegate.config(5)",
				 row->section, row->name);
		check_key(found, row);
	}
	/* Every key has an item of its own, so as many mean the same. */
	assert_int_equal(items.count, rows);
	release_items(&items);
	buf_release(&page);
}

static void
the_examples_of_keys_work(void **state)
{
	struct buf page = BUF_INIT, examples = BUF_INIT;
	struct problems problems = { 0 };
	struct config config = { 0 };
	struct policy *policy;

	(void)state;
	read_page(&page, "pacegate.config.5");
	add_examples(&examples, &page, "[pacegate");
	config_parse(&config, examples.data, examples.len, "page", &problems);
	policy = policy_new(&config, &problems);
	assert_no_problem(&problems);
	assert_true(config.count > 5);
	policy_free(policy);
	config_release(&config);
	buf_release(&examples);
	buf_release(&page);
}

static int
is_word(const char *name)
{
	for (const char *const *word = directive_words; *word; word++)
		if (!strcmp(*word, name))
			return 1;
	return 0;
}

static void
check_items(const struct items *items, const char *title, size_t wanted,
	    int (*is_known)(const char *name))
{
	size_t count = 0;

	for (size_t i = 0; i < items->count; i++) {
		if (strcmp(items->items[i].title, title))
			continue;
		count++;
		if (!is_known(items->items[i].name))
			fail_msg("%s: there is no %s", title,
				 items->items[i].name);
	}
	assert_int_equal(count, wanted);
}

static int
is_metric(const char *name)
{
	return metric_find(name) != NULL;
}

static void
the_page_of_tests_is_the_table(void **state)
{
	static struct items items;
	struct buf page = BUF_INIT;
	size_t words = 0, metrics = 0;

	(void)state;
	while (directive_words[words])
		words++;
	while (metric_rows[metrics].name)
		metrics++;
	read_page(&page, "pacegate-test.5");
	read_items(&items, buf_text(&page));
	check_items(&items, "DIRECTIVES", words, is_word);
	check_items(&items, "METRICS", metrics, is_metric);
	release_items(&items);
	buf_release(&page);
}

/* Each word of the table is one that can be set. */
static void
the_words_can_be_set(void **state)
{
	static const char *const values[] = { "60s", "a,b", "3%", "perf",
					      "20" };
	struct directives said;

	(void)state;
	directives_init(&said);
	for (const char *const *word = directive_words; *word; word++) {
		int set = 0;

		for (size_t i = 0; i < COUNT_OF(values); i++)
			set |= !directives_set(&said, *word, values[i]);
		if (!set)
			fail_msg("%s takes no value", *word);
		/* And is named where somebody writes another. */
		assert_non_null(strstr(directives_set(&said, "x", "y"), *word));
	}
	directives_release(&said);
}

static void
the_examples_of_tests_work(void **state)
{
	struct buf page = BUF_INIT, files = BUF_INIT, trees = BUF_INIT;
	struct problems problems = { 0 };
	struct directives said;
	struct tree_config tree;

	(void)state;
	directives_init(&said);
	read_page(&page, "pacegate-test.5");
	add_examples(&files, &page, "perf: ");
	directives_read(&said, files.data, files.len, "page", &problems);
	add_examples(&trees, &page, "[pacegate]");
	tree_config_read(&tree, trees.data, trees.len, "page", &problems);
	assert_no_problem(&problems);
	assert_int_equal(said.timeout_ms, 30000);
	assert_int_equal(said.affects.count, 3);
	assert_int_equal(tree.tests.count, 2);
	assert_int_equal(tree.words.count, 2);
	tree_config_release(&tree);
	directives_release(&said);
	buf_release(&files);
	buf_release(&trees);
	buf_release(&page);
}

static const char *const trailer_keys[] = { TRAILER_ACCEPT, TRAILER_EXPECT,
					    TRAILER_RENAME, TRAILER_RESET,
					    TRAILER_SKIP };

static int
is_trailer(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(trailer_keys); i++)
		if (!strcmp(trailer_keys[i], name))
			return 1;
	return 0;
}

static int
is_option(const char *name)
{
	size_t len = strlen(PUSH_OPTION_PREFIX);

	for (int i = TRAILER_KIND_ACCEPT; i <= TRAILER_KIND_SKIP; i++)
		if (!strncmp(name, PUSH_OPTION_PREFIX, len) &&
		    !strcmp(name + len,
			    trailer_kind_name((enum trailer_kind)i)))
			return 1;
	return 0;
}

static void
the_page_of_trailers_is_the_table(void **state)
{
	static struct items items;
	struct buf page = BUF_INIT;

	(void)state;
	read_page(&page, "pacegate-trailers.7");
	read_items(&items, buf_text(&page));
	check_items(&items, "TRAILERS", COUNT_OF(trailer_keys), is_trailer);
	check_items(&items, "PUSH OPTIONS", COUNT_OF(trailer_keys), is_option);
	release_items(&items);
	buf_release(&page);
}

static void
the_examples_of_trailers_work(void **state)
{
	static const struct oid commit = { { 1 } };
	struct buf page = BUF_INIT, examples = BUF_INIT;
	struct problems problems = { 0 };
	struct trailers trailers = { 0 };

	(void)state;
	read_page(&page, "pacegate-trailers.7");
	add_examples(&examples, &page, "Perf-Accept: ");
	trailers_read(&trailers, examples.data, examples.len, &commit,
		      &problems);
	assert_no_problem(&problems);
	assert_int_equal(trailers.count, 5);
	trailers_release(&trailers);
	buf_release(&examples);
	buf_release(&page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_of_keys_is_the_table),
		cmocka_unit_test(the_examples_of_keys_work),
		cmocka_unit_test(the_page_of_tests_is_the_table),
		cmocka_unit_test(the_words_can_be_set),
		cmocka_unit_test(the_examples_of_tests_work),
		cmocka_unit_test(the_page_of_trailers_is_the_table),
		cmocka_unit_test(the_examples_of_trailers_work),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_manual", tests, NULL, NULL);
}
