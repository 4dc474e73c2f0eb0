/* The text of `pacegate log`. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "cmd/log.h"
#include "cmd/pager.h"
#include "noise.h"
#include "report/plot.h"
#include "report/text.h"

enum { PLOT_ROWS = 6, MAX_STRETCH = 4, LEAST_WIDTH = 20, MAX_WIDTH = 200 };

static const double DRIFT = 1.02; /* worth a line */

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

static const char *
color(const char *code)
{
	return pager_color() ? code : "";
}

static size_t
terminal_width(void)
{
	size_t width = pager_columns();

	width = width > LEAST_WIDTH ? width : LEAST_WIDTH;
	return width < MAX_WIDTH ? width : MAX_WIDTH;
}

static void
print_plot(const struct history *history)
{
	size_t *marks = mem_new(history->change_count + 1, sizeof(size_t));
	struct plot plot = { .values = history->values,
			     .count = history->count,
			     .width = terminal_width(),
			     .rows = PLOT_ROWS,
			     .stretch = MAX_STRETCH,
			     .unit = history->unit,
			     .marks = marks };
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < history->change_count; i++)
		if (!history->changes[i].change.passing)
			marks[plot.mark_count++] =
				history->changes[i].change.at;
	plot_add(&text, &plot);
	fputs(buf_text(&text), stdout);
	buf_release(&text);
	free(marks);
}

static void
print_point(const struct history *history, const struct store_point *point)
{
	time_t when = (time_t)point->time_s;
	char hex[OID_HEX + 1], stamp[32] = "";
	struct buf line = BUF_INIT;
	struct tm parts;

	if (gmtime_r(&when, &parts))
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M", &parts);
	buf_addf(&line, "  %s%s%s  %s  ", color(YELLOW),
		 oid_short(&point->commit, hex), color(PLAIN), stamp);
	units_add_value(&line, point->value, history->unit);
	if (noise_flags_backfilled(point->flags))
		buf_adds(&line, "  backfilled");
	puts(buf_text(&line));
	buf_release(&line);
}

/* `+5.1 % (4.4 % to 5.8 %) in one of abc..def`. */
static void
print_change(const struct history *history, const struct history_change *found)
{
	const struct change *change = &found->change;
	const char *said = log_said(history, found);
	char first[OID_HEX + 1], last[OID_HEX + 1];
	struct buf line = BUF_INIT;

	buf_adds(&line, change->passing ? "~ " : "^ ");
	buf_adds(&line, color(log_is_worse(history, change) ? RED : GREEN));
	units_add_change(&line, change->ratio);
	buf_adds(&line, color(PLAIN));
	buf_adds(&line, " (");
	units_add_change(&line, change->low);
	buf_adds(&line, " to ");
	units_add_change(&line, change->high);
	buf_adds(&line, "), ");
	units_add_value(&line, change->before, history->unit);
	buf_adds(&line, " to ");
	units_add_value(&line, change->after, history->unit);
	oid_short(&history->points[change->first].point.commit, first);
	oid_short(&history->points[change->last].point.commit, last);
	if (change->first == change->last)
		buf_addf(&line, ", by %s", first);
	else
		buf_addf(&line, ", by one of %zu commits, %s to %s",
			 change->last - change->first + 1, first, last);
	if (change->passing)
		buf_adds(&line, ", passing");
	else if (said)
		buf_addf(&line, "; %s", said);
	if (!oid_is_zero(&found->culprit))
		buf_addf(&line, "; bisection: by %s",
			 oid_short(&found->culprit, first));
	puts(buf_text(&line));
	buf_release(&line);
}

/* Of the newest epoch, as everything that is said of it. */
static void
print_best(const struct history *history)
{
	size_t start = history_newest_epoch(history);
	struct buf line = BUF_INIT;
	char hex[OID_HEX + 1];
	struct drift drift;

	drift_find(history->values + start, history->count - start,
		   history->better == BETTER_HIGHER, 0, &drift);
	if (drift.since_best < DRIFT && drift.since_best > 1 / DRIFT)
		return;
	buf_adds(&line, "now ");
	units_add_change(&line, drift.since_best);
	buf_addf(&line, " against the best level, which began at %s",
		 oid_short(&history->points[start + drift.best].point.commit,
			   hex));
	puts(buf_text(&line));
	buf_release(&line);
}

static void
print_alerts(const struct log *log, const struct history *history)
{
	for (size_t i = 0; i < log->drifts.count; i++) {
		struct buf line = BUF_INIT;

		if (!log_is_about(&log->drifts.items[i], history))
			continue;
		report_add_drift(&line, &log->drifts.items[i]);
		puts(line.data);
		buf_release(&line);
	}
}

static void
print_baseline(const struct history_point *point)
{
	if (point->is_known && point->why != STORE_HELD)
		printf("= the baseline from here on: %s\n",
		       store_why_text(point->why));
}

static const char *
epoch_text(const struct history_epoch *epoch)
{
	return epoch->start ? "the test's definition changed"
			    : "the first commit in this environment";
}

/* Of what pushes are judged by: side by side in sessions. */
static void
print_floor(const struct report_floor *floor)
{
	struct buf line = BUF_INIT;

	report_add_floor(&line, floor);
	printf("in sessions: %s\n\n", buf_text(&line));
	buf_release(&line);
}

static void
print_head(const struct log *log, const struct history *history)
{
	printf("%s in environment %s: %zu commits", log->metric,
	       history->environment, history->count);
	if (history->epoch_count > 1)
		printf(" in %zu epochs", history->epoch_count);
	if (history->left_out)
		printf(" (and %zu of other branches)", history->left_out);
	printf(", noise %.2f %%\n", history->noise * 100);
	print_floor(&log->floors[history - log->histories]);
}

void
log_print_history(const struct log *log, const struct history *history)
{
	size_t next = history->change_count, epoch = history->epoch_count;
	size_t lines = 0;

	print_head(log, history);
	print_plot(history);
	print_best(history);
	print_alerts(log, history);
	putchar('\n');
	for (size_t i = history->count; i-- > 0;) {
		if (log->lines && lines++ >= log->lines) {
			printf("  ... %zu more\n", i + 1);
			break;
		}
		print_point(history, &history->points[i].point);
		/* The new level begins with the commit just printed. */
		while (next && history->changes[next - 1].change.at >= i)
			print_change(history, &history->changes[--next]);
		print_baseline(&history->points[i]);
		if (epoch && history->epochs[epoch - 1].start == i)
			printf("- a new epoch: %s\n",
			       epoch_text(&history->epochs[--epoch]));
	}
	/* Those beyond the lines shown. */
	while (next)
		print_change(history, &history->changes[--next]);
}
