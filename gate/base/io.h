#ifndef BASE_IO_H
#define BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct err;

/* Descriptors. EINTR is handled here and nowhere else. */

/* Read up to len bytes once; 0 at the end, -1 with errno (EAGAIN too). */
ssize_t io_read(int fd, void *bytes, size_t len);

/* Write all, waiting as long as it takes. 0, or -1 with errno. */
int io_write_all(int fd, const void *bytes, size_t len);

/* Write what fits now without blocking; the number of bytes, -1 with errno. */
ssize_t io_write_some(int fd, const void *bytes, size_t len);

/* Append to buf until end of file; more than max bytes is ERR_LIMIT. */
int io_read_all(int fd, struct buf *buf, size_t max, struct err *err);

/* poll(2) of one descriptor; 1 ready, 0 timeout (-1: no limit), -1 errno. */
int io_wait(int fd, short events, int timeout_ms);

/* Until one of them has something to read, or its other end is gone; negative
 * ones are passed over. As io_wait(). */
int io_wait_any(const int *fds, size_t count, int timeout_ms);

int io_set_nonblocking(int fd);

/* A pipe, both ends CLOEXEC. 0, or -1 with errno. */
int io_pipe(int fds[2]);

/* Close *fd if it is open and set it to -1; errno stays as it was. */
void io_close(int *fd);

/*
 * Lines out of a descriptor, bounded. `lines` keeps what it read beyond the
 * line in hand; for raw bytes in between use lines_take_bytes().
 */
struct lines {
	int fd;
	size_t max; /* longest line, bytes */
	struct buf *buf;
	size_t used; /* bytes of buf that were handed out */
	int eof;
};

void lines_init(struct lines *lines, int fd, size_t max);
void lines_release(struct lines *lines); /* does not close fd */

/*
 * Next line, without its newline, NUL-terminated, borrowed until the next
 * call. 1 a line, 0 end of input, ERR_TIMEOUT when none is complete by then
 * (deadline_ms of CLOCK_MONOTONIC; -1: no limit, 0: do not wait), ERR_LIMIT
 * for a longer one, ERR_SYSTEM. A last line without a newline is a line.
 */
int lines_next(struct lines *lines, int64_t deadline_ms, char **line,
	       size_t *len, struct err *err);

/* True when a whole line is already in memory: lines_next() will not wait. */
int lines_has_one(const struct lines *lines);

/*
 * Up to len raw bytes that follow the last line, from memory first. The number
 * of bytes, 0 at the end of input, -1 with errno.
 */
ssize_t lines_take_bytes(struct lines *lines, void *bytes, size_t len);

#endif
