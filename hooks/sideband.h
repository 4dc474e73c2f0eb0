#ifndef HOOKS_SIDEBAND_H
#define HOOKS_SIDEBAND_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * What the pusher sees: lines on stderr, which git shows as `remote:`.
 *
 * After a client has died nobody drains that pipe, and a hook that filled its
 * 64 KiB would hang for ever, with the push's locks held. So at most a piece of
 * 4 KiB is written at a time, only when poll(2) says that it fits, and what is
 * said while unread bytes (FIONREAD) pile up is lost. A client that was only
 * slow gets what is said after it has caught up.
 */
struct sideband {
	int fd;
	int quiet;           /* no progress: a merge by web */
	int stalled;         /* the last piece was waited for in vain */
	int64_t last_ms;     /* of the last progress line */
	size_t progress_len; /* columns that it took, to wipe it */
};

void sideband_init(struct sideband *sideband, int fd);

/* Whole lines; a text without a newline at its end gets one. */
void sideband_say(struct sideband *sideband, const char *text);

/* A line that the next one replaces, at most twice a second. */
void sideband_progress(struct sideband *sideband, const char *text);

/* Nobody reads what was said: the client is gone, or it is very slow. */
int sideband_is_unread(const struct sideband *sideband);

/* Append `pacegate: [######......]  45 %  what, 12 s left`. */
void sideband_bar(struct buf *line, double share, const char *what,
		  int64_t left_ms);

#endif
