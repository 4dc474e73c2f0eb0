#include "repo/repo.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/names.h"
#include "repo/internal.h"

enum {
	MAX_SHALLOW = 64 << 20,
	MAX_CACHE = 24 << 20,
	MAX_CACHED_TREE = 1 << 20
};

int
repo_fail(int code, struct err *err, const char *fmt, ...)
{
	const git_error *error = git_error_last();
	int ours = code == GIT_ENOTFOUND ? ERR_NOT_FOUND : ERR_SYSTEM;
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, ours, "%s: %s", text,
		       error && error->message ? error->message
					       : "unknown error");
}

const git_oid *
repo_git_oid(const struct oid *oid, git_oid *space)
{
	git_oid_fromraw(space, oid->bytes);
	return space;
}

void
repo_our_oid(struct oid *oid, const git_oid *git)
{
	memcpy(oid->bytes, git->id, OID_BYTES);
}

/*
 * libgit2's start loads and parses the CA certificates of the machine, 5 ms
 * that a hook has no use for. With no descriptor to be had it cannot open that
 * file and goes on; everything else that it does at the start needs none. Where
 * that should fail one day, it is started as usual.
 */
static int
start_library(void)
{
	struct rlimit limit, none;
	int started;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return git_libgit2_init();
	none = limit;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_NOFILE, &none) < 0)
		return git_libgit2_init();
	started = git_libgit2_init();
	setrlimit(RLIMIT_NOFILE, &limit);
	return started < 0 ? git_libgit2_init() : started;
}

/*
 * What libgit2 is told once it runs. Git itself checks the owner of what it
 * opens, and so do we where nobody named the repository (repo_check_owner()).
 * An object that came with a push was hashed when git wrote it, so it is not
 * hashed again at every read. The extensions either change nothing for somebody
 * who only reads, or are looked at in repo_check_format(). A directory of a
 * thousand tests is looked into a thousand times, and stays parsed; a long walk
 * over commits does not fill the memory.
 */
static void
set_options(void)
{
	static const char *extensions[] = { "preciousobjects", "worktreeconfig",
					    "relativeworktrees", "objectformat",
					    "refstorage" };

	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE,
			 (size_t)MAX_CACHED_TREE);
	git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)MAX_CACHE);
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
			 sizeof(extensions) / sizeof(extensions[0]));
}

static char *
without_slash(const char *path)
{
	size_t len = path ? strlen(path) : 0;

	while (len > 1 && path[len - 1] == '/')
		len--;
	return path ? mem_copy_bytes(path, len) : NULL;
}

