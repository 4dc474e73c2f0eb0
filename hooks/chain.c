#include "hooks/chain.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"

static int
is_wanted(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && entry->d_name[len - 1] != '~';
}

static int
is_program(const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISREG(info.st_mode) &&
	       !access(path, X_OK);
}

/* The lines as a file, so that a hook which does not read them blocks nobody.
 */
static int
lines_file(const void *lines, size_t len, struct err *err)
{
	int fd = memfd_create("pacegate-lines", MFD_CLOEXEC);

	if (fd < 0 || io_write_all(fd, lines, len) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0) {
		err_errno(err, "memory for the hook's input");
		io_close(&fd);
	}
	return fd;
}

static int
run_one(const char *path, const void *lines, size_t len, int *status,
	struct err *err)
{
	const char *argv[] = { path, NULL };
	struct proc_options options = { .argv = argv,
					.out = STDOUT_FILENO,
					.err = STDERR_FILENO };
	pid_t pid = 0;
	int ret;

	options.in = lines_file(lines, len, err);
	if (options.in < 0)
		return ERR_SYSTEM;
	ret = proc_start(&options, &pid, err);
	if (!ret)
		ret = proc_wait(pid, -1, status, err);
	io_close(&options.in);
	return ret;
}

static int
runs_in_a_drop_in(const char *hook)
{
	const char *slash = strrchr(hook, '/');

	return slash && slash - hook >= 2 && !strncmp(slash - 2, ".d", 2);
}

int
chain_run(const char *hook, const void *lines, size_t len, int stop,
	  int *failed, struct err *err)
{
	char *dir = mem_text("%s.d", hook);
	struct dirent **entries = NULL;
	int count, ret = 0;

	*failed = 0;
	count = runs_in_a_drop_in(hook)
			? 0
			: scandir(dir, &entries, is_wanted, alphasort);
	for (int i = 0; i < count; i++) {
		char *path = mem_text("%s/%s", dir, entries[i]->d_name);
		int status = 0;

		if (!ret && !(*failed && stop) && is_program(path))
			ret = run_one(path, lines, len, &status, err);
		if (status && !*failed)
			*failed = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		free(path);
		free(entries[i]);
	}
	free(entries);
	free(dir);
	return ret;
}
