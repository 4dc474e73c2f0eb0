#include "runner/sandbox.h"
#include "runner/layout.h"
#include "runner/trial.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A build writes without quota nowhere: it runs in a tmpfs of limited size,
 * and what it made leaves as a stream of tar. The build can make that stream
 * say anything, so it is bounded, and unpacked in a second sandbox that can
 * write to the target and nothing else.
 */

enum {
	PACK_EXTRA_BYTES = 64 << 20, /* headers, beside the disk's limit */
	UNPACK_MS = 300000
};

struct plan {
	struct sandbox_step steps[SANDBOX_MAX_STEPS];
	enum sandbox_phase phases[SANDBOX_MAX_STEPS];
	size_t count;
};

static const char *const copy_argv[] = {
	"/bin/cp", "-a", "--no-preserve=ownership", "/src/.", "/t/", NULL
};
static const char *const pack_argv[] = { "/bin/tar",    "-c",
					 "--sort=name", "--owner=0",
					 "--group=0",   "--numeric-owner",
					 "-f",          "-",
					 "-C",          "/t",
					 ".",           NULL };
static const char *const unpack_argv[] = { "/bin/tar",
					   "-x",
					   "--no-same-permissions",
					   "--no-same-owner",
					   "-f",
					   "-",
					   "-C",
					   "/t",
					   NULL };

/* Compilers by way of ccache, whose files the next slot's user may replace. */
static const char *const cache_env[] = {
	"PATH=/usr/lib/ccache:/usr/local/bin:/usr/bin:/bin",
	("CCACHE_DIR=" LAYOUT_CACHE),
	"CCACHE_UMASK=000",
	"CCACHE_MAXSIZE=2G",
	"CCACHE_TEMPDIR=/tmp",
};

static void
add_step(struct plan *plan, enum sandbox_phase phase, const char *const *argv)
{
	plan->steps[plan->count].argv = argv;
	plan->steps[plan->count].packs = phase == SANDBOX_PHASE_PACK;
	plan->phases[plan->count++] = phase;
}

static void
explain(const struct sandbox *sandbox, const struct sandbox_build *build,
	const struct sandbox_result *run, struct sandbox_build_result *result)
{
	static const char *const names[] = {
		[SANDBOX_PHASE_COPY] = "copying the source",
		[SANDBOX_PHASE_SETUP] = "setup",
		[SANDBOX_PHASE_BUILD] = "build",
		[SANDBOX_PHASE_PACK] = "packing what was built",
		[SANDBOX_PHASE_UNPACK] = "unpacking what was built",
	};
	char why[sizeof(result->why) - 32];

	trial_explain(&sandbox->limits, run, build->timeout_ms,
		      "the build's time limit", why, sizeof(why));
	if (run->tree_full && run->end != SANDBOX_MEMORY)
		snprintf(result->why, sizeof(result->why),
			 "%s: the disk was full (limit %lld MB)",
			 names[result->phase],
			 (long long)(sandbox->limits.disk_bytes >> 20));
	else
		snprintf(result->why, sizeof(result->why), "%s: %s",
			 names[result->phase], why);
	result->failed = 1;
}

/* One sandbox of either kind, and what it means for the build. */
static int
run_plan(struct sandbox *sandbox, const struct sandbox_build *build,
	 const struct plan *plan, struct sandbox_command *command,
	 struct sandbox_build_result *result, struct err *err)
{
	struct sandbox_result run = SANDBOX_RESULT_INIT;
	int ret;

	command->steps = plan->steps;
	command->step_count = plan->count;
	command->data = build->data;
	command->watch = build->watch;
	command->on_watch = build->on_watch;
	ret = sandbox_run(sandbox, command, &run, err);
	if (!ret) {
		result->phase =
			plan->phases[run.step < plan->count ? run.step
							    : plan->count - 1];
		if (run.end == SANDBOX_STOPPED)
			result->stopped = 1;
		else if (run.end != SANDBOX_EXITED || run.status)
			explain(sandbox, build, &run, result);
		buf_add(&result->log, buf_text(&run.log), run.log.len);
	}
	sandbox_result_release(&run);
	return ret;
}

