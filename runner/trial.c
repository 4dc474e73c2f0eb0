#include "runner/trial.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/protocol.h"
#include "base/units.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INTERPRETER_MAX = 256 };

static void explain_start(const char *tree, const char *test,
			  struct trial_result *result);

int
trial_run(struct sandbox *sandbox, const struct trial_command *command,
	  struct trial_result *result, struct err *err)
{
	char *inside = file_join("/t", command->test);
	const char *const argv[] = { inside, NULL };
	const struct sandbox_step step = { .argv = argv };
	const struct sandbox_limits *limits = command->limits
						      ? command->limits
						      : &sandbox->limits;
	struct sandbox_command run = {
		.steps = &step,
		.step_count = 1,
		.tree = command->tree,
		.timeout_ms = command->timeout_ms,
		.limits = command->limits,
		.env = command->env,
		.counters = command->counters,
		.course = command->course,
		.course_interval_ns = command->course_interval_ns,
		.in = -1,
		.pack = -1,
		.keep_stdout = command->keep_stdout,
		.stdout_max = command->stdout_max,
		.data = command->data,
		.on_start = command->on_start,
		.on_event_bytes = command->on_event_bytes,
		.watch = command->watch,
		.on_watch = command->on_watch,
	};
	int ret;

	*result = (struct trial_result)TRIAL_RESULT_INIT;
	result->outcome = OUTCOME_OURS;
	ret = sandbox_run(sandbox, &run, &result->run, err);
	if (!ret) {
		trial_classify(limits, command->tree, command->test,
			       command->timeout_ms, result);
		trial_measure(result);
		trial_mark(result);
	}
	free(inside);
	return ret;
}

void
trial_result_release(struct trial_result *result)
{
	texts_release(&result->marks);
	sandbox_result_release(&result->run);
}

static const char *
outcome_of(const struct sandbox_result *run)
{
	switch (run->end) {
	case SANDBOX_EXITED:
		return run->status ? OUTCOME_FAILED : OUTCOME_OK;
	case SANDBOX_SIGNALED:
		return OUTCOME_SIGNAL;
	case SANDBOX_NO_START:
		return OUTCOME_START;
	case SANDBOX_TIMEOUT:
		return OUTCOME_TIMEOUT;
	case SANDBOX_MEMORY:
		return OUTCOME_MEMORY;
	case SANDBOX_CPU:
		return OUTCOME_CPU;
	case SANDBOX_OUTPUT:
		return OUTCOME_OUTPUT;
	case SANDBOX_EVENTS:
		return OUTCOME_EVENTS;
	case SANDBOX_STOPPED:
		return OUTCOME_OURS;
	}
	return OUTCOME_OURS;
}

void
trial_classify(const struct sandbox_limits *limits, const char *tree,
	       const char *test, int64_t timeout_ms,
	       struct trial_result *result)
{
	const struct sandbox_result *run = &result->run;

	result->outcome = outcome_of(run);
	result->stopped = run->end == SANDBOX_STOPPED;
	result->status = run->end == SANDBOX_SIGNALED ? 128 + run->signal
						      : run->status;
	if (run->end == SANDBOX_NO_START) {
		result->status = 127;
		explain_start(tree, test, result);
		return;
	}
	trial_explain(limits, run, timeout_ms, "timeout=", result->why,
		      sizeof(result->why));
}

/* Appends, as far as there is room. */
static void __attribute__((format(printf, 3, 4)))
add(char *why, size_t size, const char *fmt, ...)
{
	size_t len = strlen(why);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why + len, size - len, fmt, ap);
	va_end(ap);
}

/* What may have made it fail, though the test itself chose to. */
static void
add_hints(const struct sandbox_limits *limits, const struct sandbox_result *run,
	  char *why, size_t size)
{
	const char *full = run->tmp_full    ? "/tmp"
			   : run->shm_full  ? "/dev/shm"
			   : run->tree_full ? "/t"
					    : NULL;

	if (run->refused_forks > 0)
		add(why, size, "; it met the limit of %lld processes",
		    (long long)limits->processes);
	if (full)
		add(why, size, "; its %s was full (disk limit %lld MB)", full,
		    (long long)(limits->disk_bytes >> 20));
	if ((int64_t)run->usage.ru_maxrss * 1024 >
	    limits->memory_bytes / 10 * 9)
		add(why, size, "; it was near the memory limit of %lld MB",
		    (long long)(limits->memory_bytes >> 20));
}

