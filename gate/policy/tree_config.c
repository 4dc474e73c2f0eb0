#include "policy/tree_config.h"

#include <stdlib.h>
#include <string.h>

#include "policy/config.h"
#include "policy/directive.h"
#include "policy/keys.h"
#include "policy/pattern.h"
#include "policy/problem.h"

/* A pusher writes these, and each test's name is held against all of them. */
enum { MAX_PATTERNS = 200, MAX_TEST_WORDS = 2000 };

#define SECTION_TREE_TEST "test"

/* An empty one takes back what an earlier line said. */
static void
set_command(char **command, const char *value)
{
	free(*command);
	*command = *value ? mem_copy_text(value) : NULL;
}

static int
section_is(const struct config_entry *entry, size_t len, const char *name)
{
	return strlen(name) == len && !strncmp(entry->key, name, len);
}

/* Checked here, where each is read once, and not only for the tests it fits. */
static void
add_test_word(struct tree_config *config, const char *sub, size_t len,
	      const char *word, const struct config_entry *entry,
	      struct problems *problems)
{
	struct directives scratch;
	const char *wrong;

	directives_init(&scratch);
	wrong = directives_set(&scratch, word, entry->value);
	directives_release(&scratch);
	if (wrong) {
		problems_add_line(problems, entry->file, entry->line,
				  "%s = %s: %s", word, entry->value, wrong);
	} else if (config->words.count >= MAX_TEST_WORDS) {
		problems_add(problems, entry->file,
			     "more than %d settings of tests; only the first "
			     "ones count",
			     MAX_TEST_WORDS);
	} else {
		char *name = mem_copy_bytes(sub, len);

		texts_add(&config->names, name);
		texts_add(&config->words, word);
		texts_add(&config->values, entry->value);
		texts_addf(&config->places, "%s:%d", entry->file, entry->line);
		free(name);
	}
}

static void
add_pattern(struct tree_config *config, const struct config_entry *entry,
	    struct problems *problems)
{
	const char *value = entry->value;

	if (*value == '/' || !strncmp(value, "../", 3))
		problems_add_line(problems, entry->file, entry->line,
				  "tests = %s: write a path from the top of "
				  "the repository, such as perf/*",
				  value);
	else if (config->tests.count >= MAX_PATTERNS)
		problems_add(problems, entry->file,
			     "more than %d tests patterns; only the first ones "
			     "count",
			     MAX_PATTERNS);
	else
		patterns_add(&config->tests, value);
}

static void
complain(const struct config_entry *entry, const struct key_row *row,
	 size_t section_len, struct problems *problems)
{
	const char *why = "no such key here; there are pacegate.tests, "
			  "pacegate.build, pacegate.setup and "
			  "[test \"perf/x\"]";

	if (section_is(entry, section_len, SECTION_TREE_TEST))
		why = "write [test \"perf/x\"] to say of which test";
	else if (row && (row->where & KEY_TREE))
		why = "it holds for every ref and test, write it in "
		      "[pacegate] alone";
	else if (row)
		why = "it is for the server's configuration, where an admin "
		      "sets it with git config";
	problems_add_line(problems, entry->file, entry->line, "%s: %s",
			  entry->key, why);
}

static void
add_entry(struct tree_config *config, const struct config_entry *entry,
	  struct problems *problems)
{
	size_t section_len = 0, sub_len = 0;
	const char *sub = NULL, *name = NULL;
	const struct key_row *row;

	config_split(entry->key, &section_len, &sub, &sub_len, &name);
	if (sub && section_is(entry, section_len, SECTION_TREE_TEST)) {
		add_test_word(config, sub, sub_len, name, entry, problems);
		return;
	}
	row = key_find(entry->key, section_len, name);
	if (!row || sub || !(row->where & KEY_TREE))
		complain(entry, row, section_len, problems);
	else if (!strcmp(row->name, "tests"))
		add_pattern(config, entry, problems);
	else if (!strcmp(row->name, "build"))
		set_command(&config->build, entry->value);
	else
		set_command(&config->setup, entry->value);
}

void
tree_config_read(struct tree_config *config, const char *text, size_t len,
		 const char *file, struct problems *problems)
{
	struct config entries = { 0 };

	*config = (struct tree_config){ 0 };
	config_parse(&entries, text, len, file, problems);
	for (size_t i = 0; i < entries.count; i++)
		add_entry(config, &entries.items[i], problems);
	config_release(&entries);
}

void
tree_config_release(struct tree_config *config)
{
	texts_release(&config->tests);
	texts_release(&config->names);
	texts_release(&config->words);
	texts_release(&config->values);
	texts_release(&config->places);
	free(config->build);
	free(config->setup);
	*config = (struct tree_config){ 0 };
}

void
tree_config_apply(const struct tree_config *config, const char *test,
		  struct directives *directives, struct problems *problems)
{
	for (size_t i = 0; i < config->names.count; i++) {
		const char *wrong;

		if (!pattern_matches(config->names.items[i], test))
			continue;
		/* Sound by itself; with what the file says it may be too
		 * much. */
		wrong = directives_set(directives, config->words.items[i],
				       config->values.items[i]);
		if (wrong)
			problems_add(problems, config->places.items[i],
				     "%s = %s: %s", config->words.items[i],
				     config->values.items[i], wrong);
	}
}
