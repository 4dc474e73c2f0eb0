#include "runner/sandbox.h"
#include "runner/course.h"
#include "runner/launch.h"
#include "runner/run.h"
#include "runner/sampler.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * One run. The runner starts bwrap, waits for the shim's READY, notes what the
 * counters say, lets it go, and then moves bytes until the shim is gone. What
 * ends a run early kills it; the shim's death then ends the loop like any
 * other end. Only after the last process is reaped are the counters read.
 */

enum {
	TICK_MS = 250,   /* to look for OOM kills and CPU time */
	REAP_MS = 30000, /* for killed processes to be gone */
	READ_BYTES = 65536,
	EVENT_PIPE_BYTES = 256 << 10
};

static int open_all(struct run *run, struct launch *launch, struct err *err);
static int start(struct run *run, const struct launch *launch, struct err *err);
static void loop(struct run *run);
static int reap(struct run *run, struct err *err);

int
sandbox_run(struct sandbox *sandbox, const struct sandbox_command *command,
	    struct sandbox_result *result, struct err *err)
{
	struct run run = { .sandbox = sandbox,
			   .command = command,
			   .result = result,
			   .fds = { -1, -1, -1, -1, command->watch },
			   .counters = COUNTERS_INIT,
			   .pid = -1,
			   .shim = -1 };
	struct launch launch = { .sandbox = sandbox,
				 .command = command,
				 .limits = &run.limits,
				 .out = -1,
				 .err = -1,
				 .events = -1,
				 .report = -1 };
	int ret;

	*result = (struct sandbox_result)SANDBOX_RESULT_INIT;
	if (command->course)
		course_init(command->course, command->course_interval_ns);
	run.limits = command->limits ? *command->limits : sandbox->limits;
	sandbox_limits_default(&run.limits);
	run.bytes = mem_new(READ_BYTES, 1);
	ret = open_all(&run, &launch, err);
	if (!ret)
		ret = start(&run, &launch, err);
	io_close(&launch.out);
	io_close(&launch.err);
	io_close(&launch.events);
	io_close(&launch.report);
	if (!ret) {
		loop(&run);
		sampler_stop(run.sampler);
		ret = reap(&run, err);
	}
	if (!ret)
		ret = run_conclude(&run, err);
	if (command->course)
		course_finish(command->course, result->start_ns,
			      result->end_ns);
	for (int i = 0; i < FD_WATCH; i++)
		io_close(&run.fds[i]);
	counters_close(&run.counters);
	cgroup_free(run.group);
	free(run.bytes);
	return ret;
}

void
sandbox_result_release(struct sandbox_result *result)
{
	buf_release(&result->log);
}

/* A pipe whose write end the slot's user may open again by /dev/fd/N. */
static int
open_pipe(const struct sandbox *sandbox, int *here, int *there, struct err *err)
{
	int fds[2];

	if (io_pipe(fds) < 0)
		return err_errno(err, "pipe");
	*here = fds[0];
	*there = fds[1];
	if (sandbox->user.drops &&
	    fchown(fds[1], sandbox->user.uid, sandbox->user.gid) < 0)
		return err_errno(err, "cannot give a pipe to the slot's user");
	return io_set_nonblocking(fds[0]) < 0 ? err_errno(err, "pipe") : 0;
}

static int
open_all(struct run *run, struct launch *launch, struct err *err)
{
	struct sandbox *sandbox = run->sandbox;
	const int on = 1;
	int pair[2], ret;

	if (machine_parse_cpus(sandbox->cpus, &run->cpus) < 0)
		return err_set(err, ERR_INPUT, "cpus %s", sandbox->cpus);
	ret = open_pipe(sandbox, &run->fds[FD_OUT], &launch->out, err);
	if (!ret)
		ret = open_pipe(sandbox, &run->fds[FD_ERR], &launch->err, err);
	if (!ret && run->command->on_event_bytes) {
		ret = open_pipe(sandbox, &run->fds[FD_EVENTS], &launch->events,
				err);
		if (!ret) /* so that a busy runner does not slow the test */
			fcntl(launch->events, F_SETPIPE_SZ, EVENT_PIPE_BYTES);
	}
	if (ret < 0)
		return ret;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, "socketpair");
	run->fds[FD_REPORT] = pair[0];
	launch->report = pair[1];
	if (setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return err_errno(err, "socketpair");
	return 0;
}

