#include "base/err.h"
#include "base/exit.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "gate.h"
#include "report/report.h"
#include "repo/repo.h"

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

int
cmd_show(int argc, char **argv)
{
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	struct wanted wanted = { 0 };
	const char *repo = NULL;
	int json = 0, ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
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
		ret = store_read(gate.store, read_report, &wanted, &err);
	if (!ret && !json)
		pager_start();
	if (!ret)
		cmd_print_report(&wanted.report, json, 1);
	report_release(&wanted.report);
	gate_close(&gate);
	return ret ? cmd_fail(&err) : EXIT_FINE;
}
