#include "pool/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/protocol.h"

enum { END_MS = 10000, SEND_MS = 60000, MAX_NODE = 63 };

struct session {
	pid_t pid;
	int in, out;
	struct lines lines;
};

void
session_add_runner(struct texts *words, const struct session_rules *rules)
{
	texts_add(words, rules->runner);
	texts_addf(words, "--cache=%s", rules->cache);
	if (rules->cache_size)
		texts_addf(words, "--cache-size=%s", rules->cache_size);
	if (rules->user)
		texts_addf(words, "--user=%s", rules->user);
}

int
session_start(struct session **result, const struct texts *words, int log_fd,
	      struct err *err)
{
	/* A srun that waits for a node does not see that nobody listens. */
	struct proc_options options = {
		.in = -1, .out = -1, .err = log_fd, .with_parent = 1
	};
	int to[2] = { -1, -1 }, from[2] = { -1, -1 }, ret = 0;
	struct session *session = NULL;
	const char **argv = mem_new(words->count + 1, sizeof(*argv));
	char **env = proc_env_clean();
	pid_t pid = 0;

	for (size_t i = 0; i < words->count; i++)
		argv[i] = words->items[i];
	if (io_pipe(to) < 0 || io_pipe(from) < 0) {
		ret = err_errno(err, "pipe");
		goto out;
	}
	options.argv = argv;
	options.env = (const char *const *)env;
	options.in = to[0];
	options.out = from[1];
	ret = proc_start(&options, &pid, err);
	if (ret < 0)
		goto out;
	session = mem_new(1, sizeof(*session));
	*session = (struct session){ .pid = pid, .in = to[1], .out = from[0] };
	to[1] = from[0] = -1;
	io_set_nonblocking(session->in);
	lines_init(&session->lines, session->out, PROTOCOL_MAX_LINE);
out:
	for (int i = 0; i < 2; i++) {
		io_close(&to[i]);
		io_close(&from[i]);
	}
	proc_env_free(env);
	free(argv);
	*result = session;
	return ret;
}

int
session_next(struct session *session, int64_t deadline_ms, json_t **message,
	     struct err *err)
{
	char *line = NULL;
	size_t len = 0;
	int got = lines_next(&session->lines, deadline_ms, &line, &len, err);

	*message = NULL;
	if (got == ERR_LIMIT)
		return err_set(err, ERR_PROTOCOL, "the runner sent too much");
	if (got <= 0)
		return got;
	*message = json_parse(line, len, err);
	if (!json_is_object(*message)) {
		json_decref(*message);
		*message = NULL;
		err_set(err, ERR_PROTOCOL, "the runner sent no message: %.80s",
			line);
		return ERR_PROTOCOL;
	}
	return 1;
}

int
session_hello(const json_t *message, char **node, struct err *err)
{
	const json_t *hello = json_object_get(message, "hello");
	const char *name = json_text_or(hello, "node", "?");
	struct buf clean = BUF_INIT;

	if (node && !*node) {
		buf_add_clean(&clean, name, strlen(name), MAX_NODE);
		*node = buf_take(&clean);
	}
	if (!hello || json_int_or(hello, "pacegate", 0) == PROTOCOL_VERSION)
		return 0;
	return err_set(err, ERR_VERSION,
		       "the runner is version %.40s and speaks another "
		       "protocol than this gate, version " PACEGATE_VERSION
		       ": install the same version of pacegate on both sides",
		       json_text_or(hello, "version", "unknown"));
}

int
session_send_bytes(struct session *session, const void *bytes, size_t len,
		   struct err *err)
{
	const char *at = bytes;

	while (len) {
		ssize_t put = io_write_some(session->in, at, len);

		if (put < 0 && errno == EAGAIN) {
			if (io_wait(session->in, POLLOUT, SEND_MS) == 1)
				continue;
			return err_set(err, ERR_TIMEOUT,
				       "the runner does not read");
		}
		if (put < 0)
			return err_errno(err, "to the runner");
		at += put;
		len -= (size_t)put;
	}
	return 0;
}

int
session_send(struct session *session, const json_t *message, struct err *err)
{
	struct buf line = BUF_INIT;
	int ret;

	json_append(&line, message);
	buf_addc(&line, '\n');
	ret = session_send_bytes(session, line.data, line.len, err);
	buf_release(&line);
	return ret;
}

void
session_end(struct session *session, int *status)
{
	int64_t now = clock_monotonic_ms(&clock_real);

	if (!session)
		return;
	io_close(&session->in);
	/* Reading goes on meanwhile in nobody: an end that fills its pipe
	 * would wait for us. */
	io_close(&session->out);
	if (proc_wait(session->pid, now + END_MS, status, NULL) ==
	    ERR_TIMEOUT) {
		kill(session->pid, SIGTERM);
		if (proc_wait(session->pid, now + 2 * END_MS, status, NULL) ==
		    ERR_TIMEOUT) {
			kill(session->pid, SIGKILL);
			proc_wait(session->pid, -1, status, NULL);
		}
	}
	lines_release(&session->lines);
	free(session);
}
