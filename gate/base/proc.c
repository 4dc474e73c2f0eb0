#include "base/proc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Put the three standard descriptors in place; others vanish at exec. */
static int
child_descriptors(const struct proc_options *options, int keep)
{
	const int wanted[3] = { options->in, options->out, options->err };
	int from[3];

	/* First out of the way of 0, 1 and 2, then into place. */
	for (int i = 0; i < 3; i++) {
		int fd = wanted[i] >= 0 ? fcntl(wanted[i], F_DUPFD_CLOEXEC, 10)
					: open("/dev/null", O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return -1;
		from[i] = fd;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(from[i], i) < 0)
			return -1;
	if (keep > 3)
		syscall(SYS_close_range, 3u, (unsigned)keep - 1, 0u);
	syscall(SYS_close_range, (unsigned)keep + 1, ~0u, 0u);
	return 0;
}

static void
child_reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
}

__attribute__((noreturn)) static void
child_run(const struct proc_options *options, int report)
{
	int failed;

	child_reset_signals();
	if (options->group)
		setpgid(0, 0);
	if (options->with_parent)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (options->detach) {
		pid_t again;

		setsid();
		again = fork();
		if (again)
			_exit(again < 0 ? EXIT_OURS : EXIT_FINE);
	}
	/* The report must not sit where a standard descriptor goes. */
	report = fcntl(report, F_DUPFD_CLOEXEC, 20);
	if (report < 0 || child_descriptors(options, report) < 0 ||
	    (options->dir && chdir(options->dir) < 0))
		goto fail;
	if (options->env)
		environ = (char **)(uintptr_t)options->env;
	execvp(options->argv[0], (char *const *)(uintptr_t)options->argv);
fail:
	failed = errno;
	(void)io_write_all(report, &failed, sizeof(failed));
	_exit(EXIT_OURS);
}

int
proc_start(const struct proc_options *options, pid_t *pid, struct err *err)
{
	int report[2] = { -1, -1 }, failed = 0, ret = 0;
	ssize_t got;
	pid_t child;

	if (io_pipe(report) < 0)
		return err_errno(err, "pipe");
	child = fork();
	if (child < 0) {
		ret = err_errno(err, "fork");
		goto out;
	}
	if (!child)
		child_run(options, report[1]);
	io_close(&report[1]);
	got = io_read(report[0], &failed, sizeof(failed));
	if (got == sizeof(failed) || options->detach)
		proc_wait(child, -1, NULL, NULL);
	if (got == sizeof(failed)) {
		errno = failed;
		ret = err_errno(err, "cannot start %s", options->argv[0]);
	}
	*pid = options->detach ? 0 : child;
out:
	io_close(&report[0]);
	io_close(&report[1]);
	return ret;
}

int
proc_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0u);
}

int
proc_wait(pid_t pid, int64_t deadline_ms, int *status, struct err *err)
{
	int ignored, fd = -1;

	if (deadline_ms >= 0) {
		int64_t left = deadline_ms - clock_monotonic_ms(&clock_real);

		fd = proc_open(pid);
		if (fd >= 0 &&
		    io_wait(fd, POLLIN, left > 0 ? (int)left : 0) == 0) {
			io_close(&fd);
			return err_set(err, ERR_TIMEOUT, "process %d runs on",
				       (int)pid);
		}
		io_close(&fd);
	}
	while (waitpid(pid, status ? status : &ignored, 0) < 0)
		if (errno != EINTR)
			return err_errno(err, "wait for process %d", (int)pid);
	return 0;
}

int
proc_capture(const char *const *argv, const char *dir, struct buf *out,
	     size_t max, struct err *err)
{
	struct proc_options options = {
		.argv = argv, .dir = dir, .in = -1, .out = -1, .err = -1
	};
	int fds[2] = { -1, -1 }, status = 0, ret;
	struct buf ignored = BUF_INIT;
	pid_t pid = 0;

	if (io_pipe(fds) < 0)
		return err_errno(err, "pipe");
	options.out = fds[1];
	ret = proc_start(&options, &pid, err);
	io_close(&fds[1]);
	if (ret < 0)
		goto out;
	ret = io_read_all(fds[0], out ? out : &ignored, max, err);
	if (ret < 0)
		kill(pid, SIGKILL);
	io_close(&fds[0]);
	if (proc_wait(pid, -1, &status, ret < 0 ? NULL : err) < 0)
		ret = ERR_SYSTEM;
	else if (!ret && status)
		ret = err_set(err, ERR_SYSTEM, "%s failed (status %d)", argv[0],
			      WIFEXITED(status) ? WEXITSTATUS(status)
						: 128 + WTERMSIG(status));
out:
	io_close(&fds[0]);
	buf_release(&ignored);
	return ret;
}

int
proc_memory_file(size_t size)
{
	int fd = memfd_create("stderr", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 &&
	    (ftruncate(fd, (off_t)size) < 0 ||
	     fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0))
		io_close(&fd);
	return fd;
}

