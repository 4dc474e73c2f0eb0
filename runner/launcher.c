#include "runner/launch.h"
#include "runner/cgroup.h"
#include "runner/layout.h"
#include "runner/sandbox.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct launcher {
	struct cgroup *group;
	struct cgroup_limits limits;
	int request; /* our end */
	pid_t pid;
};

/*
 * A child without an exit signal: waitpid() passes it over, without __WALL,
 * until it executes bwrap. In its v2 group from the start, where the kernel
 * can: that spares it the wait for entering.
 */
static pid_t
fork_waiting(const struct cgroup *group, int *is_in_v2)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP };
	int dir = cgroup_clone_fd(group);
	pid_t pid = -1;

	if (dir >= 0) {
		args.cgroup = (__u64)(unsigned)dir;
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	}
	*is_in_v2 = pid >= 0;
	if (pid < 0)
		pid = (pid_t)syscall(SYS_clone, 0ul, NULL, NULL, NULL, NULL);
	return pid;
}

int
launcher_new(const struct sandbox *sandbox, const struct cgroup_limits *limits,
	     struct launcher **launcher, struct err *err)
{
	struct launcher *made = mem_new(1, sizeof(*made));
	int pair[2] = { -1, -1 }, is_in_v2 = 0, ret;

	*made = (struct launcher){ .limits = *limits,
				   .request = -1,
				   .pid = -1 };
	ret = cgroup_new(sandbox->cgroups, limits, &made->group, err);
	if (!ret &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		ret = err_errno(err, "socketpair");
	made->request = pair[0];
	if (!ret) {
		made->pid = fork_waiting(made->group, &is_in_v2);
		if (!made->pid)
			launch_child(sandbox, made->group, is_in_v2, pair[1]);
		if (made->pid < 0)
			ret = err_errno(err, "fork");
	}
	io_close(&pair[1]);
	if (ret < 0)
		launcher_free(made);
	else
		*launcher = made;
	return ret;
}

int
launcher_fits(const struct launcher *launcher,
	      const struct cgroup_limits *limits)
{
	return launcher->limits.memory_bytes == limits->memory_bytes &&
	       launcher->limits.processes == limits->processes &&
	       launcher->limits.cpus == limits->cpus;
}

void
launcher_free(struct launcher *launcher)
{
	if (!launcher)
		return;
	if (launcher->pid > 0) {
		kill(launcher->pid, SIGKILL);
		while (waitpid(launcher->pid, NULL, __WALL) < 0 &&
		       errno == EINTR)
			continue;
	}
	io_close(&launcher->request);
	cgroup_free(launcher->group);
	free(launcher);
}

static void
add_text(struct buf *texts, const char *text, struct launch_request *request)
{
	if (text)
		buf_adds(texts, text);
	buf_addc(texts, '\0');
	request->texts_count++;
}

/* The texts of a request in a memory file. */
static int
write_texts(const struct launch *launch, struct launch_request *request,
	    int *fd, struct err *err)
{
	const struct sandbox *sandbox = launch->sandbox;
	const struct sandbox_command *command = launch->command;
	struct layout_paths paths = { .shim = sandbox->shim,
				      .tree = command->tree,
				      .source = command->source,
				      .cache = command->cache };
	struct texts args = { 0 };
	struct buf texts = BUF_INIT;
	int ret = 0;

	add_text(&texts, paths.shim, request);
	add_text(&texts, paths.tree, request);
	add_text(&texts, paths.source, request);
	add_text(&texts, paths.cache, request);
	if (sandbox->user.drops) {
		paths.shim = LAUNCH_STAGED_SHIM;
		paths.tree = paths.tree ? LAUNCH_STAGED_TREE : NULL;
		paths.source = paths.source ? LAUNCH_STAGED_SOURCE : NULL;
		paths.cache = paths.cache ? LAUNCH_STAGED_CACHE : NULL;
	}
	layout_arguments(sandbox, command, launch->limits, &paths, &args);
	for (size_t i = 0; i < args.count; i++)
		add_text(&texts, args.items[i], request);
	request->texts_bytes = texts.len;
	*fd = memfd_create("arguments", MFD_CLOEXEC);
	if (*fd < 0 || io_write_all(*fd, texts.data, texts.len) < 0)
		ret = err_errno(err, "cannot make a file in memory");
	texts_release(&args);
	buf_release(&texts);
	return ret;
}

/* One message: the struct, and those descriptors that there are. */
static int
send_request(int socket, struct launch_request *request,
	     const int fds[LAUNCH_PASSED], struct err *err)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(LAUNCH_PASSED * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { request, sizeof(*request) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes };
	struct cmsghdr *header = &control.align;
	size_t count = 0;
	int passed[LAUNCH_PASSED];

	for (unsigned i = 0; i < LAUNCH_PASSED; i++)
		if (fds[i] >= 0) {
			request->passed |= 1u << i;
			passed[count++] = fds[i];
		}
	message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), passed, count * sizeof(int));
	if (sendmsg(socket, &message, MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(*request))
		return err_errno(err, "the waiting child is gone");
	return 0;
}

int
launcher_start(struct launcher *launcher, const struct launch *launch,
	       pid_t *pid, struct cgroup **group, struct err *err)
{
	const struct sandbox_command *command = launch->command;
	struct launch_request request = {
		.file_bytes = command->pack >= 0 ? command->pack_bytes
						 : launch->limits->disk_bytes
	};
	int fds[LAUNCH_PASSED] = { -1,           command->in,    launch->out,
				   launch->err,  launch->events, launch->report,
				   command->pack };
	int ret = write_texts(launch, &request, &fds[LAUNCH_TEXTS], err);

	if (!ret)
		ret = send_request(launcher->request, &request, fds, err);
	io_close(&fds[LAUNCH_TEXTS]);
	*pid = launcher->pid;
	*group = launcher->group;
	io_close(&launcher->request);
	free(launcher);
	return ret;
}
