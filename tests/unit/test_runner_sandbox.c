#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runner/environment.h"
#include "runner/layout.h"
#include "runner/sandbox.h"
#include "runner/seccomp.h"
#include "runner/trial.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/names.h"
#include "base/protocol.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The real sandbox of this machine. Where root has no slot's user
 * (contrib/slot-users) or there is no bubblewrap, all of it is skipped. */
struct box {
	struct sandbox sandbox;
	int is_open;
	char dir[64];
};

static struct box box;

static void
set_libexec(void)
{
	char self[PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	/* build/tests/unit/test_x: the programs are in build. */
	for (int up = 0; len > 0 && up < 3; up++) {
		char *slash = strrchr(self, '/');

		if (slash)
			*slash = '\0';
	}
	setenv(ENV_LIBEXEC, self, 0);
}

static int
group_setup(void **state)
{
	const struct sandbox_options options = { .slot = -1 };
	struct err err = ERR_INIT;

	(void)state;
	set_libexec();
	snprintf(box.dir, sizeof(box.dir), "/tmp/pacegate-box.XXXXXX");
	if (!mkdtemp(box.dir) || chmod(box.dir, 0755) < 0)
		return -1;
	if (sandbox_open(&options, &box.sandbox, &err) == 0)
		box.is_open = 1;
	else
		print_message("# no sandbox here: %s\n", err.text);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	sandbox_close(&box.sandbox);
	return file_remove_tree(box.dir, NULL);
}

static struct sandbox *
need_sandbox(void)
{
	if (!box.is_open)
		skip();
	return &box.sandbox;
}

static void
run(struct sandbox *sandbox, const char *script,
    struct sandbox_command *command, struct sandbox_result *result)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const struct sandbox_step step = { .argv = argv };
	struct err err = ERR_INIT;

	command->steps = &step;
	command->step_count = 1;
	if (!command->timeout_ms)
		command->timeout_ms = 20000;
	if (sandbox_run(sandbox, command, result, &err) < 0)
		fail_msg("%s", err.text);
	command->steps = NULL;
}

static void
test_exit_and_signal(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result;

	(void)state;
	run(sandbox, "echo out; echo err >&2; exit 7", &command, &result);
	assert_int_equal(result.end, SANDBOX_EXITED);
	assert_int_equal(result.status, 7);
	assert_non_null(strstr(buf_text(&result.log), "out\n"));
	assert_non_null(strstr(buf_text(&result.log), "err\n"));
	assert_int_equal(result.output_bytes, 8);
	assert_true(result.has_usage && result.end_ns > result.start_ns);
	sandbox_result_release(&result);
	run(sandbox, "kill -ABRT $$", &command, &result);
	assert_int_equal(result.end, SANDBOX_SIGNALED);
	assert_int_equal(result.signal, SIGABRT);
	sandbox_result_release(&result);
}

static void
test_steps_stop_at_the_first_failure(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	const char *const one[] = { "/bin/sh", "-c", "echo 1 >/tmp/x", NULL };
	const char *const two[] = { "/bin/sh", "-c", "cat /tmp/x; exit 4",
				    NULL };
	const char *const three[] = { "/bin/echo", "three", NULL };
	const struct sandbox_step steps[] = { { one, 0 },
					      { two, 0 },
					      { three, 0 } };
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result;

	(void)state;
	command.steps = steps;
	command.step_count = 3;
	command.timeout_ms = 20000;
	assert_int_equal(sandbox_run(sandbox, &command, &result, NULL), 0);
	assert_int_equal(result.step, 1);
	assert_int_equal(result.status, 4);
	assert_string_equal(buf_text(&result.log), "1\n");
	sandbox_result_release(&result);
}

struct heard {
	int starts, bytes_before_start;
	int64_t start_ns, last_ns;
	struct buf text;
	size_t stop_after;
};

static void
on_start(void *data, int64_t start_ns)
{
	struct heard *heard = data;

	heard->starts++;
	heard->start_ns = start_ns;
}

