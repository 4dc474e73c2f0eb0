/*
 * log: the history of a test, newest first, with the change points in it, and a
 * plot. A history ends where the environment changes, so each has its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/log.h"
#include "cmd/pager.h"
#include "drift.h"
#include "gate.h"
#include "known.h"
#include "noise.h"
#include "repo/repo.h"

enum { LINES = 20, MAX_LINE = 200000 };

int
log_is_about(const struct report_drift *drift, const struct history *history)
{
	return !strcmp(drift->test, history->test) &&
	       !strcmp(drift->metric, history->metric) &&
	       !strcmp(drift->environment, history->environment);
}

int
log_is_worse(const struct history *history, const struct change *change)
{
	return change->ratio > 1 ? history->better == BETTER_LOWER
				 : history->better == BETTER_HIGHER;
}

const char *
log_said(const struct history *history, const struct history_change *change)
{
	int worse = log_is_worse(history, &change->change);

	if (!change->is_told)
		return NULL;
	switch (change->told) {
	case VERDICT_PASS:
		return worse ? "let through: within the threshold"
			     : "within the threshold then";
	case VERDICT_UNDECIDED:
		return worse ? "let through: too noisy to say"
			     : "too noisy to say then";
	case VERDICT_ACCEPTED:
		return worse ? "accepted" : NULL;
	case VERDICT_REGRESSED:
	case VERDICT_SEVERE:
		return worse ? "told as a regression" : NULL;
	case VERDICT_IMPROVED:
		return worse ? NULL : "told as an improvement";
	case VERDICT_NEW:
	case VERDICT_UNWEIGHED:
	case VERDICT_FAILURE:
	case VERDICT_BROKEN:
		break;
	}
	return NULL;
}

static int
note_metric(void *data, const struct store_series *series, uint64_t last_order)
{
	struct log *log = data;

	(void)last_order;
	if (log->found &&
	    metric_rank(log->found) <= metric_rank(series->metric))
		return 0;
	free(log->found);
	log->found = mem_copy_text(series->metric);
	return 0;
}

struct names {
	const char *metric;
	struct texts environments;
};

static int
note_environment(void *data, const struct store_series *series,
		 uint64_t last_order)
{
	struct names *names = data;

	(void)last_order;
	if (!strcmp(series->metric, names->metric))
		texts_add(&names->environments, series->environment);
	return 0;
}

static void
forget(struct log *log)
{
	for (size_t i = 0; i < log->count; i++)
		history_release(&log->histories[i]);
	log->count = 0;
	report_drifts_release(&log->drifts);
}

static int
by_first_point(const void *a, const void *b)
{
	const struct history *left = a, *right = b;
	int64_t x = left->count ? left->points[0].point.time_s : 0;
	int64_t y = right->count ? right->points[0].point.time_s : 0;

	return (x > y) - (x < y);
}

struct reading {
	struct log *log;
	struct line line; /* empty: of all branches */
};

static int
read_environments(struct store_tx *tx, struct reading *reading, struct err *err)
{
	struct log *log = reading->log;
	struct names names = { .metric = log->metric };
	int ret = store_series_each(tx, log->test, note_environment, &names);

	for (size_t i = 0; !ret && i < names.environments.count; i++) {
		const struct store_series series = {
			log->test, log->metric, names.environments.items[i]
		};

		MEM_GROW(log->histories, log->count, log->cap);
		ret = history_read(tx, &series,
				   reading->line.count ? &reading->line : NULL,
				   &log->histories[log->count++], err);
	}
	texts_release(&names.environments);
	if (log->count)
		qsort(log->histories, log->count, sizeof(*log->histories),
		      by_first_point);
	return ret;
}

static int
read_log(struct store_tx *tx, void *data, struct err *err)
{
	struct reading *reading = data;
	struct log *log = reading->log;
	int ret;

	forget(log);
	ret = drift_standing(tx, &log->drifts, err);
	if (!ret && !log->metric) {
		ret = store_series_each(tx, log->test, note_metric, log);
		log->metric = log->found;
	}
	if (!ret && log->metric)
		ret = read_environments(tx, reading, err);
	if (!ret && !log->count)
		return err_set(err, ERR_NOT_FOUND, "no history of %s%s%s",
			       log->test, log->metric ? ", metric " : "",
			       log->metric ? log->metric : "");
	return ret;
}

