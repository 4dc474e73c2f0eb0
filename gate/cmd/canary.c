#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/units.h"
#include "canary.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/install.h"
#include "gate.h"
#include "policy/keys.h"
#include "repo/repo.h"

enum { MAX_PAIRS = 100000 };

static void
tell(const char *line)
{
	printf("%s\n", line);
	fflush(stdout);
}

static void
print_record(const json_t *record)
{
	json_t *item;
	size_t i;

	if (!json_array_size(json_object_get(record, "sizes")))
		puts("no canary has run yet");
	json_array_foreach(json_object_get(record, "sizes"), i, item)
	{
		double size = json_number_or(item, "size", 0);
		int64_t pairs = json_int_or(item, "pairs", 0);

		printf("planted %+5.1f %%: %s in %lld of %lld pairs, %.1f %% "
		       "(%.1f to %.1f %%); %.1f s and %.0f trials a pair\n",
		       size * 100, size > 0 ? "found" : "false alarms",
		       (long long)json_int_or(item, "alarms", 0),
		       (long long)pairs, json_number_or(item, "rate", 0) * 100,
		       json_number_or(item, "low", 0) * 100,
		       json_number_or(item, "high", 0) * 100,
		       (double)json_int_or(item, "ms", 0) / 1e3 / (double)pairs,
		       (double)json_int_or(item, "trials", 0) / (double)pairs);
	}
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
run_sizes(struct gate *gate, const struct texts *sizes, const char *pairs,
	  int quiet, struct err *err)
{
	int64_t count = 1;
	int ret = 0;

	if (pairs && units_parse_count(pairs, 0, MAX_PAIRS, &count) < 0)
		return err_set(err, ERR_INPUT,
			       "--pairs %s: write a whole number", pairs);
	for (size_t i = 0; !ret && i < sizes->count; i++) {
		double size = 0;

		if (units_parse_percent(sizes->items[i], &size) < 0 ||
		    size < 0 || size > 10)
			return err_set(err, ERR_INPUT,
				       "--slower %s: write a percentage such "
				       "as 5%%",
				       sizes->items[i]);
		ret = canary_run(gate, (unsigned)count, size,
				 quiet ? NULL : tell, err);
	}
	return ret;
}

int
cmd_canary(int argc, char **argv)
{
	const char *repo = NULL, *pairs = NULL, *every = NULL;
	struct gate gate = GATE_INIT;
	struct texts sizes = { 0 };
	struct err err = ERR_INIT;
	int json = 0, ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "pairs", 'n', OPTION_TEXT, "N",
		  "of each kind, 1 unless said; 0: show the record alone",
		  &pairs },
		{ "slower", 0, OPTION_TEXTS, "SIZE",
		  "plant this slowdown, 0% for none; may be repeated; 0% and "
		  "10% unless said",
		  &sizes },
		{ "every", 0, OPTION_TEXT, "TIME",
		  "let the worker do it in idle time; never: no more", &every },
		{ "json", 0, OPTION_FLAG, NULL, "the record as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("canary", rows, &argc, argv, 0);
	if (ret >= 0)
		return ret;
	if (!sizes.count) {
		texts_add(&sizes, "0%");
		texts_add(&sizes, "10%");
	}
	ret = cmd_open(&gate, repo, STORE_WRITE, &err);
	if (!ret && every)
		ret = set_every(&gate, every, &err);
	else if (!ret)
		ret = run_sizes(&gate, &sizes, pairs, json, &err);
	if (!ret && !every) {
		json_t *record = canary_record(&gate);

		if (json)
			json_print(record);
		else
			print_record(record);
		json_decref(record);
	}
	texts_release(&sizes);
	gate_close(&gate);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
