#ifndef RUNNER_SLICE_H
#define RUNNER_SLICE_H

#include <stddef.h>

/* A part of a text that somebody else owns; it has no NUL at its end. */
struct slice {
	const char *text;
	size_t len;
};

int slice_is(const struct slice *slice, const char *text);
int slice_begins(const struct slice *slice, const char *text);

/* Drop len bytes in front; there must be that many. */
void slice_advance(struct slice *slice, size_t len);

/* Drop white space at both ends. */
void slice_trim(struct slice *slice);

#endif
