#include "report/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/columns.h"
#include "base/mem.h"
#include "base/units.h"
#include "policy/trailer.h"
#include "report/report.h"

enum {
	MAX_NAME = 36,
	MAX_WHY = 150,
	COLUMNS = 6,
	LONGEST_VERDICT = 9,
	LEAST_NAME = 12,
	LOG_LINES = 6,
	MORE_LOG_LINES = 2
};

struct row {
	char *cells[COLUMNS];
	enum verdict verdict;
	int continued; /* another metric of the test above */
};

struct table {
	struct row *rows;
	size_t count, cap;
};

static char *
clean(const char *text, size_t max)
{
	struct buf buf = BUF_INIT;

	buf_add_clean(&buf, text, strlen(text), max);
	return buf_take(&buf);
}

static char *
value_text(double value, const char *unit)
{
	struct buf buf = BUF_INIT;

	if (isfinite(value))
		units_add_value(&buf, value, unit);
	else
		buf_adds(&buf, "-");
	return buf_take(&buf);
}

static char *
change_text(const struct report_metric *metric)
{
	struct buf buf = BUF_INIT;

	if (isfinite(metric->ratio))
		units_add_change(&buf, metric->ratio);
	return buf_take(&buf);
}

void
report_add_interval(struct buf *buf, const struct report_metric *metric)
{
	if (!isfinite(metric->ratio))
		return;
	if (metric->low <= 0 || !isfinite(metric->high)) {
		buf_adds(buf, "too few trials");
		return;
	}
	units_add_change(buf, metric->low);
	buf_adds(buf, " .. ");
	units_add_change(buf, metric->high);
}

static char *
interval_text(const struct report_metric *metric)
{
	struct buf buf = BUF_INIT;

	report_add_interval(&buf, metric);
	return buf_take(&buf);
}

static struct row *
add_row(struct table *table, enum verdict verdict)
{
	struct row *row;

	MEM_GROW(table->rows, table->count, table->cap);
	row = &table->rows[table->count++];
	*row = (struct row){ .verdict = verdict };
	return row;
}

static void
add_metric_row(struct table *table, const char *path,
	       const struct report_metric *metric, enum verdict verdict)
{
	struct row *row = add_row(table, verdict);

	row->continued = !path;
	row->cells[0] = clean(path ? path : "", MAX_NAME);
	row->cells[1] = clean(metric->name, MAX_NAME / 2);
	row->cells[2] = value_text(metric->base, metric->unit);
	row->cells[3] = value_text(metric->value, metric->unit);
	row->cells[4] = change_text(metric);
	row->cells[5] = interval_text(metric);
}

static void
add_test_rows(struct table *table, const struct report_test *test, size_t rows)
{
	const struct report_metric *first = report_main_metric(test);

	if (!first) {
		struct row *row = add_row(table, test->verdict);

		row->cells[0] = clean(test->path, MAX_NAME);
		for (size_t i = 1; i < COLUMNS; i++)
			row->cells[i] = mem_copy_text(i < 2 ? "-" : "");
		return;
	}
	add_metric_row(table, test->path, first, test->verdict);
	for (size_t i = 0; i < test->count && table->count < rows; i++) {
		const struct report_metric *metric = &test->metrics[i];

		if (metric != first && (metric->verdict == VERDICT_IMPROVED ||
					verdict_is_regression(metric->verdict)))
			add_metric_row(table, NULL, metric, metric->verdict);
	}
}

static const char *
verdict_color(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
	case VERDICT_NEW:
		return "";
	case VERDICT_IMPROVED:
		return "\033[32m";
	case VERDICT_ACCEPTED:
	case VERDICT_UNDECIDED:
	case VERDICT_UNWEIGHED:
		return "\033[33m";
	case VERDICT_FAILURE:
	case VERDICT_BROKEN:
		return "\033[35m";
	case VERDICT_REGRESSED:
	case VERDICT_SEVERE:
		return "\033[31m";
	}
	return "";
}

/* One line of cells; a column of no width is left out. */
static void
add_cells(struct buf *buf, const char *const *cells, const size_t *width)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!width[i])
			continue;
		buf_adds(buf, "  ");
		columns_add(buf, cells[i], width[i],
			    i >= 2 && i < 5 ? COLUMNS_RIGHT : COLUMNS_LEFT);
	}
}

static void
print_row(struct buf *buf, const struct row *row, const size_t *width,
	  int color)
{
	const char *on = color ? verdict_color(row->verdict) : "";

	add_cells(buf, (const char *const *)row->cells, width);
	buf_addf(buf, "  %s%s%s\n", on, verdict_name(row->verdict),
		 *on ? "\033[0m" : "");
}

