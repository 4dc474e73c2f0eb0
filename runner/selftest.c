#include "runner/count.h"
#include "runner/counters.h"
#include "runner/exec.h"
#include "runner/environment.h"
#include "runner/sandbox.h"
#include "runner/trial.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/names.h"
#include "base/options.h"
#include "base/units.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPEATS = 10, SELF_TEST_MS = 2000 };

/* Commands whose end is known: does the sandbox work, and does it hold? */
struct known {
	const char *name, *script;
	enum sandbox_end end;
	int status;
};

static const struct known known[] = {
	{ "exit status", "exit 7", SANDBOX_EXITED, 7 },
	{ "own signal", "kill -SEGV $$", SANDBOX_SIGNALED, 0 },
	{ "time limit", "while :; do :; done", SANDBOX_TIMEOUT, 0 },
	{ "not root", "test \"$(id -u)\" != 0", SANDBOX_EXITED, 0 },
	{ "tree read-only", "! touch /t/x /usr/x /x", SANDBOX_EXITED, 0 },
	{ "settings read-only", "! (echo x >/proc/sys/kernel/core_pattern)",
	  SANDBOX_EXITED, 0 },
	{ "no host files", "test ! -e /root -a ! -e /home -a ! -e /var",
	  SANDBOX_EXITED, 0 },
	{ "loopback only", "test $(tail -n +3 /proc/net/dev | wc -l) = 1",
	  SANDBOX_EXITED, 0 },
};

static int
run_script(struct sandbox *sandbox, const char *script,
	   struct sandbox_result *result, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const struct sandbox_step step = { .argv = argv };
	struct sandbox_command command = SANDBOX_COMMAND_INIT;

	command.steps = &step;
	command.step_count = 1;
	command.timeout_ms = SELF_TEST_MS;
	return sandbox_run(sandbox, &command, result, err);
}

/* Failures as texts; negative when the sandbox itself fails. */
static int
check_known(struct sandbox *sandbox, struct texts *failures, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(known) / sizeof(*known); i++) {
		struct sandbox_result result = SANDBOX_RESULT_INIT;

		ret = run_script(sandbox, known[i].script, &result, err);
		if (!ret && (result.end != known[i].end ||
			     result.status != known[i].status))
			texts_addf(failures, "%s", known[i].name);
		sandbox_result_release(&result);
	}
	return ret;
}

static int
by_size(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static double
median(double *values)
{
	qsort(values, REPEATS, sizeof(*values), by_size);
	return (values[REPEATS / 2 - 1] + values[REPEATS / 2]) / 2;
}

/* fork, exec and wait of true, as a program without a sandbox would do. */
static double
bare_ns(void)
{
	int64_t start_ns = clock_monotonic_ns(&clock_real);
	pid_t pid = vfork();

	if (pid < 0)
		return -1;
	if (!pid) {
		execl("/bin/true", "/bin/true", (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, NULL, 0) < 0)
		;
	return (double)(clock_monotonic_ns(&clock_real) - start_ns);
}

/* What a trial costs, and what of it is in the figure. */
static int
measure_overhead(struct sandbox *sandbox, json_t **overhead, struct err *err)
{
	const char *const argv[] = { "/bin/true", NULL };
	const struct sandbox_step step = { .argv = argv };
	double whole[REPEATS], wall[REPEATS], bare[REPEATS];
	int ret = 0;

	for (int i = 0; !ret && i < REPEATS; i++) {
		struct sandbox_command command = SANDBOX_COMMAND_INIT;
		struct sandbox_result result = SANDBOX_RESULT_INIT;
		int64_t start_ns = clock_monotonic_ns(&clock_real);

		command.steps = &step;
		command.step_count = 1;
		command.timeout_ms = SELF_TEST_MS;
		ret = sandbox_run(sandbox, &command, &result, err);
		whole[i] = (double)(clock_monotonic_ns(&clock_real) - start_ns);
		wall[i] = (double)(result.end_ns - result.start_ns);
		bare[i] = bare_ns();
		sandbox_result_release(&result);
	}
	if (ret < 0)
		return ret;
	*overhead = json_object();
	json_object_set_new(*overhead, "trial_ns", json_num(median(whole)));
	json_object_set_new(*overhead, "true_ns", json_num(median(wall)));
	json_object_set_new(*overhead, "bare_ns", json_num(median(bare)));
	return 0;
}

/* The way that perf takes, walked with what every kernel counts. */
static int
try_counters(struct sandbox *sandbox, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", "/bin/true; /bin/true",
				     NULL };
	const struct sandbox_step step = { .argv = argv };
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result = SANDBOX_RESULT_INIT;
	int ret = counters_probe(counters_software, err);

	if (ret < 0)
		return ret;
	command.steps = &step;
	command.step_count = 1;
	command.timeout_ms = SELF_TEST_MS;
	command.counters = counters_software;
	ret = sandbox_run(sandbox, &command, &result, err);
	if (!ret &&
	    !(result.counters[1].metric && result.counters[1].value > 0))
		ret = err_set(err, ERR_UNSUPPORTED,
			      "the kernel counts nothing in the sandbox");
	sandbox_result_release(&result);
	return ret;
}

/* A member that says "yes", or why not. */
static int
say(json_t *object, const char *name, int ret, const struct err *err)
{
	json_object_set_new(object, name,
			    json_text(ret < 0 ? err->text : "yes"));
	return ret;
}

static json_t *
counters_json(struct sandbox *sandbox)
{
	json_t *object = json_object();
	struct err err = ERR_INIT;
	int way = say(object, "software", try_counters(sandbox, &err), &err);
	int perf = say(object, "perf",
		       way < 0 ? way : counters_probe(counters_hardware, &err),
		       &err);

	say(object, "valgrind", count_probe(sandbox, &err), &err);
	json_object_set_new(object, "auto",
			    json_text(perf < 0 ? "none" : "perf"));
	return object;
}

static json_t *
texts_json(const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count; i++)
		json_array_append_new(array, json_text(texts->items[i]));
	return array;
}

