#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stddef.h>

struct err;

/*
 * Options of a program or subcommand, as a table: parsing, --help and shell
 * completion all come from it.
 */
enum option_kind {
	OPTION_FLAG, /* int: set to 1 */
	OPTION_TEXT, /* const char *: borrowed from argv */
	OPTION_TEXTS /* struct texts: each use adds one */
};

struct option_row {
	const char *name; /* long name without `--` */
	char letter;      /* or 0 */
	enum option_kind kind;
	const char *argument; /* what the help calls it, NULL for a flag */
	const char *help;     /* one line */
	void *value;
};

/*
 * Parse argv[1..]; rows ends with a NULL name. `--name=VALUE`, `--name VALUE`,
 * `-x VALUE`; `--` ends options. The rest moves to the front of argv from
 * argv[1] on, *argc becomes 1 + their number. `--help` and `-h` are known
 * without a row: *help is set. ERR_INPUT names the wrong word.
 */
int options_parse(const struct option_row *rows, int *argc, char **argv,
		  int *help, struct err *err);

/* Print `usage: LINE`, summary and the table to stdout. */
void options_print_help(const char *usage, const char *summary,
			const struct option_row *rows);

#endif
