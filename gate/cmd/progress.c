#include "cmd/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "report/bar.h"
#include "weigh.h"

enum { QUIET_MS = 500, PAUSE_MS = 200, TELL_LEFT_MS = 2000 };

void
progress_begin(struct progress *progress, const char *what)
{
	const char *term = getenv("TERM");

	*progress = (struct progress){
		.is_on = isatty(STDERR_FILENO) &&
			 (!term || strcmp(term, "dumb") != 0),
		.start_ms = clock_monotonic_ms(&clock_real),
		.what = what
	};
}

static int
is_due(struct progress *progress)
{
	int64_t now = clock_monotonic_ms(&clock_real);

	if (!progress->is_on || now - progress->start_ms < QUIET_MS ||
	    now - progress->last_ms < PAUSE_MS)
		return 0;
	progress->last_ms = now;
	return 1;
}

static size_t
terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

static void
show(struct progress *progress, double share, const char *what, int64_t left_ms)
{
	struct buf line = BUF_INIT;

	buf_addc(&line, '\r');
	/* The last column would break the line. */
	bar_add(&line, terminal_columns() - 1, share, what, left_ms);
	buf_adds(&line, "\033[K");
	fputs(line.data, stderr);
	fflush(stderr);
	progress->is_shown = 1;
	buf_release(&line);
}

void
progress_at(struct progress *progress, uint64_t done, uint64_t total)
{
	if (total) {
		progress_share(progress, (double)done / (double)total,
			       progress->what);
	} else if (is_due(progress)) {
		fprintf(stderr, "\r%llu %s\033[K", (unsigned long long)done,
			progress->what);
		fflush(stderr);
		progress->is_shown = 1;
	}
}

void
progress_share(struct progress *progress, double share, const char *what)
{
	int64_t spent = clock_monotonic_ms(&clock_real) - progress->start_ms;
	int64_t left = -1;

	if (!is_due(progress))
		return;
	if (share > 1)
		share = 1;
	if (spent > TELL_LEFT_MS && share > 0)
		left = (int64_t)((double)spent / share * (1 - share));
	show(progress, share, what, left);
}

void
progress_store(void *data, uint64_t seen, uint64_t total)
{
	progress_at(data, seen, total);
}

void
progress_weigh(void *data, const struct weigh_progress *at)
{
	struct progress *progress = data;

	if (is_due(progress))
		show(progress, at->share, at->what, at->left_ms);
}

void
progress_clear(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->is_shown = 0;
}
