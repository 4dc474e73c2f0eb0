#include "base/io.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t
io_read(int fd, void *bytes, size_t len)
{
	ssize_t got;

	do {
		got = read(fd, bytes, len);
	} while (got < 0 && errno == EINTR);
	return got;
}

ssize_t
io_write_some(int fd, const void *bytes, size_t len)
{
	ssize_t put;

	do {
		put = write(fd, bytes, len);
	} while (put < 0 && errno == EINTR);
	return put;
}

int
io_write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t put = io_write_some(fd, at, len);

		if (put < 0 && errno == EAGAIN) {
			if (io_wait(fd, POLLOUT, -1) < 0)
				return -1;
			continue;
		}
		if (put < 0)
			return -1;
		at += put;
		len -= (size_t)put;
	}
	return 0;
}

int
io_read_all(int fd, struct buf *buf, size_t max, struct err *err)
{
	size_t start = buf->len;

	for (;;) {
		ssize_t got = io_read(fd, buf_room(buf, 65536), 65536);

		buf->len += got > 0 ? (size_t)got : 0;
		buf->data[buf->len] = '\0';
		if (got < 0)
			return err_errno(err, "read");
		if (!got)
			return 0;
		if (buf->len - start > max)
			return err_set(err, ERR_LIMIT, "more than %zu bytes",
				       max);
	}
}

static int
wait_polled(struct pollfd *fds, size_t count, int timeout_ms)
{
	int64_t until = clock_monotonic_ms(&clock_real) + timeout_ms;
	int ready;

	while ((ready = poll(fds, (nfds_t)count, timeout_ms)) < 0 &&
	       errno == EINTR) {
		int64_t left = until - clock_monotonic_ms(&clock_real);

		if (timeout_ms >= 0)
			timeout_ms = left > 0 ? (int)left : 0;
	}
	return ready;
}

int
io_wait(int fd, short events, int timeout_ms)
{
	struct pollfd one = { fd, events, 0 };

	return wait_polled(&one, 1, timeout_ms);
}

int
io_wait_any(const int *fds, size_t count, int timeout_ms)
{
	struct pollfd *polled = mem_new(count, sizeof(*polled));
	int ready;

	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){ fds[i], POLLIN, 0 };
	ready = wait_polled(polled, count, timeout_ms);
	free(polled);
	return ready > 0 ? 1 : ready;
}

int
io_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
io_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC);
}

void
io_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void
lines_init(struct lines *lines, int fd, size_t max)
{
	*lines = (struct lines){ .fd = fd, .max = max };
	lines->buf = mem_new(1, sizeof(*lines->buf));
}

void
lines_release(struct lines *lines)
{
	if (lines->buf)
		buf_release(lines->buf);
	free(lines->buf);
	*lines = (struct lines){ .fd = -1 };
}

static char *
line_end(const struct lines *lines)
{
	const struct buf *buf = lines->buf;

	if (buf->len == lines->used)
		return NULL;
	return memchr(buf->data + lines->used, '\n', buf->len - lines->used);
}

int
lines_has_one(const struct lines *lines)
{
	return line_end(lines) != NULL;
}

/* Wait for and read more; 1 some, 0 end, or an error. */
static int
lines_fill(struct lines *lines, int64_t deadline_ms, struct err *err)
{
	int64_t left = -1;
	ssize_t got;

	if (deadline_ms >= 0) {
		left = deadline_ms - clock_monotonic_ms(&clock_real);
		left = left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
	}
	if (io_wait(lines->fd, POLLIN, (int)left) == 0)
		return err_set(err, ERR_TIMEOUT, "no answer in time");
	got = io_read(lines->fd, buf_room(lines->buf, 65536), 65536);
	if (got < 0 && errno == EAGAIN)
		return 1;
	if (got < 0)
		return err_errno(err, "read");
	lines->buf->len += (size_t)got;
	lines->eof = !got;
	return got > 0;
}

int
lines_next(struct lines *lines, int64_t deadline_ms, char **line, size_t *len,
	   struct err *err)
{
	char *end;

	buf_drop(lines->buf, lines->used);
	lines->used = 0;
	while (!(end = line_end(lines)) && !lines->eof) {
		int got;

		if (lines->buf->len > lines->max)
			break;
		got = lines_fill(lines, deadline_ms, err);
		if (got < 0)
			return got;
	}
	if (!end && !lines->buf->len)
		return 0;
	*line = lines->buf->data;
	*len = end ? (size_t)(end - *line) : lines->buf->len;
	if (*len > lines->max)
		return err_set(err, ERR_LIMIT, "a line of more than %zu bytes",
			       lines->max);
	lines->used = *len + (end ? 1 : 0);
	(*line)[*len] = '\0';
	return 1;
}

ssize_t
lines_take_bytes(struct lines *lines, void *bytes, size_t len)
{
	size_t have = lines->buf->len - lines->used;

	if (!have)
		return io_read(lines->fd, bytes, len);
	if (len > have)
		len = have;
	memcpy(bytes, lines->buf->data + lines->used, len);
	lines->used += len;
	return (ssize_t)len;
}
