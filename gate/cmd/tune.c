/*
 * tune: what other thresholds would have said over the recorded history, the
 * noise of each test, and a suggestion as `git config` lines to paste.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/columns.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "gate.h"
#include "gather_tests.h"
#include "judge/replay.h"
#include "known.h"
#include "noise.h"
#include "policy/keys.h"
#include "report/report.h"

enum {
	MAX_THRESHOLDS = 8,
	POINTS = 100000,
	MAX_NAME = 120,
	LEAST_NAME = 16,
	FIXED_WIDTH = 25, /* points, noise, seen */
	CELL_WIDTH = 10
};

struct history {
	char *test, *metric, *environment;
	uint64_t newest;
	struct oid commit;  /* of the newest point */
	double threshold;   /* in force where that was measured */
	int is_of_the_test; /* which says so itself, tighter than the server */
	struct noise_floor floor;
	struct replay_point *points;
	size_t count, cap;
	enum better better;
};

struct tune {
	const struct gate *gate;
	const char *test; /* NULL: all */
	struct noise_book noise;
	double thresholds[MAX_THRESHOLDS];
	size_t threshold_count;
	struct history *histories;
	size_t count, cap;
};

/* Of each test and metric the history that grew last. */
static int
note_history(void *data, const struct store_series *series, uint64_t last_order)
{
	struct tune *tune = data;
	struct history *history = NULL;

	for (size_t i = tune->count; i-- > 0 && !history;)
		if (!strcmp(tune->histories[i].test, series->test) &&
		    !strcmp(tune->histories[i].metric, series->metric))
			history = &tune->histories[i];
	if (history && last_order <= history->newest)
		return 0;
	if (!history) {
		MEM_GROW(tune->histories, tune->count, tune->cap);
		history = &tune->histories[tune->count++];
		*history = (struct history){
			.test = mem_copy_text(series->test),
			.metric = mem_copy_text(series->metric)
		};
	}
	free(history->environment);
	history->environment = mem_copy_text(series->environment);
	history->newest = last_order;
	return 0;
}

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct history *history = data;

	(void)order;
	MEM_GROW(history->points, history->count, history->cap);
	history->points[history->count++] = (struct replay_point){
		point->low, point->high, point->value, point->base,
		noise_flags_width(point->flags)
	};
	history->commit = point->commit;
	return 0;
}

/* What is in force for the ref that the newest commit came to, and what the
 * test says of itself there. */
static void
find_threshold(const struct tune *tune, struct history *history,
	       const char *ref)
{
	struct directives directives;
	struct test_policy policy;
	double server;

	policy_test(tune->gate->policy, ref, history->test, history->metric,
		    &policy);
	server = policy.threshold;
	directives_init(&directives);
	/* Of a commit that is gone the server's word is all there is. */
	if (!gather_directives(tune->gate->repo, &history->commit,
			       history->test, &directives, NULL))
		policy_tighten(&policy, &directives);
	directives_release(&directives);
	history->threshold = policy.threshold;
	history->is_of_the_test = policy.threshold < server;
}

/* A metric that the test declares says in its verdicts what is better. */
static void
read_newest(struct store_tx *tx, const struct tune *tune,
	    struct history *history)
{
	const struct metric_row *row = metric_find(history->metric);
	const struct report_test *test = NULL;
	struct err err = ERR_INIT;
	struct report report;

	history->better = row ? row->better : BETTER_LOWER;
	if (!gate_get_report(tx, &history->commit, &report, &err))
		test = report_find(&report, history->test);
	for (size_t i = 0; !row && test && i < test->count; i++)
		if (!strcmp(test->metrics[i].name, history->metric))
			history->better = test->metrics[i].better;
	find_threshold(tune, history, report.ref ? report.ref : "");
	report_release(&report);
}

