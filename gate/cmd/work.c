#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "canary.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "worker.h"

#include <signal.h>
#include <stdlib.h>

enum { WATCH_MS = 2000 };

static volatile sig_atomic_t stopped;

static void
on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static int
is_stopped(void)
{
	return stopped;
}

static void
tell(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

/* Configuration is read afresh each time: an admin need not start it anew. */
static int
drain(const char *repo, int quiet, struct worker_counts *counts,
      struct err *err)
{
	const struct worker_input input = { quiet ? NULL : tell, is_stopped };
	struct gate gate = GATE_INIT;
	struct err canary_err = ERR_INIT;
	int ret = cmd_open(&gate, repo, STORE_WRITE, err);

	if (!ret) {
		char *log = gate_path(&gate, FILE_LOG);

		log_open("work", log);
		free(log);
		ret = worker_drain(&gate, &input, counts, err);
		/* Nothing is queued any more: idle time. */
		if (!ret && !counts->busy &&
		    canary_when_due(&gate, &canary_err) < 0)
			log_event(LOG_WARNING, "%s", canary_err.text);
	}
	gate_close(&gate);
	return ret;
}

static void
print_counts(const struct worker_counts *counts, int json)
{
	json_t *all;

	if (!json && counts->busy) {
		puts("another worker is at it");
		return;
	}
	if (!json) {
		printf("%zu weighed, %zu settled", counts->weighed,
		       counts->settled);
		if (counts->studied)
			printf(", %zu sessions of study", counts->studied);
		puts(counts->failed ? ", some failed" : "");
		return;
	}
	all = json_pack("{s:b, s:I, s:I, s:I, s:I}", "busy", counts->busy,
			"weighed", (json_int_t)counts->weighed, "settled",
			(json_int_t)counts->settled, "studied",
			(json_int_t)counts->studied, "failed",
			(json_int_t)counts->failed);
	json_print(all);
	json_decref(all);
}

int
cmd_work(int argc, char **argv)
{
	struct worker_counts counts = { 0 };
	const char *repo = NULL;
	struct err err = ERR_INIT;
	int watch = 0, json = 0, ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "watch", 0, OPTION_FLAG, NULL, "stay, and look every 2 s",
		  &watch },
		{ "json", 0, OPTION_FLAG, NULL, "what was done, as JSON",
		  &json },
		{ 0 }
	};

	ret = cmd_begin("work", rows, &argc, argv, 0);
	if (ret >= 0)
		return ret;
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	do {
		ret = drain(repo, json, &counts, &err);
		if (ret < 0)
			return cmd_fail(&err);
		if (watch && !stopped)
			clock_sleep_ms(WATCH_MS);
	} while (watch && !stopped);
	print_counts(&counts, json);
	return EXIT_FINE;
}
