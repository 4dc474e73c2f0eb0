#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/progress.h"

/* Of a file by its bytes; of a pipe nobody knows how much comes. */
static void
on_line(void *data, uint64_t seen, uint64_t total)
{
	struct stat file;

	(void)total;
	if (!fstat(STDIN_FILENO, &file) && S_ISREG(file.st_mode) &&
	    file.st_size > 0)
		progress_at(data, (uint64_t)ftello(stdin),
			    (uint64_t)file.st_size);
	else
		progress_at(data, seen, 0);
}

int
cmd_import(int argc, char **argv)
{
	struct store *store = NULL;
	struct err err = ERR_INIT;
	const char *repo = NULL;
	struct progress progress;
	size_t lines = 0;
	const struct option_row rows[] = { { "repo", 0, OPTION_TEXT, "DIR",
					     "the repository", &repo },
					   { 0 } };
	int ret = cmd_begin("import", rows, &argc, argv, 0);

	if (ret >= 0)
		return ret;
	ret = cmd_open_store(repo, STORE_WRITE, &store, &err);
	if (ret == 0) {
		progress_begin(&progress, "lines read");
		store_watch(store, on_line, &progress);
		ret = store_import(store, stdin, &lines, &err);
		progress_clear(&progress);
	}
	if (store)
		fprintf(stderr, "%zu lines imported\n", lines);
	store_close(store);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
