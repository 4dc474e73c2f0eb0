#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/units.h"
#include "canary.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/install.h"
#include "cmd/progress.h"
#include "gate.h"
#include "policy/keys.h"
#include "repo/repo.h"
#include "weigh.h"

enum { MAX_PAIRS = 100000 };

struct asked {
	const char *repo, *pairs, *every, *test;
	struct texts sizes, kinds;
	int json;
};

/* The bar over all pairs. */
struct watch {
	struct progress progress;
	unsigned done, total;
};

static void
on_progress(void *data, const struct weigh_progress *at)
{
	struct watch *watch = data;

	progress_share(&watch->progress,
		       (watch->done + at->share) / watch->total, at->what);
}

static void
print_pair(void *data, const struct canary_pair *pair)
{
	struct watch *watch = data;
	struct buf line = BUF_INIT;

	watch->done++;
	progress_clear(&watch->progress);
	buf_addf(&line, "%s, planted %+5.1f %%: %s", pair->test,
		 pair->size * 100, verdict_name(pair->verdict));
	if (pair->metric) {
		buf_addf(&line, ", %s ", pair->metric);
		units_add_change(&line, pair->ratio);
	}
	printf("%s, %u trials, %.1f s%s\n", line.data, pair->trials,
	       (double)pair->ms / 1e3,
	       pair->candidate && !pair->alarm
		       ? ", an alarm that did not come again"
		       : "");
	fflush(stdout);
	buf_release(&line);
}

static void
print_pair_json(void *data, const struct canary_pair *pair)
{
	json_t *json = json_pack(
		"{s:o, s:f, s:f, s:s, s:b, s:b, s:o, s:o, s:i, s:i, s:I}",
		"test", json_text(pair->test), "size", pair->size, "threshold",
		pair->threshold, "verdict", verdict_name(pair->verdict),
		"candidate", pair->candidate, "alarm", pair->alarm, "metric",
		json_text(pair->metric ? pair->metric : ""), "ratio",
		json_num(pair->ratio), "trials", (int)pair->trials, "sessions",
		(int)pair->sessions, "ms", (json_int_t)pair->ms);
	struct watch *watch = data;

	watch->done++;
	progress_clear(&watch->progress);
	json_write_line(STDOUT_FILENO, json, NULL);
	json_decref(json);
}

static void
print_row(const json_t *row)
{
	double size = json_number_or(row, "size", 0);
	double pairs = (double)json_int_or(row, "pairs", 1);

	printf("%s, planted %+5.1f %%, threshold %.1f %%: %s in %lld of %.0f, "
	       "%.1f %% (%.1f to %.1f %%); %.1f s and %.0f trials each\n",
	       json_text_or(row, "test", ""), size * 100,
	       json_number_or(row, "threshold", 0) * 100,
	       size > 0 ? "found" : "false alarms",
	       (long long)json_int_or(row, "alarms", 0), pairs,
	       json_number_or(row, "rate", 0) * 100,
	       json_number_or(row, "low", 0) * 100,
	       json_number_or(row, "high", 0) * 100,
	       (double)json_int_or(row, "ms", 0) / 1e3 / pairs,
	       (double)json_int_or(row, "trials", 0) / pairs);
}

static void
print_record(const json_t *record)
{
	const json_t *rows = json_object_get(record, "rows");
	json_t *row;
	size_t i;

	if (!json_array_size(rows))
		puts("no canary has run yet");
	json_array_foreach(rows, i, row) print_row(row);
}

static int
set_every(const struct gate *gate, const char *every, struct err *err)
{
	const char *set[] = { SECTION_GATE ".canary", every, NULL };
	const char *unset[] = { "--unset", SECTION_GATE ".canary", NULL };
	int64_t ms = 0;

	if (!strcmp(every, "never"))
		return install_git_config(repo_gitdir(gate->repo), unset, NULL,
					  err);
	if (units_parse_duration(every, &ms) < 0)
		return err_set(err, ERR_INPUT,
			       "--every %s: write a duration such as 1d, or "
			       "never",
			       every);
	return install_git_config(repo_gitdir(gate->repo), set, NULL, err);
}

