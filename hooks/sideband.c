#include "hooks/sideband.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "report/bar.h"

enum {
	PIECE = 4096,
	MAX_UNREAD = 16384, /* far below the 64 KiB of a pipe */
	PATIENCE_MS = 2000, /* for a client that reads slowly */
	PROGRESS_MS = 500,
	GONE_MS = 100,
	COLUMNS = 100 /* nobody knows the client's; git wraps none */
};

void
sideband_init(struct sideband *sideband, int fd)
{
	*sideband = (struct sideband){ .fd = fd };
}

/* Wait until the client has read enough for another piece; not again for one
 * that let us wait in vain and has read nothing since. */
static int
has_room(const struct sideband *sideband)
{
	int patience_ms = sideband->stalled ? 0 : PATIENCE_MS, unread = 0;
	int64_t until = clock_monotonic_ms(&clock_real) + patience_ms;

	while (!ioctl(sideband->fd, FIONREAD, &unread) && unread > MAX_UNREAD) {
		if (clock_monotonic_ms(&clock_real) >= until)
			return 0;
		clock_sleep_ms(10);
	}
	return io_wait(sideband->fd, POLLOUT, patience_ms) == 1;
}

static void
put(struct sideband *sideband, const char *text, size_t len)
{
	while (len) {
		ssize_t wrote;

		sideband->stalled = !has_room(sideband);
		if (sideband->stalled)
			return;
		wrote = io_write_some(sideband->fd, text,
				      len < PIECE ? len : PIECE);
		if (wrote <= 0) {
			sideband->stalled = 1;
			return;
		}
		text += wrote;
		len -= (size_t)wrote;
	}
}

void
sideband_say(struct sideband *sideband, const char *text)
{
	struct buf all = BUF_INIT;

	if (sideband->progress_len) {
		buf_addf(&all, "%*s\r", (int)sideband->progress_len, "");
		sideband->progress_len = 0;
	}
	buf_adds(&all, text);
	if (all.len && all.data[all.len - 1] != '\n')
		buf_addc(&all, '\n');
	put(sideband, all.data, all.len);
	buf_release(&all);
}

void
sideband_progress(struct sideband *sideband, const char *text)
{
	int64_t now = clock_monotonic_ms(&clock_real);
	struct buf line = BUF_INIT;
	size_t len = strlen(text);

	if (sideband->quiet || now - sideband->last_ms < PROGRESS_MS)
		return;
	sideband->last_ms = now;
	buf_addf(&line, "%s%*s\r", text,
		 len < sideband->progress_len
			 ? (int)(sideband->progress_len - len)
			 : 0,
		 "");
	sideband->progress_len = len;
	put(sideband, line.data, line.len);
	buf_release(&line);
}

int
sideband_is_unread(const struct sideband *sideband)
{
	int64_t until = clock_monotonic_ms(&clock_real) + GONE_MS;
	int unread = 0;

	while (!ioctl(sideband->fd, FIONREAD, &unread) && unread > 0) {
		if (clock_monotonic_ms(&clock_real) >= until)
			return 1;
		clock_sleep_ms(2);
	}
	return 0;
}

void
sideband_bar(struct buf *line, double share, const char *what, int64_t left_ms)
{
	buf_adds(line, "pacegate: ");
	bar_add(line, COLUMNS, share, what, left_ms);
}
