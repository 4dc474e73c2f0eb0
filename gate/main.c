/* pacegate: the table of subcommands, and nothing else. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/options.h"
#include "cmd/commands.h"
#include "gate.h"
#include "known.h"

/*
 * The table of commands and options for programs: the manual pages and the
 * completions are made of it.
 */
static void
print_list(void)
{
	char word[] = OPTIONS_LIST;

	for (const struct command *at = commands; at->name; at++) {
		char *name = mem_copy_text(at->name);
		char *argv[] = { name, word, NULL };

		printf("command\t%s\t%s\t%s\n", at->name,
		       *at->usage ? at->usage : "-", at->summary);
		at->run(2, argv);
		free(name);
	}
}

/* For the completions, which are silent about what goes wrong. */
static int
print_tests(void)
{
	struct gate gate = GATE_INIT;
	struct texts names = { 0 };
	struct err err = ERR_INIT;

	if (!gate_open(&gate, NULL, NULL, &err)) {
		gate_open_store(&gate, STORE_READ, &err);
		known_tests(&gate, &names);
	}
	for (size_t i = 0; i < names.count; i++)
		if (!strpbrk(names.items[i], "\n\033"))
			puts(names.items[i]);
	texts_release(&names);
	gate_close(&gate);
	return EXIT_FINE;
}

int
main(int argc, char **argv)
{
	const struct command *command;
	int at = 1;

	signal(SIGPIPE, SIG_IGN);
	while (at + 1 < argc && !strcmp(argv[at], "-C")) {
		if (chdir(argv[at + 1]) < 0) {
			perror(argv[at + 1]);
			return EXIT_USAGE;
		}
		at += 2;
	}
	if (at >= argc || !strcmp(argv[at], "--help") ||
	    !strcmp(argv[at], "-h")) {
		help_print();
		return at >= argc ? EXIT_USAGE : EXIT_FINE;
	}
	if (!strcmp(argv[at], "--version")) {
		puts(PROGRAM_GATE " " PACEGATE_VERSION);
		return EXIT_FINE;
	}
	if (!strcmp(argv[at], OPTIONS_LIST)) {
		print_list();
		return EXIT_FINE;
	}
	if (!strcmp(argv[at], "--list-tests"))
		return print_tests();
	command = command_find(argv[at]);
	if (!command)
		return help_unknown(argv[at], 0);
	return command->run(argc - at, argv + at);
}
