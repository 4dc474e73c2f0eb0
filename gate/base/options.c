#include "base/options.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row *
find_row(const struct option_row *rows, const char *word, const char **inline_)
{
	for (; rows->name; rows++) {
		size_t len = strlen(rows->name);

		*inline_ = NULL;
		if (word[1] != '-') {
			if (rows->letter && word[1] == rows->letter) {
				*inline_ = word[2] ? word + 2 : NULL;
				return rows;
			}
			continue;
		}
		if (strncmp(word + 2, rows->name, len))
			continue;
		if (word[2 + len] == '=')
			*inline_ = word + 2 + len + 1;
		if (!word[2 + len] || *inline_)
			return rows;
	}
	return NULL;
}

static int
set_value(const struct option_row *row, const char *value, const char *word,
	  struct err *err)
{
	switch (row->kind) {
	case OPTION_FLAG:
		if (value)
			return err_set(err, ERR_INPUT, "%s takes no value",
				       word);
		*(int *)row->value = 1;
		return 0;
	case OPTION_TEXT:
		*(const char **)row->value = value;
		return 0;
	case OPTION_TEXTS:
		texts_add(row->value, value);
		return 0;
	}
	return 0;
}

static int
unknown(const struct option_row *rows, const char *word, struct err *err)
{
	size_t len = strcspn(word, "=");
	char *name = mem_copy_bytes(word, len);
	struct nearest near;
	int ret;

	nearest_init(&near, word[1] == '-' ? name + 2 : name + 1);
	for (; rows->name; rows++)
		nearest_add(&near, rows->name);
	ret = near.best ? err_set(err, ERR_INPUT,
				  "unknown option %s: did you mean --%s?", name,
				  near.best)
			: err_set(err, ERR_INPUT,
				  "unknown option %s, see --help", name);
	free(name);
	return ret;
}

int
options_parse(const struct option_row *rows, int *argc, char **argv, int *help,
	      struct err *err)
{
	int kept = 1, ended = 0, ret;

	for (int i = 1; i < *argc; i++) {
		const struct option_row *row;
		const char *value = NULL, *word = argv[i];

		if (ended || word[0] != '-' || !word[1]) {
			argv[kept++] = argv[i];
			continue;
		}
		if (!strcmp(word, "--")) {
			ended = 1;
			continue;
		}
		if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
			*help = OPTIONS_HELP;
			continue;
		}
		if (!strcmp(word, OPTIONS_LIST)) {
			*help = OPTIONS_LISTED;
			continue;
		}
		row = find_row(rows, word, &value);
		if (!row)
			return unknown(rows, word, err);
		if (row->kind != OPTION_FLAG && !value) {
			if (i + 1 >= *argc)
				return err_set(err, ERR_INPUT, "%s wants %s",
					       word, row->argument);
			value = argv[++i];
		}
		ret = set_value(row, value, word, err);
		if (ret < 0)
			return ret;
	}
	*argc = kept;
	argv[kept] = NULL;
	return 0;
}

static void
print_list(const char *name, const struct option_row *rows)
{
	for (; rows->name; rows++)
		printf("option\t%s\t%s\t%c\t%s\t%s\t%s\n", name, rows->name,
		       rows->letter ? rows->letter : '-',
		       rows->argument ? rows->argument : "-",
		       rows->kind == OPTION_TEXTS ? "many" : "once",
		       rows->help);
}

void
options_print(int help, const char *name, const char *usage,
	      const char *summary, const struct option_row *rows)
{
	if (help == OPTIONS_LISTED) {
		print_list(name, rows);
		return;
	}
	printf("usage: %s\n\n%s\n", usage, summary);
	if (rows->name)
		putchar('\n');
	for (; rows->name; rows++) {
		char left[64];
		char letter[8] = "";

		if (rows->letter)
			snprintf(letter, sizeof(letter), "-%c, ", rows->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, rows->name,
			 rows->argument ? " " : "",
			 rows->argument ? rows->argument : "");
		printf("  %-24s %s\n", left, rows->help);
	}
}
