#ifndef RUNNER_SESSION_H
#define RUNNER_SESSION_H

#include <stdint.h>

/*
 * One session of the protocol in base/protocol.h, from hello to end: reads the
 * spec, gets the objects, prepares the revisions, runs the rounds. The session
 * ends early, with everything killed and temporary trees removed, at the end of
 * its input, by a signal, or at its time limit.
 */
struct session_options {
	int in, out;         /* to and from the gate */
	const char *cache;   /* directory, made if missing */
	int64_t cache_bytes; /* its bound; half of it for objects at most */
	int slot;            /* -1: any */
	const char *cpus;    /* NULL: all */
};

/* An exit code of base/exit.h. */
int session_serve(const struct session_options *options);

#endif
