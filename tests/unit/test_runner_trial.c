#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runner/trial.h"
#include "base/metrics.h"
#include "base/protocol.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What became of a trial, its numbers and its marks, from made-up runs. */

static const struct sandbox_limits limits = {
	.memory_bytes = 100 << 20,
	.processes = 40,
	.cpu_ms = 2000,
	.disk_bytes = 50 << 20,
	.output_bytes = 1 << 20,
	.files = 64,
};

static void
check_end(enum sandbox_end end, const char *outcome, const char *why)
{
	struct trial_result result = TRIAL_RESULT_INIT;

	result.run.end = end;
	result.run.refused_forks = -1;
	trial_classify(&limits, NULL, "perf/x", 60000, &result);
	assert_string_equal(result.outcome, outcome);
	if (!strstr(result.why, why))
		fail_msg("`%s` lacks `%s`", result.why, why);
	trial_result_release(&result);
}

static void
test_each_end_has_its_outcome(void **state)
{
	(void)state;
	check_end(SANDBOX_EXITED, OUTCOME_OK, "");
	check_end(SANDBOX_TIMEOUT, OUTCOME_TIMEOUT, "timeout=");
	check_end(SANDBOX_MEMORY, OUTCOME_MEMORY, "100 MB");
	check_end(SANDBOX_CPU, OUTCOME_CPU, "2 s of CPU");
	check_end(SANDBOX_OUTPUT, OUTCOME_OUTPUT, "1024 kB");
	check_end(SANDBOX_EVENTS, OUTCOME_EVENTS, "too many events");
	check_end(SANDBOX_SIGNALED, OUTCOME_SIGNAL, "killed by signal");
	check_end(SANDBOX_NO_START, OUTCOME_START, "cannot start");
}

static void
test_status_and_hints_of_a_failure(void **state)
{
	struct trial_result result = TRIAL_RESULT_INIT;

	(void)state;
	result.run.end = SANDBOX_EXITED;
	result.run.status = 3;
	result.run.refused_forks = 2;
	result.run.tmp_full = 1;
	result.run.usage.ru_maxrss = 99 << 10;
	trial_classify(&limits, NULL, "perf/x", 60000, &result);
	assert_string_equal(result.outcome, OUTCOME_FAILED);
	assert_int_equal(result.status, 3);
	assert_string_equal(result.why,
			    "exit 3; it met the limit of 40 processes; its "
			    "/tmp was full (disk limit 50 MB); it was near the "
			    "memory limit of 100 MB");
	trial_result_release(&result);
}

static void
test_signals(void **state)
{
	struct trial_result result = TRIAL_RESULT_INIT;

	(void)state;
	result.run.end = SANDBOX_SIGNALED;
	result.run.signal = SIGSYS;
	trial_classify(&limits, NULL, "perf/x", 60000, &result);
	assert_int_equal(result.status, 128 + SIGSYS);
	assert_non_null(strstr(result.why, "32-bit"));
	trial_result_release(&result);
}

static void
check_start(const char *dir, const char *head, int error, const char *why)
{
	struct trial_result result = TRIAL_RESULT_INIT;
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/t", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(head, file);
	fclose(file);
	result.run.end = SANDBOX_NO_START;
	result.run.exec_errno = error;
	trial_classify(&limits, dir, "t", 60000, &result);
	assert_string_equal(result.outcome, OUTCOME_START);
	if (!strstr(result.why, why))
		fail_msg("`%s` lacks `%s`", result.why, why);
	unlink(path);
	trial_result_release(&result);
}

static void
test_why_it_does_not_start(void **state)
{
	char dir[] = "/tmp/pacegate-trial.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	check_start(dir, "#!/opt/none -x\n", ENOENT,
		    "interpreter /opt/none is not in the sandbox");
	check_start(dir, "#! /bin/sh\r\n", ENOENT, "carriage return");
	check_start(dir, "#!/bin/\033[2Jx\n", ENOENT, "\\x1b");
	check_start(dir, "echo\n", ENOEXEC, "#!");
	check_start(dir, "#!/bin/sh\n", EACCES, "--chmod=+x");
	check_start(dir, "", ENOENT, "does not exist");
	rmdir(dir);
}

static void
fill(struct trial_result *result, int64_t wall_ms, int64_t cpu_ms)
{
	*result = (struct trial_result)TRIAL_RESULT_INIT;
	result->run.end = SANDBOX_EXITED;
	result->run.has_usage = 1;
	result->run.start_ns = 1000;
	result->run.end_ns = 1000 + wall_ms * 1000000;
	result->run.usage.ru_utime.tv_sec = cpu_ms / 1000;
	result->run.usage.ru_utime.tv_usec = cpu_ms % 1000 * 1000;
	result->run.usage.ru_stime.tv_usec = 0;
	result->run.refused_forks = -1;
	result->run.processes = 3;
	result->run.machine.waited_ns = -1;
	result->run.machine.throttled_ns = -1;
}