static struct cgroup_limits
group_limits(const struct run *run)
{
	return (struct cgroup_limits){
		.memory_bytes = run->limits.memory_bytes,
		/* bwrap and the shim are in there, too. */
		.processes = run->limits.processes + 2,
		.cpus = run->sandbox->cpus,
	};
}

/* While bwrap builds its namespaces: the work is done before the test starts,
 * and what is left of it is to wait. Without one the next run makes its own,
 * and tells what is wrong. */
static void
prepare_next(struct run *run)
{
	const struct cgroup_limits limits = group_limits(run);

	if (!run->sandbox->next)
		(void)launcher_new(run->sandbox, &limits, &run->sandbox->next,
				   NULL);
}

static int
start(struct run *run, const struct launch *launch, struct err *err)
{
	const struct cgroup_limits limits = group_limits(run);
	struct launcher *launcher = run->sandbox->next;
	int ret = 0;

	run->sandbox->next = NULL;
	if (launcher && !launcher_fits(launcher, &limits)) {
		launcher_free(launcher);
		launcher = NULL;
	}
	if (!launcher)
		ret = launcher_new(run->sandbox, &limits, &launcher, err);
	if (!ret)
		ret = launcher_start(launcher, launch, &run->pid, &run->group,
				     err);
	if (!ret)
		prepare_next(run);
	return ret;
}

static void
kill_all(struct run *run)
{
	/* bwrap's child dies with it, and with that one its namespace. */
	if (run->pid > 0)
		kill(run->pid, SIGKILL);
	cgroup_kill(run->group);
}

/* End it early; the first reason counts. */
static void
stop(struct run *run, enum sandbox_end why)
{
	if (!run->is_stopped)
		run->result->end = why;
	run->is_stopped = 1;
	kill_all(run);
}

/* Before the trial, and after whatever else is read of it. */
static void
start_sampler(struct run *run)
{
	const struct sampler_setup setup = { .root = run->shim,
					     .group = run->group,
					     .slot = &run->cpus,
					     .course = run->command->course };

	/* A trial without a course is still a trial. */
	if (setup.course && run->shim > 0)
		run->sampler = sampler_start(&setup, NULL);
}

static void
go(struct run *run)
{
	const struct counter_event *events = run->command->counters;
	const char byte = 1;
	int64_t total_bytes;

	run->is_ready = 1;
	machine_read(&run->cpus, &run->machine);
	if (!cgroups_limit_memory(run->sandbox->cgroups))
		machine_read_memory(&run->available_bytes, &total_bytes);
	cgroup_reset_peak(run->group);
	cgroup_read(run->group, &run->before);
	/* The session has probed: what fails now leaves the counts out. */
	if (events && run->shim > 0)
		(void)counters_attach(&run->counters, events, run->shim, NULL);
	start_sampler(run);
	/* One that died meanwhile is seen at the next receive. */
	(void)send(run->fds[FD_REPORT], &byte, 1, MSG_NOSIGNAL);
}

static void
started(struct run *run, const struct shim_message *message)
{
	if (run->is_started)
		return;
	run->is_started = 1;
	run->deadline_ms = message->start_ns / 1000000 +
			   run->command->timeout_ms;
	run->next_tick_ms = message->start_ns / 1000000 + TICK_MS;
	if (run->command->on_start)
		run->command->on_start(run->command->data, message->start_ns);
}

/* One message of the shim, whose pid here the kernel attaches. */
static ssize_t
receive(struct run *run, struct shim_message *message)
{
	char control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec bytes = { message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control) };
	const struct cmsghdr *part;
	struct ucred sender;
	ssize_t got;

	do
		got = recvmsg(run->fds[FD_REPORT], &header,
			      MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	part = got > 0 ? CMSG_FIRSTHDR(&header) : NULL;
	if (part && part->cmsg_level == SOL_SOCKET &&
	    part->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&sender, CMSG_DATA(part), sizeof(sender));
		run->shim = sender.pid;
	}
	return got;
}

