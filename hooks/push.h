#ifndef HOOKS_PUSH_H
#define HOOKS_PUSH_H

#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/oid.h"

struct err;

/* What git tells a receive hook: the ref lines and the push options. */
struct push_line {
	struct oid old, new;
	char *ref;
};

struct push {
	struct buf raw; /* stdin as it came, for the hooks that are chained */
	struct push_line *lines;
	size_t count, cap;
	struct texts options;
	int sha256; /* object ids of 64 digits: nothing was read */
};

/* Read fd to its end. ERR_INPUT names the line; git alone writes here, so that
 * is our failure. */
int push_read(struct push *push, int fd, struct err *err);
void push_release(struct push *push);

#endif
