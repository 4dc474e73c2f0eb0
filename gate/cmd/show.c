#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "cmd/show_course.h"
#include "gate.h"
#include "gather.h"
#include "noise.h"
#include "report/report.h"
#include "report/text.h"
#include "repo/repo.h"
#include "retrospect.h"

struct wanted {
	struct oid commit;
	struct report report;
};

static int
read_report(struct store_tx *tx, void *data, struct err *err)
{
	struct wanted *wanted = data;

	report_release(&wanted->report);
	return gate_get_report(tx, &wanted->commit, &wanted->report, err);
}

/*
 * No record: that of a commit which nothing measures is in the commit itself,
 * against the one before it, and as if pushed to the branch of HEAD.
 */
static int
explain(struct gate *gate, struct wanted *wanted, struct err *err)
{
	char *ref = repo_head_name(gate->repo);
	struct gather_input input = { .repo = gate->repo,
				      .store = gate->store,
				      .policy = gate->policy,
				      .ref = ref ? ref : "refs/heads/HEAD",
				      .new = wanted->commit,
				      .may_accept = 1,
				      .facts_only = 1 };
	struct gather gather = { 0 };
	struct buf why = BUF_INIT;
	int ret = repo_commit_parent(gate->repo, &wanted->commit, &input.old,
				     NULL, NULL);

	if (!ret)
		ret = gather_update(&gather, &input, NULL);
	if (ret < 0 || gather.outcome == GATHER_WEIGH) {
		/* *err says that there is no record. */
		ret = err->code;
		goto out;
	}
	gather_add_reason(&gather, &why);
	report_init(&wanted->report, &wanted->commit);
	wanted->report.verdict = VERDICT_UNWEIGHED;
	report_set(&wanted->report.why, buf_text(&why));
	gather_describe(&gather, &wanted->report);
out:
	buf_release(&why);
	gather_release(&gather);
	free(ref);
	return ret;
}

static int
find_report(struct gate *gate, struct wanted *wanted, struct err *err)
{
	int ret = store_read(gate->store, read_report, wanted, err);

	return ret == ERR_NOT_FOUND ? explain(gate, wanted, err) : ret;
}

static void
print_summary(const struct report *report)
{
	struct buf text = BUF_INIT;

	report_add_summary(&text, report);
	puts(buf_text(&text));
	buf_release(&text);
}

/* With the noise as it is known by now, whatever was when it was weighed. */
static void
print_report(struct gate *gate, struct report *report, int json)
{
	struct noise_book noise = NOISE_BOOK_INIT;
	struct buf text = BUF_INIT;

	noise_book_describe(&noise, gate->store, report);
	cmd_print_report(report, json, 1);
	report_add_floors(&text, report);
	if (!json && text.len)
		printf("\n%s", buf_text(&text));
	buf_release(&text);
	noise_book_release(&noise);
}

int
cmd_show(int argc, char **argv)
{
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	struct wanted wanted = { 0 };
	const char *repo = NULL;
	int json = 0, summary = 0, course = 0, ret;
	const struct option_row rows[] = {
		{ "summary", 's', OPTION_FLAG, NULL,
		  "one line: the verdict and why", &summary },
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ "course", 0, OPTION_FLAG, NULL,
		  "what a trial of each test used over time", &course },
		{ 0 }
	};

	ret = cmd_begin("show", rows, &argc, argv, 1);
	if (ret >= 0)
		return ret;
	ret = cmd_open(&gate, repo, STORE_READ, &err);
	if (!ret)
		ret = repo_resolve(gate.repo, argc > 1 ? argv[1] : "HEAD",
				   &wanted.commit, &err);
	if (!ret)
		ret = find_report(&gate, &wanted, &err);
	if (!ret && !summary)
		ret = retrospect(&gate, &wanted.report, &err);
	if (!ret && !json && !summary)
		pager_start();
	if (!ret && course)
		ret = show_course(gate.store, &wanted.report, json, &err);
	else if (!ret && summary && !json)
		print_summary(&wanted.report);
	else if (!ret)
		print_report(&gate, &wanted.report, json);
	report_release(&wanted.report);
	gate_close(&gate);
	return ret ? cmd_fail(&err) : EXIT_FINE;
}
