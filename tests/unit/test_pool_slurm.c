#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/proc.h"
#include "pool/features.h"
#include "pool/slurm_jobs.h"
#include "pool/slurm_nodes.h"
#include "pool/slurm_said.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What Slurm's commands say, as it stood on a real cluster. */

static void
features_are_names_each_once(void **state)
{
	struct texts features = { 0 }, wanted = { 0 };

	(void)state;
	assert_int_equal(features_add(&features, "x86,fast"), 0);
	assert_int_equal(features_add(&features, " fast, avx512"), 0);
	assert_int_equal(features_add(&features, NULL), 0);
	assert_int_equal(features.count, 3);
	assert_int_equal(features_add(&features, "a b,$(c)"), ERR_INPUT);
	assert_int_equal(features_add(&features, "x|y"), ERR_INPUT);
	features_add(&wanted, "x86,fast");
	assert_true(features_hold(&features, &wanted));
	features_add(&wanted, "gpu");
	assert_false(features_hold(&features, &wanted));
	texts_release(&features);
	texts_release(&wanted);
}

static void
nodes_are_counted_by_class_and_state(void **state)
{
	struct slurm_nodes nodes = { 0 };
	struct texts wanted = { 0 }, but = { 0 };

	(void)state;
	assert_int_equal(slurm_nodes_add(&nodes, "n1|x86|idle|EXCLUSIVE|gate*"),
			 0);
	slurm_nodes_add(&nodes, "n2|x86,fast|alloc|EXCLUSIVE|gate*");
	slurm_nodes_add(&nodes, "n3|x86,fast|down*|EXCLUSIVE|gate*");
	slurm_nodes_add(&nodes, "n4|x86,fast|drained|EXCLUSIVE|gate*");
	slurm_nodes_add(&nodes, "n5|(null)|mix~|EXCLUSIVE|gate*");
	assert_int_equal(slurm_nodes_add(&nodes, "n6|x86"), ERR_PROTOCOL);
	assert_int_equal(slurm_nodes_add(&nodes, ""), ERR_PROTOCOL);
	assert_false(nodes.is_shared);
	assert_int_equal(slurm_nodes_count(&nodes, &wanted, NULL, 1), 3);
	features_add(&wanted, "fast");
	assert_int_equal(slurm_nodes_count(&nodes, &wanted, NULL, 0), 3);
	assert_int_equal(slurm_nodes_count(&nodes, &wanted, NULL, 1), 1);
	texts_add(&but, "n2");
	assert_int_equal(slurm_nodes_count(&nodes, &wanted, &but, 1), 0);
	assert_string_equal(slurm_nodes_find(&nodes, "n2")->features.items[1],
			    "fast");
	assert_null(slurm_nodes_find(&nodes, "n6"));
	slurm_nodes_add(&nodes, "n7|x86|idle|NO|gate*");
	assert_true(nodes.is_shared);
	texts_release(&wanted);
	texts_release(&but);
	slurm_nodes_release(&nodes);
}

static void
names_of_jobs_need_no_quotes(void **state)
{
	struct buf name = BUF_INIT, comment = BUF_INIT;

	(void)state;
	slurm_job_name(&name, "/srv/git/my $(project).git/", "0123");
	assert_string_equal(name.data, "pacegate/my___project_.git/0123");
	buf_clear(&name);
	slurm_job_name(&name, "/home/ada/project/.git", "0123");
	assert_string_equal(name.data, "pacegate/project/0123");
	slurm_job_comment(&comment, "/srv/x.git", "1a2b3c");
	assert_non_null(strstr(comment.data, " x.git 1a2b3c"));
	buf_release(&name);
	buf_release(&comment);
}

static int
said_by(const char *text)
{
	int fd = proc_memory_file(1 << 16);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void
a_node_says_more_than_srun(void **state)
{
	int fd = said_by("2026-11-24 info the runner's own line\n"
			 "srun: error: n1: task 0: Exited with exit code 2\n"
			 "slurmstepd-n1: error: execve(): /x: No such file\n"
			 "slurmstepd-n1: error: another\n");
	struct slurm_said said;
	char log[128] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	slurm_said_read(&said, fd, fds[1]);
	assert_string_equal(said.why, "execve(): /x: No such file");
	assert_false(said.preempted);
	assert_true(read(fds[0], log, sizeof(log) - 1) > 0);
	assert_string_equal(log, "2026-11-24 info the runner's own line\n");
	slurm_said_release(&said);
	close(fd);
	fd = said_by("slurmstepd-n1: error: *** STEP 13.0 ON n1 CANCELLED AT "
		     "2026-11-24T15:40:56 DUE TO PREEMPTION ***\n"
		     "srun: error: n1: task 0: Terminated\n");
	slurm_said_read(&said, fd, -1);
	assert_true(said.preempted);
	slurm_said_release(&said);
	close(fd);
	fd = said_by("srun: error: Unable to allocate resources: Unable to "
		     "contact slurm controller (connect failure)\n");
	slurm_said_read(&said, fd, -1);
	assert_true(said.no_controller);
	slurm_said_release(&said);
	slurm_said_read(&said, -1, -1);
	assert_null(said.why);
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

/* A runner that logs without end fills its file, and no more. */
static void
what_is_said_is_bounded(void **state)
{
	char line[1000];
	int fd = proc_memory_file(4096), wrote = 0;

	(void)state;
	memset(line, 'x', sizeof(line));
	for (int i = 0; i < 100; i++)
		wrote += write(fd, line, sizeof(line)) > 0;
	assert_in_range(wrote, 4, 5);
	close(fd);
}

static void
a_command_that_hangs_is_left(void **state)
{
	const char *const hangs[] = { "sleep", "60", NULL };
	const char *const fails[] = { "sh", "-c",
				      "echo no such node >&2; exit 1", NULL };
	const char *const answers[] = { "echo", "n1", NULL };
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(proc_ask(hangs, 100, &out, 100, &err), ERR_TIMEOUT);
	assert_int_equal(proc_ask(fails, 10000, &out, 100, &err), ERR_SYSTEM);
	assert_string_equal(err.text, "no such node");
	assert_int_equal(proc_ask(answers, 10000, &out, 100, &err), 0);
	assert_string_equal(out.data, "n1\n");
	assert_int_equal(proc_ask(answers, 10000, &out, 2, &err), ERR_LIMIT);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_are_names_each_once),
		cmocka_unit_test(nodes_are_counted_by_class_and_state),
		cmocka_unit_test(names_of_jobs_need_no_quotes),
		cmocka_unit_test(a_node_says_more_than_srun),
		cmocka_unit_test(what_is_said_is_bounded),
		cmocka_unit_test(a_command_that_hangs_is_left),
	};

	return cmocka_run_group_tests_name("pool_slurm", tests, NULL, NULL);
}
