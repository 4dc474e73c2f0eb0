#include "runner/launch.h"
#include "runner/layout.h"
#include "runner/machine.h"
#include "runner/sandbox.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The child between fork and exec. The order matters: groups, mounts and
 * priorities want root, then root is given up, then bwrap is executed, which
 * must never see uid 0 (as root it would keep the kernel's root inside).
 */

#define STAGED_TREE SLOTUSER_DIR "/t"
#define STAGED_SOURCE SLOTUSER_DIR "/src"
#define STAGED_SHIM SLOTUSER_DIR "/shim"

enum { DUP_ABOVE = 64 };

__attribute__((noreturn)) static void
give_up(const char *what)
{
	fprintf(stderr, "sandbox: %s: %s\n", what, strerror(errno));
	_exit(EXIT_OURS);
}

/* The same memory file with a position of its own. */
static int
reopen(int fd)
{
	char path[32];

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		give_up("memory file");
	return fd;
}

static void
place_descriptors(const struct launch *launch)
{
	const struct sandbox *sandbox = launch->sandbox;
	int wanted[LAUNCH_FD_COUNT] = {
		[0] = launch->command->in,
		[1] = launch->out,
		[2] = launch->err,
		[SHIM_FD_EVENTS] = launch->events,
		[SHIM_FD_REPORT] = launch->report,
		[SHIM_FD_PACK] = launch->command->pack,
		[LAUNCH_FD_FILTER] = reopen(sandbox->filter),
		[LAUNCH_FD_PASSWD] = reopen(sandbox->passwd),
		[LAUNCH_FD_GROUP] = reopen(sandbox->group),
		[LAUNCH_FD_HOSTS] = reopen(sandbox->hosts),
		[LAUNCH_FD_NSSWITCH] = reopen(sandbox->nsswitch),
	};

	if (wanted[0] < 0)
		wanted[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* First all out of the way, then each to its place. */
	for (int i = 0; i < LAUNCH_FD_COUNT; i++)
		if (wanted[i] >= 0) {
			wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC,
					  DUP_ABOVE);
			if (wanted[i] < 0)
				give_up("descriptor");
		}
	for (int i = 0; i < LAUNCH_FD_COUNT; i++) {
		if (wanted[i] < 0)
			close(i);
		else if (dup2(wanted[i], i) < 0)
			give_up("descriptor");
	}
	if (syscall(SYS_close_range, (unsigned)LAUNCH_FD_COUNT, ~0u, 0u) < 0)
		give_up("close_range");
}

static void
reset_process(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	umask(022);
	if (chdir("/") < 0)
		give_up("chdir");
}

static void
set_limit(int resource, rlim_t value)
{
	const struct rlimit both = { value, value };

	if (setrlimit((__rlimit_resource_t)resource, &both) < 0 &&
	    errno != EPERM)
		give_up("setrlimit");
}

/* The soft one fixes where mappings begin; a test may raise it. */
static void
set_stack(void)
{
	struct rlimit both;

	if (getrlimit(RLIMIT_STACK, &both) < 0)
		give_up("getrlimit");
	if (both.rlim_max > 8 << 20)
		both.rlim_cur = 8 << 20;
	if (setrlimit(RLIMIT_STACK, &both) < 0)
		give_up("setrlimit");
}

static void
set_limits(const struct launch *launch)
{
	const struct sandbox_command *command = launch->command;

	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_MEMLOCK, 8 << 20);
	set_limit(RLIMIT_MSGQUEUE, 0);
	set_limit(RLIMIT_RTPRIO, 0);
	set_limit(RLIMIT_NICE, 0);
	set_stack();
	set_limit(RLIMIT_FSIZE,
		  (rlim_t)(command->pack >= 0 ? command->pack_bytes
					      : launch->limits->disk_bytes));
}

/* Where the machine's memory runs out, tests go first. */
static void
offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)io_write_all(fd, "800", 3);
	io_close(&fd);
}

static void
pin(const struct sandbox *sandbox)
{
	cpu_set_t cpus;

	if (machine_parse_cpus(sandbox->cpus, &cpus) < 0 ||
	    sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		give_up("cannot stay on the slot's CPUs");
}

static void
stage(const char *path, const char *where, int is_dir)
{
	if (is_dir) {
		if (mkdir(where, 0755) < 0)
			give_up(where);
	} else {
		int fd = open(where, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0)
			give_up(where);
		close(fd);
	}
	if (mount(path, where, NULL, MS_BIND, NULL) < 0)
		give_up(path);
}

/*
 * Root's trees lie where the slot's user may not go. In mounts that only this
 * process has, they are shown in a place where it may.
 */
static void
stage_all(const struct sandbox *sandbox, const struct sandbox_command *command,
	  struct layout_paths *paths)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		give_up("cannot have mounts of our own");
	if (mount("pacegate", SLOTUSER_DIR, "tmpfs", MS_NOSUID | MS_NODEV,
		  "size=64k,mode=0755") < 0)
		give_up(SLOTUSER_DIR);
	stage(sandbox->shim, STAGED_SHIM, 0);
	paths->shim = STAGED_SHIM;
	if (command->tree) {
		stage(command->tree, STAGED_TREE, 1);
		paths->tree = STAGED_TREE;
	}
	if (command->source) {
		stage(command->source, STAGED_SOURCE, 1);
		paths->source = STAGED_SOURCE;
	}
}

__attribute__((noreturn)) static void
child(const struct launch *launch)
{
	const struct sandbox *sandbox = launch->sandbox;
	struct layout_paths paths = { .shim = sandbox->shim,
				      .tree = launch->command->tree,
				      .source = launch->command->source };
	char *const no_environment[] = { NULL };
	struct texts args = { 0 };

	/* From here on messages go to the run's log. */
	if (dup2(launch->err, 2) < 0)
		_exit(EXIT_OURS);
	reset_process();
	if (launch->group && cgroup_enter(launch->group) < 0)
		give_up("cannot enter the control group");
	offer_to_oom_killer();
	if (sandbox->user.drops)
		stage_all(sandbox, launch->command, &paths);
	place_descriptors(launch);
	set_limits(launch);
	pin(sandbox);
	if (slotuser_become(&sandbox->user) < 0)
		give_up("cannot become the slot's user");
	/* A bwrap that is setuid must not become root either. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		give_up("no_new_privs");
	layout_arguments(sandbox, launch->command, launch->limits, &paths,
			 &args);
	texts_add(&args, "");
	free(args.items[args.count - 1]);
	args.items[args.count - 1] = NULL;
	execve(sandbox->bwrap, args.items, no_environment);
	give_up(sandbox->bwrap);
}

int
launch_start(const struct launch *launch, pid_t *pid, struct err *err)
{
	*pid = fork();
	if (*pid < 0)
		return err_errno(err, "fork");
	if (!*pid)
		child(launch);
	return 0;
}
