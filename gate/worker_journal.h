#ifndef GATE_WORKER_JOURNAL_H
#define GATE_WORKER_JOURNAL_H

#include <stddef.h>

struct err;
struct gate;

/*
 * What pre-receive let through, by what the refs hold now: a post-receive may
 * never come. What landed is queued or recorded (land.h); what did not, in some
 * minutes, is dropped. tell (or NULL) hears of what cannot be settled; *count
 * grows by what was.
 */
int worker_settle(struct gate *gate, void (*tell)(const char *line),
		  size_t *count, struct err *err);

#endif
