/*
 * pre-receive: weighs what a push brings before any ref moves. Exit 0 lets it
 * through, 1 refuses it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/names.h"
#include "hooks/chain.h"
#include "hooks/receive.h"

int
main(int argc, char **argv)
{
	const char *gitdir = getenv(ENV_GIT_DIR);
	const char *quarantine = getenv(ENV_GIT_QUARANTINE);
	struct receive receive = { 0 };
	struct err err = ERR_INIT;
	struct push push;
	int failed = 0, ret;

	signal(SIGPIPE, SIG_IGN);
	(void)argc;
	gitdir = gitdir ? gitdir : ".";
	log_open("pre-receive", FILE_LOG);
	screen_init(&receive.screen, STDERR_FILENO);
	ret = push_read(&push, STDIN_FILENO, &err);
	if (!ret)
		ret = chain_run(argv[0], buf_text(&push.raw), push.raw.len, 1,
				&failed, &err);
	if (ret < 0) {
		fprintf(stderr, "pacegate: %s\n", err.text);
		failed = 1;
	}
	if (!failed && push.count) {
		receive.push = &push;
		failed = receive_run(
			&receive, gitdir,
			quarantine ? quarantine
				   : getenv(ENV_GIT_OBJECT_DIRECTORY));
	} else if (!failed && push.sha256) {
		receive.push = &push;
		failed = receive_run(&receive, gitdir, NULL);
	}
	receive_release(&receive);
	push_release(&push);
	return failed;
}