/* Worse above 1, as the judge's replay wants it. */
static void
turn_round(struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		struct replay_point *point = &history->points[i];

		*point = (struct replay_point){ 1 / point->high, 1 / point->low,
						1 / point->value,
						1 / point->base, point->width };
	}
}

static int
read_histories(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_range all = { 0, UINT64_MAX, 0, POINTS };
	struct tune *tune = data;
	int ret = store_series_each(tx, tune->test, note_history, tune);

	(void)err;
	for (size_t i = 0; !ret && i < tune->count; i++) {
		struct history *history = &tune->histories[i];
		const struct store_series series = { history->test,
						     history->metric,
						     history->environment };

		ret = store_point_each(tx, &series, &all, take_point, history);
		read_newest(tx, tune, history);
		if (history->better == BETTER_HIGHER)
			turn_round(history);
	}
	return ret;
}

static void
find_floors(struct tune *tune)
{
	for (size_t i = 0; i < tune->count; i++) {
		struct history *history = &tune->histories[i];
		const struct noise_key key = { history->test, history->metric,
					       history->environment,
					       history->threshold };

		history->floor = noise_book_find(&tune->noise,
						 tune->gate->store, &key);
	}
}

static double
suggest(const struct history *history)
{
	return replay_suggest(history->points, history->count,
			      &history->floor.noise, history->threshold);
}

/* 3, 1.5: as short as it is. */
static void
add_percent(struct buf *buf, double fraction)
{
	buf_addf(buf, "%.3g%%", fraction * 100);
}

/* The table: columns of names, and thresholds as far as a terminal holds
 * them. */
struct layout {
	size_t test, metric, thresholds;
};

static size_t
widest(const struct tune *tune, size_t least,
       const char *(*name)(const struct history *))
{
	for (size_t i = 0; i < tune->count; i++) {
		size_t columns = columns_of(name(&tune->histories[i]));

		least = columns > least ? columns : least;
	}
	return least < MAX_NAME ? least : MAX_NAME;
}

static const char *
test_of(const struct history *history)
{
	return history->test;
}

static const char *
metric_of(const struct history *history)
{
	return history->metric;
}

static struct layout
find_layout(const struct tune *tune)
{
	struct layout layout = { widest(tune, strlen("test"), test_of),
				 widest(tune, strlen("metric"), metric_of),
				 tune->threshold_count };
	size_t rest = layout.metric + 2 + FIXED_WIDTH, columns;
	size_t least = layout.test < LEAST_NAME ? layout.test : LEAST_NAME;

	if (!pager_is_terminal())
		return layout;
	columns = pager_columns();
	while (layout.thresholds > 1 &&
	       rest + least + layout.thresholds * CELL_WIDTH > columns)
		layout.thresholds--;
	rest += layout.thresholds * CELL_WIDTH;
	if (layout.test + rest > columns)
		layout.test = columns > rest + least ? columns - rest : least;
	return layout;
}

static void
print_history(const struct tune *tune, const struct history *history,
	      const struct layout *layout)
{
	const struct noise *noise = &history->floor.noise;
	struct buf line = BUF_INIT, name = BUF_INIT;

	buf_add_clean(&name, history->test, strlen(history->test), 120);
	columns_add(&line, buf_text(&name), layout->test, COLUMNS_LEFT);
	buf_adds(&line, "  ");
	buf_clear(&name);
	buf_add_clean(&name, history->metric, strlen(history->metric), 60);
	columns_add(&line, buf_text(&name), layout->metric, COLUMNS_LEFT);
	buf_addf(&line, " %6zu  ", history->count);
	if (noise->exact)
		buf_adds(&line, "  exact");
	else if (noise->sessions < NOISE_ENOUGH)
		buf_addf(&line, " %u of %d", noise->sessions, NOISE_ENOUGH);
	else
		buf_addf(&line, "%5.2f %%", noise->sd * 100);
	if (isfinite(history->floor.detectable))
		buf_addf(&line, "  %5.2f %%", history->floor.detectable * 100);
	else
		buf_adds(&line, "        -");
	for (size_t i = 0; i < layout->thresholds; i++) {
		struct replay replay;
		char cell[64];

		replay_at(history->points, history->count, tune->thresholds[i],
			  &replay);
		snprintf(cell, sizeof(cell), "%u/%u/%u %u", replay.stayed,
			 replay.reverted, replay.open, replay.unclear);
		buf_addf(&line, "  %8s", cell);
	}
	puts(buf_text(&line));
	buf_release(&line);
	buf_release(&name);
}

