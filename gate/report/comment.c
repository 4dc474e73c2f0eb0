#include "report/comment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "policy/trailer.h"
#include "report/markdown.h"
#include "report/report.h"
#include "report/text.h"

enum {
	MAX_ROWS = 10,
	MAX_TRAILERS = 10,
	MAX_PRAISE = 5,
	MAX_NAME = 120,
	MAX_WHY = 300,
	MAX_DRIFT = 1000
};

/* Worth a row: what moved, and what could not be said. */
static int
is_mover(const struct report_test *test)
{
	switch (test->verdict) {
	case VERDICT_SEVERE:
	case VERDICT_REGRESSED:
	case VERDICT_ACCEPTED:
	case VERDICT_IMPROVED:
	case VERDICT_BROKEN:
		return 1;
	case VERDICT_PASS:
	case VERDICT_NEW:
	case VERDICT_UNDECIDED:
	case VERDICT_UNWEIGHED:
	case VERDICT_FAILURE:
		break;
	}
	return 0;
}

int
report_has_news(const struct report *report)
{
	if (report_drifts_news(&report->drifts))
		return 1;
	for (size_t i = 0; i < report->count; i++)
		if (is_mover(&report->tests[i]) &&
		    report->tests[i].verdict != VERDICT_BROKEN)
			return 1;
	return 0;
}

/* `+9.1 ms, **+30.3 %**`. */
static void
add_change(struct buf *buf, const struct report_metric *metric)
{
	double change = metric->value - metric->base;

	if (isfinite(change)) {
		buf_adds(buf, change < 0 ? "-" : "+");
		units_add_value(buf, fabs(change), metric->unit);
		buf_adds(buf, ", ");
	}
	buf_adds(buf, "**");
	units_add_change(buf, metric->ratio);
	buf_adds(buf, "**");
}

static void
add_value(struct buf *buf, double value, const char *unit)
{
	struct buf text = BUF_INIT;

	units_add_value(&text, value, unit);
	/* The unit may be a test's own word. */
	markdown_add_text(buf, buf_text(&text), MAX_NAME);
	buf_release(&text);
}

static void
add_row(struct buf *buf, const struct report_test *test,
	const struct report_metric *metric)
{
	buf_adds(buf, "| ");
	markdown_add_code(buf, test->path, MAX_NAME);
	if (!metric || !isfinite(metric->ratio)) {
		buf_addf(buf, " | - | - | - | - | - | %s |\n",
			 verdict_name(test->verdict));
		return;
	}
	buf_adds(buf, " | ");
	markdown_add_text(buf, metric->name, MAX_NAME);
	buf_adds(buf, " | ");
	add_value(buf, metric->base, metric->unit);
	buf_adds(buf, " | ");
	add_value(buf, metric->value, metric->unit);
	buf_adds(buf, " | ");
	add_change(buf, metric);
	buf_adds(buf, " | ");
	report_add_interval(buf, metric);
	buf_addf(buf, " | %s |\n", verdict_name(metric->verdict));
}

/* The main metric first, then others that say something too. */
static size_t
add_test_rows(struct buf *buf, const struct report_test *test, size_t rows)
{
	const struct report_metric *first = report_main_metric(test);
	size_t added = 1;

	add_row(buf, test, first);
	for (size_t i = 0; i < test->count && added < rows; i++) {
		const struct report_metric *metric = &test->metrics[i];

		if (metric == first ||
		    (metric->verdict != VERDICT_IMPROVED &&
		     metric->verdict != VERDICT_ACCEPTED &&
		     !verdict_is_regression(metric->verdict)))
			continue;
		add_row(buf, test, metric);
		added++;
	}
	return added;
}

static void
add_table(struct buf *buf, const struct report *report,
	  const struct report_test *const *tests)
{
	size_t rows = 0, movers = 0, shown = 0;

	for (size_t i = 0; i < report->count; i++)
		movers += is_mover(tests[i]) != 0;
	if (!movers)
		return;
	buf_adds(buf, "| test | metric | before | now | change | interval | "
		      "verdict |\n"
		      "| --- | --- | ---: | ---: | ---: | --- | --- |\n");
	for (size_t i = 0; i < report->count && rows < MAX_ROWS; i++) {
		if (!is_mover(tests[i]))
			continue;
		rows += add_test_rows(buf, tests[i], MAX_ROWS - rows);
		shown++;
	}
	if (shown < movers)
		buf_addf(buf, "\nand %zu more that changed\n", movers - shown);
	buf_addc(buf, '\n');
}

static void
add_culprit(struct buf *buf, const struct report_culprit *culprit)
{
	struct buf text = BUF_INIT;

	if (culprit->kind == CULPRIT_NONE)
		return;
	report_add_culprit(&text, culprit);
	buf_adds(buf, " Found by bisection: ");
	markdown_add_text(buf, buf_text(&text), MAX_WHY);
	buf_addc(buf, '.');
	buf_release(&text);
}

/* What all rests on: baseline, trials, machine. */
static void
add_evidence(struct buf *buf, const struct report *report,
	     const struct report_test *test)
{
	const struct report_metric *metric = report_main_metric(test);
	char hex[OID_HEX + 1];

	if (!metric || oid_is_zero(&test->baseline))
		return;
	buf_addf(buf,
		 "Against %s, side by side: %u trials on each side in %u "
		 "session%s",
		 oid_short(&test->baseline, hex), metric->trials,
		 metric->sessions, metric->sessions == 1 ? "" : "s");
	if (report->machine) {
		buf_adds(buf, " on ");
		markdown_add_text(buf, report->machine, MAX_NAME);
	}
	if (report->environment) {
		buf_adds(buf, ", environment ");
		markdown_add_code(buf, report->environment, MAX_NAME);
	}
	buf_adds(buf, ".");
	if (test->evidence) {
		buf_adds(buf, " Evidence: ");
		markdown_add_text(buf, test->evidence, MAX_WHY);
		buf_adds(buf, ".");
	}
	if (!oid_is_zero(&test->changed) &&
	    !oid_equal(&test->changed, &report->commit))
		buf_addf(buf, " First seen at %s.",
			 oid_short(&test->changed, hex));
	add_culprit(buf, &test->culprit);
	buf_adds(buf, "\n\n");
}

