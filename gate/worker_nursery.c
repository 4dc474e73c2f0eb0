#include "worker_nursery.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"

struct request {
	uint64_t id;
	uint64_t wish;
};

struct answer {
	uint64_t id;
	int64_t status;
};

struct born {
	uint64_t id;
	pid_t pid;
};

/* In the nursery. fds has the socket first, then one of each process. */
struct births {
	worker_job_fn *run;
	const void *data;
	sigset_t signals; /* as they were in the worker */
	struct rlimit files;
	struct born *items;
	int *fds;
	size_t count, cap, fds_cap;
};

static int
tell_end(int fd, uint64_t id, int status)
{
	struct answer answer = { id, status };

	return io_write_all(fd, &answer, sizeof(answer));
}

/* A signal that came since the fork is delivered where run() wants it. */
__attribute__((noreturn)) static void
be_job(const struct births *births, uint64_t id)
{
	for (size_t i = 0; i <= births->count; i++)
		close(births->fds[i]);
	sigprocmask(SIG_SETMASK, &births->signals, NULL);
	setrlimit(RLIMIT_NOFILE, &births->files);
	exit(births->run(births->data, id));
}

static int
start_job(struct births *births, uint64_t id)
{
	pid_t pid = fork();
	size_t room = births->count + 1;

	if (!pid)
		be_job(births, id);
	if (pid < 0)
		return tell_end(births->fds[0], id, EXIT_OURS << 8);
	MEM_GROW(births->items, births->count, births->cap);
	MEM_GROW(births->fds, room, births->fds_cap);
	births->items[births->count] = (struct born){ id, pid };
	births->fds[++births->count] = proc_open(pid);
	return 0;
}

static int
do_request(struct births *births, const struct request *request)
{
	if (request->wish == NURSERY_START)
		return start_job(births, request->id);
	for (size_t i = 0; i < births->count; i++)
		if (births->items[i].id == request->id)
			kill(births->items[i].pid,
			     request->wish == NURSERY_KILL ? SIGKILL : SIGTERM);
	return 0;
}

static int
reap_jobs(struct births *births)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < births->count;) {
		struct born *born = &births->items[i];
		int status = 0;

		if (!io_wait(births->fds[i + 1], POLLIN, 0)) {
			i++;
			continue;
		}
		proc_wait(born->pid, -1, &status, NULL);
		ret = tell_end(births->fds[0], born->id, status);
		io_close(&births->fds[i + 1]);
		*born = births->items[--births->count];
		births->fds[i + 1] = births->fds[births->count + 1];
	}
	return ret;
}

/* A descriptor for each process. */
static void
raise_limit(struct births *births)
{
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &births->files);
	most = births->files;
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
}

/* Until the worker is gone. */
__attribute__((noreturn)) static void
be_nursery(struct births *births)
{
	int ret = 0;

	raise_limit(births);
	while (!ret) {
		struct request request;

		io_wait_any(births->fds, births->count + 1, -1);
		ret = reap_jobs(births);
		if (ret || !io_wait(births->fds[0], POLLIN, 0))
			continue;
		if (io_read(births->fds[0], &request, sizeof(request)) !=
		    sizeof(request))
			break;
		ret = do_request(births, &request);
	}
	_exit(EXIT_FINE);
}

/* stdin is the pipe, and nothing else is open but the socket and where output
 * goes. */
static int
take_place(int pipe_fd, int quiet)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(pipe_fd, STDIN_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0 ||
	    (quiet && dup2(null, STDOUT_FILENO) < 0))
		return -1;
	io_close(&null);
	return 0;
}

int
worker_nursery_start(struct worker_nursery *nursery, worker_job_fn *run,
		     const void *data, int quiet, struct err *err)
{
	struct births births = { .run = run, .data = data };
	int sockets[2] = { -1, -1 }, ends[2] = { -1, -1 }, ret = 0;
	sigset_t stops;

	*nursery = (struct worker_nursery){ .fd = -1, .hold = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) <
		    0 ||
	    io_pipe(ends) < 0) {
		ret = err_errno(err, "a socket for the worker's processes");
		goto out;
	}
	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigprocmask(SIG_BLOCK, &stops, &births.signals);
	nursery->pid = fork();
	if (!nursery->pid) {
		io_close(&sockets[0]);
		io_close(&ends[1]);
		MEM_GROW(births.fds, births.count, births.fds_cap);
		births.fds[0] = sockets[1];
		if (take_place(ends[0], quiet) < 0)
			_exit(EXIT_OURS);
		io_close(&ends[0]);
		be_nursery(&births);
	}
	sigprocmask(SIG_SETMASK, &births.signals, NULL);
	if (nursery->pid < 0) {
		ret = err_errno(err, "fork");
		goto out;
	}
	nursery->fd = sockets[0];
	nursery->hold = ends[1];
	sockets[0] = ends[1] = -1;
out:
	for (int i = 0; i < 2; i++) {
		io_close(&sockets[i]);
		io_close(&ends[i]);
	}
	return ret;
}

static int
is_gone(struct err *err)
{
	return err_set(err, ERR_SYSTEM,
		       "the process that forks the worker's is gone");
}

int
worker_nursery_ask(const struct worker_nursery *nursery, enum nursery_wish wish,
		   uint64_t id, struct err *err)
{
	struct request request = { id, wish };

	return io_write_all(nursery->fd, &request, sizeof(request)) < 0
		       ? is_gone(err)
		       : 0;
}

int
worker_nursery_next(const struct worker_nursery *nursery, int timeout_ms,
		    uint64_t *id, int *status, struct err *err)
{
	struct answer answer;

	if (io_wait(nursery->fd, POLLIN, timeout_ms) <= 0)
		return 0;
	if (io_read(nursery->fd, &answer, sizeof(answer)) != sizeof(answer))
		return is_gone(err);
	*id = answer.id;
	*status = (int)answer.status;
	return 1;
}

void
worker_nursery_end(struct worker_nursery *nursery)
{
	io_close(&nursery->fd);
	io_close(&nursery->hold);
	if (nursery->pid > 0)
		proc_wait(nursery->pid, -1, NULL, NULL);
	nursery->pid = 0;
}
