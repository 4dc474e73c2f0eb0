#include "repo/repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "repo/internal.h"

int
repo_tree_look_up(const struct repo *repo, const git_oid *oid, git_tree **tree,
		  struct err *err)
{
	int code = git_tree_lookup(tree, repo->git, oid);
	char hex[OID_HEX + 1];
	struct oid ours;

	if (!code)
		return 0;
	repo_our_oid(&ours, oid);
	repo_fail(code, err, "tree %s", oid_short(&ours, hex));
	return err ? err->code = ERR_SYSTEM : ERR_SYSTEM;
}

/* The entry of the first component of *path in a tree; *path moves on behind
 * it. ERR_NOT_FOUND where there is none. */
static int
step_down(const struct repo *repo, const char **path, git_oid *id,
	  git_filemode_t *mode, struct err *err)
{
	const git_tree_entry *entry = NULL;
	size_t len = strcspn(*path, "/");
	char *name = mem_copy_bytes(*path, len);
	git_tree *tree = NULL;
	int ret = repo_tree_look_up(repo, id, &tree, err);

	if (!ret && len)
		entry = git_tree_entry_byname(tree, name);
	if (entry) {
		git_oid_cpy(id, git_tree_entry_id(entry));
		*mode = git_tree_entry_filemode(entry);
		*path += len + ((*path)[len] == '/');
	} else if (!ret) {
		ret = ERR_NOT_FOUND;
	}
	git_tree_free(tree);
	free(name);
	return ret;
}

int
repo_file_at(const struct repo *repo, const struct oid *tree, const char *path,
	     struct oid *blob, unsigned *mode, struct err *err)
{
	git_filemode_t found = GIT_FILEMODE_TREE;
	const char *rest = path;
	git_oid id;
	int ret = *path ? 0 : ERR_NOT_FOUND;

	repo_git_oid(tree, &id);
	while (!ret && *rest) {
		if (found != GIT_FILEMODE_TREE)
			ret = ERR_NOT_FOUND;
		else
			ret = step_down(repo, &rest, &id, &found, err);
	}
	if (ret == ERR_NOT_FOUND)
		return err_set(err, ret, "%.300s is not in this tree", path);
	if (ret < 0)
		return ret;
	repo_our_oid(blob, &id);
	if (mode)
		*mode = (unsigned)found;
	return 0;
}

struct file_walk {
	const struct repo *repo;
	int (*fn)(void *data, const struct repo_file *file);
	void *data;
	struct buf path;
	size_t count;
	struct err *err;
};

static int walk_files(struct file_walk *walk, const git_oid *oid, int depth);

static int
walk_entry(struct file_walk *walk, const git_tree_entry *entry, int depth)
{
	struct repo_file file;
	int ret = 0;

	if (++walk->count > REPO_MAX_FILES) {
		err_set(walk->err, ERR_LIMIT, "a tree of more than %d files",
			REPO_MAX_FILES);
		err_blame(walk->err, FAULT_PUSHER);
		return ERR_LIMIT;
	}
	buf_adds(&walk->path, git_tree_entry_name(entry));
	if (git_tree_entry_type(entry) == GIT_OBJECT_TREE) {
		buf_addc(&walk->path, '/');
		ret = walk_files(walk, git_tree_entry_id(entry), depth + 1);
	} else if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
		repo_our_oid(&file.blob, git_tree_entry_id(entry));
		file.mode = (unsigned)git_tree_entry_filemode(entry);
		file.path = buf_text(&walk->path);
		ret = walk->fn(walk->data, &file) ? 1 : 0;
	}
	return ret;
}

/* 0 go on, 1 the callback ended it, negative an error. */
static int
walk_files(struct file_walk *walk, const git_oid *oid, int depth)
{
	const size_t before = walk->path.len;
	git_tree *tree = NULL;
	int ret;

	if (depth > REPO_MAX_DEPTH) {
		err_set(walk->err, ERR_LIMIT,
			"a tree deeper than %d directories", REPO_MAX_DEPTH);
		err_blame(walk->err, FAULT_PUSHER);
		return ERR_LIMIT;
	}
	ret = repo_tree_look_up(walk->repo, oid, &tree, walk->err);
	for (size_t i = 0; !ret && i < git_tree_entrycount(tree); i++) {
		ret = walk_entry(walk, git_tree_entry_byindex(tree, i), depth);
		walk->path.len = before;
	}
	git_tree_free(tree);
	return ret;
}

int
repo_each_file(const struct repo *repo, const struct oid *tree,
	       const char *prefix,
	       int (*fn)(void *data, const struct repo_file *file), void *data,
	       struct err *err)
{
	struct file_walk walk = {
		.repo = repo, .fn = fn, .data = data, .err = err
	};
	struct oid start = *tree;
	git_oid space;
	int ret = 0;

	if (*prefix) {
		char *dir = mem_copy_bytes(prefix, strlen(prefix) - 1);
		unsigned mode = 0;

		ret = repo_file_at(repo, tree, dir, &start, &mode, err);
		free(dir);
		if (ret == ERR_NOT_FOUND || (!ret && mode != GIT_FILEMODE_TREE))
			return 0;
	}
	buf_adds(&walk.path, prefix);
	if (!ret)
		ret = walk_files(&walk, repo_git_oid(&start, &space), 0);
	buf_release(&walk.path);
	return ret < 0 ? ret : 0;
}

int
repo_blob(const struct repo *repo, const struct oid *oid, size_t max,
	  struct buf *buf, struct err *err)
{
	git_odb_object *object = NULL;
	git_object_t type;
	char hex[OID_HEX + 1];
	git_oid space;
	size_t size;
	/* Ask for the size first: a huge one is not brought into memory. */
	int code = git_odb_read_header(&size, &type, repo->odb,
				       repo_git_oid(oid, &space));

	if (!code && type != GIT_OBJECT_BLOB)
		return err_set(err, ERR_NOT_FOUND, "%s is no file",
			       oid_short(oid, hex));
	if (!code && size > max)
		return err_set(err, ERR_LIMIT, "a file of more than %zu bytes",
			       max);
	if (!code)
		code = git_odb_read(&object, repo->odb, &space);
	if (code)
		return repo_fail(code, err, "file %s", oid_short(oid, hex));
	buf_add(buf, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return 0;
}
