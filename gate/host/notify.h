#ifndef HOST_NOTIFY_H
#define HOST_NOTIFY_H

#include <stdint.h>

struct host_result;

/*
 * Give json on stdin to a shell command, in a process group of its own, with an
 * environment that holds neither git's variables nor secrets. It has
 * timeout_ms; then the group is killed. The end of its stderr goes into
 * result->why. Exit 0 is DELIVERED; anything else RETRY, and after
 * NOTIFY_MAX_TRIES of them REFUSED. Waits for the end; result->tag is kept.
 * SIGPIPE must be ignored.
 */
enum { NOTIFY_MAX_TRIES = 8 };

void notify_run(const char *command, const char *json, int64_t timeout_ms,
		unsigned tries, struct host_result *result);

#endif