/* Names come from whoever pushes; what is to be pasted into a shell has to be
 * plain, and no pattern. */
static int
is_plain(const char *name)
{
	return !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._/+@-")];
}

/* Why, behind the line to paste. */
static void
add_reason(struct buf *line, const struct history *history)
{
	const struct noise_floor *floor = &history->floor;

	buf_adds(line, "   # now ");
	add_percent(line, history->threshold);
	if (floor->noise.exact)
		buf_adds(line, "; it never varies");
	else
		buf_addf(line, "; noise %.2f %%", floor->noise.sd * 100);
	if (isfinite(floor->detectable))
		buf_addf(line, ", smallest detectable change %.2f %%",
			 floor->detectable * 100);
}

static void
print_suggestion(const struct history *history)
{
	double suggested = suggest(history), now = history->threshold;
	struct buf line = BUF_INIT;

	if (!(suggested > 0) || fabs(suggested - now) < 1e-9 ||
	    !is_plain(history->test) || !is_plain(history->metric))
		return;
	/* The server's word cannot loosen what a test asks of itself. */
	if (history->is_of_the_test && suggested > now) {
		buf_addf(&line, "# %s:%s: the test itself says threshold=",
			 history->test, history->metric);
		add_percent(&line, now);
		buf_adds(&line, ", better ");
		add_percent(&line, suggested);
	} else {
		buf_addf(&line, "git config " SECTION_TEST ".%s:%s.threshold ",
			 history->test, history->metric);
		add_percent(&line, suggested);
	}
	add_reason(&line, history);
	puts(buf_text(&line));
	buf_release(&line);
}

static void
print_all(const struct tune *tune)
{
	struct buf head = BUF_INIT;
	struct layout layout;

	if (!tune->count) {
		puts("no history yet: it grows with what lands");
		return;
	}
	pager_start();
	puts("Noise between sessions of the same code, or how many of them are "
	     "known yet; the\nsmallest detectable change. Then alarms that a "
	     "threshold would have raised: how\nmany stayed / went away / are "
	     "newest, and commits that it leaves unclear.\n");
	layout = find_layout(tune);
	buf_addf(&head, "%-*s  %-*s %6s  %7s  %7s", (int)layout.test, "test",
		 (int)layout.metric, "metric", "points", "noise", "seen");
	for (size_t i = 0; i < layout.thresholds; i++) {
		struct buf cell = BUF_INIT;

		add_percent(&cell, tune->thresholds[i]);
		buf_addf(&head, "  %8s", buf_text(&cell));
		buf_release(&cell);
	}
	puts(buf_text(&head));
	buf_release(&head);
	for (size_t i = 0; i < tune->count; i++)
		print_history(tune, &tune->histories[i], &layout);
	if (layout.thresholds < tune->threshold_count)
		printf("and %zu more in a wider terminal, or with "
		       "--threshold\n",
		       tune->threshold_count - layout.thresholds);
	putchar('\n');
	for (size_t i = 0; i < tune->count; i++)
		print_suggestion(&tune->histories[i]);
}

