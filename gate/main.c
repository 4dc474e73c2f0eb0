/* pacegate: the table of subcommands, and nothing else. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit.h"
#include "base/names.h"
#include "cmd/commands.h"

static void
print_help(void)
{
	puts("usage: pacegate [-C DIR] COMMAND [ARGUMENT...]\n\n"
	     "A performance gate for git. Commands:\n");
	for (const struct command *at = commands; at->name; at++)
		printf("  %-10s %s\n", at->name, at->summary);
	puts("\n`pacegate COMMAND --help` tells more, and so does "
	     "`man pacegate`.\n"
	     "Exit: 0 fine, 1 a regression or a refusal, 2 usage, 3 our "
	     "failure.");
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
	    !strcmp(argv[at], "-h") || !strcmp(argv[at], "help")) {
		print_help();
		return at >= argc ? EXIT_USAGE : EXIT_FINE;
	}
	if (!strcmp(argv[at], "--version")) {
		puts(PROGRAM_GATE " " PACEGATE_VERSION);
		return EXIT_FINE;
	}
	command = command_find(argv[at]);
	if (!command) {
		fprintf(stderr,
			"pacegate: no command '%s', see `pacegate --help`\n",
			argv[at]);
		return EXIT_USAGE;
	}
	return command->run(argc - at, argv + at);
}
