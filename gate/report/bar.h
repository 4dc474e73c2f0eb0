#ifndef REPORT_BAR_H
#define REPORT_BAR_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Append `[######......]  45 %  what, 12 s left`, in at most so many columns:
 * for the pusher and for a terminal. left_ms negative: not known.
 */
void bar_add(struct buf *buf, size_t columns, double share, const char *what,
	     int64_t left_ms);

#endif
