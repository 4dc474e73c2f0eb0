#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/progress.h"

int
cmd_export(int argc, char **argv)
{
	struct store *store = NULL;
	struct err err = ERR_INIT;
	const char *repo = NULL;
	struct progress progress;
	const struct option_row rows[] = { { "repo", 0, OPTION_TEXT, "DIR",
					     "the repository", &repo },
					   { 0 } };
	int ret = cmd_begin("export", rows, &argc, argv, 0);

	if (ret >= 0)
		return ret;
	ret = cmd_open_store(repo, STORE_SCAN, &store, &err);
	if (ret == 0) {
		progress_begin(&progress, "records written");
		/* A terminal that the lines go to shows how far it is. */
		if (!isatty(STDOUT_FILENO))
			store_watch(store, progress_store, &progress);
		ret = store_export(store, stdout, NULL, &err);
		progress_clear(&progress);
	}
	store_close(store);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
