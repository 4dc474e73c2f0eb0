#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runner/cgroup.h"
#include "runner/cgroup_tree.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A made-up /sys/fs/cgroup of directories and files. */
struct fake {
	char dir[64];
	struct buf mountinfo;
};

static void
make_dir(const struct fake *fake, const char *name)
{
	char *path = file_join(fake->dir, name);

	assert_int_equal(file_make_dirs(path, 0755, NULL), 0);
	free(path);
}

static void
add_mount(struct fake *fake, const char *name, const char *root,
	  const char *type, const char *options)
{
	make_dir(fake, name);
	buf_addf(&fake->mountinfo,
		 "33 25 0:28 %s %s/%s rw,relatime shared:9 - %s cgroup rw,%s\n",
		 root, fake->dir, name, type, options);
}

static int
setup(void **state)
{
	struct fake *fake = mem_new(1, sizeof(*fake));

	snprintf(fake->dir, sizeof(fake->dir), "/tmp/pacegate-cgroup.XXXXXX");
	if (!mkdtemp(fake->dir))
		return -1;
	buf_adds(&fake->mountinfo, "25 1 0:5 / / rw - ext4 /dev/sda rw\n");
	*state = fake;
	return 0;
}

static int
teardown(void **state)
{
	struct fake *fake = *state;

	file_remove_tree(fake->dir, NULL);
	buf_release(&fake->mountinfo);
	free(fake);
	return 0;
}

static void
find(const struct fake *fake, const char *own, struct cgroups *cgroups)
{
	struct texts notes = { 0 };

	memset(cgroups, 0, sizeof(*cgroups));
	cgroup_tree_find(cgroups, fake->mountinfo.data, own, &notes);
	texts_release(&notes);
}

static void
release(struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++)
		free(cgroups->items[i].base);
}

static const struct hierarchy *
with(const struct cgroups *cgroups, unsigned controller)
{
	for (size_t i = 0; i < cgroups->count; i++)
		if (cgroups->items[i].controllers & controller)
			return &cgroups->items[i];
	return NULL;
}

static void
test_v1_below_our_own_group(void **state)
{
	struct fake *fake = *state;
	struct cgroups cgroups;
	char *expected = file_join(fake->dir, "memory/job/7");

	add_mount(fake, "memory", "/", "cgroup", "memory");
	add_mount(fake, "pids", "/", "cgroup", "pids");
	add_mount(fake, "cpu,cpuacct", "/", "cgroup", "cpu,cpuacct");
	add_mount(fake, "cpu", "/", "cgroup", "cpu");
	make_dir(fake, "memory/job/7");
	find(fake, "4:memory:/job/7\n8:pids:/\n3:cpu,cpuacct:/\n0::/\n",
	     &cgroups);
	assert_non_null(with(&cgroups, CONTROLLER_MEMORY));
	assert_string_equal(with(&cgroups, CONTROLLER_MEMORY)->base, expected);
	assert_int_equal(with(&cgroups, CONTROLLER_MEMORY)->version, 1);
	assert_non_null(with(&cgroups, CONTROLLER_PIDS));
	assert_non_null(with(&cgroups, CONTROLLER_CPUACCT));
	assert_null(with(&cgroups, CONTROLLER_CPUSET));
	assert_int_equal(cgroups.count, 3);
	release(&cgroups);
	free(expected);
}

/* In a container the mount shows a part: its root is cut off our path. */
static void
test_v1_in_a_container(void **state)
{
	struct fake *fake = *state;
	struct cgroups cgroups;
	char *expected = file_join(fake->dir, "memory");

	add_mount(fake, "memory", "/docker/abc", "cgroup", "memory");
	add_mount(fake, "pids", "/elsewhere", "cgroup", "pids");
	find(fake, "4:memory:/docker/abc\n5:pids:/docker/abc\n", &cgroups);
	assert_int_equal(cgroups.count, 1);
	assert_string_equal(cgroups.items[0].base, expected);
	release(&cgroups);
	free(expected);
}

static void
test_v2_as_root_has_a_directory_of_its_own(void **state)
{
	struct fake *fake = *state;
	struct cgroups cgroups;
	char *expected = file_join(fake->dir, "unified/pacegate");

	if (geteuid() != 0)
		skip();
	add_mount(fake, "unified", "/", "cgroup2", "nsdelegate");
	find(fake, "0::/user.slice\n", &cgroups);
	assert_int_equal(cgroups.count, 1);
	assert_int_equal(cgroups.items[0].version, 2);
	assert_string_equal(cgroups.items[0].base, expected);
	release(&cgroups);
	free(expected);
}

