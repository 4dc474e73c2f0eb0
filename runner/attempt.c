#include "runner/attempt.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/protocol.h"
#include "runner/control.h"
#include "runner/events.h"
#include "runner/formats.h"
#include "runner/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_STDOUT = 16 << 20 };

/* The callbacks of a run share one pointer. */
struct callbacks {
	struct events events;
	struct control *control;
};

static void
on_start(void *data, int64_t start_ns)
{
	struct callbacks *callbacks = data;

	callbacks->events.start_ns = callbacks->events.last_ns = start_ns;
}

/* A test without end of events would only slow its own reading. */
static int
on_event_bytes(void *data, const char *bytes, size_t len, int64_t received_ns)
{
	struct callbacks *callbacks = data;

	events_bytes(&callbacks->events, bytes, len, received_ns);
	return callbacks->events.count > EVENTS_MAX_COUNT;
}

static int
on_watch(void *data)
{
	return control_check(((struct callbacks *)data)->control);
}

static void
read_printed(struct attempt *attempt, const struct spec_test *test,
	     const struct buf *printed)
{
	if (attempt->result.run.stdout_cut)
		readings_problem(&attempt->readings,
				 "format=%s: the test printed more than %d "
				 "bytes, print less",
				 test->format->name, (int)MAX_STDOUT);
	else
		format_read(test->format, buf_text(printed), printed->len,
			    &attempt->readings);
}

/* Whether the file is in the tree. No link is followed on the way: it could
 * lead out of the tree, and tell a stranger what is on this machine. */
static int
is_in_tree(const char *tree, const char *test)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
				      .resolve = RESOLVE_BENEATH |
						 RESOLVE_NO_SYMLINKS };
	int dir = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	fd = (int)syscall(SYS_openat2, dir, test, &how, sizeof(how));
	io_close(&dir);
	if (fd < 0)
		return 0;
	io_close(&fd);
	return 1;
}

/* Which test, of which revision; what kept a file that may be executed from
 * starting is in its first line. */
static char *
describe(const struct attempt *attempt, const struct spec_test *test,
	 const struct spec_revision *revision, const char *tree)
{
	int first_line = attempt->result.run.exec_errno != EACCES &&
			 is_in_tree(tree, test->path);

	return mem_text("%s at %s%s", test->path, revision->label,
			first_line ? ", line 1" : "");
}

void
attempt_run(struct attempt *attempt, const struct attempt_setup *setup)
{
	const struct spec_test *test = setup->test;
	struct callbacks callbacks = { .control = setup->control };
	struct buf printed = BUF_INIT;
	struct err err = ERR_INIT;
	char *where;
	const struct trial_command command = {
		.tree = setup->tree,
		.test = test->path,
		.timeout_ms = test->timeout_ms,
		.keep_stdout = test->format ? &printed : NULL,
		.stdout_max = MAX_STDOUT,
		.data = &callbacks,
		.on_start = on_start,
		.on_event_bytes = on_event_bytes,
		.watch = setup->control->watch,
		.counters = setup->counters,
		.course = setup->course,
		.course_interval_ns = setup->course_interval_ns,
		.on_watch = on_watch
	};

	events_init(&callbacks.events, &attempt->readings, 0);
	if (test->fault) {
		attempt->outcome = OUTCOME_START;
		snprintf(attempt->why, sizeof(attempt->why), "%.400s (at %s)",
			 test->fault, setup->revision->label);
		goto out;
	}
	if (trial_run(setup->sandbox, &command, &attempt->result, &err) < 0) {
		attempt->outcome = OUTCOME_OURS;
		snprintf(attempt->why, sizeof(attempt->why), "%.500s",
			 err.text);
		goto out;
	}
	if (test->is_bounded && attempt->result.run.end == SANDBOX_TIMEOUT)
		trial_explain(&setup->sandbox->limits, &attempt->result.run,
			      test->timeout_ms, "the server's wallTime",
			      attempt->result.why, sizeof(attempt->result.why));
	/* A test that was cut short owes no ends of its spans. */
	if (!strcmp(attempt->result.outcome, OUTCOME_OK)) {
		events_finish(&callbacks.events);
		if (test->format)
			read_printed(attempt, test, &printed);
		if (!attempt->readings.skip && !attempt->readings.fail)
			readings_keep(&attempt->readings, &test->metrics);
	}
	where = describe(attempt, test, setup->revision, setup->tree);
	attempt_judge(attempt, where);
	free(where);
out:
	events_release(&callbacks.events);
	buf_release(&printed);
}

void
attempt_release(struct attempt *attempt)
{
	trial_result_release(&attempt->result);
	readings_release(&attempt->readings);
	*attempt = (struct attempt)ATTEMPT_INIT;
}

static void
set(struct attempt *attempt, const char *outcome, const char *why)
{
	attempt->outcome = outcome;
	snprintf(attempt->why, sizeof(attempt->why), "%.500s", why);
}

void
attempt_judge(struct attempt *attempt, const char *where)
{
	const struct readings *readings = &attempt->readings;
	const char *outcome = attempt->result.outcome;
	const char *why = attempt->result.why;

	set(attempt, outcome, why);
	if (!strcmp(outcome, OUTCOME_START)) {
		snprintf(attempt->why, sizeof(attempt->why), "%.200s: %.300s",
			 where, why);
	} else if (!strcmp(outcome, OUTCOME_FAILED) && readings->fail) {
		snprintf(attempt->why, sizeof(attempt->why), "%.100s: %.390s",
			 why, readings->fail);
	} else if (!strcmp(outcome, OUTCOME_OK)) {
		if (readings->fail)
			set(attempt, OUTCOME_FAILED,
			    *readings->fail ? readings->fail : "event fail");
		else if (readings->skip)
			set(attempt, OUTCOME_SKIP,
			    *readings->skip ? readings->skip : "event skip");
		else if (readings->problems.count)
			set(attempt, OUTCOME_EVENTS,
			    readings->problems.items[0]);
	}
}

int
attempt_is_to_repeat(const struct attempt *attempt)
{
	const struct readings *readings = &attempt->readings;

	return !strcmp(attempt->outcome, OUTCOME_EVENTS) && readings->lags &&
	       readings->lags == readings->problems.count + readings->unsaid;
}