static int
is_given(const char *command)
{
	return command && *command;
}

static int
build_into(struct sandbox *sandbox, const struct sandbox_build *build, int pack,
	   struct sandbox_build_result *result, struct err *err)
{
	const char *const setup_argv[] = { "/bin/sh", "-c", build->setup,
					   NULL };
	const char *const build_argv[] = { "/bin/sh", "-c", build->build,
					   NULL };
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct plan plan = { .count = 0 };
	const struct texts env = { .items = (char **)(uintptr_t)cache_env,
				   .count = sizeof(cache_env) /
					    sizeof(*cache_env) };

	add_step(&plan, SANDBOX_PHASE_COPY, copy_argv);
	if (is_given(build->setup))
		add_step(&plan, SANDBOX_PHASE_SETUP, setup_argv);
	if (is_given(build->build))
		add_step(&plan, SANDBOX_PHASE_BUILD, build_argv);
	add_step(&plan, SANDBOX_PHASE_PACK, pack_argv);
	command.source = build->source;
	command.cache = build->cache;
	command.env = build->cache ? &env : NULL;
	command.timeout_ms = build->timeout_ms;
	command.pack = pack;
	command.pack_bytes = sandbox->limits.disk_bytes + PACK_EXTRA_BYTES;
	return run_plan(sandbox, build, &plan, &command, result, err);
}

static int
unpack(struct sandbox *sandbox, const struct sandbox_build *build, int pack,
       struct sandbox_build_result *result, struct err *err)
{
	struct sandbox_command command = SANDBOX_COMMAND_INIT;
	struct plan plan = { .count = 0 };

	if (lseek(pack, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot rewind what was built");
	add_step(&plan, SANDBOX_PHASE_UNPACK, unpack_argv);
	command.tree = build->target;
	command.tree_writable = 1;
	command.in = pack;
	command.timeout_ms = UNPACK_MS;
	return run_plan(sandbox, build, &plan, &command, result, err);
}

/* A file without a name on the target's disk, and the target for its user. */
static int
open_target(const struct sandbox *sandbox, const char *target, int *pack,
	    struct err *err)
{
	int dir = open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int ret = 0;

	if (dir < 0)
		return err_errno(err, "%s", target);
	if (sandbox->user.drops &&
	    fchown(dir, sandbox->user.uid, sandbox->user.gid) < 0)
		ret = err_errno(err, "%s", target);
	/* Where the file system has none (NFS, old overlays) in /tmp. */
	*pack = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*pack < 0)
		*pack = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (!ret && *pack < 0)
		ret = err_errno(err, "no temporary file for %s", target);
	io_close(&dir);
	return ret;
}

int
sandbox_build(struct sandbox *sandbox, const struct sandbox_build *build,
	      struct sandbox_build_result *result, struct err *err)
{
	int64_t start_ns = clock_monotonic_ns(&clock_real);
	int pack = -1, ret;

	memset(result, 0, sizeof(*result));
	ret = open_target(sandbox, build->target, &pack, err);
	if (!ret)
		ret = build_into(sandbox, build, pack, result, err);
	if (!ret && !result->failed && !result->stopped)
		ret = unpack(sandbox, build, pack, result, err);
	io_close(&pack);
	result->wall_ns = clock_monotonic_ns(&clock_real) - start_ns;
	return ret;
}

void
sandbox_build_result_release(struct sandbox_build_result *result)
{
	buf_release(&result->log);
}

char *
sandbox_cache(const struct sandbox *sandbox, const char *path, struct err *err)
{
	char *dir = file_join(path, "ccache");
	int fd = -1, ret = file_make_dirs(path, 0700, err);

	/* Nobody but us on the way there, whatever it was made with. */
	if (!ret && chmod(path, 0700) < 0)
		ret = err_errno(err, "%s", path);
	if (!ret && mkdir(dir, 0700) < 0 && errno != EEXIST)
		ret = err_errno(err, "%s", dir);
	if (!ret) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fchmod(fd, sandbox->user.drops ? 0777 : 0700) < 0)
			ret = err_errno(err, "%s", dir);
	}
	io_close(&fd);
	if (!ret)
		return dir;
	free(dir);
	return NULL;
}