static void
take_report(struct run *run)
{
	struct shim_message message;
	ssize_t got = receive(run, &message);

	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (got != (ssize_t)sizeof(message)) {
		run->is_over = 1;
		return;
	}
	switch ((enum shim_kind)message.kind) {
	case SHIM_READY:
		go(run);
		break;
	case SHIM_START:
		run->has_end = 0;
		run->last.step = message.step;
		started(run, &message);
		break;
	case SHIM_END:
		run->has_end = 1;
		run->last = message;
		break;
	case SHIM_DONE:
		run->last.processes = message.processes;
		run->is_over = 1;
		break;
	}
}

/* Keep the tail of the log, cutting only now and then. */
static void
add_log(struct buf *log, const char *bytes, size_t len)
{
	buf_add(log, bytes, len);
	if (log->len > 4 * SANDBOX_LOG_BYTES)
		buf_drop(log, log->len - SANDBOX_LOG_BYTES);
}

static void
take_output(struct run *run, int which)
{
	const struct sandbox_command *command = run->command;
	ssize_t got = io_read(run->fds[which], run->bytes, READ_BYTES);
	size_t len = (size_t)got, room;

	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			io_close(&run->fds[which]);
		return;
	}
	run->result->output_bytes += got;
	add_log(&run->result->log, run->bytes, len);
	if (which == FD_OUT && command->keep_stdout) {
		room = command->keep_stdout->len < command->stdout_max
			       ? command->stdout_max - command->keep_stdout->len
			       : 0;
		if (len > room)
			run->result->stdout_cut = 1;
		buf_add(command->keep_stdout, run->bytes,
			len < room ? len : room);
	}
	if (run->result->output_bytes > run->limits.output_bytes)
		stop(run, SANDBOX_OUTPUT);
}

static void
take_events(struct run *run)
{
	const struct sandbox_command *command = run->command;
	ssize_t got = io_read(run->fds[FD_EVENTS], run->bytes, READ_BYTES);
	/* After the read: what was written before it is older. */
	int64_t now_ns = clock_monotonic_ns(&clock_real);

	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			io_close(&run->fds[FD_EVENTS]);
		return;
	}
	run->event_bytes += got;
	if (run->event_bytes > SANDBOX_MAX_EVENT_BYTES ||
	    command->on_event_bytes(command->data, run->bytes, (size_t)got,
				    now_ns))
		stop(run, SANDBOX_EVENTS);
}

/* Where no group limits memory, memfds and inodes are without bound: end the
 * run before the machine is at its end. */
static int
eats_the_machine(const struct run *run)
{
	int64_t left_bytes, total_bytes;

	if (cgroups_limit_memory(run->sandbox->cgroups))
		return 0;
	machine_read_memory(&left_bytes, &total_bytes);
	return left_bytes < total_bytes / 8 &&
	       left_bytes < run->available_bytes - run->limits.memory_bytes / 2;
}

static void
tick(struct run *run, int64_t now_ms)
{
	int64_t cpu_ns, kills;

	if (!run->is_started) {
		if (now_ms >= run->deadline_ms)
			stop(run, SANDBOX_TIMEOUT);
		return;
	}
	if (now_ms >= run->deadline_ms)
		stop(run, SANDBOX_TIMEOUT);
	if (now_ms < run->next_tick_ms)
		return;
	run->next_tick_ms = now_ms + TICK_MS;
	/* On v1 one process of many is killed, and the rest may wait for it
	 * for ever. */
	kills = cgroup_oom_kills(run->group);
	if ((kills > 0 && kills > run->before.oom_kills) ||
	    eats_the_machine(run))
		stop(run, SANDBOX_MEMORY);
	cpu_ns = cgroup_cpu_ns(run->group);
	if (cpu_ns >= 0 &&
	    (cpu_ns - run->before.cpu_ns) / 1000000 > run->limits.cpu_ms)
		stop(run, SANDBOX_CPU);
}

