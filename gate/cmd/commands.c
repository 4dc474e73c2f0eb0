#include "cmd/commands.h"

#include <stddef.h>
#include <string.h>

const struct command commands[] = {
	{ "install", cmd_install, "[REPO] [--gate REF]...",
	  "put the hooks, the store and defaults into a repository" },
	{ "uninstall", cmd_uninstall, "[REPO]",
	  "take them out and put back what was there" },
	{ "doctor", cmd_doctor, "",
	  "configuration in force, sandbox, and what is missing" },
	{ "run", cmd_run, "[BASE [REV]] [--test T]...",
	  "weigh a revision against another in this clone" },
	{ "new", cmd_new, "TEST [--language L]",
	  "write a commented starting test" },
	{ "show", cmd_show, "[REV]", "what the gate says of a commit" },
	{ "log", cmd_log, "TEST", "a test's history with its change points" },
	{ "compare", cmd_compare, "A B",
	  "two commits by what was measured of them" },
	{ "bisect", cmd_bisect, "TEST GOOD [BAD]",
	  "find the commit that brought a change" },
	{ "backfill", cmd_backfill, "TEST [--commits N]",
	  "lay a test over old commits, to give it a history" },
	{ "serve", cmd_serve, "[--listen ADDRESS:PORT]",
	  "the pages over HTTP, read-only" },
	{ "pages", cmd_pages, "DIR", "a static copy of the pages" },
	{ "status", cmd_status, "", "worker, queue, slots, outbox" },
	{ "work", cmd_work, "[--watch]", "run what is queued" },
	{ "deliver", cmd_deliver, "[--again [ID]...]",
	  "send what waits for hosts and people" },
	{ "accept", cmd_accept, "TEST REV --reason WHY",
	  "make a commit the baseline of a test" },
	{ "reset", cmd_reset, "TEST [REV] --reason WHY",
	  "begin the history of a test anew" },
	{ "ledger", cmd_ledger, "[--test T]",
	  "who accepted what, when and why" },
	{ "canary", cmd_canary, "[--pairs N] [--slower SIZE]... [--test T]",
	  "does the gate still bite, does it cry wolf" },
	{ "tune", cmd_tune, "[--threshold SIZE]...",
	  "what other thresholds would have said" },
	{ "detect", cmd_detect, "",
	  "change points of the CSV series on stdin" },
	{ "export", cmd_export, "", "write the whole store as JSON lines" },
	{ "import", cmd_import, "", "read what export wrote" },
	{ "expire", cmd_expire, "[--keep TIME]",
	  "drop old samples and verdicts" },
	{ "verify", cmd_verify, "", "check every record of the store" },
	{ "help", cmd_help, "[COMMAND]",
	  "the manual page of a command, or of config, test, trailers" },
	{ NULL, NULL, NULL, NULL },
};

const struct command *
command_find(const char *name)
{
	for (const struct command *at = commands; at->name; at++)
		if (!strcmp(at->name, name))
			return at;
	return NULL;
}
