#include "repo/repo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "repo/internal.h"

enum { MAX_ALTERNATE_DEPTH = 5 /* git's own */ };

static void add_objects(const char *objects, struct texts *dirs, int depth);

/* A line of info/alternates is relative to the objects that it stands in. */
static void
add_alternate(const char *objects, const char *line, struct texts *dirs,
	      int depth)
{
	char *dir;

	if (!*line || *line == '#')
		return;
	dir = *line == '/' ? mem_copy_text(line) : file_join(objects, line);
	add_objects(dir, dirs, depth);
	free(dir);
}

static void
add_objects(const char *objects, struct texts *dirs, int depth)
{
	char *real = realpath(objects, NULL), *path, *rest = NULL;
	struct buf text = BUF_INIT;

	/* Git only warns of an alternate that is gone. */
	if (!real || texts_has(dirs, real)) {
		free(real);
		return;
	}
	texts_add(dirs, real);
	path = file_join(real, "info/alternates");
	if (depth < MAX_ALTERNATE_DEPTH &&
	    !file_read(path, &text, 1 << 20, NULL) && text.len)
		for (char *line = strtok_r(text.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			add_alternate(real, line, dirs, depth + 1);
	buf_release(&text);
	free(path);
	free(real);
}

int
repo_object_dirs(const struct repo *repo, struct texts *dirs, struct err *err)
{
	char *objects = file_join(repo->commondir, "objects");
	int ret = 0;

	if (!file_exists(objects))
		ret = err_set(err, ERR_NOT_FOUND, "%s is not there", objects);
	else
		add_objects(objects, dirs, 0);
	if (!ret && repo->quarantine) {
		char *real = realpath(repo->quarantine, NULL);

		if (real)
			texts_add(dirs, real);
		else
			ret = err_errno(err, "objects of the push in %s",
					repo->quarantine);
		free(real);
	}
	free(objects);
	return ret;
}

/*
 * Receive hooks run in the repository's directory, also where it has a work
 * tree: a relative core.hooksPath is meant from there.
 */
int
repo_hooks_dir(const char *path, char **dir, struct err *err)
{
	git_buf set = GIT_BUF_INIT;
	git_config *config = NULL;
	struct repo *repo = NULL;
	char *absolute = NULL;
	int code, ret;

	*dir = NULL;
	ret = repo_open(&repo, path, NULL, err);
	if (ret < 0)
		return ret;
	code = git_repository_config_snapshot(&config, repo->git);
	if (!code)
		code = git_config_get_path(&set, config, "core.hookspath");
	if (code == GIT_ENOTFOUND)
		absolute = file_join(repo->commondir, "hooks");
	else if (code)
		ret = repo_fail(code, err, "core.hooksPath of %s", path);
	else if (set.ptr[0] == '/')
		absolute = mem_copy_text(set.ptr);
	else
		absolute = file_join(repo->gitdir, set.ptr);
	*dir = absolute;
	git_buf_dispose(&set);
	git_config_free(config);
	repo_close(repo);
	return ret;
}
