#include "host/notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/proc.h"
#include "host/host.h"
#include "host/retry.h"

enum {
	MAX_OUTPUT = 4096, /* what is kept of its stderr: the end */
	CHUNK = 4096
};

/* The command's ends of two pipes, seen from here. */
struct talk {
	int in, err; /* -1: closed */
	const char *json;
	size_t left;
	struct buf said;
};

/* A command that does not read its input is no failure: it may not need it. */
static void
write_more(struct talk *talk)
{
	ssize_t n = io_write_some(talk->in, talk->json, talk->left);

	if (n > 0) {
		talk->json += n;
		talk->left -= (size_t)n;
	}
	if (talk->left == 0 || (n < 0 && errno != EAGAIN))
		io_close(&talk->in);
}

static void
read_more(struct talk *talk)
{
	ssize_t n = io_read(talk->err, buf_room(&talk->said, CHUNK), CHUNK);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			io_close(&talk->err);
		return;
	}
	talk->said.len += (size_t)n;
	if (talk->said.len > MAX_OUTPUT)
		buf_drop(&talk->said, talk->said.len - MAX_OUTPUT);
}

/* Until it has ended, whatever it left behind still holds its stderr. 0, or
 * ERR_TIMEOUT. */
static int
talk_until(struct talk *talk, pid_t pid, int64_t deadline_ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0u), has_ended = 0, ret = 0;

	while (!has_ended && ret == 0 && (talk->err >= 0 || fd >= 0)) {
		int64_t left = deadline_ms - clock_monotonic_ms(&clock_real);
		struct pollfd fds[3] = { { talk->err, POLLIN, 0 },
					 { talk->in, POLLOUT, 0 },
					 { fd, POLLIN, 0 } };

		if (left <= 0 ||
		    (poll(fds, 3, (int)left) < 0 && errno != EINTR)) {
			ret = ERR_TIMEOUT;
			continue;
		}
		if (talk->in >= 0 && fds[1].revents)
			write_more(talk);
		if (talk->err >= 0 && fds[0].revents)
			read_more(talk);
		has_ended = fds[2].revents != 0;
	}
	/* What it said last, at once or never. */
	while (ret == 0 && talk->err >= 0 && io_wait(talk->err, POLLIN, 0) > 0)
		read_more(talk);
	io_close(&fd);
	return ret;
}

static int
start(const char *command, struct talk *talk, pid_t *pid, struct err *err)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, ret;
	char **env = proc_env_clean();
	struct proc_options options = { .argv = argv,
					.env = (const char *const *)env,
					.group = 1 };

	if (io_pipe(in) < 0 || io_pipe(out) < 0) {
		ret = err_errno(err, "pipe");
		goto out;
	}
	options.in = in[0];
	options.out = -1;
	options.err = out[1];
	ret = proc_start(&options, pid, err);
	if (ret < 0)
		goto out;
	io_set_nonblocking(in[1]);
	io_set_nonblocking(out[0]);
	talk->in = in[1];
	talk->err = out[0];
	in[1] = out[0] = -1;
out:
	for (int i = 0; i < 2; i++) {
		io_close(&in[i]);
		io_close(&out[i]);
	}
	proc_env_free(env);
	return ret;
}

/* The last lines, which mostly say it. */
static void
tell_why(const struct talk *talk, const char *what, struct host_result *result)
{
	const char *text = buf_text(&talk->said);
	size_t len = talk->said.len, most = sizeof(result->why) / 4;
	struct buf why = BUF_INIT;

	while (len > 0 && strchr("\r\n ", text[len - 1]))
		len--;
	if (len > most) {
		text += len - most;
		len = most;
	}
	buf_addf(&why, "the command %s%s", what, len > 0 ? ": " : "");
	buf_add_clean(&why, text, len, sizeof(result->why) - 80);
	snprintf(result->why, sizeof(result->why), "%s", buf_text(&why));
	buf_release(&why);
}

static void
judge(const struct talk *talk, int status, int is_late, unsigned tries,
      struct host_result *result)
{
	struct retry retry = { .tries = tries,
			       .now_s = clock_wall_s(&clock_real),
			       .die = (uint32_t)clock_monotonic_ns(
				       &clock_real) };
	char what[64];

	if (!is_late && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		result->outcome = HOST_DELIVERED;
		return;
	}
	if (is_late)
		snprintf(what, sizeof(what), "ran out of its time");
	else if (WIFEXITED(status))
		snprintf(what, sizeof(what), "ended with %d",
			 WEXITSTATUS(status));
	else
		snprintf(what, sizeof(what), "died of signal %d",
			 WTERMSIG(status));
	tell_why(talk, what, result);
	result->outcome = tries + 1 < NOTIFY_MAX_TRIES ? HOST_RETRY
						       : HOST_REFUSED;
	if (result->outcome == HOST_RETRY)
		result->wait_s = retry_grow(&retry, RETRY_FIRST_S);
	else
		snprintf(result->advice, sizeof(result->advice),
			 "correct the command of pacegate-notify.command");
}

void
notify_run(const char *command, const char *json, int64_t timeout_ms,
	   unsigned tries, struct host_result *result)
{
	int64_t deadline_ms = clock_monotonic_ms(&clock_real) + timeout_ms;
	struct talk talk = {
		.in = -1, .err = -1, .json = json, .left = strlen(json)
	};
	struct err err = ERR_INIT;
	int status = 0, is_late;
	void *tag = result->tag;
	pid_t pid = 0;

	*result = (struct host_result){ .tag = tag };
	if (start(command, &talk, &pid, &err) < 0) {
		result->outcome = HOST_RETRY;
		result->wait_s = RETRY_FIRST_S;
		snprintf(result->why, sizeof(result->why), "%.500s", err.text);
		return;
	}
	is_late = talk_until(&talk, pid, deadline_ms) == ERR_TIMEOUT;
	/* What it left running goes with it; until it is waited for, nobody
	 * else has its number. */
	kill(-pid, SIGKILL);
	proc_wait(pid, -1, &status, NULL);
	judge(&talk, status, is_late, tries, result);
	io_close(&talk.in);
	io_close(&talk.err);
	buf_release(&talk.said);
}