static int
on_event_bytes(void *data, const char *bytes, size_t len, int64_t received_ns)
{
	struct heard *heard = data;

	if (!heard->starts)
		heard->bytes_before_start = 1;
	heard->last_ns = received_ns;
	buf_add(&heard->text, bytes, len);
	return heard->stop_after && heard->text.len > heard->stop_after;
}

static void
test_events_come_after_the_start(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result;
	struct heard heard = { .text = BUF_INIT };

	(void)state;
	command.data = &heard;
	command.on_start = on_start;
	command.on_event_bytes = on_event_bytes;
	run(sandbox, "echo start a >$PERF_EVENTS; echo end a >$PERF_EVENTS",
	    &command, &result);
	assert_int_equal(result.end, SANDBOX_EXITED);
	assert_int_equal(result.status, 0);
	assert_int_equal(heard.starts, 1);
	assert_int_equal(heard.bytes_before_start, 0);
	assert_string_equal(buf_text(&heard.text), "start a\nend a\n");
	assert_true(heard.last_ns > heard.start_ns);
	sandbox_result_release(&result);
	buf_clear(&heard.text);
	heard.stop_after = 100;
	run(sandbox, "while :; do echo note x >$PERF_EVENTS; done", &command,
	    &result);
	assert_int_equal(result.end, SANDBOX_EVENTS);
	sandbox_result_release(&result);
	buf_release(&heard.text);
}

static int
on_watch(void *data)
{
	(void)data;
	return 1;
}

static void
test_watch_stops_at_once(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result;
	int fds[2];

	(void)state;
	assert_int_equal(io_pipe(fds), 0);
	close(fds[1]);
	command.watch = fds[0];
	command.on_watch = on_watch;
	run(sandbox, "sleep 100", &command, &result);
	assert_int_equal(result.end, SANDBOX_STOPPED);
	sandbox_result_release(&result);
	close(fds[0]);
}

static void
test_stdout_is_kept_to_its_bound(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result;
	struct buf out = BUF_INIT;

	(void)state;
	command.keep_stdout = &out;
	command.stdout_max = 5;
	run(sandbox, "echo 12; echo no >&2; echo 456", &command, &result);
	assert_string_equal(buf_text(&out), "12\n45");
	assert_int_equal(result.stdout_cut, 1);
	sandbox_result_release(&result);
	buf_clear(&out);
	command.stdout_max = 100;
	run(sandbox, "yes | head -c 40000; echo last", &command, &result);
	assert_int_equal(result.log.len, SANDBOX_LOG_BYTES);
	assert_memory_equal(result.log.data + result.log.len - 5, "last\n", 5);
	sandbox_result_release(&result);
	buf_release(&out);
}

static void
test_environment_is_fixed(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result;
	struct texts env = { 0 };

	(void)state;
	setenv("PACEGATE_LEAK", "1", 1);
	texts_add(&env, "MORE=a=b c");
	command.env = &env;
	run(sandbox,
	    "env | sort; pwd; id -un; umask; test -e $HOME && hostname",
	    &command, &result);
	assert_string_equal(buf_text(&result.log),
			    "HOME=/tmp\nLC_ALL=C\nLOGNAME=sandbox\n"
			    "MORE=a=b c\n"
			    "PATH=/usr/local/bin:/usr/bin:/bin\nPWD=/t\n"
			    "PYTHONHASHSEED=0\nTMPDIR=/tmp\nTZ=UTC\n"
			    "USER=sandbox\n/t\nsandbox\n0022\nsandbox\n");
	sandbox_result_release(&result);
	texts_release(&env);
}

