/*
 * post-receive: tells the worker that a push has landed, starts one, and
 * returns at once. It reads no repository: what follows from the push is in
 * the journal.
 */
#include <signal.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "hooks/chain.h"
#include "hooks/journal.h"
#include "hooks/push.h"
#include "hooks/start.h"
#include "store/store.h"

int
main(int argc, char **argv)
{
	struct store *store = NULL;
	struct err err = ERR_INIT;
	struct push push;
	int failed = 0, ret, work = 0;

	signal(SIGPIPE, SIG_IGN);
	(void)argc;
	log_open("post-receive", FILE_LOG);
	ret = push_read(&push, STDIN_FILENO, &err);
	if (!ret)
		ret = chain_run(argv[0], buf_text(&push.raw), push.raw.len, 0,
				&failed, &err);
	/* A hook that serves many repositories: not this one. */
	if (!ret && !file_exists(DIR_STORE))
		goto out;
	if (!ret)
		ret = store_open(&store, DIR_STORE, STORE_WRITE, &err);
	if (!ret) {
		work = journal_mark(store, &push, &err);
		ret = work < 0 ? work : 0;
	}
	store_close(store);
	if (!ret && work)
		ret = start_worker(0, &err);
	/* Nobody can undo the push any more: the log is told, not the pusher,
	 * and the journal keeps what is to be done. */
	if (ret < 0)
		log_event(LOG_ERROR, "%s", err.text);
out:
	push_release(&push);
	return failed;
}
