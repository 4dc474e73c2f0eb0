/*
 * log: the history of a test, newest first, with the change points in it, and a
 * plot. A history ends where the environment changes, so each has its own.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "drift.h"
#include "judge/series.h"
#include "report/plot.h"

enum { LINES = 20, PLOT_ROWS = 4, LEAST_WIDTH = 20, MAX_WIDTH = 200 };

static const double DRIFT = 1.02; /* worth a line */

struct history {
	char *environment;
	struct store_point *points;
	double *values;
	size_t count, cap, value_cap;
	struct changes changes;
};

struct log {
	const char *test;
	const char *metric; /* borrowed, or the one found */
	char *found;
	size_t lines; /* 0: all */
	struct history *histories;
	size_t count, cap;
	struct report_drifts drifts; /* alerts that stand, of all tests */
};

/* wall and cpu before others, in the order of the table. */
static int
rank(const char *metric)
{
	const struct metric_row *row = metric_find(metric);

	return row ? (int)(row - metric_rows) : 1000;
}

static int
note_metric(void *data, const struct store_series *series, uint64_t last_order)
{
	struct log *log = data;

	(void)last_order;
	if (log->found && rank(log->found) <= rank(series->metric))
		return 0;
	free(log->found);
	log->found = mem_copy_text(series->metric);
	return 0;
}

static int
note_history(void *data, const struct store_series *series, uint64_t last_order)
{
	struct log *log = data;

	(void)last_order;
	if (strcmp(series->metric, log->metric) != 0)
		return 0;
	MEM_GROW(log->histories, log->count, log->cap);
	log->histories[log->count++] = (struct history){
		.environment = mem_copy_text(series->environment)
	};
	return 0;
}

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct history *history = data;

	(void)order;
	MEM_GROW(history->values, history->count, history->value_cap);
	history->values[history->count] = point->value;
	MEM_GROW(history->points, history->count, history->cap);
	history->points[history->count++] = *point;
	return 0;
}

static void
forget(struct log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		struct history *history = &log->histories[i];

		changes_release(&history->changes);
		free(history->environment);
		free(history->points);
		free(history->values);
	}
	log->count = 0;
}

static int
read_histories(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_range all = { 0, UINT64_MAX, 0, 0 };
	struct log *log = data;
	int ret = 0;

	forget(log);
	if (drift_standing(tx, &log->drifts, err) < 0)
		return ERR_INPUT;
	if (!log->metric) {
		ret = store_series_each(tx, log->test, note_metric, log);
		log->metric = log->found;
	}
	if (!ret && log->metric)
		ret = store_series_each(tx, log->test, note_history, log);
	for (size_t i = 0; !ret && i < log->count; i++) {
		struct history *history = &log->histories[i];
		const struct store_series series = { log->test, log->metric,
						     history->environment };

		ret = store_point_each(tx, &series, &all, take_point, history);
	}
	if (!ret && !log->count)
		return err_set(err, ERR_NOT_FOUND,
			       "no history of %s%s%s: it grows with what lands",
			       log->test, log->metric ? ", metric " : "",
			       log->metric ? log->metric : "");
	return ret;
}

static const char *
unit_of(const struct log *log)
{
	const struct metric_row *row = metric_find(log->metric);

	return row ? row->unit : "1";
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
	const struct changes *changes = &history->changes;
	size_t *marks = mem_new(changes->count + 1, sizeof(size_t));
	struct plot plot = { .values = history->values,
			     .count = history->count,
			     .width = terminal_width(),
			     .rows = PLOT_ROWS,
			     .marks = marks };
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < changes->count; i++)
		if (!changes->items[i].passing)
			marks[plot.mark_count++] = changes->items[i].at;
	plot_add(&text, &plot);
	fputs(buf_text(&text), stdout);
	buf_release(&text);
	free(marks);
}

static void
print_point(const struct log *log, const struct store_point *point)
{
	time_t when = (time_t)point->time_s;
	char hex[OID_HEX + 1], stamp[32] = "";
	struct buf line = BUF_INIT;
	struct tm parts;

	if (gmtime_r(&when, &parts))
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M", &parts);
	buf_addf(&line, "  %s  %s  ", oid_short(&point->commit, hex), stamp);
	units_add_value(&line, point->value, unit_of(log));
	puts(buf_text(&line));
	buf_release(&line);
}

/* `+5.1 % (4.4 % to 5.8 %) in one of abc..def`. */
static void
print_change(const struct log *log, const struct history *history,
	     const struct change *change)
{
	char first[OID_HEX + 1], last[OID_HEX + 1];
	struct buf line = BUF_INIT;

	buf_adds(&line, change->passing ? "~ " : "^ ");
	units_add_change(&line, change->ratio);
	buf_adds(&line, " (");
	units_add_change(&line, change->low);
	buf_adds(&line, " to ");
	units_add_change(&line, change->high);
	buf_adds(&line, "), ");
	units_add_value(&line, change->before, unit_of(log));
	buf_adds(&line, " to ");
	units_add_value(&line, change->after, unit_of(log));
	oid_short(&history->points[change->first].commit, first);
	oid_short(&history->points[change->last].commit, last);
	if (change->first == change->last)
		buf_addf(&line, ", by %s", first);
	else
		buf_addf(&line, ", by one of %zu commits, %s to %s",
			 change->last - change->first + 1, first, last);
	if (change->passing)
		buf_adds(&line, ", passing");
	puts(buf_text(&line));
	buf_release(&line);
}

static enum better
better_of(const struct log *log)
{
	const struct metric_row *row = metric_find(log->metric);

	return row ? row->better : BETTER_LOWER;
}

static void
history_drift(const struct log *log, const struct history *history,
	      struct drift *drift)
{
	drift_find(history->values, history->count,
		   better_of(log) == BETTER_HIGHER, 0, drift);
}

