#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "runner/count.h"
#include "runner/counters.h"
#include "runner/counting.h"

/* Counts by perf and by valgrind: what readings mean, and the kernel's own
 * counters for real. */

static void
readings_are_scaled(void **state)
{
	const struct counter_event *event = &counters_hardware[0];
	const struct counter_raw whole = { 1000, 50, 50 };
	const struct counter_raw half = { 1000, 100, 50 };
	const struct counter_raw never = { 0, 100, 0 };
	const struct counter_raw unused = { 0, 0, 0 };
	struct counter_value value;

	(void)state;
	counter_scale(event, &whole, &value);
	assert_string_equal(value.metric, "instructions");
	assert_true(fabs(value.value - 1000) < 1e-9);
	assert_true(fabs(value.share - 1) < 1e-9);
	counter_scale(event, &half, &value);
	assert_true(fabs(value.value - 2000) < 1e-9);
	assert_true(fabs(value.share - 0.5) < 1e-9);
	/* Its turn never came: no count is not a count of 0. */
	counter_scale(event, &never, &value);
	assert_null(value.metric);
	counter_scale(event, &unused, &value);
	assert_true(fabs(value.value) < 1e-9);
}

static void
failures_are_explained(void **state)
{
	(void)state;
	assert_non_null(strstr(counters_explain(ENOENT, 2), "virtual machine"));
	assert_non_null(strstr(counters_explain(EACCES, 3),
			       "sysctl kernel.perf_event_paranoid=2"));
	assert_non_null(strstr(counters_explain(EACCES, 2), "CAP_PERFMON"));
	assert_non_null(strstr(counters_explain(ENOSYS, -2), "kernel"));
	assert_non_null(strstr(counters_explain(EBUSY, 2), "watchdog"));
}

/* A process that waits for a byte, then becomes `sh` with two children. */
static pid_t
start_waiting(int *go)
{
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (read(fds[0], &byte, 1) != 1)
			_exit(1);
		/* Before execve(): not to be counted. */
		for (volatile int i = 0; i < 100000000; i++)
			;
		execl("/bin/sh", "sh", "-c", "/bin/true; /bin/true",
		      (char *)NULL);
		_exit(127);
	}
	close(fds[0]);
	*go = fds[1];
	return pid;
}

static void
the_kernel_counts_a_tree(void **state)
{
	struct counters counters = COUNTERS_INIT;
	struct counter_value values[COUNTERS_MAX];
	struct err err = ERR_INIT;
	int go = -1, ret;
	pid_t pid;

	(void)state;
	if (counters_probe(counters_software, &err) < 0) {
		print_message("# not permitted here: %s\n", err.text);
		skip();
	}
	pid = start_waiting(&go);
	ret = counters_attach(&counters, counters_software, pid, &err);
	assert_int_equal(write(go, "x", 1), 1);
	close(go);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(ret, 0);
	counters_read(&counters, values);
	counters_close(&counters);
	assert_string_equal(values[0].metric, "cpu");
	assert_true(values[0].value > 0 && values[0].value < 50e6);
	/* Three programs, each with its loader: some dozens of pages each. */
	assert_string_equal(values[1].metric, "minflt");
	assert_true(values[1].value > 60);
	assert_null(values[2].metric);
}

static void
what_is_gone_is_an_error(void **state)
{
	struct counters counters = COUNTERS_INIT;
	struct counter_value values[COUNTERS_MAX];
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		counters_attach(&counters, counters_software, 0x3fffffff, &err),
		ERR_UNSUPPORTED);
	assert_true(*err.text);
	counters_read(&counters, values);
	assert_null(values[0].metric);
	counters_close(&counters);
}

static void
check_parse(const char *text, int ret, double instructions)
{
	double got = -1;

	assert_int_equal(count_parse(text, strlen(text), &got), ret);
	if (!ret)
		assert_true(fabs(got - instructions) < 1e-6);
}

static void
valgrind_is_read(void **state)
{
	(void)state;
	/* 3.19, and 3.22 without the blanks. */
	check_parse(
		"==3== Command: /t/x\n==3== \n==3== I   refs:      201,236\n"
		"==4== \n==4== I   refs:      372,857\n",
		0, 574093);
	check_parse("==7== I refs:        12,345,678,901\n", 0, 12345678901.0);
	check_parse("==3== D   refs:      201,236\n", ERR_NOT_FOUND, 0);
	check_parse("==3== LLi refs:      201,236\n", ERR_NOT_FOUND, 0);
	check_parse("I   refs:      201,236\n", ERR_NOT_FOUND, 0);
	check_parse("==3== I   refs:      2x\n", ERR_INPUT, 0);
	check_parse("==3== I   refs:\n", ERR_INPUT, 0);
	check_parse("", ERR_NOT_FOUND, 0);
}

static void
only_clear_differences_are_told(void **state)
{
	const struct tally base = { .first = 1e6, .again = 1.001e6 };
	struct tally same = { .first = 1.0009e6, .again = -1 };
	struct tally clear = { .first = 1.12e6, .again = 1.121e6 };
	struct tally shaky = { .first = 1.12e6, .again = 1.15e6 };
	struct tally small = { .first = 1.009e6, .again = 1.009e6 };
	struct tally none = { .first = -1, .why = "exit 1 under valgrind" };

	(void)state;
	assert_false(counting_differs(&base, &same));
	assert_true(counting_differs(&base, &clear));
	assert_false(counting_differs(&none, &clear));
	counting_judge(&base, &same);
	assert_string_equal(same.why, "");
	counting_judge(&base, &clear);
	assert_string_equal(clear.why, "");
	counting_judge(&base, &shaky);
	assert_non_null(strstr(shaky.why, "vary by 2.7 %"));
	/* The baseline's own spread counts too. */
	counting_judge(&base, &small);
	assert_non_null(strstr(small.why, "vary by 0.1 %"));
	counting_judge(&none, &clear);
	assert_string_equal(clear.why, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readings_are_scaled),
		cmocka_unit_test(failures_are_explained),
		cmocka_unit_test(the_kernel_counts_a_tree),
		cmocka_unit_test(what_is_gone_is_an_error),
		cmocka_unit_test(valgrind_is_read),
		cmocka_unit_test(only_clear_differences_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
