#include "runner/count.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "runner/control.h"
#include "runner/formats_read.h"
#include "runner/sandbox.h"
#include "runner/slice.h"
#include "runner/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOGS "/dev/shm/.pacegate-count."

enum {
	MAX_LOG_BYTES = 16 << 20, /* some 20,000 processes */
	MORE_MEMORY = 512 << 20,  /* that valgrind itself takes */
	MORE_DISK = 64 << 20,
	SLOWER = 100 /* than the test alone, at worst */
};

static const char valgrind_says[] = "refs:";

int
count_probe(const struct sandbox *sandbox, struct err *err)
{
	const char *root = sandbox->root ? sandbox->root : "";
	char *path = mem_text("%s%s", root, COUNT_VALGRIND);
	int ret = access(path, X_OK)
			  ? err_set(err, ERR_NOT_FOUND,
				    "%s is missing: install valgrind%s", path,
				    *root ? " in the sandbox's root" : "")
			  : 0;

	free(path);
	return ret;
}

static int
ignore_events(void *data, const char *bytes, size_t len, int64_t received_ns)
{
	(void)data;
	(void)bytes;
	(void)len;
	(void)received_ns;
	return 0;
}

static int
on_watch(void *data)
{
	return control_check(((const struct count_command *)data)->control);
}

/* What became of the run, where that leaves nothing to read. */
static void
explain(const struct sandbox_limits *limits, const struct sandbox_result *run,
	int64_t timeout_ms, struct count_result *result)
{
	char why[400];

	if (run->end == SANDBOX_STOPPED) {
		result->stopped = 1;
		return;
	}
	if (run->end == SANDBOX_EXITED && !run->status)
		return;
	trial_explain(limits, run, timeout_ms, "timeout=", why, sizeof(why));
	snprintf(result->why, sizeof(result->why), "%s under valgrind%s", why,
		 run->step ? ": its counts were not to be found" : "");
}

static int
read_counts(int pack, struct count_result *result, struct err *err)
{
	struct buf text = BUF_INIT;
	int ret;

	if (lseek(pack, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot read what valgrind counted");
	ret = io_read_all(pack, &text, MAX_LOG_BYTES, err);
	if (ret == ERR_LIMIT) {
		snprintf(result->why, sizeof(result->why),
			 "too many processes to count by valgrind");
		ret = 0;
	} else if (!ret && count_parse(buf_text(&text), text.len,
				       &result->instructions) < 0) {
		snprintf(result->why, sizeof(result->why),
			 "valgrind counted nothing");
	}
	buf_release(&text);
	return ret;
}

static const char **
count_argv(const char *const *argv)
{
	static const char *const valgrind[] = {
		COUNT_VALGRIND,
		"--tool=cachegrind",
		"--cache-sim=no",
		"--branch-sim=no",
		"--cachegrind-out-file=/dev/null",
		"--vgdb=no",
		"--trace-children=yes",
		"--log-file=" LOGS "%p",
	};
	const size_t fixed = sizeof(valgrind) / sizeof(valgrind[0]);
	const char **all;
	size_t count = 0;

	while (argv[count])
		count++;
	all = mem_new(fixed + count + 1, sizeof(*all));
	memcpy(all, valgrind, sizeof(valgrind));
	memcpy(all + fixed, argv, count * sizeof(*all));
	return all;
}

static int
run_steps(struct sandbox *sandbox, const struct count_command *command,
	  const struct sandbox_limits *limits, int pack,
	  struct count_result *result, struct err *err)
{
	static const char *const gathered[] = { "/bin/sh", "-c",
						"cat " LOGS "*", NULL };
	const char **counted = count_argv(command->argv);
	const struct sandbox_step steps[] = {
		{ .argv = counted }, { .argv = gathered, .packs = 1 }
	};
	struct sandbox_command run = SANDBOX_COMMAND_INIT;
	struct sandbox_result end = SANDBOX_RESULT_INIT;
	int ret;

	run.steps = steps;
	run.step_count = 2;
	run.tree = command->tree;
	run.timeout_ms = command->timeout_ms;
	run.limits = limits;
	run.pack = pack;
	/* The bound of every file that is written there, the test's too. */
	run.pack_bytes = limits->disk_bytes;
	run.fixed_layout = 1;
	run.data = (void *)(uintptr_t)command;
	run.on_event_bytes = command->events ? ignore_events : NULL;
	if (command->control) {
		run.watch = command->control->watch;
		run.on_watch = on_watch;
	}
	ret = sandbox_run(sandbox, &run, &end, err);
	if (!ret)
		explain(limits, &end, command->timeout_ms, result);
	sandbox_result_release(&end);
	free(counted);
	return ret;
}

int
count_run(struct sandbox *sandbox, const struct count_command *command,
	  struct count_result *result, struct err *err)
{
	struct sandbox_limits limits = sandbox->limits;
	int pack = memfd_create("count", MFD_CLOEXEC), ret;

	*result = (struct count_result){ 0 };
	if (pack < 0)
		return err_errno(err, "cannot make a file in memory");
	limits.memory_bytes += MORE_MEMORY;
	limits.disk_bytes += MORE_DISK;
	limits.cpu_ms *= SLOWER;
	limits.processes += 2;
	ret = run_steps(sandbox, command, &limits, pack, result, err);
	if (!ret && !result->stopped && !*result->why)
		ret = read_counts(pack, result, err);
	io_close(&pack);
	return ret;
}

/* `==12== I   refs:      1,234,567`: the rest of the line, or NULL. */
static const char *
count_of(const char *line, size_t len, size_t *left)
{
	const char *at = memmem(line, len, valgrind_says,
				sizeof(valgrind_says) - 1);
	struct slice before;

	if (!at || len < 2 || memcmp(line, "==", 2) != 0)
		return NULL;
	before = (struct slice){ line, (size_t)(at - line) };
	slice_trim(&before);
	if (before.len < 2 || before.text[before.len - 1] != 'I' ||
	    before.text[before.len - 2] != ' ')
		return NULL;
	at += sizeof(valgrind_says) - 1;
	*left = len - (size_t)(at - line);
	return at;
}

int
count_parse(const char *text, size_t len, double *instructions)
{
	struct text_lines lines = { .text = text, .len = len };
	const char *line = NULL;
	size_t line_len = 0;
	int found = 0;

	*instructions = 0;
	while (text_lines_next(&lines, &line, &line_len)) {
		struct slice number = { NULL, 0 };
		double value = 0;

		number.text = count_of(line, line_len, &number.len);
		if (!number.text)
			continue;
		slice_trim(&number);
		if (formats_number(number.text, number.len, 1, &value) < 0 ||
		    value < 0)
			return ERR_INPUT;
		*instructions += value;
		found = 1;
	}
	return found ? 0 : ERR_NOT_FOUND;
}
