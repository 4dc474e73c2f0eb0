#ifndef RUNNER_CONTROL_H
#define RUNNER_CONTROL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/io.h"

struct err;

/*
 * What may end or change a session while it runs: the gate's messages and the
 * end of its input, a signal, the session's time limit. All three wake one
 * descriptor, so that whoever waits for a stranger's program watches that one
 * too.
 */

enum control_stop {
	CONTROL_GO,
	CONTROL_END_OF_INPUT, /* the gate is gone or has had enough */
	CONTROL_SIGNAL,
	CONTROL_DEADLINE, /* limits.session_ms */
	CONTROL_PROTOCOL  /* the gate sent what is no message */
};

struct control {
	struct lines lines;
	int watch; /* becomes readable: call control_check() */
	int timer, signals;
	enum control_stop stop;
	char why[256]; /* of CONTROL_PROTOCOL */

	/* Called for each test of an `enough` message; non-zero refuses it.
	 * NULL while none may come. */
	int (*on_enough)(void *data, long long test);
	void *data;
};

/* Take over SIGTERM, SIGINT and SIGHUP and read the gate's messages from in,
 * a pipe or a socket. */
int control_open(struct control *control, int in, struct err *err);
void control_close(struct control *control);

/* The session ends by itself after that long. */
int control_limit(struct control *control, int64_t session_ms, struct err *err);

/* Take what is there without waiting; non-zero: stop, control->stop says
 * why. For the callbacks, which is why it takes a void pointer. */
int control_check(void *control);

/* The next line, for the phases in which the gate talks: 1, 0 when the session
 * is to stop, ERR_LIMIT for a line that is too long, ERR_SYSTEM. Borrowed
 * until the next call. */
int control_line(struct control *control, char **line, size_t *len,
		 struct err *err);

/* Up to len raw bytes behind that line; 0 when the session is to stop. */
ssize_t control_bytes(struct control *control, void *bytes, size_t len,
		      struct err *err);

#endif
