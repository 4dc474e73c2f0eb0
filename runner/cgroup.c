#include "runner/cgroup.h"
#include "runner/cgroup_tree.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PROC_FILE = 1 << 20 };

struct cgroups *
cgroups_none(void)
{
	return mem_new(1, sizeof(struct cgroups));
}

struct cgroups *
cgroups_open(struct texts *notes)
{
	struct cgroups *cgroups = cgroups_none();
	struct buf mountinfo = BUF_INIT, own = BUF_INIT;

	if (file_read("/proc/self/mountinfo", &mountinfo, MAX_PROC_FILE,
		      NULL) == 0 &&
	    file_read("/proc/self/cgroup", &own, MAX_PROC_FILE, NULL) == 0)
		cgroup_tree_find(cgroups, buf_text(&mountinfo), buf_text(&own),
				 notes);
	if (!cgroups_limit_memory(cgroups))
		texts_add(notes, "no cgroup limits memory: only each process "
				 "is limited, not all together");
	if (!cgroups_limit_processes(cgroups))
		texts_add(notes, "no cgroup limits processes: the limit of "
				 "the user holds instead");
	buf_release(&own);
	buf_release(&mountinfo);
	return cgroups;
}

void
cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	for (size_t i = 0; i < cgroups->count; i++)
		free(cgroups->items[i].base);
	free(cgroups);
}

/* Those of all hierarchies of that version, 0: of any. */
static unsigned
controllers_of(const struct cgroups *cgroups, int version)
{
	unsigned all = 0;

	for (size_t i = 0; i < cgroups->count; i++)
		if (!version || cgroups->items[i].version == version)
			all |= cgroups->items[i].controllers;
	return all;
}

static int
has_version(const struct cgroups *cgroups, int version)
{
	for (size_t i = 0; i < cgroups->count; i++)
		if (cgroups->items[i].version == version)
			return 1;
	return 0;
}

void
cgroups_describe(const struct cgroups *cgroups, struct buf *text)
{
	int both = has_version(cgroups, 1) && has_version(cgroups, 2);
	unsigned controllers = controllers_of(cgroups, 0);

	if (!cgroups->count) {
		buf_adds(text, "no cgroup");
		return;
	}
	buf_addf(text, "cgroup %s:", has_version(cgroups, 1) ? "v1" : "v2");
	for (const struct controller_row *row = controller_rows; row->name;
	     row++)
		if (controllers & row->controller)
			buf_addf(text, " %s", row->name);
	if (!controllers)
		buf_adds(text, " no controllers");
	if (both)
		buf_adds(text, " (v2 beside it)");
}

int
cgroups_limit_memory(const struct cgroups *cgroups)
{
	return !!(controllers_of(cgroups, 0) & CONTROLLER_MEMORY);
}

int
cgroups_limit_processes(const struct cgroups *cgroups)
{
	return !!(controllers_of(cgroups, 0) & CONTROLLER_PIDS);
}

static int
write_number(const char *dir, const char *file, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return cgroup_write(dir, file, text);
}

static int
limit_memory(const struct hierarchy *item, const char *dir, int64_t bytes)
{
	if (item->version == 2) {
		(void)cgroup_write(dir, "memory.oom.group", "1");
		(void)cgroup_write(dir, "memory.swap.max", "0");
		return write_number(dir, "memory.max", bytes);
	}
	if (write_number(dir, "memory.limit_in_bytes", bytes) < 0)
		return -1;
	/* Absent where the kernel does not account swap. */
	(void)write_number(dir, "memory.memsw.limit_in_bytes", bytes);
	return 0;
}

/* On v1 a cpuset is empty until it is filled, and takes nobody in. */
static int
limit_cpus(const struct hierarchy *item, const char *dir, const char *cpus)
{
	char text[1024];

	if (item->version == 1) {
		if (cgroup_slurp(item->base, "cpuset.mems", text,
				 sizeof(text)) < 0 ||
		    cgroup_write(dir, "cpuset.mems", text) < 0 ||
		    cgroup_slurp(item->base, "cpuset.cpus", text,
				 sizeof(text)) < 0)
			return -1;
		return cgroup_write(dir, "cpuset.cpus", cpus ? cpus : text);
	}
	return cpus ? cgroup_write(dir, "cpuset.cpus", cpus) : 0;
}

