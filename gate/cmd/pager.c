#include "cmd/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/proc.h"
#include "base/units.h"

static pid_t pager; /* 0: none */

/* The text has to be through before the shell prompts again. */
static void
finish(void)
{
	struct err err = ERR_INIT;
	int status;

	fflush(stdout);
	close(STDOUT_FILENO);
	proc_wait(pager, -1, &status, &err);
}

static const char *
choose(void)
{
	const char *names[] = { "GIT_PAGER", "PAGER" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value)
			return value;
	}
	return "less";
}

static void
keep_columns(void)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", pager_columns());
	setenv("COLUMNS", text, 1);
}

void
pager_start(void)
{
	const char *command = choose();
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	struct proc_options options = { .argv = argv,
					.out = STDOUT_FILENO,
					.err = STDERR_FILENO };
	int ends[2];

	if (!isatty(STDOUT_FILENO) || !*command || !strcmp(command, "cat"))
		return;
	keep_columns();
	/* As git has it: quit when it fits, keep colours, keep the screen. */
	setenv("LESS", "FRX", 0);
	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	options.in = ends[0];
	if (!proc_start(&options, &pager, NULL) &&
	    dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO) {
		/* The terminal's ^C is the pager's. */
		signal(SIGINT, SIG_IGN);
		atexit(finish);
	}
	close(ends[0]);
	close(ends[1]);
}

int
pager_is_terminal(void)
{
	return pager || isatty(STDOUT_FILENO);
}

unsigned
pager_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t count;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	if (columns && !units_parse_count(columns, 1, 1000, &count))
		return (unsigned)count;
	return 80;
}
