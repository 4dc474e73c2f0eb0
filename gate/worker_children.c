#include "worker_children.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/programs.h"

/* From the signal on: a runner is given some time to clean up. */
enum { END_MS = 60000 };

int
worker_children_init(struct worker_children *children, const char *gitdir,
		     int quiet, struct err *err)
{
	*children = (struct worker_children){ .gitdir = gitdir,
					      .quiet = quiet,
					      .pipe = { -1, -1 } };
	children->program = programs_find(PROGRAM_GATE);
	if (!children->program)
		return err_set(err, ERR_NOT_FOUND,
			       PROGRAM_GATE " is not installed beside this "
					    "program");
	if (io_pipe(children->pipe) < 0)
		return err_errno(err, "pipe");
	return 0;
}

int
worker_children_start(struct worker_children *children, uint64_t id,
		      const struct job_kind *kind, struct err *err)
{
	char number[24];
	const char *argv[] = {
		children->program, "work", "--repo", children->gitdir,
		"--job",           number, NULL
	};
	struct proc_options options = { .argv = argv,
					.in = children->pipe[0],
					.out = children->quiet ? -1
							       : STDOUT_FILENO,
					.err = -1 };
	struct worker_child *child;
	int ret;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)id);
	MEM_GROW(children->items, children->count, children->cap);
	child = &children->items[children->count];
	*child = (struct worker_child){ .id = id,
					.kind = kind,
					.since_s = clock_wall_s(&clock_real) };
	ret = proc_start(&options, &child->pid, err);
	if (ret < 0)
		return ret;
	child->fd = proc_open(child->pid);
	children->count++;
	return 0;
}

struct worker_child *
worker_children_find(const struct worker_children *children, uint64_t id)
{
	for (size_t i = 0; i < children->count; i++)
		if (children->items[i].id == id)
			return &children->items[i];
	return NULL;
}

void
worker_child_leave(struct worker_child *child)
{
	child->leaving = 1;
	kill(child->pid, SIGTERM);
}

void
worker_children_wait(const struct worker_children *children, int timeout_ms)
{
	int *fds = mem_new(children->count, sizeof(*fds));

	for (size_t i = 0; i < children->count; i++)
		fds[i] = children->items[i].fd;
	io_wait_any(fds, children->count, timeout_ms);
	free(fds);
}

int
worker_children_reap(struct worker_children *children,
		     struct worker_child *child, int *status)
{
	for (size_t i = 0; i < children->count; i++) {
		struct worker_child *at = &children->items[i];

		if ((at->fd >= 0 && !io_wait(at->fd, POLLIN, 0)) ||
		    proc_wait(at->pid, 0, status, NULL) == ERR_TIMEOUT)
			continue;
		io_close(&at->fd);
		*child = *at;
		*at = children->items[--children->count];
		return 1;
	}
	return 0;
}

void
worker_children_end(struct worker_children *children)
{
	int64_t until_ms = clock_monotonic_ms(&clock_real) + END_MS;

	for (size_t i = 0; i < children->count; i++)
		worker_child_leave(&children->items[i]);
	for (size_t i = 0; i < children->count; i++) {
		struct worker_child *child = &children->items[i];

		if (proc_wait(child->pid, until_ms, NULL, NULL) ==
		    ERR_TIMEOUT) {
			kill(child->pid, SIGKILL);
			proc_wait(child->pid, -1, NULL, NULL);
		}
		io_close(&child->fd);
	}
	io_close(&children->pipe[0]);
	io_close(&children->pipe[1]);
	free(children->items);
	free(children->program);
	*children = (struct worker_children){ .pipe = { -1, -1 } };
}
