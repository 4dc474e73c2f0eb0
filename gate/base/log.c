#include "base/log.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/io.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LINE = 2000 };

static struct {
	char program[32];
	char session[48];
	int fd;
} the_log = { "pacegate", "-", -1 };

void
log_open(const char *program, const char *path)
{
	snprintf(the_log.program, sizeof(the_log.program), "%s", program);
	io_close(&the_log.fd);
	if (path)
		the_log.fd = file_open_shared(path, O_WRONLY | O_APPEND);
}

void
log_session(const char *id)
{
	snprintf(the_log.session, sizeof(the_log.session), "%s",
		 id && *id ? id : "-");
}

int
log_descriptor(void)
{
	return the_log.fd;
}

void
log_event(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "debug", "info", "warning",
					     "error" };
	struct buf text = BUF_INIT, line = BUF_INIT;
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm parts;
	va_list ap;

	if (the_log.fd < 0 && level < LOG_WARNING)
		return;
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (the_log.fd < 0) {
		buf_adds(&line, "pacegate: ");
	} else {
		if (gmtime_r(&now, &parts))
			strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ",
				 &parts);
		buf_addf(&line, "%s %s %s[%d] %s ", stamp, names[level],
			 the_log.program, (int)getpid(), the_log.session);
	}
	buf_add_clean(&line, buf_text(&text), text.len, MAX_LINE);
	buf_addc(&line, '\n');
	if (the_log.fd >= 0)
		(void)io_write_all(the_log.fd, line.data, line.len);
	else if (io_wait(STDERR_FILENO, POLLOUT, 0) == 1)
		(void)io_write_some(STDERR_FILENO, line.data, line.len);
	buf_release(&text);
	buf_release(&line);
}