static void
test_what_is_left_is_counted_and_gone(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct sandbox_result result;

	(void)state;
	run(sandbox, "sleep 100 & sleep 100 & exit 0", &command, &result);
	assert_int_equal(result.end, SANDBOX_EXITED);
	assert_int_equal(result.strays, 2);
	assert_true(result.processes >= 3);
	sandbox_result_release(&result);
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char *path = file_join(box.dir, name);

	assert_int_equal(file_write(path, text, strlen(text), mode, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static void
check_trial(struct sandbox *sandbox, const char *test, const char *outcome,
	    int status)
{
	struct trial_command command = TRIAL_COMMAND_INIT;
	struct trial_result result;
	struct err err = ERR_INIT;

	command.tree = box.dir;
	command.test = test;
	command.timeout_ms = 300;
	if (trial_run(sandbox, &command, &result, &err) < 0)
		fail_msg("%s", err.text);
	if (strcmp(result.outcome, outcome))
		fail_msg("%s: %s, not %s: %s", test, result.outcome, outcome,
			 result.why);
	assert_int_equal(result.status, status);
	if (!strcmp(outcome, OUTCOME_OK)) {
		assert_true(trial_metric(&result, "wall") > 0);
		assert_true(trial_metric(&result, "maxrss") > 0);
	}
	trial_result_release(&result);
}

static void
test_trials(void **state)
{
	struct sandbox *sandbox = need_sandbox();

	(void)state;
	write_file("good", "#!/bin/sh\ntest -x /t/good\n", 0755);
	write_file("bad", "#!/bin/sh\nexit 9\n", 0755);
	write_file("slow", "#!/bin/sh\nsleep 100\n", 0755);
	write_file("mode", "#!/bin/sh\n", 0644);
	write_file("nothing", "hello\n", 0755);
	write_file("lost", "#!/opt/none\n", 0755);
	write_file("space and 'quote", "#!/bin/sh\n", 0755);
	check_trial(sandbox, "good", OUTCOME_OK, 0);
	check_trial(sandbox, "space and 'quote", OUTCOME_OK, 0);
	check_trial(sandbox, "bad", OUTCOME_FAILED, 9);
	check_trial(sandbox, "slow", OUTCOME_TIMEOUT, 0);
	check_trial(sandbox, "mode", OUTCOME_START, 127);
	check_trial(sandbox, "nothing", OUTCOME_START, 127);
	check_trial(sandbox, "lost", OUTCOME_START, 127);
	check_trial(sandbox, "absent", OUTCOME_START, 127);
}

static void
test_a_build(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	char *source = file_join(box.dir, "src");
	char *target = file_join(box.dir, "out");
	char *made = file_join(target, "made");
	struct sandbox_build build = { .source = source,
				       .target = target,
				       .setup = "echo a >made",
				       .build = "cat in >>made; echo note",
				       .timeout_ms = 20000,
				       .watch = -1 };
	struct sandbox_build_result result;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(file_make_dirs(source, 0755, NULL), 0);
	assert_int_equal(file_make_dirs(target, 0755, NULL), 0);
	write_file("src/in", "b\n", 0644);
	if (sandbox_build(sandbox, &build, &result, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(result.failed, 0);
	assert_string_equal(buf_text(&result.log), "note\n");
	assert_int_equal(file_read(made, &text, 100, NULL), 0);
	assert_string_equal(buf_text(&text), "a\nb\n");
	sandbox_build_result_release(&result);
	build.setup = "exit 5";
	if (sandbox_build(sandbox, &build, &result, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(result.failed, 1);
	assert_int_equal(result.phase, SANDBOX_PHASE_SETUP);
	assert_string_equal(result.why, "setup: exit 5");
	sandbox_build_result_release(&result);
	buf_release(&text);
	free(made);
	free(target);
	free(source);
}

static void
test_environment_has_an_id_that_stays(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	struct environment first, second;

	(void)state;
	assert_int_equal(environment_read(sandbox, NULL, &first, NULL), 0);
	assert_int_equal(environment_read(sandbox, NULL, &second, NULL), 0);
	assert_string_equal(first.id, second.id);
	assert_true(texts_has(&first.names, "kernel"));
	assert_true(texts_has(&first.names, "libc"));
	environment_release(&first);
	environment_release(&second);
}

/* Asked once; then out of the file, until the state in it is another. */
static void
test_the_toolchain_is_kept(void **state)
{
	struct sandbox *sandbox = need_sandbox();
	char dir[] = "/tmp/pacegate-tools.XXXXXX", *path;
	struct environment first, second, other;
	struct buf text = BUF_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = file_join(dir, "toolchain");
	assert_int_equal(environment_read(sandbox, dir, &first, NULL), 0);
	assert_int_equal(file_read(path, &text, 65536, NULL), 0);
	/* A planted answer comes back: nobody was asked. */
	buf_adds(&text, "planted\t1\n");
	assert_int_equal(file_write(path, text.data, text.len, 0600, NULL), 0);
	assert_int_equal(environment_read(sandbox, dir, &second, NULL), 0);
	assert_true(texts_has(&second.names, "planted"));
	assert_string_not_equal(first.id, second.id);
	/* As after a reboot. */
	*strstr(text.data, "\nboot ") = ' ';
	assert_int_equal(file_write(path, text.data, text.len, 0600, NULL), 0);
	assert_int_equal(environment_read(sandbox, dir, &other, NULL), 0);
	assert_string_equal(first.id, other.id);
	environment_release(&first);
	environment_release(&second);
	environment_release(&other);
	buf_release(&text);
	assert_int_equal(file_remove_tree(dir, NULL), 0);
	free(path);
}

/* bwrap makes no place to mount on below what strangers filled. */
static void
test_trees_are_mounted_last(void **state)
{
	static const char *const late[] = { "--chdir", "--remount-ro",
					    "--cap-drop", "--seccomp", NULL };
	struct sandbox *sandbox = need_sandbox();
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	const struct layout_paths paths = { "/shim", "/x/tree", "/x/source",
					    "/x/cache" };
	struct texts args = { 0 };
	size_t i = 0;

	(void)state;
	command.tree = paths.tree;
	layout_arguments(sandbox, &command, &sandbox->limits, &paths, &args);
	while (i < args.count && strcmp(args.items[i], "/x/source"))
		i++;
	assert_true(i < args.count);
	for (; strcmp(args.items[i], "--"); i++) {
		const char *word = args.items[i];
		int fine = strncmp(word, "--", 2) ||
			   !strncmp(args.items[i + 1], "/x/", 3);

		for (size_t j = 0; late[j]; j++)
			fine |= !strcmp(word, late[j]);
		if (!fine)
			fail_msg("%s %s", word, args.items[i + 1]);
	}
	texts_release(&args);
}

static void
test_wrong_options(void **state)
{
	struct sandbox_options options = { .slot = -1, .cpus = "99999" };
	struct sandbox sandbox;
	struct err err = ERR_INIT;

	(void)need_sandbox();
	(void)state;
	assert_int_equal(sandbox_open(&options, &sandbox, &err), ERR_INPUT);
	sandbox_close(&sandbox);
	options.cpus = NULL;
	options.root = "relative";
	assert_int_equal(sandbox_open(&options, &sandbox, &err), ERR_INPUT);
	sandbox_close(&sandbox);
	options.root = "/nonexistent";
	assert_true(sandbox_open(&options, &sandbox, &err) < 0);
	sandbox_close(&sandbox);
}

static void
test_filter(void **state)
{
	struct err err = ERR_INIT;
	struct stat info;
	int fd = seccomp_filter_open(&err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &info), 0);
	/* Instructions of 8 bytes, at most 4096. */
	assert_true(info.st_size > 400 && info.st_size <= 4096 * 8 &&
		    info.st_size % 8 == 0);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_and_signal),
		cmocka_unit_test(test_steps_stop_at_the_first_failure),
		cmocka_unit_test(test_events_come_after_the_start),
		cmocka_unit_test(test_watch_stops_at_once),
		cmocka_unit_test(test_stdout_is_kept_to_its_bound),
		cmocka_unit_test(test_environment_is_fixed),
		cmocka_unit_test(test_what_is_left_is_counted_and_gone),
		cmocka_unit_test(test_trials),
		cmocka_unit_test(test_a_build),
		cmocka_unit_test(test_environment_has_an_id_that_stays),
		cmocka_unit_test(test_the_toolchain_is_kept),
		cmocka_unit_test(test_trees_are_mounted_last),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_filter),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_sandbox", tests, group_setup,
					   group_teardown);
}
