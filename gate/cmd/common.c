#include "cmd/common.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "cmd/commands.h"
#include "cmd/pager.h"
#include "gate.h"
#include "repo/repo.h"
#include "report/text.h"

int
cmd_begin(const char *name, const struct option_row *rows, int *argc,
	  char **argv, int max)
{
	const struct command *command = command_find(name);
	struct err err = ERR_INIT;
	int help = 0;

	if (options_parse(rows, argc, argv, &help, &err) < 0) {
		fprintf(stderr, "pacegate %s: %s\n", name, err.text);
		return EXIT_USAGE;
	}
	if (help) {
		char *usage = mem_text("pacegate %s%s%s", name,
				       *command->usage ? " " : "",
				       command->usage);

		options_print(help, name, usage, command->summary, rows);
		free(usage);
		return EXIT_FINE;
	}
	if (*argc - 1 > max) {
		fprintf(stderr, "pacegate %s: '%s' is too much, see --help\n",
			name, argv[max + 1]);
		return EXIT_USAGE;
	}
	return -1;
}

int
cmd_fail(const struct err *err)
{
	fprintf(stderr, "pacegate: %s\n", err->text);
	return err->code == ERR_INPUT || err->code == ERR_NOT_FOUND ? EXIT_USAGE
								    : EXIT_OURS;
}

int
cmd_open(struct gate *gate, const char *repo, enum store_mode mode,
	 struct err *err)
{
	int ret = gate_open(gate, repo, NULL, err);

	if (ret < 0)
		return ret;
	pager_configure(gate->repo);
	ret = gate_open_store(gate, mode, err);
	if (ret == ERR_NOT_FOUND)
		return err_set(
			err, ERR_NOT_FOUND,
			"pacegate is not installed in %s: name the "
			"server's repository by --repo, or run "
			"`pacegate install` there; in a clone, `pacegate "
			"run` weighs without",
			repo_gitdir(gate->repo));
	return ret;
}

int
cmd_open_store(const char *repo, enum store_mode mode, struct store **store,
	       struct err *err)
{
	struct repo *opened = NULL;
	char *dir = NULL;
	int ret = repo ? repo_open(&opened, repo, NULL, err)
		       : repo_open_here(&opened, ".", err);

	if (!ret) {
		dir = file_join(repo_gitdir(opened), DIR_STORE);
		ret = store_open(store, dir, mode, err);
	}
	free(dir);
	repo_close(opened);
	return ret;
}

void
cmd_print_report(const struct report *report, int json, int all)
{
	const struct text_style style = { .rows = 1000,
					  .color = pager_color(),
					  .columns = pager_is_terminal()
							     ? pager_columns()
							     : 0,
					  .all = all };
	struct buf text = BUF_INIT;
	char hex[OID_HEX + 1];

	if (json) {
		json_t *value = report_json(report);

		json_print(value);
		json_decref(value);
		return;
	}
	buf_addf(&text, "commit %s", oid_format(&report->commit, hex));
	if (report->subject) {
		buf_adds(&text, "  ");
		buf_add_clean(&text, report->subject, strlen(report->subject),
			      60);
	}
	buf_addc(&text, '\n');
	if (report->sessions)
		buf_addf(&text, "sessions %s, on %s (%s)\n", report->sessions,
			 report->machine ? report->machine : "?",
			 report->environment ? report->environment : "?");
	buf_addc(&text, '\n');
	report_add_table(&text, report, &style);
	buf_addc(&text, '\n');
	report_add_summary(&text, report);
	buf_addc(&text, '\n');
	report_add_advice(&text, report, &style);
	report_add_later(&text, report);
	report_add_drifts(&text, &report->drifts);
	fputs(text.data, stdout);
	buf_release(&text);
}

const char *
cmd_user(void)
{
	const struct passwd *entry = getpwuid(getuid());

	return entry ? entry->pw_name : "unknown";
}

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

void
cmd_catch_signals(void)
{
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
}

int
cmd_is_stopped(void)
{
	return stopped;
}