/* What a narrow terminal does not hold: first the interval, then the ends of
 * long names. */
static void
make_fit(size_t *width, size_t columns)
{
	size_t taken = LONGEST_VERDICT + 2;

	for (size_t i = 0; i < COLUMNS; i++)
		taken += width[i] + 2;
	if (!columns || taken <= columns)
		return;
	taken -= width[5] + 2;
	width[5] = 0;
	if (taken > columns) {
		size_t over = taken - columns;

		width[0] = width[0] > over + LEAST_NAME ? width[0] - over
							: LEAST_NAME;
	}
}

static void
print_table(struct buf *buf, const struct table *table,
	    const struct text_style *style)
{
	static const char *const heads[COLUMNS] = {
		"test", "metric", "before", "now", "change", "interval"
	};
	size_t width[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++) {
		width[i] = strlen(heads[i]);
		for (size_t j = 0; j < table->count; j++) {
			size_t len = columns_of(table->rows[j].cells[i]);

			width[i] = len > width[i] ? len : width[i];
		}
	}
	make_fit(width, style->columns);
	add_cells(buf, heads, width);
	buf_adds(buf, "  verdict\n");
	for (size_t j = 0; j < table->count; j++)
		print_row(buf, &table->rows[j], width, style->color);
}

static void
table_release(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		for (size_t j = 0; j < COLUMNS; j++)
			free(table->rows[i].cells[j]);
	free(table->rows);
}

void
report_add_table(struct buf *buf, const struct report *report,
		 const struct text_style *style)
{
	const struct report_test **tests = report_sorted_tests(report);
	size_t shown = 0, counts[VERDICT_COUNT] = { 0 }, hidden = 0;
	struct table table = { 0 };

	for (size_t i = 0; i < report->count; i++) {
		/* A few passing tests are shown, many are counted. */
		int dull = tests[i]->verdict == VERDICT_PASS && !style->all &&
			   report->count > style->rows;

		if (table.count < style->rows && !dull) {
			add_test_rows(&table, tests[i], style->rows);
			shown++;
			continue;
		}
		counts[tests[i]->verdict]++;
		hidden++;
	}
	if (table.count)
		print_table(buf, &table, style);
	if (hidden) {
		const char *sep = shown ? "  and " : "  ";

		for (size_t i = VERDICT_COUNT; i-- > 0;) {
			if (!counts[i])
				continue;
			buf_addf(buf, "%s%zu %s", sep, counts[i],
				 verdict_name((enum verdict)i));
			sep = ", ";
		}
		buf_adds(buf, "\n");
	}
	table_release(&table);
	free(tests);
}

void
report_add_change_words(struct buf *buf, const char *metric, const char *unit,
			int higher_is_better, double ratio)
{
	double percent = fabs(ratio - 1) * 100;
	int more = ratio > 1;
	const char *word = more ? "more" : "less";

	(void)metric;
	if (!strcmp(unit, "ns") && !higher_is_better)
		word = more ? "slower" : "faster";
	else if (!strcmp(unit, "B") && !higher_is_better)
		word = more ? "larger" : "smaller";
	else if (higher_is_better)
		word = more ? "higher" : "lower";
	buf_addf(buf, "%.*f %% %s", percent < 10 ? 1 : 0, percent, word);
}

static void
add_sentence(struct buf *buf, const struct report_test *test)
{
	const struct report_metric *metric = report_main_metric(test);
	char hex[OID_HEX + 1];

	buf_addf(buf, "%s: ", verdict_name(test->verdict));
	buf_add_clean(buf, test->path, strlen(test->path), MAX_NAME * 2);
	if (test->why) {
		buf_adds(buf, ": ");
		buf_add_clean(buf, test->why, strlen(test->why), MAX_WHY);
		return;
	}
	if (test->verdict == VERDICT_NEW && metric) {
		buf_adds(buf, ": the first baseline, ");
		units_add_value(buf, metric->value, metric->unit);
		buf_addf(buf, " %s", metric->name);
		if (!isnan(metric->floor.sd)) {
			buf_adds(buf, "; ");
			report_add_floor(buf, &metric->floor);
		}
		return;
	}
	if (!metric || !isfinite(metric->ratio))
		return;
	if (test->verdict == VERDICT_UNDECIDED &&
	    (metric->base < 0 || metric->value < 0)) {
		buf_addf(buf,
			 ": %s is below zero, which has no ratio to compare",
			 metric->name);
		return;
	}
	if (test->verdict == VERDICT_UNDECIDED) {
		buf_adds(buf, metric->low > 0 && isfinite(metric->high)
				      ? ": too noisy to say"
				      : ": too few trials to say");
		if (isfinite(metric->detectable))
			buf_addf(buf, "; a change under %.1f %% cannot be seen",
				 metric->detectable * 100);
		return;
	}
	buf_addf(buf, ": %s is ", metric->name);
	report_add_change_words(buf, metric->name, metric->unit,
				metric->better == BETTER_HIGHER, metric->ratio);
	buf_addf(buf, " than at %s", oid_short(&test->baseline, hex));
	if (test->evidence) {
		buf_adds(buf, " (");
		buf_add_clean(buf, test->evidence, strlen(test->evidence),
			      MAX_WHY);
		buf_adds(buf, ")");
	}
}

