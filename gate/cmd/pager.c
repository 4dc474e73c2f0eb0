#include "cmd/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/proc.h"
#include "base/units.h"
#include "repo/repo.h"

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

/* What git's configuration says; NULL: nothing. */
static struct {
	char *pager, *wanted, *color;
} configured;

void
pager_configure(const struct repo *repo)
{
	free(configured.pager);
	free(configured.wanted);
	free(configured.color);
	configured.pager = repo_config_text(repo, "core.pager");
	configured.wanted = repo_config_text(repo, "pager.pacegate");
	configured.color = repo_config_text(repo, "color.pacegate");
	if (!configured.color)
		configured.color = repo_config_text(repo, "color.ui");
}

static int
is_false(const char *value)
{
	return !strcasecmp(value, "false") || !strcasecmp(value, "no") ||
	       !strcasecmp(value, "off") || !strcmp(value, "0");
}

static int
is_true(const char *value)
{
	return !strcasecmp(value, "true") || !strcasecmp(value, "yes") ||
	       !strcasecmp(value, "on") || !strcmp(value, "1");
}

/* As git has it: pager.NAME may switch it off, or name a command; then
 * $GIT_PAGER, core.pager, $PAGER. */
static const char *
choose(void)
{
	const char *git = getenv("GIT_PAGER"), *other = getenv("PAGER");

	if (configured.wanted && is_false(configured.wanted))
		return "";
	if (configured.wanted && !is_true(configured.wanted))
		return configured.wanted;
	if (git)
		return git;
	if (configured.pager)
		return configured.pager;
	return other ? other : "less";
}

int
pager_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no && *no)
		return 0;
	if (configured.color && !strcasecmp(configured.color, "always"))
		return 1;
	if (configured.color && (is_false(configured.color) ||
				 !strcasecmp(configured.color, "never")))
		return 0;
	return pager_is_terminal() && (!term || strcmp(term, "dumb") != 0);
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
	setenv("LV", "-c", 0);
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
