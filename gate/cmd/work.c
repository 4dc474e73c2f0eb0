#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "job.h"
#include "worker.h"

enum { WATCH_MS = 2000 };

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
	const struct worker_input input = { quiet ? NULL : tell,
					    cmd_is_stopped };
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

/* The worker that started this has gone: its end of the pipe is closed. */
static int
job_stops(void)
{
	struct stat in;

	return cmd_is_stopped() ||
	       (!fstat(STDIN_FILENO, &in) && S_ISFIFO(in.st_mode) &&
		io_wait(STDIN_FILENO, POLLIN, 0) != 0);
}

static int
run_job(const char *repo, uint64_t id, struct err *err)
{
	enum job_end end = JOB_NONE;
	struct gate gate = GATE_INIT;
	struct job job = { .gate = &gate, .tell = tell, .stopped = job_stops };
	int ret = cmd_open(&gate, repo, STORE_WRITE, err);

	if (!ret) {
		char *log = gate_path(&gate, FILE_LOG);

		log_open("work", log);
		free(log);
		ret = job_run(&job, id, &end, err);
		if (ret < 0)
			log_event(LOG_ERROR, "%s", err->text);
	}
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
	const char *job = NULL;
	int64_t id = 0;
	int watch = 0, json = 0, ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "watch", 0, OPTION_FLAG, NULL, "stay, and look every 2 s",
		  &watch },
		{ "json", 0, OPTION_FLAG, NULL, "what was done, as JSON",
		  &json },
		{ "job", 0, OPTION_TEXT, "ID",
		  "run one job of the queue; the worker starts these", &job },
		{ 0 }
	};

	ret = cmd_begin("work", rows, &argc, argv, 0);
	if (ret >= 0)
		return ret;
	cmd_catch_signals();
	if (job && units_parse_count(job, 0, INT64_MAX, &id) < 0) {
		err_set(&err, ERR_INPUT, "--job %s: see `pacegate status`",
			job);
		return cmd_fail(&err);
	}
	if (job)
		return run_job(repo, (uint64_t)id, &err);
	do {
		ret = drain(repo, json, &counts, &err);
		if (ret < 0)
			return cmd_fail(&err);
		if (watch && !cmd_is_stopped())
			clock_sleep_ms(WATCH_MS);
	} while (watch && !cmd_is_stopped());
	print_counts(&counts, json);
	return EXIT_FINE;
}
