#include "runner/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * pid 1 of a sandbox, and the stopwatch. It runs the command, measures it from
 * just before the fork to just after wait4(), kills what the command left, and
 * reports over a socket that the command never sees. It is static and needs
 * nothing of the root file system.
 *
 * The command runs under the same uid: so this process is not dumpable, which
 * keeps its memory and descriptors in /proc out of reach, and signals to pid 1
 * from inside its namespace do nothing.
 */

struct shim {
	rlim_t processes, files, cpu_s, data_bytes;
	unsigned flags;
	struct shim_message report;
};

struct step {
	int packs;
	char **argv; /* NULL-terminated */
};

static const char *const full_paths[] = { "/tmp", "/dev/shm", "/t" };

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
cpu_ns(const struct rusage *usage)
{
	return ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		       1000000000 +
	       ((int64_t)usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) *
		       1000;
}

static void
say(struct shim *shim, enum shim_kind kind)
{
	ssize_t sent;

	shim->report.kind = kind;
	do
		sent = send(SHIM_FD_REPORT, &shim->report, sizeof(shim->report),
			    MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent != (ssize_t)sizeof(shim->report))
		_exit(3);
}

static int
heard_go(void)
{
	ssize_t got;
	char byte;

	do
		got = recv(SHIM_FD_REPORT, &byte, 1, 0);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

/* The last pid given out in this namespace: how many were, so far. */
static int64_t
last_pid(void)
{
	char text[128], *at;
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return -1;
	text[got] = '\0';
	at = strrchr(text, ' ');
	return at ? strtoll(at + 1, NULL, 10) : -1;
}

static void
limit(int resource, rlim_t soft, rlim_t hard)
{
	const struct rlimit both = { soft, hard };

	if (soft && setrlimit((__rlimit_resource_t)resource, &both) < 0)
		_exit(3);
}

/* In the child of vfork(): the memory is still the parent's. */
__attribute__((noreturn)) static void
become(const struct shim *shim, const struct step *step, volatile int *failed)
{
	unsigned first = shim->flags & SHIM_HAS_EVENTS ? SHIM_FD_REPORT
						       : SHIM_FD_EVENTS;

	if (step->packs && dup2(SHIM_FD_PACK, 1) < 0)
		_exit(3);
	syscall(SYS_close_range, first, ~0u, 0u);
	setsid();
	limit(RLIMIT_NOFILE, shim->files, shim->files);
	limit(RLIMIT_DATA, shim->data_bytes, shim->data_bytes);
	/* A test may catch the soft limit; the hard one kills. */
	limit(RLIMIT_CPU, shim->cpu_s, shim->cpu_s + 1);
	limit(RLIMIT_NPROC, shim->processes, shim->processes);
	if (shim->flags & SHIM_FIXED_LAYOUT)
		personality(ADDR_NO_RANDOMIZE);
	execv(step->argv[0], step->argv);
	*failed = errno;
	_exit(127);
}

/* Wait for the command; orphans of it come by here too. */
static void
wait_for(struct shim *shim, pid_t child)
{
	struct shim_message *report = &shim->report;
	struct rusage usage;
	int status;

	for (;;) {
		pid_t pid = wait4(-1, &status, 0, &usage);

		if (pid == child) {
			report->end_ns = now_ns();
			report->status = status;
			report->usage = usage;
			return;
		}
		if (pid > 0)
			report->strays_cpu_ns += cpu_ns(&usage);
		else if (errno != EINTR)
			_exit(3);
	}
}

static void
note_full(struct shim *shim)
{
	size_t count = shim->flags & SHIM_TREE_IS_TMPFS ? 3 : 2;
	struct statvfs info;

	for (size_t i = 0; i < count; i++)
		if (!statvfs(full_paths[i], &info) &&
		    (!info.f_bavail || !info.f_favail))
			shim->report.full |= 1u << i;
}

/* Nothing of a step outlives it. */
static void
kill_strays(struct shim *shim)
{
	struct rusage usage;
	pid_t pid;

	while (kill(-1, SIGKILL) == 0 || errno != ESRCH) {
		pid = wait4(-1, NULL, 0, &usage);
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid > 0) {
			shim->report.strays++;
			shim->report.strays_cpu_ns += cpu_ns(&usage);
		}
	}
	while (wait4(-1, NULL, WNOHANG, &usage) > 0)
		shim->report.strays++;
}

/* True when the next step may run. */
static int
run_step(struct shim *shim, const struct step *step)
{
	volatile int failed = 0;
	pid_t child;

	shim->report.start_ns = now_ns();
	shim->report.exec_errno = 0;
	say(shim, SHIM_START);
	/* Saying it took a while. */
	shim->report.start_ns = now_ns();
	child = vfork();
	if (child < 0)
		_exit(3);
	if (!child)
		become(shim, step, &failed);
	wait_for(shim, child);
	shim->report.exec_errno = failed;
	note_full(shim);
	kill_strays(shim);
	say(shim, SHIM_END);
	shim->report.step++;
	return !failed && !shim->report.status;
}

static unsigned long long
number(char ***argv)
{
	char *end = NULL;
	unsigned long long value;

	if (!**argv)
		_exit(2);
	errno = 0;
	value = strtoull(**argv, &end, 10);
	if (errno || end == **argv || *end)
		_exit(2);
	(*argv)++;
	return value;
}

/* Cut the arguments of the next step out of argv, in place. */
static void
take_step(char ***argv, struct step *step, char **saved, char ***resume)
{
	unsigned long long count;

	step->packs = (int)number(argv);
	count = number(argv);
	step->argv = *argv;
	for (unsigned long long i = 0; i < count; i++)
		if (!*(*argv)++)
			_exit(2);
	*resume = *argv;
	*saved = **argv;
	**argv = NULL;
}

static void
prepare(struct shim *shim, char ***argv)
{
	if (getpid() != 1 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    fcntl(SHIM_FD_REPORT, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "pacegate-shim: runs only as pid 1 of "
				"pacegate-runner's sandbox\n");
		exit(2);
	}
	shim->processes = (rlim_t)number(argv);
	shim->files = (rlim_t)number(argv);
	shim->cpu_s = (rlim_t)number(argv);
	shim->data_bytes = (rlim_t)number(argv);
	shim->flags = (unsigned)number(argv);
}

int
main(int argc, char **argv)
{
	struct shim shim = { .report = { .processes = -1 } };
	unsigned long long steps;
	int64_t before;
	int more = 1;

	if (argc < 8)
		return 2;
	argv++;
	prepare(&shim, &argv);
	steps = number(&argv);
	say(&shim, SHIM_READY);
	if (!heard_go())
		return 3;
	before = last_pid();
	for (unsigned long long i = 0; more && i < steps; i++) {
		char *saved = NULL, **resume = NULL;
		struct step step;

		take_step(&argv, &step, &saved, &resume);
		more = run_step(&shim, &step);
		*resume = saved;
	}
	if (before >= 0)
		shim.report.processes = last_pid() - before;
	say(&shim, SHIM_DONE);
	return 0;
}
