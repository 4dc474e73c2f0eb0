/* compare: two commits by what the store holds of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "compare.h"
#include "gate.h"
#include "repo/repo.h"

struct wanted {
	struct oid base, commit;
	struct compare compare;
};

static int
read_rows(struct store_tx *tx, void *data, struct err *err)
{
	struct wanted *wanted = data;

	(void)err;
	compare_release(&wanted->compare);
	return compare_commits(tx, &wanted->base, &wanted->commit,
			       &wanted->compare);
}

static const char *
unit_of(const char *metric)
{
	const struct metric_row *row = metric_find(metric);

	return row ? row->unit : "1";
}

static void
print_row(const struct compare_row *row, int name_width)
{
	struct buf base = BUF_INIT, value = BUF_INIT, change = BUF_INIT;
	struct buf range = BUF_INIT, test = BUF_INIT;

	buf_add_clean(&test, row->test, strlen(row->test), 60);
	units_add_value(&base, row->base, unit_of(row->metric));
	units_add_value(&value, row->value, unit_of(row->metric));
	if (isfinite(row->estimate.ratio))
		units_add_change(&change, row->estimate.ratio);
	if (!row->rounds) {
		buf_adds(&range, "measured apart");
	} else if (row->estimate.low > 0 && isfinite(row->estimate.high)) {
		units_add_change(&range, row->estimate.low);
		buf_adds(&range, " .. ");
		units_add_change(&range, row->estimate.high);
		buf_addf(&range, ", %zu rounds", row->rounds);
	} else {
		buf_adds(&range, "too few trials");
	}
	printf("%-*s  %-12s %9s  %9s  %8s  %s\n", name_width, buf_text(&test),
	       row->metric, buf_text(&base), buf_text(&value),
	       buf_text(&change), buf_text(&range));
	buf_release(&test);
	buf_release(&base);
	buf_release(&value);
	buf_release(&change);
	buf_release(&range);
}

static void
print_rows(const struct wanted *wanted)
{
	char base[OID_HEX + 1], commit[OID_HEX + 1];
	int width = 4;

	pager_start();
	for (size_t i = 0; i < wanted->compare.count; i++) {
		size_t len = strlen(wanted->compare.rows[i].test);

		if (len < 60 && (int)len > width)
			width = (int)len;
	}
	oid_short(&wanted->base, base);
	oid_short(&wanted->commit, commit);
	printf("%-*s  %-12s %9.9s  %9.9s  %8s  %s\n", width, "test", "metric",
	       base, commit, "change", "interval");
	for (size_t i = 0; i < wanted->compare.count; i++)
		print_row(&wanted->compare.rows[i], width);
}

static void
print_json(const struct wanted *wanted)
{
	json_t *rows = compare_json(&wanted->compare);

	json_print(rows);
	json_decref(rows);
}

static int
read_both(struct gate *gate, char **argv, struct wanted *wanted,
	  struct err *err)
{
	int ret = repo_resolve(gate->repo, argv[1], &wanted->base, err);

	if (!ret)
		ret = repo_resolve(gate->repo, argv[2], &wanted->commit, err);
	if (!ret)
		ret = store_read(gate->store, read_rows, wanted, err);
	if (!ret && !wanted->compare.count)
		ret = err_set(err, ERR_NOT_FOUND,
			      "no test was measured at both: `pacegate run %s "
			      "%s` in a clone does it",
			      argv[1], argv[2]);
	return ret;
}

int
cmd_compare(int argc, char **argv)
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

	ret = cmd_begin("compare", rows, &argc, argv, 2);
	if (ret >= 0)
		return ret;
	if (argc < 3) {
		fputs("pacegate compare: say which two revisions, see --help\n",
		      stderr);
		return EXIT_USAGE;
	}
	ret = cmd_open(&gate, repo, STORE_READ, &err);
	if (!ret)
		ret = read_both(&gate, argv, &wanted, &err);
	if (!ret && json)
		print_json(&wanted);
	else if (!ret)
		print_rows(&wanted);
	compare_release(&wanted.compare);
	gate_close(&gate);
	return ret ? cmd_fail(&err) : EXIT_FINE;
}