static int
set_limits(const struct hierarchy *item, const char *dir,
	   const struct cgroup_limits *limits, struct err *err)
{
	if ((item->controllers & CONTROLLER_MEMORY) &&
	    limit_memory(item, dir, limits->memory_bytes) < 0)
		return err_errno(err, "%s: cannot limit memory to %lld bytes",
				 dir, (long long)limits->memory_bytes);
	if ((item->controllers & CONTROLLER_PIDS) &&
	    write_number(dir, "pids.max", limits->processes) < 0)
		return err_errno(err, "%s: cannot limit processes", dir);
	if ((item->controllers & CONTROLLER_CPUSET) &&
	    limit_cpus(item, dir, limits->cpus) < 0)
		return err_errno(err, "%s: cannot set CPUs %s", dir,
				 limits->cpus ? limits->cpus : "");
	return 0;
}

int
cgroup_new(struct cgroups *cgroups, const struct cgroup_limits *limits,
	   struct cgroup **group, struct err *err)
{
	struct cgroup *made = mem_new(1, sizeof(*made));
	unsigned number = cgroups->made++;
	int ret = 0;

	made->cgroups = cgroups;
	made->v2 = -1;
	for (size_t i = 0; i < CGROUP_MAX_HIERARCHIES; i++)
		made->procs[i] = -1;
	for (size_t i = 0; !ret && i < cgroups->count; i++) {
		const struct hierarchy *item = &cgroups->items[i];
		char *dir = mem_text("%s/" CGROUP_NAME_FORMAT, item->base,
				     cgroups->pid_namespace, (int)getpid(),
				     number);
		char *procs = file_join(dir, "cgroup.procs");

		if (mkdir(dir, 0755) < 0) {
			ret = err_errno(err, "%s", dir);
			free(dir);
		} else {
			made->dirs[i] = dir;
			ret = set_limits(item, dir, limits, err);
			made->procs[i] = open(procs, O_WRONLY | O_CLOEXEC);
			if (!ret && made->procs[i] < 0)
				ret = err_errno(err, "%s", procs);
			if (item->version == 2)
				made->v2 = open(dir, O_PATH | O_DIRECTORY |
							     O_CLOEXEC);
		}
		free(procs);
	}
	if (ret < 0)
		cgroup_free(made);
	else
		*group = made;
	return ret;
}

int
cgroup_enter(const struct cgroup *group, int is_in_v2)
{
	const struct hierarchy *items = group->cgroups->items;

	/* Last the one that moves it to the slot's CPUs, where a test may run
	 * that has its own. */
	for (unsigned last = 0; last < 2; last++)
		for (size_t i = 0; i < group->cgroups->count; i++) {
			unsigned moves = !!(items[i].controllers &
					    CONTROLLER_CPUSET);

			if (group->procs[i] < 0 || moves != last ||
			    (is_in_v2 && items[i].version == 2))
				continue;
			if (write(group->procs[i], "0", 1) != 1)
				return -1;
		}
	return 0;
}

int
cgroup_clone_fd(const struct cgroup *group)
{
	return group->v2;
}

void
cgroup_kill(struct cgroup *group)
{
	for (size_t i = 0; i < CGROUP_MAX_HIERARCHIES; i++) {
		if (!group->dirs[i])
			continue;
		if (cgroup_write(group->dirs[i], "cgroup.kill", "1") < 0)
			cgroup_kill_listed(group->dirs[i]);
		/* All of them hold the same processes. */
		return;
	}
}

int
cgroup_is_empty(const struct cgroup *group)
{
	char text[32];

	for (size_t i = 0; i < CGROUP_MAX_HIERARCHIES; i++)
		if (group->dirs[i])
			return cgroup_slurp(group->dirs[i], "cgroup.procs",
					    text, sizeof(text)) < 0 ||
			       !*text;
	return 1;
}