static json_t *
history_json(const struct tune *tune, const struct history *history)
{
	const struct noise_floor *floor = &history->floor;
	json_t *replays = json_array(), *json;
	double suggested = suggest(history);

	for (size_t i = 0; i < tune->threshold_count; i++) {
		struct replay replay;

		replay_at(history->points, history->count, tune->thresholds[i],
			  &replay);
		json_array_append_new(
			replays,
			json_pack("{s:o, s:i, s:i, s:i, s:i, s:i}", "threshold",
				  json_num(tune->thresholds[i]), "alarms",
				  (int)replay.alarms, "stayed",
				  (int)replay.stayed, "reverted",
				  (int)replay.reverted, "open",
				  (int)replay.open, "unclear",
				  (int)replay.unclear));
	}
	json = json_pack("{s:o, s:o, s:o, s:I, s:o, s:i, s:i, s:b, s:o, s:o, "
			 "s:o}",
			 "test", json_text(history->test), "metric",
			 json_text(history->metric), "environment",
			 json_text(history->environment), "points",
			 (json_int_t)history->count, "noise",
			 json_num(floor->noise.sd), "sessions",
			 (int)floor->noise.sessions, "wanted", NOISE_ENOUGH,
			 "exact", floor->noise.exact, "detectable",
			 json_num(floor->detectable), "threshold",
			 json_num(history->threshold), "replays", replays);
	json_object_set_new(json, "suggested",
			    suggested > 0 ? json_num(suggested) : json_null());
	return json;
}

static void
print_json(const struct tune *tune)
{
	json_t *all = json_array();

	for (size_t i = 0; i < tune->count; i++)
		json_array_append_new(all,
				      history_json(tune, &tune->histories[i]));
	json_print(all);
	json_decref(all);
}

static int
read_thresholds(struct tune *tune, const struct texts *texts, struct err *err)
{
	static const double usual[] = { 0.01, 0.02, 0.03, 0.05, 0.1 };

	if (texts->count > MAX_THRESHOLDS)
		return err_set(err, ERR_INPUT, "at most %d thresholds",
			       MAX_THRESHOLDS);
	for (size_t i = 0; i < texts->count; i++) {
		double *at = &tune->thresholds[tune->threshold_count++];

		if (units_parse_percent(texts->items[i], at) < 0 || !(*at > 0))
			return err_set(err, ERR_INPUT,
				       "'%s' is no threshold: write it as 2%%",
				       texts->items[i]);
	}
	if (!texts->count) {
		memcpy(tune->thresholds, usual, sizeof(usual));
		tune->threshold_count = sizeof(usual) / sizeof(*usual);
	}
	return 0;
}

static void
tune_release(struct tune *tune)
{
	for (size_t i = 0; i < tune->count; i++) {
		free(tune->histories[i].test);
		free(tune->histories[i].metric);
		free(tune->histories[i].environment);
		free(tune->histories[i].points);
	}
	free(tune->histories);
	noise_book_release(&tune->noise);
}

int
cmd_tune(int argc, char **argv)
{
	struct gate gate = GATE_INIT;
	struct tune tune = { .gate = &gate };
	struct texts thresholds = { 0 };
	struct err err = ERR_INIT;
	const char *repo = NULL;
	int json = 0, ret;
	const struct option_row rows[] = {
		{ "threshold", 0, OPTION_TEXTS, "SIZE",
		  "replay under this one; may be repeated", &thresholds },
		{ "test", 't', OPTION_TEXT, "TEST", "of this test alone",
		  &tune.test },
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("tune", rows, &argc, argv, 0);
	if (ret < 0) {
		ret = read_thresholds(&tune, &thresholds, &err);
		if (!ret)
			ret = cmd_open(&gate, repo, STORE_READ, &err);
		if (!ret && tune.test)
			ret = known_check(&gate, tune.test, &err);
		if (!ret)
			ret = store_read(gate.store, read_histories, &tune,
					 &err);
		find_floors(&tune);
		if (!ret && json)
			print_json(&tune);
		else if (!ret)
			print_all(&tune);
		ret = ret ? cmd_fail(&err) : EXIT_FINE;
	}
	tune_release(&tune);
	texts_release(&thresholds);
	gate_close(&gate);
	return ret;
}