static int
self_test(struct sandbox *sandbox, json_t *answer, struct err *err)
{
	struct environment environment = ENVIRONMENT_INIT;
	struct texts failures = { 0 }, findings = { 0 };
	struct buf text = BUF_INIT;
	json_t *overhead = NULL;
	int ret = check_known(sandbox, &failures, err);

	if (!ret)
		ret = measure_overhead(sandbox, &overhead, err);
	if (!ret)
		ret = environment_read(sandbox, NULL, &environment, err);
	if (!ret) {
		environment_findings(sandbox, &findings);
		sandbox_describe(sandbox, &text);
		json_object_set_new(answer, "ok",
				    json_boolean(!failures.count));
		json_object_set_new(answer, "failures", texts_json(&failures));
		json_object_set_new(answer, "sandbox",
				    json_text(buf_text(&text)));
		json_object_set_new(answer, "notes",
				    texts_json(&sandbox->notes));
		json_object_set_new(answer, "findings", texts_json(&findings));
		json_object_set_new(answer, "environment",
				    environment_json(&environment));
		json_object_set_new(answer, "overhead", json_incref(overhead));
		json_object_set_new(answer, "counters", counters_json(sandbox));
		if (failures.count)
			ret = 1;
	}
	json_decref(overhead);
	environment_release(&environment);
	texts_release(&failures);
	texts_release(&findings);
	buf_release(&text);
	return ret;
}

int
runner_self_test(int argc, char **argv)
{
	const char *slot = NULL, *cpus = NULL, *root = NULL;
	const struct option_row rows[] = {
		{ "slot", 0, OPTION_TEXT, "N", "as root: whose user to become",
		  &slot },
		{ "cpus", 0, OPTION_TEXT, "LIST", "such as 0-1,4", &cpus },
		{ "root", 0, OPTION_TEXT, "DIR", "another root file system",
		  &root },
		{ NULL, 0, OPTION_FLAG, NULL, NULL, NULL },
	};
	struct sandbox_options options = { .slot = -1 };
	struct sandbox sandbox = SANDBOX_INIT;
	struct err err = ERR_INIT;
	json_t *answer = json_object();
	int64_t number = -1;
	int help = 0, ret = options_parse(rows, &argc, argv, &help, &err);

	if (!ret && help)
		options_print(help, "self-test",
			      "pacegate-runner --self-test [options]",
			      "Does the sandbox work here, and hold?", rows);
	if (!ret && slot && units_parse_count(slot, 0, SLOTUSER_MAX, &number))
		ret = err_set(&err, ERR_INPUT, "--slot %s: not a number", slot);
	options.slot = (int)number;
	options.cpus = cpus;
	options.root = root;
	if (!ret && !help)
		ret = sandbox_open(&options, &sandbox, &err);
	if (!ret && !help)
		ret = self_test(&sandbox, answer, &err);
	sandbox_close(&sandbox);
	if (ret < 0) {
		json_object_set_new(answer, "ok", json_false());
		json_object_set_new(answer, "error", json_text(err.text));
	}
	json_object_set_new(answer, "version", json_text(PACEGATE_VERSION));
	if (getenv(ENV_NODE))
		json_object_set_new(answer, "node",
				    json_text(getenv(ENV_NODE)));
	if (!help)
		(void)json_write_line(STDOUT_FILENO, answer, NULL);
	json_decref(answer);
	if (ret == ERR_INPUT)
		return EXIT_USAGE;
	return ret ? EXIT_OURS : EXIT_FINE;
}