/* Commits whose parents are not there: $GIT_DIR/shallow, an id a line. */
static void
read_shallow(struct repo *repo, const char *path)
{
	struct buf text = BUF_INIT;
	char *rest = NULL;

	if (!file_read(path, &text, MAX_SHALLOW, NULL) && text.len)
		for (char *line = strtok_r(text.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			struct oid oid;

			if (!oid_parse(&oid, line))
				oid_map_put(&repo->shallow, &oid, 0);
		}
	buf_release(&text);
}

/*
 * A git too old for a quarantine, or one set up without it, names the
 * repository's own objects: nothing could be told to be new by that.
 */
static int
is_own_objects(const char *objects, const char *path)
{
	char *a = realpath(objects, NULL), *b = realpath(path, NULL);
	int same = a && b && !strcmp(a, b);

	free(a);
	free(b);
	return same;
}

/* `before` gets an object database of its own: what is added to the
 * repository's must not reach it. */
static int
open_quarantine(struct repo *repo, const char *path, struct err *err)
{
	char *objects = file_join(repo->commondir, "objects");
	const char *shallow = getenv(ENV_GIT_SHALLOW_FILE);
	int code = 0;

	/* Where the pusher's clone was cut, if the server takes that. */
	if (shallow && *shallow)
		read_shallow(repo, shallow);
	if (is_own_objects(objects, path))
		goto out;
	repo->quarantine = mem_copy_text(path);
	code = git_odb_open(&repo->before, objects);
	if (!code)
		code = git_odb_add_disk_alternate(repo->odb, path);
out:
	free(objects);
	return code ? repo_fail(code, err, "objects of the push in %s", path)
		    : 0;
}

static int
open_with(struct repo **result, const char *path, unsigned flags,
	  struct err *err)
{
	struct repo *repo;
	char *shallow;
	int code;

	*result = NULL;
	if (start_library() < 0)
		return repo_fail(-1, err, "libgit2 does not start");
	set_options();
	repo = mem_new(1, sizeof(*repo));
	repo->progress = mem_new(1, sizeof(*repo->progress));
	code = git_repository_open_ext(&repo->git, path, flags, NULL);
	if (!code)
		code = git_repository_odb(&repo->odb, repo->git);
	if (code) {
		repo_close(repo);
		return repo_fail(code, err, "repository %s", path);
	}
	repo->gitdir = without_slash(git_repository_path(repo->git));
	repo->commondir = without_slash(git_repository_commondir(repo->git));
	repo->worktree = without_slash(git_repository_workdir(repo->git));
	shallow = file_join(repo->commondir, "shallow");
	read_shallow(repo, shallow);
	free(shallow);
	*result = repo;
	return 0;
}

/* A repository that did not open, or that opened and is not what we can read:
 * say why in clear words. */
static int
explain(struct repo **repo, int ret, const char *dir, struct err *err)
{
	struct err better = ERR_INIT;
	int refused = repo_check_format(dir, &better);

	if (refused < 0) {
		ret = refused;
		if (err)
			*err = better;
	}
	if (ret < 0) {
		repo_close(*repo);
		*repo = NULL;
	}
	return ret;
}

int
repo_open(struct repo **repo, const char *path, const char *quarantine,
	  struct err *err)
{
	char *dot_git = file_join(path, ".git");
	int has_worktree = file_exists(dot_git), ret;
	const char *dir;

	/* Without BARE, core.worktree and a `.git` file are followed, which a
	 * hook's repository has no use for. */
	ret = open_with(repo, path,
			GIT_REPOSITORY_OPEN_NO_SEARCH |
				(has_worktree ? 0 : GIT_REPOSITORY_OPEN_BARE),
			err);
	dir = *repo ? (*repo)->commondir : has_worktree ? dot_git : path;
	ret = explain(repo, ret, dir, err);
	if (!ret && quarantine && *quarantine)
		ret = open_quarantine(*repo, quarantine, err);
	if (ret < 0) {
		repo_close(*repo);
		*repo = NULL;
	}
	free(dot_git);
	return ret;
}

int
repo_open_here(struct repo **repo, const char *dir, struct err *err)
{
	int ret = open_with(repo, dir, 0, err);
	git_buf found = GIT_BUF_INIT;

	if (ret < 0) {
		if (!git_repository_discover(&found, dir, 0, NULL))
			ret = explain(repo, ret, found.ptr, err);
		else
			err_set(err, ret,
				"not in a git repository: go into one, or name "
				"it with --repo DIR");
		git_buf_dispose(&found);
		return ret;
	}
	ret = explain(repo, ret, (*repo)->commondir, err);
	if (!ret)
		ret = repo_check_owner((*repo)->git, err);
	if (ret < 0) {
		repo_close(*repo);
		*repo = NULL;
	}
	return ret;
}

void
repo_close(struct repo *repo)
{
	if (!repo)
		return;
	git_odb_free(repo->before);
	git_odb_free(repo->odb);
	git_repository_free(repo->git);
	oid_map_release(&repo->shallow);
	free(repo->gitdir);
	free(repo->commondir);
	free(repo->worktree);
	free(repo->quarantine);
	free(repo->progress);
	free(repo);
	/* The library stays up: to start it again would cost more. */
}

const char *
repo_gitdir(const struct repo *repo)
{
	return repo->gitdir;
}

const char *
repo_worktree(const struct repo *repo)
{
	return repo->worktree;
}

int
repo_is_shallow(const struct repo *repo)
{
	return repo->shallow.count > 0;
}
