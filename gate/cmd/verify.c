#include <stdio.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/progress.h"

struct findings {
	int json;
	json_t *bad;
};

static void
on_bad(void *data, const char *text)
{
	struct findings *findings = data;

	if (findings->json)
		json_array_append_new(findings->bad, json_text(text));
	else
		puts(text);
}

/* One table for both ways of printing. */
static void
print(const struct store_counts *counts, const struct findings *findings)
{
	const struct {
		const char *name;
		uint64_t count;
	} rows[] = {
		{ "tests", counts->tests },
		{ "metrics", counts->metrics },
		{ "environments", counts->environments },
		{ "samples", counts->samples },
		{ "points", counts->points },
		{ "baselines", counts->baselines },
		{ "verdicts", counts->verdicts },
		{ "jobs", counts->jobs },
		{ "journal", counts->journal },
		{ "messages", counts->messages },
		{ "ledger", counts->ledger },
		{ "size_bytes", counts->size_bytes },
	};
	json_t *object = json_object();

	json_object_set(object, "bad", findings->bad);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_object_set_new(object, rows[i].name,
				    json_integer((json_int_t)rows[i].count));
		if (!findings->json)
			printf("%-14s %llu\n", rows[i].name,
			       (unsigned long long)rows[i].count);
	}
	if (findings->json)
		json_print(object);
	json_decref(object);
}

int
cmd_verify(int argc, char **argv)
{
	struct findings findings = { 0, NULL };
	struct store_counts counts = { 0 };
	struct progress progress;
	struct store *store = NULL;
	struct err err = ERR_INIT;
	const char *repo = NULL;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &findings.json },
		{ 0 }
	};
	int ret = cmd_begin("verify", rows, &argc, argv, 0);

	if (ret >= 0)
		return ret;
	findings.bad = json_array();
	ret = cmd_open_store(repo, STORE_SCAN, &store, &err);
	if (ret == 0) {
		progress_begin(&progress, "records read");
		store_watch(store, progress_store, &progress);
		ret = store_verify(store, on_bad, &findings, &counts, &err);
		progress_clear(&progress);
		print(&counts, &findings);
	}
	store_close(store);
	json_decref(findings.bad);
	if (ret == 0)
		return EXIT_FINE;
	/* A damaged store is our failure, not the caller's mistake. */
	cmd_fail(&err);
	return err.code == ERR_NOT_FOUND ? EXIT_USAGE : EXIT_OURS;
}