static json_t *
commit_json(const struct history *history, size_t at)
{
	return json_oid(&history->points[at].point.commit);
}

static json_t *
change_json(const struct history *history, const struct history_change *found)
{
	const struct change *change = &found->change;
	json_t *json = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "commit",
		commit_json(history, change->at), "first",
		commit_json(history, change->first), "last",
		commit_json(history, change->last), "ratio",
		json_num(change->ratio), "low", json_num(change->low), "high",
		json_num(change->high), "before", json_num(change->before),
		"after", json_num(change->after), "passing", change->passing);

	if (found->is_told)
		json_object_set_new(json, "verdict",
				    json_string(verdict_name(found->told)));
	if (!oid_is_zero(&found->culprit))
		json_object_set_new(json, "culprit", json_oid(&found->culprit));
	return json;
}

static json_t *
points_json(const struct history *history, json_t *baselines)
{
	json_t *points = json_array();

	for (size_t i = 0; i < history->count; i++) {
		const struct history_point *point = &history->points[i];

		json_t *json = json_pack("{s:o, s:I, s:o}", "commit",
					 commit_json(history, i), "time",
					 (json_int_t)point->point.time_s,
					 "value", json_num(point->point.value));

		if (noise_flags_backfilled(point->point.flags))
			json_object_set_new(json, "backfilled", json_true());
		json_array_append_new(points, json);
		if (point->is_known && point->why != STORE_HELD)
			json_array_append_new(
				baselines,
				json_pack("{s:o, s:s}", "commit",
					  commit_json(history, i), "why",
					  store_why_text(point->why)));
	}
	return points;
}

static json_t *
epochs_json(const struct history *history, int is_first)
{
	json_t *epochs = json_array();

	for (size_t i = 0; i < history->epoch_count; i++) {
		const struct history_epoch *epoch = &history->epochs[i];
		const char *why = i || is_first ? epoch->why : "environment";

		json_array_append_new(
			epochs, json_pack("{s:o, s:s}", "commit",
					  commit_json(history, epoch->start),
					  "why", why));
	}
	return epochs;
}

static json_t *
history_json(const struct log *log, const struct history *history)
{
	size_t start = history_newest_epoch(history);
	json_t *changes = json_array(), *alerts = json_array();
	json_t *baselines = json_array();
	json_t *points = points_json(history, baselines);
	struct drift drift;

	for (size_t i = 0; i < history->change_count; i++)
		json_array_append_new(
			changes, change_json(history, &history->changes[i]));
	for (size_t i = 0; i < log->drifts.count; i++)
		if (log_is_about(&log->drifts.items[i], history))
			json_array_append_new(
				alerts,
				report_drift_json(&log->drifts.items[i]));
	drift_find(history->values + start, history->count - start,
		   history->better == BETTER_HIGHER, 0, &drift);
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o}",
		"test", json_text(history->test), "metric",
		json_text(history->metric), "unit", json_text(history->unit),
		"environment", json_text(history->environment), "noise",
		json_num(history->noise), "since_best",
		json_num(drift.since_best), "sessions",
		report_floor_json(&log->floors[history - log->histories]),
		"epochs", epochs_json(history, history == log->histories),
		"points", points, "changes", changes, "baselines", baselines,
		"drift", alerts);
}

static void
print_all(struct log *log, int json)
{
	json_t *all = json_array();

	if (!json)
		pager_start();
	for (size_t i = 0; i < log->count; i++) {
		const struct history *history = &log->histories[i];

		if (json) {
			json_array_append_new(all, history_json(log, history));
			continue;
		}
		if (i)
			putchar('\n');
		log_print_history(log, history);
	}
	if (json)
		json_print(all);
	json_decref(all);
}

struct span {
	const char *test;
	int64_t oldest_s;
};

static int
read_span(struct store_tx *tx, void *data, struct err *err)
{
	struct span *span = data;

	(void)err;
	return history_oldest(tx, span->test, &span->oldest_s);
}

/* Along the first parents of a revision; of all branches where HEAD is not
 * there yet and nobody named another. */
static int
read_line(const struct gate *gate, const char *test, const char *rev,
	  struct line *line, struct err *err)
{
	struct span span = { test, INT64_MAX };
	struct oid tip;
	int ret = repo_resolve(gate->repo, rev ? rev : "HEAD", &tip, err);

