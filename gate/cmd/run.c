/*
 * run: weigh a revision against another one in a developer's clone, by the
 * same code as the server's, without hooks and without a store.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "gather.h"
#include "policy/problem.h"
#include "report/accept.h"
#include "repo/repo.h"

#define RUN_REF "refs/heads/HEAD"

struct run {
	const char *repo, *base, *rev;
	struct texts tests;
	int json, all;
};

static void
on_progress(void *data, const struct weigh_progress *progress)
{
	(void)data;
	if (isatty(STDERR_FILENO)) {
		fprintf(stderr, "\r%3.0f %%  %-40.40s", progress->share * 100,
			progress->what);
		fflush(stderr);
	}
}

static void
print_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		struct buf line = BUF_INIT;

		buf_add_clean(&line, problems->items[i].where,
			      strlen(problems->items[i].where), 200);
		buf_adds(&line, ": ");
		buf_add_clean(&line, problems->items[i].what,
			      strlen(problems->items[i].what), 400);
		fprintf(stderr, "%s\n", line.data);
		buf_release(&line);
	}
}

/* The revision against the base alone, whatever lies between them. */
static int
gather_pair(struct gate *gate, const struct run *run, struct gather *gather,
	    struct err *err)
{
	struct gather_input input = { .repo = gate->repo,
				      .policy = gate->policy,
				      .ref = RUN_REF,
				      .may_accept = 1 };
	json_t *note;
	char base[OID_HEX + 1], tip[OID_HEX + 1];
	int ret;

	*gather = (struct gather){ 0 };
	if (repo_resolve(gate->repo, run->base, &input.old, err) < 0 ||
	    repo_resolve(gate->repo, run->rev, &input.new, err) < 0)
		return err->code;
	oid_format(&input.old, base);
	oid_format(&input.new, tip);
	note = json_pack("{s:i, s:s, s:s, s:i, s:[s], s:[]}", "kind",
			 UPDATE_FORWARD, "tip", tip, "base", base, "total", 1,
			 "commits", tip, "trailers");
	input.noted = note;
	if (run->tests.count)
		input.only = &run->tests;
	ret = gather_update(gather, &input, err);
	json_decref(note);
	return ret;
}

static int
weigh(struct gate *gate, const struct run *run, struct err *err)
{
	struct gate_run how = { .class = SLOT_BLOCKING,
				.deadline_ms = -1,
				.progress = on_progress };
	struct weigh_result result = { 0 };
	struct buf text = BUF_INIT;
	struct gather gather;
	int ret = gather_pair(gate, run, &gather, err), code = EXIT_FINE;

	print_problems(&gather.problems);
	if (!ret && gather.outcome != GATHER_WEIGH) {
		gather_add_text(&gather, &text);
		printf("%s\n", buf_text(&text));
	} else if (!ret) {
		ret = gate_weigh(gate, &gather, &how, &result, err);
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r%50s\r", "");
	}
	if (!ret && result.count) {
		const struct report *report = &result.reports[result.count - 1];

		cmd_print_report(report, run->json, run->all);
		code = verdict_is_regression(report->verdict) ? EXIT_REGRESSION
							      : EXIT_FINE;
	}
	buf_release(&text);
	weigh_release(&result);
	gather_release(&gather);
	return ret < 0 ? ret : code;
}

int
cmd_run(int argc, char **argv)
{
	struct run run = { .base = "HEAD~1", .rev = "HEAD" };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &run.repo },
		{ "test", 't', OPTION_TEXTS, "TEST",
		  "this test, or those that match; may be repeated",
		  &run.tests },
		{ "all", 'a', OPTION_FLAG, NULL, "passing tests a row each too",
		  &run.all },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &run.json },
		{ 0 }
	};

	ret = cmd_begin("run", rows, &argc, argv, 2);
	if (ret >= 0)
		return ret;
	if (argc > 1)
		run.base = argv[1];
	if (argc > 2)
		run.rev = argv[2];
	ret = gate_open(&gate, run.repo, NULL, &err);
	if (!ret) {
		print_problems(&gate.problems);
		ret = weigh(&gate, &run, &err);
	}
	texts_release(&run.tests);
	gate_close(&gate);
	return ret < 0 ? cmd_fail(&err) : ret;
}
