#ifndef POOL_SESSION_H
#define POOL_SESSION_H

#include <jansson.h>
#include <stdint.h>

struct err;
struct texts;

/*
 * A session: one runner, reached through a pipe on its stdin and one from its
 * stdout, in the protocol of base/protocol.h. How the runner was started (here
 * or through an engine that reaches another machine) makes no difference.
 */
struct session;

struct session_rules {
	const char *runner; /* path of pacegate-runner */
	const char *launch; /* words to put before it, NULL: start it here */
	const char *cache;  /* its cache directory */
	const char *cache_size; /* "2G" */
	const char *user;       /* the slot's user, NULL: the runner's choice */
	int log_fd;             /* its stderr, -1: /dev/null */
};

/* The runner's own words of a command line, to be followed by where it is to
 * run. */
void session_add_runner(struct texts *words, const struct session_rules *rules);

/* Start a command whose stdin and stdout a runner has; log_fd as above. */
int session_start(struct session **session, const struct texts *words,
		  int log_fd, struct err *err);

/*
 * The next message, owned by the caller: 1 and *message, 0 when the runner
 * closed its end, ERR_TIMEOUT at deadline_ms (monotonic), ERR_PROTOCOL for
 * what is no message.
 */
int session_next(struct session *session, int64_t deadline_ms, json_t **message,
		 struct err *err);

/*
 * The runner's hello: 0, also for another message. *node is set to its node's
 * name, where the caller has none yet, "?" if it does not say; node may be
 * NULL. ERR_VERSION for a runner that speaks another protocol.
 */
int session_hello(const json_t *message, char **node, struct err *err);

/* Send one message. ERR_SYSTEM when the runner is gone. */
int session_send(struct session *session, const json_t *message,
		 struct err *err);

/* For need/pack exchanges: raw bytes. */
int session_send_bytes(struct session *session, const void *bytes, size_t len,
		       struct err *err);

/* Stop it: its stdin is closed, it gets a moment, then it is killed with all
 * that it started. NULL is fine. *status as waitpid(2), may be NULL. */
void session_end(struct session *session, int *status);

#endif
