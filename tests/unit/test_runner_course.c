#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "runner/course.h"
#include "runner/processes.h"
#include "runner/sampler.h"

/* What a trial used over time: the points, the processes, the thread. */

static void
a_course_stays_short(void **state)
{
	static struct course course;
	const int64_t step_ns = 1000;
	int64_t at_ns = 500, added = 0;

	(void)state;
	course_init(&course, step_ns);
	/* As the sampler does: at the interval that there is by then. */
	for (; at_ns < 100000 * step_ns; added++) {
		const struct course_point point = { .at_ns = at_ns,
						    .cpu_ns = at_ns };

		course_add(&course, &point);
		assert_true(course.count <= COURSE_MAX);
		at_ns += course.interval_ns;
	}
	assert_in_range(course.count, COURSE_MAX / 2, COURSE_MAX);
	/* 2^10 * 1000 steps, with as few samples. */
	assert_in_range(course.interval_ns, 512 * step_ns, 1024 * step_ns);
	assert_true(added < 1300);
	course_finish(&course, 0, 100000 * step_ns);
	assert_in_range(course.count, COURSE_KEPT / 2, COURSE_KEPT);
	for (size_t i = 1; i < course.count; i++)
		assert_true(course.points[i].at_ns >
			    course.points[i - 1].at_ns);
	/* The last one stays. */
	assert_true(course.points[course.count - 1].at_ns > 99000 * step_ns);
}

static void
sums_do_not_fall(void **state)
{
	static struct course course;
	const struct course_point points[] = {
		{ 10, 5, 100, 1, 7, 9 },
		{ 20, 3, 90, 2, 5, 8 },
		{ 30, 4, 110, 1, 8, 10 },
	};

	(void)state;
	course_init(&course, 10);
	for (size_t i = 0; i < 3; i++)
		course_add(&course, &points[i]);
	course_finish(&course, 5, 25);
	assert_int_equal(course.count, 2);
	assert_int_equal(course.points[1].at_ns, 15);
	assert_int_equal(course.points[1].memory_bytes, 3);
	assert_int_equal(course.points[1].cpu_ns, 100);
	assert_int_equal(course.points[1].threads, 2);
	assert_int_equal(course.points[1].read_bytes, 7);
	assert_int_equal(course.points[1].written_bytes, 9);
	/* A trial that never ended has no course. */
	course_finish(&course, 0, 0);
	assert_int_equal(course.count, 0);
}

static void
stat_is_read_whatever_the_name(void **state)
{
	static const char fields[] =
		" S 1 2 3 4 5 6 7 8 9 10 11 12 30 12 20 0 5 0 999 123456 77 "
		"18446744073709551615 1 2";
	static const char *const names[] = { "sh", ") R 1 (", "a b", "((()))",
					     "" };
	struct process_stat stat;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(text, sizeof(text), "42 (%s)%s", names[i], fields);
		assert_int_equal(process_parse_stat(text, &stat), 0);
		assert_int_equal(stat.children_ticks, 42);
		assert_int_equal(stat.threads, 5);
		assert_int_equal(stat.pages, 77);
	}
	assert_int_equal(process_parse_stat("", &stat), ERR_INPUT);
	assert_int_equal(process_parse_stat("1 (x) S 1 2", &stat), ERR_INPUT);
	assert_int_equal(process_parse_stat("1 (x)", &stat), ERR_INPUT);
}

/* A parent with one child that has touched 32 MB, and says so. */
static pid_t
start_tree(int *said)
{
	enum { SIZE = 32 << 20 };
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char *bytes;

		if (fork()) {
			pause();
			_exit(0);
		}
		bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(bytes, 1, SIZE);
		if (write(fds[1], bytes, 4096) != 4096)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	*said = fds[0];
	return pid;
}

static void
stop_tree(pid_t pid, int said)
{
	char path[64], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	kill((pid_t)atoi(text), SIGKILL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(said);
}

static void
a_tree_is_summed_up(void **state)
{
	struct processes_usage usage;
	char bytes[4096];
	int said = -1;
	pid_t pid = start_tree(&said);

	(void)state;
	assert_int_equal(read(said, bytes, sizeof(bytes)), sizeof(bytes));
	processes_read(pid, &usage);
	/* Of the root itself nothing but its children count. */
	assert_int_equal(usage.threads, 1);
	assert_true(usage.memory_bytes >= 32 << 20);
	assert_true(usage.cpu_ns > 0);
	assert_true(usage.written_bytes >= 4096);
	processes_read(getpid(), &usage);
	assert_int_equal(usage.threads, 2);
	stop_tree(pid, said);
	processes_read(pid, &usage);
	assert_int_equal(usage.threads, 0);
	assert_int_equal(usage.memory_bytes, 0);
}

static void
the_thread_samples_and_ends(void **state)
{
	static struct course course;
	char bytes[4096];
	int said = -1;
	pid_t pid = start_tree(&said);
	cpu_set_t slot;
	struct sampler_setup setup = { .root = pid,
				       .slot = &slot,
				       .course = &course };
	struct err err = ERR_INIT;
	struct sampler *sampler;
	int64_t start_ns;

	(void)state;
	assert_int_equal(read(said, bytes, sizeof(bytes)), sizeof(bytes));
	CPU_ZERO(&slot);
	CPU_SET(0, &slot);
	sampler_stop(NULL);
	/* Until it had its turn, however busy the machine is. */
	for (int tries = 0; !tries || (tries < 100 && !course.count); tries++) {
		course_init(&course, 1000000);
		start_ns = clock_monotonic_ns(&clock_real);
		sampler = sampler_start(&setup, &err);
		assert_non_null(sampler);
		usleep(20000);
		sampler_stop(sampler);
		course_finish(&course, start_ns,
			      clock_monotonic_ns(&clock_real));
	}
	stop_tree(pid, said);
	assert_true(course.count > 0);
	assert_false(course.by_group);
	assert_true(course.points[0].memory_bytes >= 32 << 20);
	assert_int_equal(course.points[0].threads, 1);
	/* What was before it began does not count. */
	assert_int_equal(course.points[0].written_bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_course_stays_short),
		cmocka_unit_test(sums_do_not_fall),
		cmocka_unit_test(stat_is_read_whatever_the_name),
		cmocka_unit_test(a_tree_is_summed_up),
		cmocka_unit_test(the_thread_samples_and_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