static void
add_praise(struct buf *buf, const struct report *report,
	   const struct report_test *test)
{
	const struct report_metric *metric = report_main_metric(test);
	const char *author = test->culprit.author ? test->culprit.author
						  : report->author;

	buf_adds(buf, "Well done");
	if (author) {
		buf_adds(buf, ", ");
		markdown_add_text(buf, author, MAX_NAME);
	}
	buf_adds(buf, ": ");
	markdown_add_code(buf, test->path, MAX_NAME);
	if (metric && isfinite(metric->ratio)) {
		buf_adds(buf, " went from ");
		add_value(buf, metric->base, metric->unit);
		buf_adds(buf, " to ");
		add_value(buf, metric->value, metric->unit);
	}
	buf_adds(buf, ".\n\n");
}

static void
add_accepted(struct buf *buf, const struct report_test *test)
{
	markdown_add_code(buf, test->path, MAX_NAME);
	buf_adds(buf, " is accepted: ");
	markdown_add_text(buf, test->accepted ? test->accepted : "", MAX_WHY);
	buf_adds(buf, "\n\n");
}

static void
add_broken(struct buf *buf, const struct report_test *test)
{
	markdown_add_code(buf, test->path, MAX_NAME);
	buf_adds(buf, " is broken: ");
	markdown_add_text(buf, test->why ? test->why : "", MAX_WHY);
	buf_adds(buf, "\n\n");
}

/* How to see it again, and what to write if it is wanted. In code blocks
 * nothing is special but their end, and no line of ours begins with one. */
static void
add_way_out(struct buf *buf, const struct report *report,
	    const struct report_test *const *tests)
{
	struct buf trailers = BUF_INIT;
	const struct report_test *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < report->count && count < MAX_TRAILERS; i++) {
		if (!verdict_is_regression(tests[i]->verdict))
			continue;
		first = first ? first : tests[i];
		count += report_add_trailers(&trailers, tests[i], "");
	}
	if (first && !oid_is_zero(&first->baseline)) {
		buf_adds(buf, "To reproduce it in a clone:\n\n```\n");
		report_add_command(buf, report, first);
		buf_adds(buf, "\n```\n\n");
	}
	if (count)
		buf_addf(buf,
			 "If it is wanted, say so in the last lines of a "
			 "commit message, with the reason behind the "
			 "bar:\n\n```\n%s```\n\n",
			 buf_text(&trailers));
	buf_release(&trailers);
}

/* Slow drift is no verdict, and is told beside it. */
static void
add_drifts(struct buf *buf, const struct report_drifts *drifts)
{
	for (size_t i = 0; i < drifts->count; i++) {
		struct buf line = BUF_INIT;

		if (drifts->items[i].state == DRIFT_STANDS)
			continue;
		report_add_drift(&line, &drifts->items[i]);
		markdown_add_text(buf, buf_text(&line), MAX_DRIFT);
		buf_adds(buf, "\n\n");
		buf_release(&line);
	}
}

static void
add_head(struct buf *buf, const struct report *report,
	 const struct report_test *const *tests)
{
	size_t same = report_count(report, report->verdict);

	buf_addf(buf, "**%s**", verdict_name(report->verdict));
	if (report->why) {
		buf_adds(buf, ": ");
		markdown_add_text(buf, report->why, MAX_WHY);
	} else if (report->verdict == VERDICT_PASS) {
		buf_addf(buf, ": no change beyond the threshold in %zu test%s",
			 report->count, report->count == 1 ? "" : "s");
	} else if (same) {
		buf_adds(buf, ": ");
		markdown_add_code(buf, tests[0]->path, MAX_NAME);
		if (same > 1)
			buf_addf(buf, " and %zu more", same - 1);
		buf_addf(buf, " of %zu test%s", report->count,
			 report->count == 1 ? "" : "s");
	}
	buf_adds(buf, "\n\n");
}

void
report_add_comment(struct buf *buf, const struct report *report,
		   const char *page)
{
	const struct report_test **tests = report_sorted_tests(report);
	size_t praised = 0;

	add_head(buf, report, tests);
	add_table(buf, report, tests);
	for (size_t i = 0; i < report->count; i++) {
		if (is_mover(tests[i]) && tests[i]->verdict != VERDICT_BROKEN) {
			add_evidence(buf, report, tests[i]);
			break;
		}
	}
	add_way_out(buf, report, tests);
	for (size_t i = 0; i < report->count && praised < MAX_PRAISE; i++) {
		if (tests[i]->verdict == VERDICT_IMPROVED)
			add_praise(buf, report, tests[i]);
		else if (tests[i]->verdict == VERDICT_ACCEPTED)
			add_accepted(buf, tests[i]);
		else if (tests[i]->verdict == VERDICT_BROKEN)
			add_broken(buf, tests[i]);
		else
			continue;
		praised++;
	}
	add_drifts(buf, &report->drifts);
	if (page)
		buf_addf(buf, "[All figures](%s)\n", page);
	free(tests);
}
