/*
 * bisect: find the commit between two that brought a change to a test, now and
 * here, or by the worker in idle time. What is known is kept, in the store or,
 * in a clone without one, in a file: so the next call goes on where this one
 * was ended.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/names.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/progress.h"
#include "gate.h"
#include "repo/repo.h"
#include "report/culprit.h"
#include "search.h"
#include "search_land.h"
#include "search_weigh.h"

#define RUN_REF "refs/heads/HEAD"

enum { MAX_FILE = 1 << 20 };

struct bisecting {
	struct gate gate;
	const char *repo, *test, *metric;
	struct oid good, bad;
	char *name;     /* of the record in the store */
	json_t *record; /* what is known */
	int json, queue;
};

/* What is known. */

static int
is_same(const struct bisecting *b, const json_t *record)
{
	struct oid good, bad;

	return !strcmp(json_text_or(record, "test", ""), b->test) &&
	       (!b->metric ||
		!strcmp(json_text_or(record, "metric", ""), b->metric)) &&
	       !json_get_oid(record, "good", &good, NULL) &&
	       !json_get_oid(record, "bad", &bad, NULL) &&
	       oid_equal(&good, &b->good) && oid_equal(&bad, &b->bad);
}

static int
read_record(struct store_tx *tx, void *data, struct err *err)
{
	struct bisecting *b = data;

	(void)err;
	json_decref(b->record);
	b->record = search_record_get(tx, b->name);
	return 0;
}

static int
read_file(struct bisecting *b)
{
	char *path = gate_path(&b->gate, FILE_BISECT);
	struct buf text = BUF_INIT;

	if (!file_read(path, &text, MAX_FILE, NULL))
		b->record = json_parse(buf_text(&text), text.len, NULL);
	buf_release(&text);
	free(path);
	return 0;
}

static int
write_file(const struct bisecting *b, struct err *err)
{
	char *path = gate_path(&b->gate, FILE_BISECT);
	char *dir = gate_path(&b->gate, DIR_STORE);
	struct buf text = BUF_INIT;
	int ret;

	json_append(&text, b->record);
	ret = file_make_dirs(dir, 0755, err);
	if (!ret)
		ret = file_write(path, buf_text(&text), text.len, 0644, err);
	buf_release(&text);
	free(path);
	free(dir);
	return ret;
}

