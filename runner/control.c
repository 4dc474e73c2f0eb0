#include "runner/control.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/protocol.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* The handler's end of the pipe that a signal is turned into. */
static volatile sig_atomic_t signal_pipe = -1;

static const int signals_taken[] = { SIGTERM, SIGINT, SIGHUP };

static void
on_signal(int number)
{
	int saved = errno;
	char byte = (char)number;

	if (write(signal_pipe, &byte, 1) < 0)
		_exit(128 + number);
	errno = saved;
}

/* A second one kills: somebody is in a hurry. Handlers do not outlive an exec,
 * as a blocked signal would. */
static int
take_signals(struct control *control, struct err *err)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART |
						(int)SA_RESETHAND };
	int ends[2] = { -1, -1 };

	if (io_pipe(ends) < 0)
		return err_errno(err, "pipe");
	control->signals = ends[0];
	signal_pipe = ends[1];
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals_taken) / sizeof(int); i++)
		if (sigaction(signals_taken[i], &action, NULL) < 0)
			return err_errno(err, "sigaction");
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int
watch(struct control *control, int fd, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data = { .fd = fd } };

	if (epoll_ctl(control->watch, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	if (errno == EPERM)
		return err_set(err, ERR_INPUT,
			       "stdin must be a pipe or a socket to the gate");
	return err_errno(err, "epoll");
}

int
control_open(struct control *control, int in, struct err *err)
{
	int ret;

	*control = (struct control){ .watch = -1, .timer = -1, .signals = -1 };
	lines_init(&control->lines, in, PROTOCOL_MAX_LINE);
	control->watch = epoll_create1(EPOLL_CLOEXEC);
	control->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (control->watch < 0 || control->timer < 0)
		return err_errno(err, "cannot watch descriptors");
	ret = take_signals(control, err);
	if (!ret)
		ret = watch(control, in, err);
	if (!ret)
		ret = watch(control, control->timer, err);
	if (!ret)
		ret = watch(control, control->signals, err);
	return ret;
}

void
control_close(struct control *control)
{
	int pipe_end = (int)signal_pipe;

	for (size_t i = 0; i < sizeof(signals_taken) / sizeof(int); i++)
		signal(signals_taken[i], SIG_DFL);
	signal_pipe = -1;
	io_close(&pipe_end);
	io_close(&control->signals);
	io_close(&control->timer);
	io_close(&control->watch);
	lines_release(&control->lines);
}

int
control_limit(struct control *control, int64_t session_ms, struct err *err)
{
	const struct itimerspec in = {
		.it_value = { .tv_sec = session_ms / 1000,
			      .tv_nsec = session_ms % 1000 * 1000000 }
	};

	if (timerfd_settime(control->timer, 0, &in, NULL) < 0)
		return err_errno(err, "timerfd");
	return 0;
}

static void
stop(struct control *control, enum control_stop why)
{
	if (!control->stop)
		control->stop = why;
}

static void
protocol_fault(struct control *control, const char *text)
{
	struct buf clean = BUF_INIT;

	buf_add_clean(&clean, text, strlen(text), sizeof(control->why) - 1);
	snprintf(control->why, sizeof(control->why), "%s", buf_text(&clean));
	buf_release(&clean);
	stop(control, CONTROL_PROTOCOL);
}

/* {"enough": [0, 2]} is all that a gate may say while trials run. */
static void
take_message(struct control *control, const char *line, size_t len)
{
	struct err err = ERR_INIT;
	json_t *message = json_parse(line, len, &err), *tests = NULL;

	if (!message || json_get_array(message, "enough", PROTOCOL_MAX_TESTS,
				       &tests, &err) < 0)
		protocol_fault(control, err.text);
	else if (!control->on_enough)
		protocol_fault(control, "'enough' before any trial");
	for (size_t i = 0; i < json_array_size(tests) && !control->stop; i++) {
		const json_t *item = json_array_get(tests, i);

		if (!json_is_integer(item) ||
		    control->on_enough(control->data, json_integer_value(item)))
			protocol_fault(control,
				       "'enough' of what is no test's index");
	}
	json_decref(message);
}

/* Signals and the time limit, which need no reading of messages. */
static void
check_others(struct control *control)
{
	if (io_wait(control->signals, POLLIN, 0) == 1)
		stop(control, CONTROL_SIGNAL);
	if (io_wait(control->timer, POLLIN, 0) == 1)
		stop(control, CONTROL_DEADLINE);
}

int
control_check(void *data)
{
	struct control *control = data;
	struct err err = ERR_INIT;
	char *line = NULL;
	size_t len = 0;

	check_others(control);
	while (!control->stop) {
		int got = lines_next(&control->lines, 0, &line, &len, &err);

		if (got == ERR_TIMEOUT)
			break;
		if (got > 0)
			take_message(control, line, len);
		else if (got == 0)
			stop(control, CONTROL_END_OF_INPUT);
		else
			protocol_fault(control, err.text);
	}
	return control->stop != CONTROL_GO;
}

int
control_line(struct control *control, char **line, size_t *len, struct err *err)
{
	for (;;) {
		int got;

		check_others(control);
		if (control->stop)
			return 0;
		got = lines_next(&control->lines, 0, line, len, err);
		if (got == 0)
			stop(control, CONTROL_END_OF_INPUT);
		if (got != ERR_TIMEOUT)
			return got;
		if (io_wait(control->watch, POLLIN, -1) < 0)
			return err_errno(err, "poll");
	}
}

ssize_t
control_bytes(struct control *control, void *bytes, size_t len, struct err *err)
{
	const struct lines *lines = &control->lines;
	ssize_t got;

	if (lines->buf->len == lines->used &&
	    io_wait(control->watch, POLLIN, -1) < 0)
		return err_errno(err, "poll");
	check_others(control);
	if (control->stop)
		return 0;
	got = lines_take_bytes(&control->lines, bytes, len);
	if (got < 0)
		return err_errno(err, "read");
	if (got == 0)
		stop(control, CONTROL_END_OF_INPUT);
	return got;
}