static int
read_kinds(const struct asked *asked, struct canary *canary, struct err *err)
{
	for (size_t i = 0; i < asked->kinds.count; i++) {
		unsigned kind = canary_kind(asked->kinds.items[i]);

		if (!kind)
			return err_set(err, ERR_INPUT,
				       "--kind %s: write cpu, memory or wait",
				       asked->kinds.items[i]);
		canary->kinds |= kind;
	}
	if (asked->test && canary->kinds)
		return err_set(err, ERR_INPUT,
			       "--test and --kind: a test of the repository or "
			       "a built-in one");
	if (!asked->test && !canary->kinds)
		canary->kinds = CANARY_ALL;
	canary->test = asked->test;
	return 0;
}

static int
run_sizes(struct gate *gate, const struct asked *asked, struct err *err)
{
	struct watch watch = { .total = 1 };
	struct canary canary = { .tell = asked->json ? print_pair_json
						     : print_pair,
				 .progress = on_progress,
				 .data = &watch };
	int64_t count = 1;
	int ret = read_kinds(asked, &canary, err);

	if (!ret && asked->pairs &&
	    units_parse_count(asked->pairs, 0, MAX_PAIRS, &count) < 0)
		ret = err_set(err, ERR_INPUT,
			      "--pairs %s: write a whole number", asked->pairs);
	canary.pairs = (unsigned)count;
	watch.total =
		(unsigned)asked->sizes.count * canary.pairs *
		(asked->test ? 1 : (unsigned)__builtin_popcount(canary.kinds));
	progress_begin(&watch.progress, NULL);
	for (size_t i = 0; !ret && count && i < asked->sizes.count; i++) {
		const char *size = asked->sizes.items[i];

		if (units_parse_percent(size, &canary.size) < 0 ||
		    canary.size < 0 || canary.size > 10)
			return err_set(err, ERR_INPUT,
				       "--slower %s: write a percentage such "
				       "as 5%%",
				       size);
		ret = canary_run(gate, &canary, err);
	}
	progress_clear(&watch.progress);
	return ret;
}

static int
answer(struct gate *gate, const struct asked *asked, struct err *err)
{
	json_t *record;
	int ret;

	if (asked->every)
		return set_every(gate, asked->every, err);
	ret = run_sizes(gate, asked, err);
	if (ret < 0)
		return ret;
	record = canary_record(gate);
	if (asked->json)
		json_print(record);
	else
		print_record(record);
	json_decref(record);
	return 0;
}

int
cmd_canary(int argc, char **argv)
{
	struct asked asked = { 0 };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository",
		  &asked.repo },
		{ "pairs", 'n', OPTION_TEXT, "N",
		  "pushes of each size, 1 unless said; 0: show the record "
		  "alone",
		  &asked.pairs },
		{ "slower", 0, OPTION_TEXTS, "SIZE",
		  "plant this slowdown, 0% for none; may be repeated; 0% and "
		  "10% unless said",
		  &asked.sizes },
		{ "kind", 0, OPTION_TEXTS, "cpu|memory|wait",
		  "this built-in test; may be repeated; all of them unless "
		  "said",
		  &asked.kinds },
		{ "test", 't', OPTION_TEXT, "TEST",
		  "a test of the repository at HEAD instead", &asked.test },
		{ "every", 0, OPTION_TEXT, "TIME",
		  "let the worker do it in idle time; never: no more",
		  &asked.every },
		{ "json", 0, OPTION_FLAG, NULL,
		  "a line of JSON for each pair, then the record",
		  &asked.json },
		{ 0 }
	};

	ret = cmd_begin("canary", rows, &argc, argv, 0);
	if (ret >= 0)
		return ret;
	if (!asked.sizes.count) {
		texts_add(&asked.sizes, "0%");
		texts_add(&asked.sizes, "10%");
	}
	ret = cmd_open(&gate, asked.repo, STORE_WRITE, &err);
	if (!ret)
		ret = answer(&gate, &asked, &err);
	texts_release(&asked.sizes);
	texts_release(&asked.kinds);
	gate_close(&gate);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