/* The first directory whose hierarchy has the controller, 0: is v2. */
static const char *
dir_with(const struct cgroup *group, unsigned controller, int *version)
{
	for (size_t i = 0; i < group->cgroups->count; i++) {
		const struct hierarchy *item = &group->cgroups->items[i];

		if (group->dirs[i] &&
		    (controller ? item->controllers & controller
				: item->version == 2)) {
			*version = item->version;
			return group->dirs[i];
		}
	}
	return NULL;
}

static int64_t
read_number(const char *dir, const char *file, const char *key)
{
	char text[2048];

	if (!dir || cgroup_slurp(dir, file, text, sizeof(text)) < 0)
		return -1;
	return cgroup_number(text, key);
}

int64_t
cgroup_cpu_ns(const struct cgroup *group)
{
	int version;
	const char *dir = dir_with(group, CONTROLLER_CPUACCT, &version);
	int64_t us;

	if (dir)
		return read_number(dir, "cpuacct.usage", "");
	us = read_number(dir_with(group, 0, &version), "cpu.stat",
			 "usage_usec");
	return us < 0 ? -1 : us * 1000;
}

int64_t
cgroup_memory_bytes(const struct cgroup *group)
{
	int version = 0;
	const char *dir = dir_with(group, CONTROLLER_MEMORY, &version);

	return read_number(
		dir, version == 2 ? "memory.current" : "memory.usage_in_bytes",
		"");
}

int64_t
cgroup_oom_kills(const struct cgroup *group)
{
	int version;
	const char *dir = dir_with(group, CONTROLLER_MEMORY, &version);

	return dir ? read_number(dir,
				 version == 2 ? "memory.events"
					      : "memory.oom_control",
				 "oom_kill")
		   : -1;
}

/* `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234` in microseconds. */
static int64_t
read_pressure(const char *dir)
{
	char text[512], *at;

	if (!dir || cgroup_slurp(dir, "cpu.pressure", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, "total=");
	return at ? strtoll(at + 6, NULL, 10) * 1000 : -1;
}

void
cgroup_read(const struct cgroup *group, struct cgroup_stats *stats)
{
	int version = 0;
	const char *memory = dir_with(group, CONTROLLER_MEMORY, &version);
	const char *pids, *v2;
	int64_t us;

	stats->peak_bytes = read_number(
		memory,
		version == 2 ? "memory.peak" : "memory.max_usage_in_bytes", "");
	stats->cpu_ns = cgroup_cpu_ns(group);
	stats->oom_kills = cgroup_oom_kills(group);
	pids = dir_with(group, CONTROLLER_PIDS, &version);
	stats->refused_forks = read_number(pids, "pids.events", "max");
	v2 = dir_with(group, 0, &version);
	stats->waited_ns = read_pressure(v2);
	us = read_number(v2, "cpu.stat", "throttled_usec");
	stats->throttled_ns = us < 0 ? -1 : us * 1000;
}

void
cgroup_reset_peak(const struct cgroup *group)
{
	int version = 0;
	const char *dir = dir_with(group, CONTROLLER_MEMORY, &version);

	/* v2 resets it for one descriptor only, since 6.12. */
	if (dir && version == 1)
		(void)cgroup_write(dir, "memory.max_usage_in_bytes", "0");
}

/* Processes that just died may hold it for a moment. */
static void
remove_group(const char *dir)
{
	for (int tries = 0; rmdir(dir) < 0; tries++) {
		if (errno != EBUSY || tries == 500) {
			if (errno != ENOENT)
				log_event(LOG_WARNING, "%s: %s", dir,
					  strerror(errno));
			return;
		}
		clock_sleep_ms(tries < 100 ? 1 : 10);
	}
}

void
cgroup_free(struct cgroup *group)
{
	if (!group)
		return;
	io_close(&group->v2);
	for (size_t i = 0; i < CGROUP_MAX_HIERARCHIES; i++) {
		io_close(&group->procs[i]);
		if (group->dirs[i])
			remove_group(group->dirs[i]);
		free(group->dirs[i]);
	}
	free(group);
}