void
report_add_summary(struct buf *buf, const struct report *report)
{
	const struct report_test **tests = report_sorted_tests(report);

	if (report->why) {
		buf_addf(buf, "%s: ", verdict_name(report->verdict));
		buf_add_clean(buf, report->why, strlen(report->why), MAX_WHY);
	} else if (!report->count) {
		buf_adds(buf, verdict_name(report->verdict));
	} else if (report->verdict == VERDICT_PASS) {
		buf_addf(buf,
			 "pass: %zu test%s, no change beyond the threshold",
			 report->count, report->count == 1 ? "" : "s");
	} else {
		size_t same = report_count(report, tests[0]->verdict);

		add_sentence(buf, tests[0]);
		if (same > 1)
			buf_addf(buf, "; and %zu more", same - 1);
	}
	free(tests);
}

/* The last lines of a log, each behind a bar. */
static void
add_log(struct buf *buf, const char *log, int most)
{
	const char *at = log + strlen(log);
	int lines = 0;

	while (at > log && lines < most) {
		at--;
		if (*at == '\n' && at[1])
			lines++;
	}
	at += *at == '\n';
	while (*at) {
		size_t len = strcspn(at, "\n");

		buf_adds(buf, "    | ");
		buf_add_clean(buf, at, len, 100);
		buf_addc(buf, '\n');
		at += len + (at[len] == '\n');
	}
}

static void
add_praise(struct buf *buf, const struct report *report,
	   const struct report_test *test)
{
	const struct report_metric *metric = report_main_metric(test);
	const char *author = test->culprit.author ? test->culprit.author
						  : report->author;

	buf_adds(buf, "  well done");
	if (author) {
		buf_adds(buf, ", ");
		buf_add_clean(buf, author, strlen(author), MAX_NAME);
	}
	buf_adds(buf, ": ");
	buf_add_clean(buf, test->path, strlen(test->path), MAX_NAME * 2);
	if (metric) {
		buf_adds(buf, " went from ");
		units_add_value(buf, metric->base, metric->unit);
		buf_adds(buf, " to ");
		units_add_value(buf, metric->value, metric->unit);
	}
	buf_adds(buf, "\n");
}

void
report_add_command(struct buf *buf, const struct report *report,
		   const struct report_test *test)
{
	char base[OID_HEX + 1], tip[OID_HEX + 1];
	struct buf name = BUF_INIT;
	size_t plain;

	buf_add_clean(&name, test->path, strlen(test->path), 200);
	buf_addf(buf, "pacegate run %s %s --test ",
		 oid_short(&test->baseline, base),
		 oid_short(&report->commit, tip));
	plain = strspn(buf_text(&name), "abcdefghijklmnopqrstuvwxyz"
					"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789_./+@%:,=-");
	if (plain == name.len) {
		buf_adds(buf, buf_text(&name));
		goto out;
	}
	/* It is pasted into a shell. */
	buf_addc(buf, '\'');
	for (const char *at = buf_text(&name); *at; at++)
		if (*at == '\'')
			buf_adds(buf, "'\\''");
		else
			buf_addc(buf, *at);
	buf_addc(buf, '\'');
out:
	buf_release(&name);
}

static void
add_how(struct buf *buf, const struct report *report,
	const struct report_test *test)
{
	char changed[OID_HEX + 1];

	if (!oid_is_zero(&test->changed) &&
	    !oid_equal(&test->changed, &report->commit))
		buf_addf(buf, "  since %s\n",
			 oid_short(&test->changed, changed));
	buf_adds(buf, "  to reproduce: ");
	report_add_command(buf, report, test);
	buf_addc(buf, '\n');
}

