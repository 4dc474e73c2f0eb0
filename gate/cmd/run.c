/*
 * run: weigh a revision against another one in a developer's clone, by the
 * same code as the server's, without hooks and without a store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "cmd/progress.h"
#include "gate.h"
#include "gather.h"
#include "known.h"
#include "policy/pattern.h"
#include "policy/problem.h"
#include "report/accept.h"
#include "repo/repo.h"

#define RUN_REF "refs/heads/HEAD"

enum { WATCH_MS = 500 };

struct run {
	const char *repo, *base, *rev; /* NULL: not said */
	char *range;                   /* what BASE..REV points into */
	struct texts tests;
	int json, all, worktree, watch;
};

/* What is held against what. */
struct comparison {
	struct oid base, tip;
	const char *base_name, *tip_name;
};

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

static int
choose_tip(const struct gate *gate, const struct run *run,
	   struct comparison *pair, struct err *err)
{
	struct oid head;
	int ret;

	pair->tip_name = run->rev ? run->rev : "HEAD";
	if (run->rev || (run->base && !run->worktree) ||
	    !repo_worktree(gate->repo))
		return repo_resolve(gate->repo, pair->tip_name, &pair->tip,
				    err);
	ret = repo_resolve(gate->repo, "HEAD", &head, err);
	if (!ret)
		ret = repo_snapshot(gate->repo, &pair->tip, err);
	if (!ret && !oid_equal(&head, &pair->tip))
		pair->tip_name = "the working tree";
	return ret;
}

/*
 * What is not said: what was changed since the last commit; with nothing
 * changed, what would be pushed; with that pushed, the last commit.
 */
static int
choose_pair(const struct gate *gate, const struct run *run,
	    struct comparison *pair, struct err *err)
{
	struct oid head;
	int ret = choose_tip(gate, run, pair, err);

	if (ret)
		return ret;
	if (run->base) {
		pair->base_name = run->base;
		return repo_resolve(gate->repo, run->base, &pair->base, err);
	}
	ret = repo_resolve(gate->repo, "HEAD", &head, err);
	if (ret)
		return ret;
	pair->base = head;
	pair->base_name = "HEAD";
	if (!oid_equal(&head, &pair->tip) || run->worktree)
		return 0;
	pair->base_name = "the fork from the upstream branch";
	if (!repo_fork_point(gate->repo, &pair->base, NULL) &&
	    !oid_equal(&head, &pair->base))
		return 0;
	pair->base_name = "HEAD~1";
	if (!repo_resolve(gate->repo, "HEAD~1", &pair->base, NULL))
		return 0;
	return err_set(
		err, ERR_INPUT,
		"HEAD is the first commit, and nothing is changed since: "
		"there is nothing to hold it against");
}

/* Each that was named is there, or matches one that is. */
static int
check_tests(const struct gate *gate, const struct run *run,
	    const struct gather *gather, struct err *err)
{
	for (size_t i = 0; i < run->tests.count; i++) {
		const char *name = run->tests.items[i];
		struct texts one = { .items = &run->tests.items[i],
				     .count = 1 };
		int found = 0;

		for (size_t k = 0; k < gather->test_count && !found; k++)
			found = patterns_match(&one, gather->tests[k].path);
		if (found)
			continue;
		err_set(err, ERR_NOT_FOUND, "there is no test %.200s", name);
		return known_suggest(gate, name, err);
	}
	return 0;
}

/* The revision against the base alone, whatever lies between them. */
static int
gather_pair(struct gate *gate, const struct run *run,
	    const struct comparison *pair, struct gather *gather,
	    struct err *err)
{
	struct gather_input input = { .repo = gate->repo,
				      .policy = gate->policy,
				      .ref = RUN_REF,
				      .old = pair->base,
				      .new = pair->tip,
				      .may_accept = 1 };
	json_t *note;
	char base[OID_HEX + 1], tip[OID_HEX + 1];
	int ret;

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
	return ret ? ret : check_tests(gate, run, gather, err);
}

/* Nothing is to be weighed, and why. */
static void
print_reason(const struct gather *gather, const struct run *run,
	     const struct comparison *pair)
{
	struct buf text = BUF_INIT;
	struct report report;

	if (!run->json) {
		gather_add_text(gather, &text);
		puts(buf_text(&text));
		buf_release(&text);
		return;
	}
	gather_add_reason(gather, &text);
	report_init(&report, &pair->tip);
	report.verdict = VERDICT_UNWEIGHED;
	report_set(&report.why, buf_text(&text));
	gather_describe(gather, &report);
	cmd_print_report(&report, 1, 0);
	report_release(&report);
	buf_release(&text);
}

