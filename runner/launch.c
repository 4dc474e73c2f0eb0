#include "runner/launch.h"
#include "runner/cgroup.h"
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
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The child between fork and exec. The order matters: groups, mounts and
 * priorities want root, then root is given up, then bwrap is executed, which
 * must never see uid 0 (as root it would keep the kernel's root inside).
 *
 * It waits between groups and mounts until it is told what to run. It allocates
 * nothing, since other threads of the runner may have held the allocator's lock
 * when it was made.
 */

enum { DUP_ABOVE = 64 };

/* What to run, as it came. */
struct work {
	struct launch_request request;
	int fds[LAUNCH_PASSED]; /* -1: none */
	char *shim, *tree, *source, *cache;
	char **args; /* of bwrap, NULL-terminated */
};

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

/* Open each where it belongs, all others not at all. */
static void
place(int wanted[], int count)
{
	/* First all out of the way, then each to its place. */
	for (int i = 0; i < count; i++)
		if (wanted[i] >= 0) {
			wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC,
					  DUP_ABOVE);
			if (wanted[i] < 0)
				give_up("descriptor");
		}
	for (int i = 0; i < count; i++) {
		if (wanted[i] < 0)
			close(i);
		else if (dup2(wanted[i], i) < 0)
			give_up("descriptor");
	}
	if (syscall(SYS_close_range, (unsigned)count, ~0u, 0u) < 0)
		give_up("close_range");
}

/* While it waits it holds nothing of the runner but what it needs: what it
 * held would seem in use to others. stderr is the runner's so far. */
static void
keep_descriptors(const struct sandbox *sandbox, int request)
{
	int wanted[LAUNCH_FD_REQUEST + 1];

	for (int i = 0; i < LAUNCH_FD_REQUEST; i++)
		wanted[i] = -1;
	wanted[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	wanted[2] = 2;
	wanted[LAUNCH_FD_FILTER] = reopen(sandbox->filter);
	for (size_t i = 0; i < sandbox->file_count; i++)
		wanted[LAUNCH_FD_FILES + i] = reopen(sandbox->files[i]);
	wanted[LAUNCH_FD_REQUEST] = request;
	if (wanted[0] < 0)
		give_up("/dev/null");
	place(wanted, LAUNCH_FD_REQUEST + 1);
}

static void
place_descriptors(const struct work *work)
{
	int wanted[LAUNCH_FD_COUNT] = {
		[0] = work->fds[LAUNCH_IN] < 0 ? 0 : work->fds[LAUNCH_IN],
		[1] = work->fds[LAUNCH_OUT],
		[2] = work->fds[LAUNCH_ERR],
		[SHIM_FD_EVENTS] = work->fds[LAUNCH_EVENTS],
		[SHIM_FD_REPORT] = work->fds[LAUNCH_REPORT],
		[SHIM_FD_PACK] = work->fds[LAUNCH_PACK],
	};

	for (int i = LAUNCH_FD_FILTER; i < LAUNCH_FD_COUNT; i++)
		wanted[i] = fcntl(i, F_GETFD) < 0 ? -1 : i;
	place(wanted, LAUNCH_FD_COUNT);
}

/* The message; the runner that goes away instead is the end of us. */
static void
receive(struct work *work)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(LAUNCH_PASSED * sizeof(int))];
	} control;
	struct iovec part = { &work->request, sizeof(work->request) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header;
	const int *passed;
	ssize_t got;

	do
		got = recvmsg(LAUNCH_FD_REQUEST, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	header = CMSG_FIRSTHDR(&message);
	if (got != (ssize_t)sizeof(work->request) || !header)
		_exit(EXIT_OURS);
	passed = (const int *)(const void *)CMSG_DATA(header);
	for (int i = 0; i < LAUNCH_PASSED; i++)
		work->fds[i] = work->request.passed & 1u << i ? *passed++ : -1;
}

static char *
next_text(char **at)
{
	char *text = *at;

	*at += strlen(text) + 1;
	return *text ? text : NULL;
}

static void
read_texts(struct work *work)
{
	size_t count = work->request.texts_count - 4;
	char *at = mmap(NULL, work->request.texts_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE, work->fds[LAUNCH_TEXTS], 0);

	work->args = mmap(NULL, (count + 1) * sizeof(char *),
			  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (at == MAP_FAILED || work->args == MAP_FAILED)
		give_up("arguments");
	work->shim = next_text(&at);
	work->tree = next_text(&at);
	work->source = next_text(&at);
	work->cache = next_text(&at);
	for (size_t i = 0; i < count; i++) {
		work->args[i] = at;
		at += strlen(at) + 1;
	}
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
set_limits(const struct work *work)
{
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_MEMLOCK, 8 << 20);
	set_limit(RLIMIT_MSGQUEUE, 0);
	set_limit(RLIMIT_RTPRIO, 0);
	set_limit(RLIMIT_NICE, 0);
	set_stack();
	set_limit(RLIMIT_FSIZE, (rlim_t)work->request.file_bytes);
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
stage_all(const struct work *work)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		give_up("cannot have mounts of our own");
	/* bwrap reads the table of mounts for each of its own: no more in it
	 * than there must be. Where it fails it is only slower. */
	(void)umount2("/sys", MNT_DETACH);
	if (mount("pacegate", SLOTUSER_DIR, "tmpfs", MS_NOSUID | MS_NODEV,
		  "size=64k,mode=0755") < 0)
		give_up(SLOTUSER_DIR);
	stage(work->shim, LAUNCH_STAGED_SHIM, 0);
	if (work->tree)
		stage(work->tree, LAUNCH_STAGED_TREE, 1);
	if (work->source)
		stage(work->source, LAUNCH_STAGED_SOURCE, 1);
	if (work->cache)
		stage(work->cache, LAUNCH_STAGED_CACHE, 1);
}

/* Up to here all runs are alike. */
static void
wait_for_work(const struct sandbox *sandbox, const struct cgroup *group,
	      int is_in_v2, int request, struct work *work)
{
	int entered = 0, error;

	/* Not to be there when the runner is not, whatever we wait for. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		give_up("cannot die with the runner");
	reset_process();
	entered = cgroup_enter(group, is_in_v2);
	error = errno;
	keep_descriptors(sandbox, request);
	offer_to_oom_killer();
	receive(work);
	/* From here on messages go to the run's log. */
	if (dup2(work->fds[LAUNCH_ERR], 2) < 0)
		_exit(EXIT_OURS);
	errno = error;
	if (entered < 0)
		give_up("cannot enter the control group");
	read_texts(work);
}

void
launch_child(const struct sandbox *sandbox, const struct cgroup *group,
	     int is_in_v2, int request)
{
	char *const no_environment[] = { NULL };
	struct work work;

	wait_for_work(sandbox, group, is_in_v2, request, &work);
	if (sandbox->user.drops)
		stage_all(&work);
	place_descriptors(&work);
	set_limits(&work);
	pin(sandbox);
	if (slotuser_become(&sandbox->user) < 0)
		give_up("cannot become the slot's user");
	/* A bwrap that is setuid must not become root either. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		give_up("no_new_privs");
	execve(sandbox->bwrap, work.args, no_environment);
	give_up(sandbox->bwrap);
}
