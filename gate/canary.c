#include "canary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/units.h"
#include "gate.h"
#include "gather.h"
#include "judge/rate.h"
#include "policy/keys.h"
#include "repo/repo.h"

#define CANARY_DIR "pacegate/canary.git"
#define CANARY_NOTE "canary"
#define CANARY_REF "refs/heads/main"

/* About 50 ms of work on the machine that this was written on; what matters is
 * that it computes and that its length is proportional to the number. */
enum { LOOPS = 700000, MAX_SIZES = 32 };

static void
add_commit(struct buf *stream, const char *ref, const char *from, long loops)
{
	/* What is built and what is measured differ by one number. */
	char *test = mem_text("#!/bin/sh\nexec awk 'BEGIN { for (i = 0; i < "
			      "%ld; i++) s += i %% 7; exit s < 0 }'\n",
			      loops);

	buf_addf(stream,
		 "commit %s\ncommitter canary <canary@localhost> 1 +0000\n"
		 "data 6\ncanary\n",
		 ref);
	if (from)
		buf_addf(stream, "from %s\n", from);
	/* The work is an input, not the test: its definition stays the same. */
	buf_addf(stream, "M 100755 inline work\ndata %zu\n%s\n", strlen(test),
		 test);
	/* A pair without a change differs all the same, or nothing would run.
	 */
	if (from)
		buf_adds(stream, "M 100644 inline pair\ndata 5\npair\n\n");
	else
		buf_adds(stream, "M 100755 inline perf/canary\ndata 23\n"
				 "#!/bin/sh\nexec ./work\n\n");
	free(test);
}

static int
import(const char *dir, const struct buf *stream, struct err *err)
{
	const char *argv[] = { "git",     "--git-dir", dir, "fast-import",
			       "--quiet", "--force",   NULL };
	struct proc_options options = { .argv = argv, .out = -1, .err = -1 };
	int status = 0, ret;
	pid_t pid = 0;

	options.in = memfd_create("pacegate-canary", MFD_CLOEXEC);
	if (options.in < 0 ||
	    io_write_all(options.in, stream->data, stream->len) < 0 ||
	    lseek(options.in, 0, SEEK_SET) < 0) {
		ret = err_errno(err, "the canary's commits");
	} else {
		ret = proc_start(&options, &pid, err);
		if (!ret)
			ret = proc_wait(pid, -1, &status, err);
		if (!ret && status)
			ret = err_set(err, ERR_SYSTEM,
				      "the canary's commits: git fast-import "
				      "failed");
	}
	io_close(&options.in);
	return ret;
}

static int
make_repo(const char *dir, double size, struct err *err)
{
	const char *init[] = { "git", "init", "-q", "--bare", dir, NULL };
	struct buf stream = BUF_INIT;
	int ret = 0;

	if (!file_exists(dir))
		ret = proc_capture(init, NULL, NULL, 4096, err);
	add_commit(&stream, "refs/heads/base", NULL, LOOPS);
	add_commit(&stream, CANARY_REF, "refs/heads/base",
		   lround(LOOPS * (1 + size)));
	if (!ret)
		ret = import(dir, &stream, err);
	buf_release(&stream);
	return ret;
}

/* One pair through the gate, with the server's policy on the canary's
 * repository. */
static int
weigh_pair(struct gate *canary, struct weigh_result *result, struct err *err)
{
	struct gather_input input = { .repo = canary->repo,
				      .policy = canary->policy,
				      .ref = CANARY_REF,
				      .may_accept = 1 };
	struct gate_run run = { .class = SLOT_BACKGROUND, .deadline_ms = -1 };
	struct gather gather = { 0 };
	int ret;

	*result = (struct weigh_result){ 0 };
	if (repo_resolve(canary->repo, "refs/heads/base", &input.old, err) <
		    0 ||
	    repo_resolve(canary->repo, CANARY_REF, &input.new, err) < 0)
		return err->code;
	ret = gather_update(&gather, &input, err);
	if (!ret && gather.outcome != GATHER_WEIGH)
		ret = err_set(err, ERR_SYSTEM,
			      "the canary's commits hold nothing to weigh");
	if (!ret)
		ret = gate_weigh(canary, &gather, &run, result, err);
	gather_release(&gather);
	return ret;
}

struct entry {
	double size;
	const struct report *report;
	size_t sessions;
};

static json_t *
read_note(struct store_tx *tx)
{
	char *text = NULL;
	json_t *record = NULL;

	if (!store_note_get(tx, CANARY_NOTE, &text))
		record = json_parse(text, strlen(text), NULL);
	free(text);
	return record ? record : json_pack("{s:i, s:[]}", "last", 0, "sizes");
}

static json_t *
find_size(json_t *sizes, double size)
{
	json_t *item;
	size_t i;

	json_array_foreach(sizes, i,
			   item) if (fabs(json_number_or(item, "size", -1) -
					  size) < 1e-9) return item;
	item = json_pack("{s:f, s:i, s:i, s:i, s:i, s:i, s:i}", "size", size,
			 "pairs", 0, "alarms", 0, "undecided", 0, "sessions", 0,
			 "trials", 0, "ms", 0);
	json_array_append_new(sizes, item);
	return item;
}

