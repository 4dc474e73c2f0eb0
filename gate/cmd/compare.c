/* compare: two commits by what the store holds of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/columns.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/mem.h"
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

enum { CELLS = 6, LEAST_NAME = 12 };

/* A table's line: cells and, of the change, its colour. */
struct line {
	char *cells[CELLS];
	int better, worse; /* surely */
};

static char *
interval_text(const struct compare_row *row)
{
	struct buf text = BUF_INIT;

	if (!row->rounds) {
		buf_adds(&text, "measured apart");
	} else if (row->estimate.low > 0 && isfinite(row->estimate.high)) {
		units_add_change(&text, row->estimate.low);
		buf_adds(&text, " .. ");
		units_add_change(&text, row->estimate.high);
		buf_addf(&text, ", %zu rounds", row->rounds);
	} else {
		buf_adds(&text, "too few trials");
	}
	return buf_take(&text);
}

static char *
value_text(double value, const char *metric)
{
	struct buf text = BUF_INIT;

	units_add_value(&text, value, unit_of(metric));
	return buf_take(&text);
}

static void
fill_line(struct line *line, const struct compare_row *row)
{
	const struct metric_row *metric = metric_find(row->metric);
	int more = row->rounds && row->estimate.low > 1;
	int less = row->rounds && row->estimate.high < 1;
	int turned = metric && metric->better == BETTER_HIGHER;
	struct buf text = BUF_INIT;

	buf_add_clean(&text, row->test, strlen(row->test), 120);
	line->cells[0] = buf_take(&text);
	buf_add_clean(&text, row->metric, strlen(row->metric), 40);
	line->cells[1] = buf_take(&text);
	line->cells[2] = value_text(row->base, row->metric);
	line->cells[3] = value_text(row->value, row->metric);
	if (isfinite(row->estimate.ratio))
		units_add_change(&text, row->estimate.ratio);
	line->cells[4] = buf_take(&text);
	line->cells[5] = interval_text(row);
	line->worse = turned ? less : more;
	line->better = turned ? more : less;
}

static void
print_line(const struct line *line, const size_t *width)
{
	const char *on = "";
	struct buf text = BUF_INIT;

	if (pager_color() && (line->worse || line->better))
		on = line->worse ? "\033[31m" : "\033[32m";
	for (size_t i = 0; i < CELLS; i++) {
		if (!width[i])
			continue;
		buf_adds(&text, i ? "  " : "");
		buf_adds(&text, i == 4 ? on : "");
		/* The last one needs no blanks behind it. */
		if (i + 1 < CELLS)
			columns_add(&text, line->cells[i], width[i],
				    i >= 2 ? COLUMNS_RIGHT : COLUMNS_LEFT);
		else
			buf_adds(&text, line->cells[i]);
		buf_adds(&text, i == 4 && *on ? "\033[0m" : "");
	}
	puts(text.data);
	buf_release(&text);
}

/* A narrow terminal holds no intervals, and then no long names. */
static void
find_widths(const struct line *lines, size_t count, size_t *width)
{
	size_t taken = 2 * (CELLS - 1), columns = pager_columns();

	for (size_t i = 0; i < CELLS; i++) {
		width[i] = 0;
		for (size_t j = 0; j < count; j++) {
			size_t len = columns_of(lines[j].cells[i]);

			width[i] = len > width[i] ? len : width[i];
		}
		taken += width[i];
	}
	if (!pager_is_terminal() || taken <= columns)
		return;
	taken -= width[5] + 2;
	width[5] = 0;
	if (taken > columns && width[0] > taken - columns + LEAST_NAME)
		width[0] -= taken - columns;
}

static void
print_rows(const struct wanted *wanted)
{
	size_t count = wanted->compare.count + 1, width[CELLS];
	struct line *lines = mem_new(count, sizeof(*lines));
	char base[OID_HEX + 1], commit[OID_HEX + 1];
	const char *heads[CELLS] = { "test",
				     "metric",
				     oid_short(&wanted->base, base),
				     oid_short(&wanted->commit, commit),
				     "change",
				     "interval" };

	pager_start();
	for (size_t i = 0; i < CELLS; i++)
		lines[0].cells[i] = mem_copy_text(heads[i]);
	for (size_t i = 1; i < count; i++)
		fill_line(&lines[i], &wanted->compare.rows[i - 1]);
	find_widths(lines, count, width);
	for (size_t i = 0; i < count; i++) {
		print_line(&lines[i], width);
		for (size_t j = 0; j < CELLS; j++)
			free(lines[i].cells[j]);
	}
	free(lines);
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