/* What the store says of the bad commit, if against the good one. */
static int
read_verdict(struct store_tx *tx, void *data, struct err *err)
{
	struct bisecting *b = data;
	const struct search_ask ask = { b->bad, b->good };
	const struct report_test *test;
	const struct report_metric *metric = NULL;
	struct report report;
	int ret = gate_get_report(tx, &b->bad, &report, err);

	test = ret ? NULL : report_find(&report, b->test);
	for (size_t i = 0; test && i < test->count; i++)
		if (b->metric && !strcmp(test->metrics[i].name, b->metric))
			metric = &test->metrics[i];
	if (test && !b->metric)
		metric = report_main_metric(test);
	if (metric && oid_equal(&test->baseline, &b->good) &&
	    (verdict_is_regression(metric->verdict) ||
	     metric->verdict == VERDICT_IMPROVED)) {
		json_object_set_new(b->record, "metric",
				    json_text(metric->name));
		json_object_set_new(
			b->record, "worse",
			json_boolean(verdict_is_regression(metric->verdict)));
		search_record_add(b->record, &ask,
				  search_found_name(BISECT_CHANGED), NULL,
				  metric);
	}
	report_release(&report);
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

static int
begin_record(struct bisecting *b, struct err *err)
{
	char *ref = b->gate.store ? repo_head_name(b->gate.repo) : NULL;
	const struct search_seed seed = { .test = b->test,
					  .metric = b->metric ? b->metric : "",
					  .ref = ref ? ref : RUN_REF,
					  .worse = 1,
					  .definition = b->bad,
					  .good = b->good,
					  .bad = b->bad };
	int ret = 0;

	json_decref(b->record);
	b->record = search_record_new(&seed);
	search_record_add_tip(b->record, &b->bad);
	free(ref);
	if (b->gate.store)
		ret = store_read(b->gate.store, read_verdict, b, err);
	return ret;
}

static int
is_in_vain(const json_t *record)
{
	return !strcmp(
		json_text_or(json_object_get(record, "result"), "kind", ""),
		"none");
}

static int
load(struct bisecting *b, struct err *err)
{
	int ret = b->gate.store ? store_read(b->gate.store, read_record, b, err)
				: read_file(b);

	if (ret < 0)
		return ret;
	/* What ended without an answer is asked anew. */
	if (b->record && is_same(b, b->record) && !is_in_vain(b->record)) {
		fprintf(stderr, "pacegate: going on with %zu that are known\n",
			json_array_size(json_object_get(b->record, "answers")));
		return 0;
	}
	return begin_record(b, err);
}

/* Storing. */

struct answer {
	struct bisecting *b;
	const struct search_weighed *weighed; /* NULL: the record alone */
};

/* The worker may be at the same search. */
static int
put_answer(struct store_tx *tx, void *data, struct err *err)
{
	const struct answer *answer = data;
	struct bisecting *b = answer->b;
	json_t *record = search_record_get(tx, b->name);
	int ret = 0;

	if (!record || !is_same(b, record) || !answer->weighed) {
		json_decref(record);
		record = json_deep_copy(b->record);
	}
	if (answer->weighed)
		ret = search_weighed_store(tx, record, answer->weighed, err);
	else if (json_object_get(record, "result"))
		ret = search_conclude(tx, record, err);
	if (!ret)
		ret = search_record_put(tx, b->name, record);
	json_decref(record);
	return ret;
}

static int
save(struct bisecting *b, const struct search_weighed *weighed, struct err *err)
{
	struct answer answer = { b, weighed };

	if (b->gate.store)
		return store_write(b->gate.store, put_answer, &answer, err);
	return write_file(b, err);
}

/* Weighing. */

static void
say_answer(const struct bisecting *b, const struct search_weighed *weighed)
{
	const json_t *answer = search_record_answer(b->record, &weighed->ask);
	double ratio = json_number_or(answer, "ratio", NAN);
	struct buf line = BUF_INIT;
	char hex[OID_HEX + 1];

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%50s\r", "");
	buf_addf(&line, "pacegate: %s beside ",
		 oid_short(&weighed->ask.commit, hex));
	buf_addf(&line, "%s: %s", oid_short(&weighed->ask.beside, hex),
		 search_found_name(weighed->found));
	if (isfinite(ratio) && weighed->found != BISECT_UNTESTABLE) {
		buf_adds(&line, ", ");
		units_add_change(&line, ratio);
	}
	if (weighed->why) {
		buf_adds(&line, ": ");
		buf_add_clean(&line, weighed->why, strlen(weighed->why), 200);
	}
	fprintf(stderr, "%s\n", buf_text(&line));
	buf_release(&line);
}

/* Which metric it is about shows where the two ends are weighed: the one that
 * changed. */
static void
choose_metric(struct bisecting *b, struct search_weighed *weighed)
{
	const struct report_test *test = report_find(
		&weighed->result.reports[0], b->test);
	const struct report_metric *metric = test ? report_main_metric(test)
						  : NULL;

	if (!metric)
		return;
	switch (test->verdict) {
	case VERDICT_REGRESSED:
	case VERDICT_SEVERE:
	case VERDICT_IMPROVED:
		json_object_set_new(b->record, "metric",
				    json_text(metric->name));
		json_object_set_new(
			b->record, "worse",
			json_boolean(verdict_is_regression(metric->verdict)));
		weighed->found = BISECT_CHANGED;
		break;
	case VERDICT_PASS:
		weighed->found = BISECT_UNCHANGED;
		break;
	case VERDICT_UNDECIDED:
		weighed->found = BISECT_UNCLEAR;
		break;
	case VERDICT_NEW:
	case VERDICT_ACCEPTED:
	case VERDICT_UNWEIGHED:
	case VERDICT_BROKEN:
	case VERDICT_FAILURE:
		return;
	}
	report_set(&weighed->why, NULL);
}

struct recalling {
	const json_t *record;
	const struct search_ask *ask;
	struct search_weighed *weighed;
};

static int
recall(struct store_tx *tx, void *data, struct err *err)
{
	const struct recalling *recalling = data;

	(void)err;
	search_weighed_release(recalling->weighed);
	return search_recall(tx, recalling->record, recalling->ask,
			     recalling->weighed);
}

/* By the store, or else by a session. */
static int
find_answer(struct bisecting *b, const struct search_ask *ask,
	    const struct gate_run *how, struct search_weighed *weighed,
	    struct err *err)
{
	struct recalling recalling = { b->record, ask, weighed };
	int ret = 0;

	*weighed = (struct search_weighed){ 0 };
	if (b->gate.store)
		ret = store_read(b->gate.store, recall, &recalling, err);
	if (ret)
		return ret < 0 ? ret : 0;
	return search_weigh(&b->gate, b->record, ask, how, weighed, err);
}

static int
weigh(struct bisecting *b, const struct search_ask *ask, struct err *err)
{
	struct progress progress;
	const struct gate_run how = { .class = b->gate.store ? SLOT_BACKGROUND
							     : SLOT_BLOCKING,
				      .deadline_ms = -1,
				      .progress = progress_weigh,
				      .data = &progress };
	struct search_weighed weighed;
	int ret;

	progress_begin(&progress, NULL);
	ret = find_answer(b, ask, &how, &weighed, err);
	progress_clear(&progress);
	if (!ret) {
		if (!*json_text_or(b->record, "metric", ""))
			choose_metric(b, &weighed);
		search_weighed_note(b->record, &weighed);
		say_answer(b, &weighed);
		ret = save(b, &weighed, err);
	}
	search_weighed_release(&weighed);
	return ret;
}

/* Without a metric, nothing has changed as far as one can see. */
static int
weigh_ends(struct bisecting *b, struct err *err)
{
	const struct search_ask ends = { b->bad, b->good };

	if (*json_text_or(b->record, "metric", ""))
		return 0;
	return weigh(b, &ends, err);
}

static int
step(struct bisecting *b, enum search_next *next, struct err *err)
{
	struct search_ask ask;
	struct search search;
	size_t count = 0;
	/* What the worker was asked is not waited for. */
	json_t *asked = json_array();
	int ret;

	json_object_set_new(b->record, "asked", asked);
	ret = search_open(&search, b->gate.repo, b->record, err);
	if (!ret)
		ret = search_step(&search, b->gate.repo, 1, &ask, &count, next,
				  err);
	if (!ret && *next == SEARCH_ASKS)
		ret = weigh(b, &ask, err);
	search_release(&search);
	return ret;
}

static int
search_all(struct bisecting *b, struct err *err)
{
	enum search_next next = SEARCH_ASKS;
	int ret = 0;

	if (json_object_get(b->record, "result"))
		return 0;
	ret = weigh_ends(b, err);
	while (!ret && (next == SEARCH_ASKS || next == SEARCH_TURNED))
		ret = step(b, &next, err);
	return ret ? ret : save(b, NULL, err);
}

/* The two ends. */

/* Where good is on another branch, the commit where that left bad's. */
static int
find_ends(struct bisecting *b, const char *good, const char *bad,
	  struct err *err)
{
	struct repo_update update = { 0 };
	char hex[OID_HEX + 1];
	int ret = repo_resolve(b->gate.repo, good, &b->good, err);

	if (!ret)
		ret = repo_resolve(b->gate.repo, bad, &b->bad, err);
	if (!ret)
		ret = repo_update_read(b->gate.repo, &b->good, &b->bad, 1,
				       &update, err);
	if (!ret && (!update.count || oid_is_zero(&update.base)))
		ret = err_set(err, ERR_NOT_FOUND,
			      "%s has nothing that %s does not have: give the "
			      "older commit first",
			      bad, good);
	if (!ret && !oid_equal(&update.base, &b->good)) {
		b->good = update.base;
		fprintf(stderr, "pacegate: from %s, where %s left it\n",
			oid_short(&b->good, hex), good);
	}
	repo_update_release(&update);
	b->name = search_name(&b->bad, b->test);
	if (!ret && !b->name)
		ret = err_set(err, ERR_LIMIT, "the test's name is too long");
	return ret;
}

static int
put_queued(struct store_tx *tx, void *data, struct err *err)
{
	struct bisecting *b = data;
	int ret = search_record_put(tx, b->name, b->record);

	(void)err;
	return ret ? ret : search_queue(tx, b->record, b->name, NULL);
}

static int
queue(struct bisecting *b, struct err *err)
{
	if (!b->gate.store)
		return err_set(err, ERR_NOT_FOUND,
			       "--queue: this repository has no store, and so "
			       "no worker");
	if (!*json_text_or(b->record, "metric", ""))
		return err_set(err, ERR_INPUT,
			       "--queue: say which --metric; no stored verdict "
			       "tells");
	if (store_write(b->gate.store, put_queued, b, err) < 0)
		return err->code;
	fputs("pacegate: queued for the worker, in idle time\n", stderr);
	return 0;
}

/* Output. */

static void
print_json(const struct bisecting *b)
{
	static const char *const members[] = { "test", "metric", "good", "bad",
					       "answers" };
	const json_t *result = json_object_get(b->record, "result");
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		json_object_set(out, members[i],
				json_object_get(b->record, members[i]));
	json_object_set_new(out, "culprit",
			    result ? json_deep_copy(result) : json_null());
	json_print(out);
	json_decref(out);
}

static void
print_result(const struct bisecting *b)
{
	const json_t *result = json_object_get(b->record, "result");
	struct report_culprit culprit = { 0 };
	struct buf text = BUF_INIT;

	buf_add_clean(&text, b->test, strlen(b->test), 200);
	buf_adds(&text, ": ");
	if (!report_culprit_read(&culprit, result, NULL) &&
	    culprit.kind != CULPRIT_NONE)
		report_add_culprit(&text, &culprit);
	else
		buf_adds(&text, json_text_or(result, "why", "not known yet"));
	puts(buf_text(&text));
	report_culprit_release(&culprit);
	buf_release(&text);
}

/* A developer's clone has no store. */
static int
open_gate(struct bisecting *b, struct err *err)
{
	int ret = gate_open(&b->gate, b->repo, NULL, err);

	if (!ret)
		ret = gate_open_store(&b->gate, STORE_WRITE, err);
	return ret == ERR_NOT_FOUND && b->gate.repo ? 0 : ret;
}

int
cmd_bisect(int argc, char **argv)
{
	struct bisecting b = { .gate = GATE_INIT };
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "metric", 'm', OPTION_TEXT, "NAME",
		  "of this metric, not the one that changed most", &b.metric },
		{ "queue", 0, OPTION_FLAG, NULL,
		  "let the worker do it in idle time", &b.queue },
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &b.repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &b.json },
		{ 0 }
	};

	ret = cmd_begin("bisect", rows, &argc, argv, 3);
	if (ret >= 0)
		return ret;
	if (argc < 3) {
		fputs("pacegate bisect: say which test, and a commit without "
		      "the change\n",
		      stderr);
		return EXIT_USAGE;
	}
	b.test = argv[1];
	ret = open_gate(&b, &err);
	if (!ret)
		ret = find_ends(&b, argv[2], argc > 3 ? argv[3] : "HEAD", &err);
	if (!ret)
		ret = load(&b, &err);
	if (!ret && b.queue && !json_object_get(b.record, "result"))
		ret = queue(&b, &err);
	else if (!ret)
		ret = search_all(&b, &err);
	if (!ret && b.json)
		print_json(&b);
	else if (!ret && !(b.queue && !json_object_get(b.record, "result")))
		print_result(&b);
	json_decref(b.record);
	free(b.name);
	gate_close(&b.gate);
	return ret ? cmd_fail(&err) : EXIT_FINE;
}