static int
weigh(struct gate *gate, const struct run *run, const struct comparison *pair,
      struct err *err)
{
	struct progress progress;
	struct gate_run how = { .class = SLOT_BLOCKING,
				.deadline_ms = -1,
				.progress = progress_weigh,
				.data = &progress };
	struct weigh_result result = { 0 };
	struct gather gather;
	int ret = gather_pair(gate, run, pair, &gather, err);
	int code = EXIT_FINE;

	print_problems(&gather.problems);
	if (!ret && gather.outcome != GATHER_WEIGH) {
		print_reason(&gather, run, pair);
	} else if (!ret) {
		progress_begin(&progress, NULL);
		ret = gate_weigh(gate, &gather, &how, &result, err);
		progress_clear(&progress);
	}
	if (!ret && result.count) {
		const struct report *report = &result.reports[result.count - 1];

		cmd_print_report(report, run->json, run->all);
		code = verdict_is_regression(report->verdict) ? EXIT_REGRESSION
							      : EXIT_FINE;
	}
	weigh_release(&result);
	gather_release(&gather);
	return ret < 0 ? ret : code;
}

static void
say_pair(const struct comparison *pair)
{
	char base[OID_HEX + 1];

	fprintf(stderr, "pacegate: %s against %s (%s)\n", pair->tip_name,
		pair->base_name, oid_short(&pair->base, base));
}

/* Until the user ends it: again whenever the files have changed and then held
 * still for a moment, since editors and builds save in several steps. */
static int
watch(struct gate *gate, const struct run *run, struct err *err)
{
	struct comparison done = { 0 }, seen = { 0 };

	for (;;) {
		struct comparison pair = { 0 };
		int ret = choose_pair(gate, run, &pair, err);

		if (!ret && oid_equal(&pair.tip, &seen.tip) &&
		    !oid_equal(&pair.tip, &done.tip)) {
			say_pair(&pair);
			ret = weigh(gate, run, &pair, err);
			done = pair;
			fflush(stdout);
		}
		if (ret < 0)
			return ret;
		seen = pair;
		clock_sleep_ms(WATCH_MS);
	}
}

static int
run_once(struct gate *gate, const struct run *run, struct err *err)
{
	struct comparison pair = { 0 };
	int ret = choose_pair(gate, run, &pair, err);

	if (!ret && (!run->base || run->worktree))
		say_pair(&pair);
	return ret ? ret : weigh(gate, run, &pair, err);
}

/* BASE, BASE REV, or git's BASE..REV. */
static void
read_revisions(struct run *run, int argc, char **argv)
{
	char *dots;

	if (argc < 2)
		return;
	run->base = argv[1];
	run->rev = argc > 2 ? argv[2] : NULL;
	dots = strstr(argv[1], "..");
	if (argc > 2 || !dots)
		return;
	run->range = mem_copy_bytes(argv[1], strlen(argv[1]));
	dots = run->range + (dots - argv[1]);
	*dots = '\0';
	dots += dots[2] == '.' ? 3 : 2;
	run->base = *run->range ? run->range : "HEAD";
	run->rev = *dots ? dots : "HEAD";
}

int
cmd_run(int argc, char **argv)
{
	struct run run = { 0 };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &run.repo },
		{ "test", 't', OPTION_TEXTS, "TEST",
		  "this test, or those that match; may be repeated",
		  &run.tests },
		{ "worktree", 'w', OPTION_FLAG, NULL,
		  "the files as they are, even beside BASE", &run.worktree },
		{ "watch", 0, OPTION_FLAG, NULL,
		  "stay, and weigh the files again when they change",
		  &run.watch },
		{ "all", 'a', OPTION_FLAG, NULL, "passing tests a row each too",
		  &run.all },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &run.json },
		{ 0 }
	};

	ret = cmd_begin("run", rows, &argc, argv, 2);
	if (ret >= 0)
		return ret;
	read_revisions(&run, argc, argv);
	if (run.watch)
		run.worktree = 1;
	if (run.rev && run.worktree) {
		fputs("pacegate run: the working tree and REV cannot both be "
		      "weighed: leave one out\n",
		      stderr);
		free(run.range);
		texts_release(&run.tests);
		return EXIT_USAGE;
	}
	ret = gate_open(&gate, run.repo, NULL, &err);
	if (!ret) {
		pager_configure(gate.repo);
		print_problems(&gate.problems);
		ret = run.watch ? watch(&gate, &run, &err)
				: run_once(&gate, &run, &err);
	}
	free(run.range);
	texts_release(&run.tests);
	gate_close(&gate);
	return ret < 0 ? cmd_fail(&err) : ret;
}
