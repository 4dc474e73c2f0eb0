#include "base/err.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/names.h"
#include "base/options.h"
#include "base/units.h"
#include "runner/exec.h"
#include "runner/session.h"
#include "runner/slotuser.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* pacegate-runner: what runs on the machine that measures. */

static const char usage[] = PROGRAM_RUNNER
	" --cache DIR [--cache-size SIZE] [--slot N] "
	"[--cpus LIST] [--user NAME]\n"
	"       " PROGRAM_RUNNER " --exec [OPTIONS] -- "
	"COMMAND...\n"
	"       " PROGRAM_RUNNER " --self-test";

static const char summary[] =
	"Runs one session of performance tests for pacegate: speaks its\n"
	"session protocol on stdin and stdout. Nobody calls it by hand, but\n"
	"for --self-test, which says whether this machine can run the "
	"sandbox,\n"
	"and --exec, which runs one command in it.";

struct words {
	const char *cache, *cache_size, *slot, *cpus, *user;
	int version;
};

static int
bad_usage(const char *what)
{
	fprintf(stderr, PROGRAM_RUNNER ": %s, see --help\n", what);
	return EXIT_USAGE;
}

/* The slot's number, from --slot and from the name of its user. */
static int
read_slot(const struct words *words, int *slot)
{
	const size_t prefix = strlen(SLOTUSER_PREFIX);
	int64_t number = -1, named = -1;

	if (words->slot &&
	    units_parse_count(words->slot, 0, INT_MAX, &number) < 0)
		return ERR_INPUT;
	if (words->user &&
	    (strncmp(words->user, SLOTUSER_PREFIX, prefix) != 0 ||
	     units_parse_count(words->user + prefix, 0, SLOTUSER_MAX, &named) <
		     0))
		return ERR_INPUT;
	*slot = (int)(words->user ? named : number);
	return 0;
}

static int
serve(const struct words *words)
{
	struct session_options options = { .in = STDIN_FILENO,
					   .out = STDOUT_FILENO,
					   .cache = words->cache,
					   .cpus = words->cpus };

	if (!words->cache)
		return bad_usage("--cache is missing");
	if (units_parse_size(words->cache_size, &options.cache_bytes) < 0)
		return bad_usage("--cache-size wants a size such as 2G");
	if (read_slot(words, &options.slot) < 0)
		return bad_usage("--slot wants a number, --user the name of a "
				 "slot's user, " SLOTUSER_PREFIX "0 and so on");
	return session_serve(&options);
}

int
main(int argc, char **argv)
{
	struct words words = { .cache_size = "2G" };
	const struct option_row rows[] = {
		{ "cache", 0, OPTION_TEXT, "DIR",
		  "keep objects and built trees there", &words.cache },
		{ "cache-size", 0, OPTION_TEXT, "SIZE",
		  "bound of the cache, 2G unless said otherwise",
		  &words.cache_size },
		{ "slot", 0, OPTION_TEXT, "N", "number of the slot",
		  &words.slot },
		{ "cpus", 0, OPTION_TEXT, "LIST", "CPUs of the slot: 1-3,5",
		  &words.cpus },
		{ "user", 0, OPTION_TEXT, "NAME",
		  "the slot's user, " SLOTUSER_PREFIX "N", &words.user },
		{ "version", 0, OPTION_FLAG, NULL, "print the version",
		  &words.version },
		{ NULL, 0, OPTION_FLAG, NULL, NULL, NULL },
	};
	struct err err = ERR_INIT;
	int help = 0;

	umask(022);
	log_open(PROGRAM_RUNNER, NULL);
	if (argc > 1 && !strcmp(argv[1], "--exec"))
		return runner_exec(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "--self-test"))
		return runner_self_test(argc - 1, argv + 1);
	if (options_parse(rows, &argc, argv, &help, &err) < 0)
		return bad_usage(err.text);
	if (help) {
		options_print(help, "runner", usage, summary, rows);
		return EXIT_FINE;
	}
	if (words.version) {
		puts(PROGRAM_RUNNER " " PACEGATE_VERSION);
		return EXIT_FINE;
	}
	return argc > 1 ? bad_usage("too many words") : serve(&words);
}
