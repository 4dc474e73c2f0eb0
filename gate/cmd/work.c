#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "job.h"
#include "worker.h"
#include "worker_nursery.h"

enum { WATCH_MS = 2000 };

static void
tell(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

/* Configuration is read afresh each time: an admin need not start it anew. */
static int
drain(const char *repo, int quiet, struct worker_nursery *nursery,
      struct worker_counts *counts, struct err *err)
{
	const struct worker_input input = { quiet ? NULL : tell, cmd_is_stopped,
					    nursery };
	struct gate gate = GATE_INIT;
	int ret = cmd_open(&gate, repo, STORE_WRITE, err);

	if (!ret) {
		char *log = gate_path(&gate, FILE_LOG);

		log_open("work", log);
		free(log);
		ret = worker_drain(&gate, &input, counts, err);
	}
	gate_close(&gate);
	return ret;
}

/* In a process of the worker: when that is gone, its end of the pipe is. */
static int
job_stops(void)
{
	return cmd_is_stopped() || io_wait(STDIN_FILENO, POLLIN, 0) != 0;
}

static int
run_job(const void *data, uint64_t id)
{
	const char *repo = data;
	enum job_end end = JOB_NONE;
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	struct job job = { .gate = &gate, .tell = tell, .stopped = job_stops };
	int ret = cmd_open(&gate, repo, STORE_WRITE, &err);

	if (!ret) {
		char *log = gate_path(&gate, FILE_LOG);

		log_open("work", log);
		free(log);
		ret = job_run(&job, id, &end, &err);
	}
	if (ret < 0)
		log_event(LOG_ERROR, "%s", err.text);
	gate_close(&gate);
	return ret < 0 ? EXIT_OURS : (int)end;
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
	struct worker_nursery nursery;
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
	cmd_catch_signals();
	ret = worker_nursery_start(&nursery, run_job, repo, json, &err);
	while (!ret) {
		ret = drain(repo, json, &nursery, &counts, &err);
		if (ret < 0 || !watch || cmd_is_stopped())
			break;
		clock_sleep_ms(WATCH_MS);
	}
	worker_nursery_end(&nursery);
	if (ret < 0)
		return cmd_fail(&err);
	print_counts(&counts, json);
	return EXIT_FINE;
}