static void
test_metrics(void **state)
{
	struct trial_result result;

	(void)state;
	fill(&result, 2500, 2000);
	result.run.usage.ru_stime.tv_usec = 250000;
	result.run.usage.ru_maxrss = 2048;
	result.run.usage.ru_nvcsw = 7;
	trial_measure(&result);
	assert_true(trial_metric(&result, "wall") == 2.5e9);
	assert_true(trial_metric(&result, "cpu") == 2.25e9);
	assert_true(trial_metric(&result, "user") == 2e9);
	assert_true(trial_metric(&result, "sys") == 2.5e8);
	assert_true(trial_metric(&result, "maxrss") == 2048.0 * 1024);
	assert_true(trial_metric(&result, "nvcsw") == 7);
	assert_true(trial_metric(&result, "processes") == 3);
	assert_true(trial_metric(&result, "peak") == -1);
	for (size_t i = 0; i < result.metric_count; i++)
		assert_non_null(metric_find(result.metrics[i].name));
	trial_result_release(&result);
}

/* What the processor counted is a metric; what is known otherwise stays. */
static void
test_counted_metrics(void **state)
{
	struct trial_result result;

	(void)state;
	fill(&result, 100, 100);
	result.run.counters[0] = (struct counter_value){ "instructions", 5e6,
							 1 };
	result.run.counters[1] = (struct counter_value){ "cpu", 1, 1 };
	result.run.counters[3] = (struct counter_value){ "cache-misses", 7,
							 0.5 };
	trial_measure(&result);
	trial_mark(&result);
	assert_true(trial_metric(&result, "instructions") == 5e6);
	assert_true(trial_metric(&result, "cpu") == 1e8);
	assert_true(trial_metric(&result, "cache-misses") == 7);
	assert_true(trial_metric(&result, "cycles") == -1);
	assert_true(texts_has(&result.marks,
			      "counters took turns: scaled from 50 % of the "
			      "time"));
	trial_result_release(&result);
}

static void
test_no_metrics_without_a_report(void **state)
{
	struct trial_result result;

	(void)state;
	fill(&result, 100, 100);
	result.run.has_usage = 0;
	trial_measure(&result);
	assert_int_equal(result.metric_count, 0);
	trial_mark(&result);
	assert_int_equal(result.marks.count, 0);
	trial_result_release(&result);
}

static void
check_mark(struct trial_result *result, const char *mark)
{
	trial_measure(result);
	trial_mark(result);
	if (mark && !texts_has(&result->marks, mark))
		fail_msg("no mark `%s`, %zu marks, first `%s`", mark,
			 result->marks.count,
			 result->marks.count ? result->marks.items[0] : "");
	if (!mark)
		assert_int_equal(result->marks.count, 0);
	trial_result_release(result);
}

static void
test_marks(void **state)
{
	struct trial_result result;

	(void)state;
	fill(&result, 1000, 990);
	check_mark(&result, NULL);
	fill(&result, 1000, 800);
	result.run.machine.steal_ns = 120000000;
	check_mark(&result, "steal 12 %");
	/* One step of the kernel's clock is no evidence. */
	fill(&result, 50, 49);
	result.run.machine.steal_ns = 10000000;
	check_mark(&result, NULL);
	fill(&result, 1000, 900);
	result.run.machine.waited_ns = 90000000;
	check_mark(&result, "waited for a CPU 9 %");
	/* A test that sleeps waits of its own wish. */
	fill(&result, 1000, 10);
	result.run.machine.waited_ns = 40000000;
	check_mark(&result, NULL);
	fill(&result, 1000, 900);
	result.run.usage.ru_nivcsw = 50;
	check_mark(&result, "wall 1.11 of cpu, 50 times preempted");
	fill(&result, 1000, 990);
	result.run.has_cgroup_cpu = 1;
	result.run.cgroup_cpu_ns = 1990000000;
	check_mark(&result, "1000.0 ms of CPU in processes it did not wait "
			    "for");
	fill(&result, 1000, 990);
	result.run.strays = 1;
	check_mark(&result, "left 1 process behind");
	fill(&result, 1000, 990);
	result.run.machine.swapped_pages = 5;
	check_mark(&result, "machine swapped 5 pages");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_end_has_its_outcome),
		cmocka_unit_test(test_status_and_hints_of_a_failure),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_why_it_does_not_start),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_counted_metrics),
		cmocka_unit_test(test_no_metrics_without_a_report),
		cmocka_unit_test(test_marks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_trial", tests, NULL, NULL);
}