/* Until the end of input, within the time. */
static int
read_until(int fd, int64_t deadline_ms, struct buf *out, size_t max,
	   const char *name, struct err *err)
{
	for (;;) {
		int64_t left = deadline_ms - clock_monotonic_ms(&clock_real);
		ssize_t got;

		if (left <= 0 || io_wait(fd, POLLIN, (int)left) == 0)
			return err_set(err, ERR_TIMEOUT, "%s does not answer",
				       name);
		got = io_read(fd, buf_room(out, 65536), 65536);
		if (got < 0)
			return err_errno(err, "read of %s", name);
		if (!got)
			return 0;
		out->len += (size_t)got;
		out->data[out->len] = '\0';
		if (out->len > max)
			return err_set(err, ERR_LIMIT, "%s says too much",
				       name);
	}
}

/* The first line that a command said on stderr. */
static void
first_words(int fd, struct buf *text)
{
	char said[512];
	ssize_t got = pread(fd, said, sizeof(said) - 1, 0);

	said[got > 0 ? got : 0] = '\0';
	buf_add_clean(text, said, strcspn(said, "\n"), 400);
}

int
proc_ask(const char *const *argv, int timeout_ms, struct buf *out, size_t max,
	 struct err *err)
{
	int64_t until = clock_monotonic_ms(&clock_real) + timeout_ms;
	struct proc_options options = { .argv = argv, .in = -1 };
	int fds[2] = { -1, -1 }, status = 0, ret;
	struct buf said = BUF_INIT, ignored = BUF_INIT;
	pid_t pid = 0;

	options.err = proc_memory_file(1 << 16);
	if (io_pipe(fds) < 0 || options.err < 0) {
		ret = err_errno(err, "pipe");
		goto out;
	}
	options.out = fds[1];
	ret = proc_start(&options, &pid, err);
	io_close(&fds[1]);
	if (ret < 0)
		goto out;
	ret = read_until(fds[0], until, out ? out : &ignored, max, argv[0],
			 err);
	if (ret < 0)
		kill(pid, SIGKILL);
	if (proc_wait(pid, -1, &status, ret < 0 ? NULL : err) < 0)
		ret = ERR_SYSTEM;
	else if (!ret && status) {
		first_words(options.err, &said);
		ret = err_set(err, ERR_SYSTEM, "%s",
			      said.len ? said.data : argv[0]);
	}
out:
	io_close(&options.err);
	io_close(&fds[0]);
	io_close(&fds[1]);
	buf_release(&ignored);
	buf_release(&said);
	return ret;
}

/* Field 22 of /proc/PID/stat; the name in field 2 may hold anything. */
static int
start_ticks(long pid, unsigned long long *ticks)
{
	struct buf stat = BUF_INIT;
	char path[64], *at;
	int ret = -1;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (file_read(path, &stat, 4096, NULL) < 0)
		goto out;
	at = strrchr(stat.data, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
		/* A zombie holds nothing any more. */
		if (at && field == 2 && at[1] == 'Z')
			goto out;
	}
	if (at && sscanf(at, "%llu", ticks) == 1)
		ret = 0;
out:
	buf_release(&stat);
	return ret;
}

static void
boot_id(char id[37])
{
	struct buf text = BUF_INIT;

	snprintf(id, 37, "%s", "-");
	if (!file_read("/proc/sys/kernel/random/boot_id", &text, 64, NULL) &&
	    text.len >= 36)
		snprintf(id, 37, "%.36s", text.data);
	buf_release(&text);
}

void
proc_identify(char id[PROC_ID_SIZE])
{
	unsigned long long ticks = 0;
	char boot[37];

	boot_id(boot);
	start_ticks((long)getpid(), &ticks);
	snprintf(id, PROC_ID_SIZE, "%ld.%llu.%s", (long)getpid(), ticks, boot);
}

int
proc_is_alive(const char *id)
{
	unsigned long long ticks = 0, now = 0;
	char boot[37], theirs[37] = "";
	long pid = 0;

	if (sscanf(id, "%ld.%llu.%36s", &pid, &ticks, theirs) != 3)
		return 0;
	boot_id(boot);
	return !strcmp(boot, theirs) && !start_ticks(pid, &now) && now == ticks;
}

char **
proc_env_clean(void)
{
	static const char *const kept[] = {
		"PATH=", "HOME=", "LANG=", "USER=",       "TMPDIR=",
		"XDG_",  "LC_",   "TZ=",   "SLURM_CONF=", NULL
	};
	char **env = NULL;
	size_t count = 0, cap = 0;

	for (char **at = environ; *at; at++)
		for (const char *const *name = kept; *name; name++)
			if (!strncmp(*at, *name, strlen(*name))) {
				MEM_GROW(env, count, cap);
				env[count++] = mem_copy_text(*at);
			}
	MEM_GROW(env, count, cap);
	env[count] = NULL;
	return env;
}

void
proc_env_free(char **env)
{
	for (char **at = env; at && *at; at++)
		free(*at);
	free(env);
}