static void
explain_signal(const struct sandbox_limits *limits,
	       const struct sandbox_result *run, char *why, size_t size)
{
	add(why, size, "killed by signal %d (%s)", run->signal,
	    strsignal(run->signal));
	if (run->signal == SIGSYS)
		add(why, size,
		    ": the sandbox runs no programs of another "
		    "architecture (32-bit)");
	if (run->signal == SIGXFSZ)
		add(why, size, ": a file grew beyond the disk limit of %lld MB",
		    (long long)(limits->disk_bytes >> 20));
}

/* As it was set: `500 ms` is not rounded to a second. */
static void
add_limit(struct buf *text, int64_t ms)
{
	if (ms % 1000)
		buf_addf(text, "%lld ms", (long long)ms);
	else
		units_add_duration(text, ms);
}

void
trial_explain(const struct sandbox_limits *limits,
	      const struct sandbox_result *run, int64_t timeout_ms,
	      const char *timeout_key, char *why, size_t size)
{
	struct buf duration = BUF_INIT;

	*why = '\0';
	switch (run->end) {
	case SANDBOX_EXITED:
		if (run->status) {
			add(why, size, "exit %d", run->status);
			add_hints(limits, run, why, size);
		}
		break;
	case SANDBOX_SIGNALED:
		explain_signal(limits, run, why, size);
		add_hints(limits, run, why, size);
		break;
	case SANDBOX_NO_START:
		add(why, size, "cannot start: %s", strerror(run->exec_errno));
		break;
	case SANDBOX_TIMEOUT:
		add_limit(&duration, timeout_ms);
		add(why, size, "took longer than %s (raise %s)",
		    buf_text(&duration), timeout_key);
		break;
	case SANDBOX_MEMORY:
		add(why, size,
		    "used more than %lld MB of memory (raise "
		    "the memory limit)",
		    (long long)(limits->memory_bytes >> 20));
		break;
	case SANDBOX_CPU:
		add_limit(&duration, limits->cpu_ms);
		add(why, size,
		    "used more than %s of CPU time (raise the cpu "
		    "limit)",
		    buf_text(&duration));
		break;
	case SANDBOX_OUTPUT:
		add(why, size,
		    "wrote more than %lld kB to stdout and stderr "
		    "(print less, or raise the output limit)",
		    (long long)(limits->output_bytes >> 10));
		break;
	case SANDBOX_EVENTS:
		add(why, size, "wrote too many events");
		break;
	case SANDBOX_STOPPED:
		add(why, size, "stopped");
		break;
	}
	buf_release(&duration);
}

/* The interpreter of a script on the host's side of the tree, or "". Only for
 * a message: the file is a stranger's and may be anything. */
static size_t
read_interpreter(const char *tree, const char *test, char *text)
{
	char *path = file_join(tree, test);
	struct buf head = BUF_INIT;
	struct stat info;
	size_t len = 0;

	if (!lstat(path, &info) && S_ISREG(info.st_mode) &&
	    !file_read(path, &head, 1 << 20, NULL) && head.len > 2 &&
	    !memcmp(head.data, "#!", 2)) {
		const char *at = head.data + 2;

		at += strspn(at, " \t");
		len = strcspn(at, " \t\n");
		if (len > INTERPRETER_MAX - 1)
			len = INTERPRETER_MAX - 1;
		memcpy(text, at, len);
	}
	text[len] = '\0';
	buf_release(&head);
	free(path);
	return len;
}

static void
explain_start(const char *tree, const char *test, struct trial_result *result)
{
	int error = result->run.exec_errno;
	char interpreter[INTERPRETER_MAX] = "";
	struct buf clean = BUF_INIT;
	size_t len = 0;

	if (tree && (error == ENOENT || error == EACCES))
		len = read_interpreter(tree, test, interpreter);
	if (error == ENOEXEC)
		add(result->why, sizeof(result->why),
		    "cannot start: neither a program of this machine nor a "
		    "script with #! in its first line");
	else if (error == ENOENT && len && interpreter[len - 1] == '\r')
		add(result->why, sizeof(result->why),
		    "cannot start: its #! line ends in a carriage return (save "
		    "it with Unix line ends)");
	else if (error == ENOENT && len) {
		buf_add_clean(&clean, interpreter, len, INTERPRETER_MAX);
		add(result->why, sizeof(result->why),
		    "cannot start: its interpreter %s is not in the sandbox",
		    buf_text(&clean));
	} else if (error == ENOENT)
		add(result->why, sizeof(result->why),
		    "cannot start: it, or a library loader it names, does not "
		    "exist");
	else if (error == EACCES)
		add(result->why, sizeof(result->why),
		    "cannot start: not executable (git update-index "
		    "--chmod=+x)");
	else
		add(result->why, sizeof(result->why), "cannot start: %s",
		    strerror(error));
	buf_release(&clean);
}
