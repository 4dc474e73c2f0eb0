#ifndef CMD_COMMON_H
#define CMD_COMMON_H

#include <jansson.h>

#include "base/options.h"
#include "store/store.h"

struct err;
struct gate;
struct report;

/* What subcommands share. */

/*
 * Parse the options; --help is answered. -1: go on, else the exit code to end
 * with. max: words that may remain, beyond it is a usage error.
 */
int cmd_begin(const char *name, const struct option_row *rows, int *argc,
	      char **argv, int max);

/* Say what went wrong on stderr; the exit code for it. */
int cmd_fail(const struct err *err);

/* Repository (NULL: here) and store. In a clone without a store,
 * ERR_NOT_FOUND says how to get one. */
int cmd_open(struct gate *gate, const char *repo, enum store_mode mode,
	     struct err *err);

/* The store of a repository alone (NULL: the one here). */
int cmd_open_store(const char *repo, enum store_mode mode, struct store **store,
		   struct err *err);

/* A report on stdout, as text or JSON. */
void cmd_print_report(const struct report *report, int json, int all);

/* SIGTERM and SIGINT end a command that stays at its next look, and no sooner:
 * cmd_is_stopped() tells from then on. */
void cmd_catch_signals(void);
int cmd_is_stopped(void);

/* Who acts, for the ledger: the login name. */
const char *cmd_user(void);

#endif
