/*
 * accept and reset: what trailers do, by the hand of an admin, after the fact.
 * Both make a commit the baseline of a test from there on: also for the commits
 * that have landed since and were held against an older one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "gate.h"
#include "gather.h"
#include "gather_tests.h"
#include "known.h"
#include "repo/repo.h"

/* A commit that holds the baseline of an earlier one. */
struct held {
	struct oid commit;
	struct store_baseline baseline;
};

struct change {
	const char *what; /* accept or reset */
	const char *test, *reason;
	struct oid commit;
	struct store_baseline baseline;
	struct held *held; /* of those that come after it */
	size_t held_count, held_cap;
	int json;
};

static int
note_held(void *data, const char *test, const struct oid *commit,
	  const struct store_baseline *baseline)
{
	struct change *change = data;

	(void)test;
	if (baseline->why != STORE_HELD)
		return 0;
	MEM_GROW(change->held, change->held_count, change->held_cap);
	change->held[change->held_count++] = (struct held){ *commit,
							    *baseline };
	return 0;
}

static int
read_held(struct store_tx *tx, void *data, struct err *err)
{
	struct change *change = data;

	(void)err;
	change->held_count = 0;
	return store_baseline_each(tx, change->test, note_held, change);
}

/* Only those stay whose commit comes after the new baseline, and whose own is
 * older than that. */
static int
find_held(const struct gate *gate, struct change *change, struct err *err)
{
	int ret = store_read(gate->store, read_held, change, err);
	size_t kept = 0;

	for (size_t i = 0; ret >= 0 && i < change->held_count; i++) {
		const struct held *held = &change->held[i];
		const struct oid *base = &held->baseline.commit;

		if (repo_is_ancestor(gate->repo, &change->commit, &held->commit,
				     NULL) == 1 &&
		    repo_is_ancestor(gate->repo, &change->commit, base, NULL) !=
			    1)
			change->held[kept++] = *held;
	}
	change->held_count = kept;
	return ret;
}

static void
move_held(struct store_tx *tx, const struct change *change)
{
	for (size_t i = 0; i < change->held_count; i++) {
		struct store_baseline baseline = change->held[i].baseline;

		baseline.commit = change->commit;
		baseline.why = change->baseline.why;
		baseline.since_s = change->baseline.since_s;
		store_baseline_put(tx, change->test, &change->held[i].commit,
				   &baseline);
	}
}

static int
put_change(struct store_tx *tx, void *data, struct err *err)
{
	const struct change *change = data;
	json_t *entry = json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "time",
				  (json_int_t)change->baseline.since_s, "what",
				  change->what, "who", json_text(cmd_user()),
				  "why", json_text(change->reason), "commit",
				  json_oid(&change->commit), "test",
				  json_text(change->test));

	(void)err;
	store_baseline_put(tx, change->test, &change->commit,
			   &change->baseline);
	move_held(tx, change);
	store_ledger_add(tx, change->baseline.since_s, change->test, entry);
	json_decref(entry);
	return store_tx_error(tx);
}

static int
check_test(const struct gate *gate, struct change *change, struct err *err)
{
	struct gather_test test = { .path = (char *)(uintptr_t)change->test };
	struct oid tree, blob;
	char hex[OID_HEX + 1];

	directives_init(&test.directives);
	if (repo_commit_parent(gate->repo, &change->commit, NULL, &tree, err) <
	    0)
		return err->code;
	if (repo_file_at(gate->repo, &tree, change->test, &blob, NULL, NULL) <
	    0) {
		err_set(err, ERR_NOT_FOUND, "%s holds no file %s",
			oid_short(&change->commit, hex), change->test);
		return known_suggest(gate, change->test, err);
	}
	test.blob = blob;
	gather_definition(gate->repo, &tree, &test,
			  change->baseline.definition);
	return 0;
}

static int
make_change(const char *repo, const char *rev, struct change *change,
	    struct err *err)
{
	struct gate gate = GATE_INIT;
	int ret = cmd_open(&gate, repo, STORE_WRITE, err);

	if (!ret)
		ret = repo_resolve(gate.repo, rev, &change->commit, err);
	if (!ret)
		ret = check_test(&gate, change, err);
	if (!ret)
		ret = find_held(&gate, change, err);
	change->baseline.commit = change->commit;
	change->baseline.since_s = clock_wall_s(&clock_real);
	if (!ret)
		ret = store_write(gate.store, put_change, change, err);
	gate_close(&gate);
	free(change->held);
	return ret;
}

static void
tell_change(const struct change *change)
{
	char hex[OID_HEX + 1];

	oid_format(&change->commit, hex);
	if (change->json)
		printf("{\"what\": \"%s\", \"commit\": \"%s\"}\n", change->what,
		       hex);
	else
		printf("%s is the baseline of %s from now on\n", hex,
		       change->test);
}

static int
run(struct change *change, int argc, char **argv, int min)
{
	const char *repo = NULL;
	struct err err = ERR_INIT;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "reason", 'r', OPTION_TEXT, "WHY", "for the ledger",
		  &change->reason },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &change->json },
		{ 0 }
	};
	int ret = cmd_begin(change->what, rows, &argc, argv, 2);

	if (ret >= 0)
		return ret;
	if (argc - 1 < min || !change->reason || !*change->reason) {
		fprintf(stderr,
			"pacegate %s: name a test%s and say why with "
			"--reason\n",
			change->what, min > 1 ? ", a commit" : "");
		return EXIT_USAGE;
	}
	change->test = argv[1];
	ret = make_change(repo, argc > 2 ? argv[2] : "HEAD", change, &err);
	if (ret < 0)
		return cmd_fail(&err);
	tell_change(change);
	return EXIT_FINE;
}

int
cmd_accept(int argc, char **argv)
{
	struct change change = { .what = "accept",
				 .baseline = { .why = STORE_MANUAL } };

	return run(&change, argc, argv, 2);
}

int
cmd_reset(int argc, char **argv)
{
	struct change change = { .what = "reset",
				 .baseline = { .why = STORE_RESET } };

	return run(&change, argc, argv, 1);
}
