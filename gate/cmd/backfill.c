/*
 * backfill: give a test a history, by laying it over commits from before it.
 * The worker does it, in idle time; here is said over which, and how far it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backfill.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "repo/repo.h"

struct filling {
	const char *test;
	json_t *record;
};

static int
read_record(struct store_tx *tx, void *data, struct err *err)
{
	struct filling *filling = data;

	(void)err;
	json_decref(filling->record);
	filling->record = backfill_get(tx, filling->test);
	return 0;
}

static void
print_skipped(const json_t *record)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(record, "skipped"), i, item)
	{
		const char *why = json_text_or(item, "why", "");
		struct buf line = BUF_INIT;

		buf_addf(&line, "  %.10s left out: ",
			 json_text_or(item, "commit", ""));
		buf_add_clean(&line, why, strlen(why), 200);
		puts(buf_text(&line));
		buf_release(&line);
	}
}

static void
print_text(const struct filling *filling, const struct backfill_counts *counts,
	   int asked)
{
	struct buf line = BUF_INIT;

	buf_add_clean(&line, filling->test, strlen(filling->test), 200);
	if (asked)
		buf_addf(&line, ": %zu commit%s queued", counts->queued,
			 counts->queued == 1 ? "" : "s");
	else
		buf_adds(&line, ": backfill");
	buf_addf(&line, ", %zu to do, %zu done, %zu left out", counts->left,
		 counts->done, counts->skipped);
	puts(buf_text(&line));
	buf_release(&line);
	print_skipped(filling->record);
	if (counts->left)
		fputs("pacegate: the worker does it in idle time; `pacegate "
		      "work` at once\n",
		      stderr);
}

static void
print_json(const struct filling *filling, const struct backfill_counts *counts)
{
	json_t *json = filling->record ? json_deep_copy(filling->record)
				       : json_object();

	json_object_set_new(json, "queued",
			    json_integer((json_int_t)counts->queued));
	json_print(json);
	json_decref(json);
}

static size_t
size_of(const json_t *record, const char *name)
{
	return json_array_size(json_object_get(record, name));
}

/* The names are those of the options. */
struct wanted {
	const char *commits, *since, *rev, *repo;
	int json, again;
};

static int
read_wish(struct gate *gate, const struct wanted *wanted, char *ref,
	  struct backfill_wish *wish, struct err *err)
{
	int64_t count = 0;
	int ret = repo_resolve(gate->repo, wanted->rev ? wanted->rev : "HEAD",
			       &wish->tip, err);

	wish->ref = ref ? ref : "refs/heads/HEAD";
	wish->again = wanted->again;
	if (!ret && wanted->since)
		ret = repo_resolve(gate->repo, wanted->since, &wish->since,
				   err);
	if (!ret && wanted->commits &&
	    units_parse_count(wanted->commits, 1, BACKFILL_MAX, &count) < 0)
		ret = err_set(err, ERR_INPUT,
			      "--commits: write a number from 1 to %d",
			      BACKFILL_MAX);
	wish->commits = (size_t)count;
	return ret;
}

static int
fill(struct gate *gate, struct filling *filling, const struct wanted *wanted,
     struct err *err)
{
	struct backfill_wish wish = { .test = filling->test };
	struct backfill_counts counts = { 0 };
	int asks = wanted->commits || wanted->again;
	char *ref = repo_head_name(gate->repo);
	int ret = read_wish(gate, wanted, ref, &wish, err);

	if (!ret && asks)
		ret = backfill_queue(gate, &wish, &counts, err);
	if (!ret)
		ret = store_read(gate->store, read_record, filling, err);
	counts.left = size_of(filling->record, "left") +
		      size_of(filling->record, "asked");
	counts.done = size_of(filling->record, "done");
	counts.skipped = size_of(filling->record, "skipped");
	if (!ret && wanted->json)
		print_json(filling, &counts);
	else if (!ret)
		print_text(filling, &counts, asks);
	free(ref);
	return ret;
}

int
cmd_backfill(int argc, char **argv)
{
	struct filling filling = { 0 };
	struct wanted wanted = { 0 };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	int ret;
	const struct option_row rows[] = {
		{ "commits", 'n', OPTION_TEXT, "N",
		  "over so many commits; none: say how far it is",
		  &wanted.commits },
		{ "since", 's', OPTION_TEXT, "REV",
		  "evenly from this commit on, not the last N each",
		  &wanted.since },
		{ "again", 0, OPTION_FLAG, NULL,
		  "those as well that could not be measured", &wanted.again },
		{ "rev", 'r', OPTION_TEXT, "REV",
		  "along the first parents of this (HEAD)", &wanted.rev },
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository",
		  &wanted.repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &wanted.json },
		{ 0 }
	};

	ret = cmd_begin("backfill", rows, &argc, argv, 1);
	if (ret >= 0)
		return ret;
	if (argc < 2) {
		fputs("pacegate backfill: say which test, see --help\n",
		      stderr);
		return EXIT_USAGE;
	}
	filling.test = argv[1];
	ret = cmd_open(&gate, wanted.repo, STORE_WRITE, &err);
	if (!ret)
		ret = fill(&gate, &filling, &wanted, &err);
	json_decref(filling.record);
	gate_close(&gate);
	return ret ? cmd_fail(&err) : EXIT_FINE;
}