static void
count(json_t *item, const char *name, int64_t more)
{
	json_object_set_new(item, name,
			    json_integer(json_int_or(item, name, 0) + more));
}

static int64_t
trials_of(const struct report *report)
{
	unsigned most = 0;

	for (size_t i = 0; i < report->count; i++)
		for (size_t j = 0; j < report->tests[i].count; j++)
			if (report->tests[i].metrics[j].trials > most)
				most = report->tests[i].metrics[j].trials;
	return 2 * (int64_t)most;
}

static int
append_entry(struct store_tx *tx, void *data, struct err *err)
{
	const struct entry *entry = data;
	json_t *record = read_note(tx), *item;
	struct buf text = BUF_INIT;

	(void)err;
	item = find_size(json_object_get(record, "sizes"), entry->size);
	json_object_set_new(record, "last",
			    json_integer(clock_wall_s(&clock_real)));
	count(item, "pairs", 1);
	count(item, "alarms", verdict_is_regression(entry->report->verdict));
	count(item, "undecided", entry->report->verdict == VERDICT_UNDECIDED);
	count(item, "sessions", (int64_t)entry->sessions);
	count(item, "trials", trials_of(entry->report));
	count(item, "ms", entry->report->spent_ms);
	json_append(&text, record);
	store_note_put(tx, CANARY_NOTE, text.data);
	buf_release(&text);
	json_decref(record);
	return store_tx_error(tx);
}

static void
say(void (*tell)(const char *line), double size, const struct report *report)
{
	const struct report_metric *metric =
		report->count ? report_main_metric(&report->tests[0]) : NULL;
	struct buf line = BUF_INIT;

	if (!tell)
		return;
	buf_addf(&line, "planted %+5.1f %%: %s", size * 100,
		 verdict_name(report->verdict));
	if (metric) {
		buf_addf(&line, ", %s ", metric->name);
		units_add_change(&line, metric->ratio);
		buf_addf(&line, ", %u trials a side", metric->trials);
	}
	tell(line.data);
	buf_release(&line);
}

static int
run_pair(struct gate *gate, struct gate *canary, double size,
	 void (*tell)(const char *line), struct err *err)
{
	struct weigh_result result;
	int ret = weigh_pair(canary, &result, err);

	if (!ret) {
		struct entry entry = { size, &result.reports[0],
				       result.session_count };

		say(tell, size, entry.report);
		ret = store_write(gate->store, append_entry, &entry, err);
	}
	weigh_release(&result);
	return ret;
}

int
canary_run(struct gate *gate, unsigned pairs, double size,
	   void (*tell)(const char *line), struct err *err)
{
	struct gate canary = GATE_INIT;
	char *dir = gate_path(gate, CANARY_DIR);
	int ret = make_repo(dir, size, err);

	if (!ret)
		ret = gate_open(&canary, dir, NULL, err);
	if (!ret) {
		/* The repository is the canary's, the policy ours; without a
		 * store nothing of it is taken for history. */
		policy_free(canary.policy);
		canary.policy = policy_new(&gate->config, NULL);
	}
	for (unsigned i = 0; !ret && i < pairs; i++)
		ret = run_pair(gate, &canary, size, tell, err);
	gate_close(&canary);
	free(dir);
	return ret < 0 ? err_context(err, "canary") : 0;
}

static int
read_record(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	json_decref(*(json_t **)data);
	*(json_t **)data = read_note(tx);
	return 0;
}

json_t *
canary_record(struct gate *gate)
{
	json_t *record = NULL, *item;
	size_t i;

	if (store_read(gate->store, read_record, &record, NULL) < 0)
		return json_pack("{s:i, s:[]}", "last", 0, "sizes");
	json_array_foreach(json_object_get(record, "sizes"), i, item)
	{
		struct rate rate = rate_of(
			(unsigned)json_int_or(item, "alarms", 0),
			(unsigned)json_int_or(item, "pairs", 0));

		json_object_set_new(item, "rate", json_num(rate.value));
		json_object_set_new(item, "low", json_num(rate.low));
		json_object_set_new(item, "high", json_num(rate.high));
	}
	return record;
}

int
canary_when_due(struct gate *gate, struct err *err)
{
	const char *every = policy_text(gate->policy, SECTION_GATE, "canary");
	int64_t wait_ms = 0, last;
	json_t *record;
	int ret;

	if (!every || units_parse_duration(every, &wait_ms) < 0 || !wait_ms)
		return 0;
	record = canary_record(gate);
	last = json_int_or(record, "last", 0);
	json_decref(record);
	if (clock_wall_s(&clock_real) - last < wait_ms / 1000)
		return 0;
	ret = canary_run(gate, 1, 0, NULL, err);
	if (!ret)
		ret = canary_run(gate, 1, CANARY_SIZE, NULL, err);
	return ret < 0 ? ret : 1;
}