static void
print_drift(const struct log *log, const struct history *history)
{
	struct buf line = BUF_INIT;
	char hex[OID_HEX + 1];
	struct drift drift;

	history_drift(log, history, &drift);
	if (drift.since_best < DRIFT && drift.since_best > 1 / DRIFT)
		return;
	buf_adds(&line, "now ");
	units_add_change(&line, drift.since_best);
	buf_addf(&line, " against the best level, which began at %s",
		 oid_short(&history->points[drift.best].commit, hex));
	puts(buf_text(&line));
	buf_release(&line);
}

static int
is_about(const struct report_drift *drift, const struct log *log,
	 const struct history *history)
{
	return !strcmp(drift->test, log->test) &&
	       !strcmp(drift->metric, log->metric) &&
	       !strcmp(drift->environment, history->environment);
}

static void
print_alerts(const struct log *log, const struct history *history)
{
	for (size_t i = 0; i < log->drifts.count; i++) {
		struct buf line = BUF_INIT;

		if (!is_about(&log->drifts.items[i], log, history))
			continue;
		report_add_drift(&line, &log->drifts.items[i]);
		puts(line.data);
		buf_release(&line);
	}
}

static void
print_history(const struct log *log, const struct history *history)
{
	size_t next = history->changes.count, lines = 0;

	printf("%s in environment %s: %zu commits, noise %.2f %%\n\n",
	       log->metric, history->environment, history->count,
	       history->changes.noise * 100);
	print_plot(history);
	print_drift(log, history);
	print_alerts(log, history);
	putchar('\n');
	for (size_t i = history->count; i-- > 0;) {
		if (log->lines && lines++ >= log->lines) {
			printf("  ... %zu more\n", i + 1);
			break;
		}
		print_point(log, &history->points[i]);
		/* The new level begins with the commit just printed. */
		while (next && history->changes.items[next - 1].at >= i)
			print_change(log, history,
				     &history->changes.items[--next]);
	}
	/* Those beyond the lines shown. */
	while (next)
		print_change(log, history, &history->changes.items[--next]);
}

static json_t *
change_json(const struct history *history, const struct change *change)
{
	char at[OID_HEX + 1], first[OID_HEX + 1], last[OID_HEX + 1];

	return json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b}", "commit",
		oid_format(&history->points[change->at].commit, at), "first",
		oid_format(&history->points[change->first].commit, first),
		"last", oid_format(&history->points[change->last].commit, last),
		"ratio", json_num(change->ratio), "low", json_num(change->low),
		"high", json_num(change->high), "before",
		json_num(change->before), "after", json_num(change->after),
		"passing", change->passing);
}

static json_t *
history_json(const struct log *log, const struct history *history)
{
	json_t *points = json_array(), *changes = json_array();
	json_t *alerts = json_array();
	char hex[OID_HEX + 1];
	struct drift drift;

	for (size_t i = 0; i < history->count; i++) {
		const struct store_point *point = &history->points[i];

		json_array_append_new(
			points, json_pack("{s:s, s:I, s:o}", "commit",
					  oid_format(&point->commit, hex),
					  "time", (json_int_t)point->time_s,
					  "value", json_num(point->value)));
	}
	for (size_t i = 0; i < history->changes.count; i++)
		json_array_append_new(
			changes,
			change_json(history, &history->changes.items[i]));
	for (size_t i = 0; i < log->drifts.count; i++)
		if (is_about(&log->drifts.items[i], log, history))
			json_array_append_new(
				alerts,
				report_drift_json(&log->drifts.items[i]));
	history_drift(log, history, &drift);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}",
			 "test", log->test, "metric", log->metric, "unit",
			 unit_of(log), "environment", history->environment,
			 "noise", json_num(history->changes.noise),
			 "since_best", json_num(drift.since_best), "points",
			 points, "changes", changes, "drift", alerts);
}

static void
print_all(struct log *log, int json)
{
	json_t *all = json_array();

	if (!json)
		pager_start();
	for (size_t i = 0; i < log->count; i++) {
		struct history *history = &log->histories[i];

		changes_find(history->values, history->count,
			     &history->changes);
		if (json) {
			json_array_append_new(all, history_json(log, history));
			continue;
		}
		if (i)
			putchar('\n');
		print_history(log, history);
	}
	if (json)
		json_print(all);
	json_decref(all);
}

int
cmd_log(int argc, char **argv)
{
	struct log log = { .lines = LINES };
	struct store *store = NULL;
	struct err err = ERR_INIT;
	const char *repo = NULL, *lines = NULL;
	int64_t count = LINES;
	int json = 0, ret;
	const struct option_row rows[] = {
		{ "metric", 'm', OPTION_TEXT, "NAME",
		  "of this metric, not the first that there is", &log.metric },
		{ "lines", 'n', OPTION_TEXT, "N",
		  "the newest N commits (20), 0 for all", &lines },
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("log", rows, &argc, argv, 1);
	if (ret >= 0)
		return ret;
	ret = 0;
	if (argc < 2 ||
	    (lines && units_parse_count(lines, 0, INT32_MAX, &count) < 0)) {
		fprintf(stderr, "pacegate log: %s\n",
			argc < 2 ? "say which test, see --help"
				 : "--lines: write a number");
		return EXIT_USAGE;
	}
	log.test = argv[1];
	log.lines = (size_t)count;
	ret = cmd_open_store(repo, STORE_READ, &store, &err);
	if (!ret)
		ret = store_read(store, read_histories, &log, &err);
	if (!ret)
		print_all(&log, json);
	store_close(store);
	forget(&log);
	report_drifts_release(&log.drifts);
	free(log.histories);
	free(log.found);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