size_t
report_add_trailers(struct buf *buf, const struct report_test *test,
		    const char *indent)
{
	size_t added = 0;

	for (size_t i = 0; i < test->count; i++) {
		const struct report_metric *metric = &test->metrics[i];

		if (!verdict_is_regression(metric->verdict))
			continue;
		buf_adds(buf, indent);
		trailer_format_accept(buf, test->path, metric->name,
				      metric->better, metric->ratio,
				      metric->low, metric->high);
		buf_addc(buf, '\n');
		added++;
	}
	return added;
}

/* What went wrong with a test: why, unless the summary has said so, and the end
 * of its log, unless it is the one before again. */
static void
add_trouble(struct buf *buf, const struct report_test *test, int is_first,
	    const char **log)
{
	if (!is_first) {
		buf_adds(buf, "  ");
		add_sentence(buf, test);
		buf_addc(buf, '\n');
	}
	if (test->verdict != VERDICT_BROKEN || !test->log ||
	    (*log && !strcmp(*log, test->log)))
		return;
	add_log(buf, test->log, *log ? MORE_LOG_LINES : LOG_LINES);
	*log = test->log;
}

/* What bisections have found. */
static void
add_culprits(struct buf *buf, const struct report_test *const *tests,
	     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (tests[i]->culprit.kind == CULPRIT_NONE)
			continue;
		buf_adds(buf, "  ");
		buf_add_clean(buf, tests[i]->path, strlen(tests[i]->path),
			      MAX_NAME * 2);
		buf_adds(buf, ": ");
		report_add_culprit(buf, &tests[i]->culprit);
		buf_addc(buf, '\n');
	}
}

/* How to see it again, and what to write if it is wanted. */
static void
add_way_out(struct buf *buf, const struct report *report,
	    const struct report_test *const *tests, size_t rows)
{
	size_t paste = 0;

	for (size_t i = 0; i < report->count && paste < rows; i++) {
		if (!verdict_is_regression(tests[i]->verdict))
			continue;
		if (!paste++) {
			add_how(buf, report, tests[i]);
			buf_adds(buf, "  if it is wanted, say so in the commit "
				      "message:\n");
		}
		report_add_trailers(buf, tests[i], "    ");
	}
}

static void
add_note(struct buf *buf, const struct report_test *test)
{
	buf_adds(buf, "  note: ");
	buf_add_clean(buf, test->path, strlen(test->path), MAX_NAME * 2);
	buf_adds(buf, ": ");
	buf_add_clean(buf, test->note, strlen(test->note), MAX_WHY);
	buf_addc(buf, '\n');
}

void
report_add_advice(struct buf *buf, const struct report *report,
		  const struct text_style *style)
{
	const struct report_test **tests = report_sorted_tests(report);
	const char *log = NULL, *why = NULL;
	size_t shown = 0;

	add_culprits(buf, tests, report->count);
	add_way_out(buf, report, tests, style->rows);
	for (size_t i = 0; i < report->count && shown < 3; i++) {
		const struct report_test *test = tests[i];

		if (test->verdict == VERDICT_IMPROVED)
			add_praise(buf, report, test);
		else if (!verdict_is_regression(test->verdict) && test->why &&
			 (!why || strcmp(why, test->why)))
			add_trouble(buf, test, !i, &log);
		else
			continue;
		why = test->why;
		shown++;
	}
	for (size_t i = 0; i < report->count && shown < 3; i++) {
		if (!tests[i]->note)
			continue;
		add_note(buf, tests[i]);
		shown++;
	}
	free(tests);
}

static void
add_later(struct buf *buf, const struct report_test *test,
	  const struct report_metric *metric)
{
	const struct report_later *later = &metric->later;
	char first[OID_HEX + 1], last[OID_HEX + 1];

	buf_adds(buf, "  in retrospect: ");
	buf_add_clean(buf, test->path, strlen(test->path), MAX_NAME * 2);
	buf_addf(buf, ": %s became ", metric->name);
	report_add_change_words(buf, metric->name, metric->unit,
				metric->better == BETTER_HIGHER, later->ratio);
	buf_adds(buf, " (");
	units_add_change(buf, later->low);
	buf_adds(buf, " .. ");
	units_add_change(buf, later->high);
	if (later->commits == 1)
		buf_adds(buf, ") with this commit\n");
	else
		buf_addf(buf, ") with this commit or another of %u, %s to %s\n",
			 later->commits, oid_short(&later->first, first),
			 oid_short(&later->last, last));
}

void
report_add_later(struct buf *buf, const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_test *test = &report->tests[i];

		for (size_t j = 0; j < test->count; j++)
			if (test->metrics[j].later.commits)
				add_later(buf, test, &test->metrics[j]);
	}
}
