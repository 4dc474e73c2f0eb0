#ifndef RUNNER_EXCHANGE_H
#define RUNNER_EXCHANGE_H

#include <stdint.h>

struct control;
struct err;
struct objects;

enum { EXCHANGE_MAX_OBJECTS = 4000000 };

/*
 * Where the gate shares no object directory: it names what the revisions need,
 * the runner (on out) what it lacks, and the gate sends a pack of at most
 * max_bytes, which goes into the cache. 1 done, 0 when the session is to stop,
 * ERR_PROTOCOL when the gate does not hold to it.
 */
int exchange_objects(struct control *control, int out, struct objects *objects,
		     int64_t max_bytes, struct err *err);

#endif
