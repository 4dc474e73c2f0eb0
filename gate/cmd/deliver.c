#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/names.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "deliver.h"
#include "gate.h"

/* How long one that waits sleeps at most before it looks again. */
enum { NAP_S = 30, STEP_MS = 500, MAX_IDS = 64 };

/* What to send again: these, or all that was refused and all that waits. */
struct again {
	uint64_t ids[MAX_IDS];
	size_t count;
	struct texts found; /* ids, as text */
};

static int
on_message(void *data, const struct store_message *message)
{
	struct again *again = data;
	int wanted = !again->count;

	for (size_t i = 0; i < again->count; i++)
		wanted |= again->ids[i] == message->id;
	if (wanted && !message->owner[0])
		texts_addf(&again->found, "%llu",
			   (unsigned long long)message->id);
	return 0;
}

static int
resend(struct store_tx *tx, void *data, struct err *err)
{
	struct again *again = data;
	int ret;

	texts_release(&again->found);
	ret = store_outbox_each(tx, on_message, again);
	if (!ret && again->count && again->found.count < again->count)
		return err_set(err, ERR_NOT_FOUND,
			       "the outbox holds no such message: see "
			       "`pacegate status`");
	for (size_t i = 0; i < again->found.count && !ret; i++)
		ret = store_outbox_resend(
			tx, strtoull(again->found.items[i], NULL, 10));
	return ret;
}

/* Configuration is read afresh each time, and secrets with it. */
static int
deliver(const char *repo, struct again *again, struct deliver_counts *counts,
	int64_t *next_s, struct err *err)
{
	struct gate gate = GATE_INIT;
	int ret = cmd_open(&gate, repo, STORE_WRITE, err);

	if (!ret) {
		char *log = gate_path(&gate, FILE_LOG);

		log_open("deliver", log);
		free(log);
		if (again)
			ret = store_write(gate.store, resend, again, err);
	}
	if (!ret)
		ret = deliver_run(&gate, cmd_is_stopped, counts, err);
	if (!ret)
		ret = deliver_next(&gate, next_s, err);
	gate_close(&gate);
	return ret;
}

/*
 * Stay until nothing waits any more. One does that for a repository, and it
 * sleeps without the lock, so that what comes meanwhile goes at once.
 */
static int
wait_for_all(const char *repo, struct err *err)
{
	struct deliver_counts counts;
	struct gate gate = GATE_INIT;
	int fd = -1, ret = gate_open(&gate, repo, NULL, err);
	int64_t next_s = 0;

	if (!ret)
		ret = gate_lock(&gate, FILE_DELIVER_WAIT, &fd, err);
	gate_close(&gate);
	while (ret > 0 && !cmd_is_stopped()) {
		int64_t nap_s;

		ret = deliver(repo, NULL, &counts, &next_s, err);
		nap_s = next_s - clock_wall_s(&clock_real);
		nap_s = nap_s < 1 ? 1 : nap_s > NAP_S ? NAP_S : nap_s;
		for (int64_t ms = 0;
		     ret > 0 && !cmd_is_stopped() && ms < nap_s * 1000;
		     ms += STEP_MS)
			clock_sleep_ms(STEP_MS);
	}
	io_close(&fd);
	return ret < 0 ? ret : 0;
}

static void
print_counts(const struct deliver_counts *counts, int waits, int json)
{
	json_t *all;

	if (!json && counts->busy) {
		puts("another process delivers");
		return;
	}
	if (!json) {
		printf("%zu delivered, %zu to be tried again, %zu refused\n",
		       counts->delivered, counts->failed, counts->refused);
		return;
	}
	all = json_pack("{s:b, s:I, s:I, s:I, s:b}", "busy", counts->busy,
			"delivered", (json_int_t)counts->delivered, "failed",
			(json_int_t)counts->failed, "refused",
			(json_int_t)counts->refused, "waits", waits);
	json_print(all);
	json_decref(all);
}

static int
read_ids(struct again *again, int argc, char **argv, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		int64_t id = 0;

		if (units_parse_count(argv[i], 1, INT64_MAX, &id) < 0)
			return err_set(err, ERR_INPUT,
				       "'%s' is no number of a message: see "
				       "`pacegate status`",
				       argv[i]);
		again->ids[again->count++] = (uint64_t)id;
	}
	return 0;
}

int
cmd_deliver(int argc, char **argv)
{
	struct deliver_counts counts = { 0 };
	struct again again = { 0 };
	const char *repo = NULL;
	struct err err = ERR_INIT;
	int wait = 0, json = 0, resends = 0, ret;
	int64_t next_s = 0;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "again", 0, OPTION_FLAG, NULL,
		  "what was refused too, or these messages alone", &resends },
		{ "wait", 0, OPTION_FLAG, NULL,
		  "stay until nothing waits for a later time", &wait },
		{ "json", 0, OPTION_FLAG, NULL, "what was done, as JSON",
		  &json },
		{ 0 }
	};

	ret = cmd_begin("deliver", rows, &argc, argv, MAX_IDS);
	if (ret >= 0)
		return ret;
	cmd_catch_signals();
	ret = read_ids(&again, argc, argv, &err);
	if (!ret && again.count && !resends)
		ret = err_set(&err, ERR_INPUT,
			      "numbers of messages go with --again");
	if (!ret)
		ret = deliver(repo, resends ? &again : NULL, &counts, &next_s,
			      &err);
	if (ret > 0 && wait)
		ret = wait_for_all(repo, &err);
	texts_release(&again.found);
	if (ret < 0)
		return cmd_fail(&err);
	print_counts(&counts, ret, json);
	return EXIT_FINE;
}
