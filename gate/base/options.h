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
 * without a row: *help is set, to give to options_print(). ERR_INPUT names the
 * wrong word.
 */
int options_parse(const struct option_row *rows, int *argc, char **argv,
		  int *help, struct err *err);

/*
 * Answer what options_parse() found: `usage: LINE`, summary and the table; or
 * the table for programs, which make the manual and the completions of it: a
 * line each of `option`, name, long name, letter or `-`, argument or `-`,
 * `once` or `many`, help, with tabs between.
 */
enum { OPTIONS_HELP = 1, OPTIONS_LISTED };
#define OPTIONS_LIST "--list-options" /* asks for it; for no people */

void options_print(int help, const char *name, const char *usage,
		   const char *summary, const struct option_row *rows);

#endif