	if (ret < 0)
		return rev ? ret : 0;
	ret = store_read(gate->store, read_span, &span, err);
	if (!ret)
		line_read_back(line, gate->repo, &tip, MAX_LINE, span.oldest_s);
	return ret;
}

static void
find_floors(struct log *log, const struct gate *gate)
{
	struct noise_book noise = NOISE_BOOK_INIT;

	log->floors = mem_new(log->count, sizeof(*log->floors));
	for (size_t i = 0; i < log->count; i++) {
		const struct history *history = &log->histories[i];
		struct noise_key key = { history->test, history->metric,
					 history->environment, 0 };
		struct test_policy policy;

		policy_test(gate->policy, "", key.test, key.metric, &policy);
		key.threshold = policy.threshold;
		log->floors[i] = noise_book_report(&noise, gate->store, &key);
	}
	noise_book_release(&noise);
}

static int
add_metric(void *data, const struct store_series *series, uint64_t last_order)
{
	struct texts *names = data;

	(void)last_order;
	if (!texts_has(names, series->metric))
		texts_add(names, series->metric);
	return 0;
}

struct metrics {
	const char *test;
	struct texts names;
};

static int
read_metrics(struct store_tx *tx, void *data, struct err *err)
{
	struct metrics *metrics = data;

	(void)err;
	return store_series_each(tx, metrics->test, add_metric,
				 &metrics->names);
}

/* There is no history: of which metrics there is one, or of which tests. */
static void
suggest(const struct log *log, const struct gate *gate, struct err *err)
{
	struct metrics metrics = { .test = log->test };
	struct buf text = BUF_INIT;
	struct texts known = { 0 };

	store_read(gate->store, read_metrics, &metrics, NULL);
	known_tests(gate, &known);
	buf_adds(&text, err->text);
	if (metrics.names.count) {
		buf_adds(&text, ": it has");
		for (size_t i = 0; i < metrics.names.count; i++)
			buf_addf(&text, "%s %s", i ? "," : "",
				 metrics.names.items[i]);
		err_set(err, ERR_NOT_FOUND, "%s", buf_text(&text));
	} else if (texts_has(&known, log->test)) {
		err_set(err, ERR_NOT_FOUND, "%s: it grows with what lands",
			buf_text(&text));
	} else {
		known_suggest(gate, log->test, err);
	}
	texts_release(&known);
	texts_release(&metrics.names);
	buf_release(&text);
}

static int
run(struct log *log, const char *repo, const char *rev, int all, int json)
{
	struct gate gate = GATE_INIT;
	struct reading reading = { .log = log };
	struct err err = ERR_INIT;
	int ret = cmd_open(&gate, repo, STORE_READ, &err);

	if (!ret && !all)
		ret = read_line(&gate, log->test, rev, &reading.line, &err);
	if (!ret) {
		ret = store_read(gate.store, read_log, &reading, &err);
		if (ret == ERR_NOT_FOUND)
			suggest(log, &gate, &err);
	}
	if (!ret)
		find_floors(log, &gate);
	if (!ret)
		print_all(log, json);
	line_release(&reading.line);
	gate_close(&gate);
	forget(log);
	free(log->histories);
	free(log->floors);
	free(log->found);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}

int
cmd_log(int argc, char **argv)
{
	struct log log = { .lines = LINES };
	const char *repo = NULL, *lines = NULL, *rev = NULL;
	int64_t count = LINES;
	int json = 0, all = 0, ret;
	const struct option_row rows[] = {
		{ "metric", 'm', OPTION_TEXT, "NAME",
		  "of this metric, not the first that there is", &log.metric },
		{ "lines", 'n', OPTION_TEXT, "N",
		  "the newest N commits (20), 0 for all", &lines },
		{ "rev", 'r', OPTION_TEXT, "REV",
		  "along the first parents of this (HEAD)", &rev },
		{ "all", 'a', OPTION_FLAG, NULL, "of all branches", &all },
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("log", rows, &argc, argv, 1);
	if (ret >= 0)
		return ret;
	if (argc < 2 ||
	    (lines && units_parse_count(lines, 0, INT32_MAX, &count) < 0)) {
		fprintf(stderr, "pacegate log: %s\n",
			argc < 2 ? "say which test, see --help"
				 : "--lines: write a number");
		return EXIT_USAGE;
	}
	log.test = argv[1];
	log.lines = (size_t)count;
	return run(&log, repo, rev, all, json);
}
