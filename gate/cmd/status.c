#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "cmd/status_queue.h"
#include "drift.h"
#include "gate.h"
#include "repo/repo.h"

/* Of the outbox, on a screen. */
enum { MAX_MESSAGES = 20 };

struct status {
	json_t *jobs, *messages;
	struct store_counts counts;
	struct report_drifts drifts;
	size_t pending;
};

static int
on_message(void *data, const struct store_message *message)
{
	struct status *status = data;

	json_array_append_new(
		status->messages,
		json_pack("{s:I, s:o, s:i, s:b, s:b, s:I, s:I, s:o}", "id",
			  (json_int_t)message->id, "to",
			  json_text(message->group), "tries",
			  (int)message->tries, "refused", message->refused,
			  "going",
			  message->owner[0] && proc_is_alive(message->owner),
			  "added", (json_int_t)message->added_s, "next",
			  (json_int_t)message->next_s, "why",
			  json_text(message->why)));
	return 0;
}

static int
on_entry(void *data, const struct store_entry *entry)
{
	(void)entry;
	((struct status *)data)->pending++;
	return 0;
}

static int
read_status(struct store_tx *tx, void *data, struct err *err)
{
	struct status *status = data;

	json_decref(status->jobs);
	status->jobs = status_queue_read(tx);
	json_array_clear(status->messages);
	status->pending = 0;
	store_outbox_each(tx, on_message, status);
	store_journal_each(tx, STORE_PENDING, on_entry, status);
	store_count(tx, &status->counts);
	return drift_standing(tx, &status->drifts, err);
}

static void
print_drifts(const struct report_drifts *drifts)
{
	struct buf text = BUF_INIT;

	if (!drifts->count)
		return;
	report_add_drifts(&text, drifts);
	printf("drift     %zu\n%s", drifts->count, text.data);
	buf_release(&text);
}

static const char *
message_state(const json_t *message)
{
	if (json_bool_or(message, "refused", 0))
		return "refused";
	return json_bool_or(message, "going", 0) ? "is sent" : "waits";
}

static void
print_messages(const json_t *messages)
{
	int refused = 0;
	json_t *message;
	size_t i;

	printf("outbox    %zu\n", json_array_size(messages));
	json_array_foreach(messages, i, message)
	{
		const char *to = json_text_or(message, "to", "");
		const char *why = json_text_or(message, "why", "");
		int64_t wait_s = json_int_or(message, "next", 0) -
				 clock_wall_s(&clock_real);
		struct buf line = BUF_INIT;

		refused |= json_bool_or(message, "refused", 0);
		if (i >= MAX_MESSAGES)
			continue;
		buf_addf(&line, "  %-4lld ",
			 (long long)json_int_or(message, "id", 0));
		buf_add_clean(&line, to, strlen(to), 80);
		buf_addf(&line, "  %s", message_state(message));
		if (wait_s > 0 && !json_bool_or(message, "refused", 0)) {
			buf_adds(&line, " for ");
			units_add_duration(&line, wait_s * 1000);
		}
		buf_adds(&line, *why ? ": " : "");
		buf_add_clean(&line, why, strlen(why), 255);
		puts(line.data);
		buf_release(&line);
	}
	if (json_array_size(messages) > MAX_MESSAGES)
		printf("  and %zu more\n",
		       json_array_size(messages) - MAX_MESSAGES);
	if (refused)
		puts("  after the fix: pacegate deliver --again");
}

static void
print_status(const struct status *status, int taken, int slots)
{
	const struct store_counts *counts = &status->counts;

	pager_start();
	if (taken < 0)
		printf("slots     %d, their locks cannot be read\n", slots);
	else
		printf("slots     %d of %d taken\n", taken, slots);
	printf("pushes    %zu not settled yet\n", status->pending);
	status_queue_print(status->jobs, clock_wall_s(&clock_real),
			   pager_color());
	print_messages(status->messages);
	print_drifts(&status->drifts);
	printf("store     %zu tests, %zu baselines, %zu verdicts, %zu samples, "
	       "%zu points, %zu ledger entries, %.1f MB\n",
	       counts->tests, counts->baselines, counts->verdicts,
	       counts->samples, counts->points, counts->ledger,
	       (double)counts->size_bytes / 1e6);
}

static void
print_json(const struct status *status, int taken, int slots)
{
	json_t *all = json_pack(
		"{s:i, s:i, s:I, s:O, s:O, s:o, s:{s:I, s:I, s:I, s:I, s:I}}",
		"slots", slots, "taken", taken, "pushes",
		(json_int_t)status->pending, "queue", status->jobs, "outbox",
		status->messages, "drift", report_drifts_json(&status->drifts),
		"store", "tests", (json_int_t)status->counts.tests, "baselines",
		(json_int_t)status->counts.baselines, "verdicts",
		(json_int_t)status->counts.verdicts, "samples",
		(json_int_t)status->counts.samples, "bytes",
		(json_int_t)status->counts.size_bytes);

	json_print(all);
	json_decref(all);
}

int
cmd_status(int argc, char **argv)
{
	struct status status = { .messages = json_array() };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	struct pool_rules pool;
	const char *repo = NULL;
	int json = 0, taken = -1, slots = 0, ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("status", rows, &argc, argv, 0);
	if (ret < 0) {
		ret = cmd_open(&gate, repo, STORE_READ, &err);
		if (!ret)
			ret = store_read(gate.store, read_status, &status,
					 &err);
		if (!ret) {
			gate_pool(&gate, &pool);
			slots = pool_capacity(&pool, NULL);
			taken = pool_count_taken(&pool, NULL);
			status_queue_foresee(status.jobs,
					     slots > 0 ? (size_t)slots : 0,
					     clock_wall_s(&clock_real));
		}
		if (!ret && json)
			print_json(&status, taken, slots);
		else if (!ret)
			print_status(&status, taken, slots);
		ret = ret ? cmd_fail(&err) : EXIT_FINE;
	}
	json_decref(status.jobs);
	json_decref(status.messages);
	report_drifts_release(&status.drifts);
	gate_close(&gate);
	return ret;
}
