/* help: the list of commands, or the manual page of one. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/nearest.h"
#include "cmd/commands.h"
#include "cmd/common.h"

#ifndef PACEGATE_MANDIR
#define PACEGATE_MANDIR "/usr/local/share/man"
#endif

/* Pages that are of no command. */
static const struct topic {
	const char *name, *page;
	char section;
} topics[] = {
	{ "config", "pacegate.config", '5' },
	{ "test", "pacegate-test", '5' },
	{ "trailers", "pacegate-trailers", '7' },
	{ "deploy", "pacegate-deploy", '7' },
	{ "json", "pacegate-pages", '7' },
	{ "runner", "pacegate-runner", '1' },
	{ "pacegate", "pacegate", '1' },
};

static const size_t topic_count = sizeof(topics) / sizeof(*topics);

void
help_print(void)
{
	puts("usage: pacegate [-C DIR] COMMAND [ARGUMENT...]\n\n"
	     "A performance gate for git. Commands:\n");
	for (const struct command *at = commands; at->name; at++)
		printf("  %-10s %s\n", at->name, at->summary);
	puts("\n`pacegate COMMAND --help` is short, `pacegate help COMMAND` "
	     "the "
	     "manual page.\n"
	     "Exit: 0 fine, 1 a regression or a refusal, 2 usage, 3 our "
	     "failure.");
}

int
help_unknown(const char *word, int with_topics)
{
	struct nearest near;

	nearest_init(&near, word);
	for (const struct command *at = commands; at->name; at++)
		nearest_add(&near, at->name);
	for (size_t i = 0; with_topics && i < topic_count; i++)
		nearest_add(&near, topics[i].name);
	if (near.best)
		fprintf(stderr,
			"pacegate: no command '%s': did you mean `pacegate "
			"%s%s`?\n",
			word, with_topics ? "help " : "", near.best);
	else
		fprintf(stderr,
			"pacegate: no command '%s', see `pacegate --help`\n",
			word);
	return EXIT_USAGE;
}

/* Beside this program as built or installed, else what was compiled in. */
static char *
find_page(const char *page, char section)
{
	char self[PATH_MAX] = "";
	const char *below[] = { "/man", "/../share/man", NULL };
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = len > 0 ? strrchr(self, '/') : NULL;
	char *path = NULL;

	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && below[i] && !path; i++) {
		path = mem_text("%s%s/man%c/%s.%c", self, below[i], section,
				page, section);
		if (!file_exists(path)) {
			free(path);
			path = NULL;
		}
	}
	return path ? path
		    : mem_text(PACEGATE_MANDIR "/man%c/%s.%c", section, page,
			       section);
}

/* Does not return where there is a man(1); a packager's page may be a
 * compressed one, which man finds by name. */
static int
show_page(const char *name, char section)
{
	char *path = find_page(name, section);
	const char *page = file_exists(path) ? path : name;

	execlp("man", "man", page, (char *)NULL);
	execlp("mandoc", "mandoc", "-a", page, (char *)NULL);
	fprintf(stderr,
		"pacegate: there is no man here; the page is %s, and `--help` "
		"is short\n",
		path);
	free(path);
	return EXIT_OURS;
}

int
cmd_help(int argc, char **argv)
{
	const struct option_row rows[] = { { 0 } };
	int ret = cmd_begin("help", rows, &argc, argv, 1);
	const struct command *command;
	char *page;

	if (ret >= 0)
		return ret;
	if (argc < 2) {
		help_print();
		return EXIT_FINE;
	}
	for (size_t i = 0; i < topic_count; i++)
		if (!strcmp(topics[i].name, argv[1]))
			return show_page(topics[i].page, topics[i].section);
	command = command_find(argv[1]);
	if (!command)
		return help_unknown(argv[1], 1);
	page = mem_text(PROGRAM_GATE "-%s", command->name);
	ret = show_page(page, '1');
	free(page);
	return ret;
}