static void
test_nothing_there(void **state)
{
	struct fake *fake = *state;
	struct cgroups cgroups;

	find(fake, "", &cgroups);
	assert_int_equal(cgroups.count, 0);
	buf_adds(&fake->mountinfo, "cut - cgroup\n1 2 3:4 - cgroup x\n");
	find(fake, "::\n:\n4:memory\n", &cgroups);
	assert_int_equal(cgroups.count, 0);
}

static void
test_numbers(void **state)
{
	static const char text[] = "low 0\noom 3\noom_kill 17\nmax x\n";

	(void)state;
	assert_int_equal(cgroup_number(text, "oom_kill"), 17);
	assert_int_equal(cgroup_number(text, "oom"), 3);
	assert_int_equal(cgroup_number(text, "oo"), -1);
	assert_int_equal(cgroup_number(text, "max"), -1);
	assert_int_equal(cgroup_number("4096\n", ""), 4096);
	assert_int_equal(cgroup_number("max\n", ""), -1);
	assert_int_equal(cgroup_number("", ""), -1);
}

/* Groups of runners that are gone are removed, but only of our namespace: in
 * another the pid may be a runner that lives. */
static void
test_sweeps_only_its_own_namespace(void **state)
{
	struct fake *fake = *state;
	struct cgroups cgroups;
	struct stat info;
	unsigned long own;
	const int gone = 0x3ffffff, there = (int)getpid();
	const struct {
		unsigned long in;
		int pid, stays;
	} groups[] = { { 0, gone, 0 }, { 0, there, 1 }, { 1, gone, 1 } };

	assert_int_equal(stat("/proc/self/ns/pid", &info), 0);
	own = (unsigned long)info.st_ino;
	add_mount(fake, "pids", "/", "cgroup", "pids");
	for (size_t i = 0; i < 3; i++) {
		char *name = mem_text("pids/" CGROUP_NAME_FORMAT,
				      own + groups[i].in, groups[i].pid, 1u);

		make_dir(fake, name);
		free(name);
	}
	find(fake, "8:pids:/\n", &cgroups);
	for (size_t i = 0; i < 3; i++) {
		char *path = mem_text("%s/pids/" CGROUP_NAME_FORMAT, fake->dir,
				      own + groups[i].in, groups[i].pid, 1u);

		assert_int_equal(file_exists(path), groups[i].stays);
		free(path);
	}
	release(&cgroups);
}

/* Whatever this machine has: enter, count, kill, remove. */
static void
test_a_real_group(void **state)
{
	const struct cgroup_limits limits = { .memory_bytes = 64 << 20,
					      .processes = 16 };
	struct cgroups *cgroups;
	struct texts notes = { 0 };
	struct cgroup_stats stats;
	struct cgroup *group = NULL;
	struct err err = ERR_INIT;
	int status = 0;
	pid_t pid;

	(void)state;
	cgroups = cgroups_open(&notes);
	if (cgroup_new(cgroups, &limits, &group, &err) < 0)
		fail_msg("%s", err.text);
	pid = fork();
	if (!pid) {
		if (cgroup_enter(group, 0) < 0)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	if (cgroups->count) {
		for (int i = 0; i < 1000 && cgroup_is_empty(group); i++)
			usleep(1000);
		assert_false(cgroup_is_empty(group));
		cgroup_kill(group);
	} else {
		kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(cgroup_is_empty(group));
	cgroup_read(group, &stats);
	assert_true(stats.oom_kills <= 0);
	cgroup_free(group);
	cgroups_free(cgroups);
	texts_release(&notes);
}

static void
test_none_does_nothing(void **state)
{
	const struct cgroup_limits limits = { .memory_bytes = 1 };
	struct cgroups *cgroups = cgroups_none();
	struct cgroup_stats stats;
	struct cgroup *group = NULL;
	struct buf text = BUF_INIT;

	(void)state;
	assert_int_equal(cgroup_new(cgroups, &limits, &group, NULL), 0);
	assert_int_equal(cgroup_enter(group, 0), 0);
	cgroup_kill(group);
	assert_true(cgroup_is_empty(group));
	cgroup_read(group, &stats);
	assert_int_equal(stats.cpu_ns, -1);
	assert_int_equal(stats.peak_bytes, -1);
	assert_int_equal(stats.oom_kills, -1);
	cgroups_describe(cgroups, &text);
	assert_string_equal(buf_text(&text), "no cgroup");
	buf_release(&text);
	cgroup_free(group);
	cgroup_free(NULL);
	cgroups_free(cgroups);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_v1_below_our_own_group,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_v1_in_a_container, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_v2_as_root_has_a_directory_of_its_own, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_nothing_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_sweeps_only_its_own_namespace, setup, teardown),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_a_real_group),
		cmocka_unit_test(test_none_does_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_cgroup", tests, NULL, NULL);
}