static int
wait_ms(const struct run *run, int64_t now_ms)
{
	int64_t until = run->deadline_ms;

	if (run->is_started && run->next_tick_ms < until)
		until = run->next_tick_ms;
	/* Killed, but its end has not come: look again soon. */
	if (run->is_stopped)
		until = now_ms + 10;
	return until <= now_ms ? 0 : (int)(until - now_ms);
}

/* One wait and what it brought. The report comes first: a START is on its way
 * before any event can be. */
static void
turn(struct run *run)
{
	struct pollfd polls[FD_COUNT];
	int64_t now_ms = clock_monotonic_ms(&clock_real);

	for (int i = 0; i < FD_COUNT; i++)
		polls[i] = (struct pollfd){ .fd = run->fds[i],
					    .events = POLLIN };
	if (run->is_stopped)
		polls[FD_WATCH].fd = -1;
	if (poll(polls, FD_COUNT, wait_ms(run, now_ms)) < 0) {
		for (int i = 0; i < FD_COUNT; i++)
			polls[i].revents = 0;
	}
	if (polls[FD_REPORT].revents)
		take_report(run);
	if (polls[FD_EVENTS].revents)
		take_events(run);
	if (polls[FD_OUT].revents)
		take_output(run, FD_OUT);
	if (polls[FD_ERR].revents)
		take_output(run, FD_ERR);
	if (polls[FD_WATCH].revents && run->command->on_watch &&
	    run->command->on_watch(run->command->data))
		stop(run, SANDBOX_STOPPED);
	tick(run, clock_monotonic_ms(&clock_real));
}

/* What is still in a pipe after everybody is gone. */
static void
drain(struct run *run)
{
	int before;

	for (int which = FD_OUT; which <= FD_EVENTS; which++)
		do {
			before = run->fds[which];
			if (before < 0 || io_wait(before, POLLIN, 0) <= 0)
				break;
			if (which == FD_EVENTS)
				take_events(run);
			else
				take_output(run, which);
		} while (run->fds[which] >= 0);
}

static void
loop(struct run *run)
{
	int64_t give_up_ms = clock_monotonic_ms(&clock_real) + RUN_READY_MS;

	run->deadline_ms = give_up_ms;
	while (!run->is_over) {
		turn(run);
		if (!run->is_stopped)
			give_up_ms = clock_monotonic_ms(&clock_real) + REAP_MS;
		else if (clock_monotonic_ms(&clock_real) > give_up_ms)
			break;
	}
}

/* One that ended, or 0; negative when there are none left. The first process
 * is only seen by its number as long as it did not execute bwrap. */
static pid_t
wait_for_one(const struct run *run)
{
	pid_t pid = waitpid(-1, NULL, WNOHANG);

	if (pid < 0 && errno == ECHILD && run->pid > 0)
		pid = waitpid(run->pid, NULL, WNOHANG | __WALL);
	return pid;
}

/* Wait until no process descends from us, but for the next run's; kill what
 * does not end itself. */
static int
reap(struct run *run, struct err *err)
{
	int64_t start_ms = clock_monotonic_ms(&clock_real);
	unsigned pause_us = 50;

	for (;;) {
		pid_t pid = wait_for_one(run);
		int64_t spent_ms;

		if (pid < 0 && errno == ECHILD)
			break;
		if (pid > 0) {
			if (pid == run->pid)
				run->pid = -1;
			continue;
		}
		spent_ms = clock_monotonic_ms(&clock_real) - start_ms;
		/* The shim has reported: bwrap leaves by itself. */
		if (!run->is_over || run->is_stopped || spent_ms > 200)
			kill_all(run);
		if (spent_ms > REAP_MS)
			return err_set(err, ERR_TIMEOUT,
				       "processes of a test do not die: look "
				       "for them as user %s",
				       run->sandbox->user.name);
		usleep(pause_us);
		/* Mostly it is a matter of one or two milliseconds. */
		if (pause_us < (spent_ms < 20 ? 200u : 5000u))
			pause_us *= 2;
	}
	drain(run);
	return 0;
}
