#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

/*
 * The subcommands: a row each. `run` gets the words from its own name on and
 * returns an exit code (base/exit.h).
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;   /* what follows the name */
	const char *summary; /* one line */
};

/* Ends with a NULL name. */
extern const struct command commands[];

const struct command *command_find(const char *name);

/* The list of commands, for `pacegate --help`. */
void help_print(void);

/* Say that there is no such command, and which one may be meant; the exit
 * code. with_topics: what `pacegate help` was given. */
int help_unknown(const char *word, int with_topics);

/* The options that every subcommand understands are in cmd/common.h. */
int cmd_accept(int argc, char **argv);
int cmd_backfill(int argc, char **argv);
int cmd_bisect(int argc, char **argv);
int cmd_canary(int argc, char **argv);
int cmd_detect(int argc, char **argv);
int cmd_tune(int argc, char **argv);
int cmd_deliver(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_expire(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_install(int argc, char **argv);
int cmd_ledger(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_reset(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_new(int argc, char **argv);
int cmd_pages(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_uninstall(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_work(int argc, char **argv);

#endif
