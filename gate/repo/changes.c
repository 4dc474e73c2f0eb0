#include "repo/repo.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "repo/internal.h"

/*
 * What differs between two trees. Both are read side by side in git's order,
 * and a subtree of the same id on both sides is not entered, so that the cost
 * is that of the change. (libgit2's diff reads every file of both.)
 */
struct change_walk {
	const struct repo *repo;
	int (*fn)(void *data, const struct repo_change *change);
	void *data;
	struct buf path;
	size_t count;
	struct err *err;
};

static int walk_pair(struct change_walk *walk, const git_oid *old,
		     const git_oid *new, int depth);

static int
is_tree(const git_tree_entry *entry)
{
	return entry && git_tree_entry_type(entry) == GIT_OBJECT_TREE;
}

/* git's order: a directory sorts as if its name ended in a slash, so that a
 * file and a directory of one name are two different entries. */
static int
compare_entries(const git_tree_entry *a, const git_tree_entry *b)
{
	const char *x = git_tree_entry_name(a), *y = git_tree_entry_name(b);
	size_t x_len = strlen(x), y_len = strlen(y);
	size_t len = x_len < y_len ? x_len : y_len;
	int order = memcmp(x, y, len);
	unsigned char p, q;

	if (order)
		return order;
	p = (unsigned char)(x_len > len ? x[len] : is_tree(a) ? '/' : '\0');
	q = (unsigned char)(y_len > len ? y[len] : is_tree(b) ? '/' : '\0');
	return p - q;
}

static int
is_same(const git_tree_entry *a, const git_tree_entry *b)
{
	return git_oid_equal(git_tree_entry_id(a), git_tree_entry_id(b)) &&
	       git_tree_entry_filemode(a) == git_tree_entry_filemode(b);
}

static int
report_file(struct change_walk *walk, const git_tree_entry *old,
	    const git_tree_entry *new)
{
	struct repo_change change = { .path = buf_text(&walk->path) };

	if (old) {
		repo_our_oid(&change.old_blob, git_tree_entry_id(old));
		change.old_mode = (unsigned)git_tree_entry_filemode(old);
	}
	if (new) {
		repo_our_oid(&change.new_blob, git_tree_entry_id(new));
		change.new_mode = (unsigned)git_tree_entry_filemode(new);
	}
	return walk->fn(walk->data, &change) ? 1 : 0;
}

/* One name on both sides, or on one of them (the other is NULL). */
static int
walk_entry(struct change_walk *walk, const git_tree_entry *old,
	   const git_tree_entry *new, int depth)
{
	if (old && new &&is_same(old, new))
		return 0;
	if (++walk->count > REPO_MAX_FILES) {
		err_set(walk->err, ERR_LIMIT, "a change of more than %d files",
			REPO_MAX_FILES);
		err_blame(walk->err, FAULT_PUSHER);
		return ERR_LIMIT;
	}
	buf_adds(&walk->path, git_tree_entry_name(old ? old : new));
	if (!is_tree(old) && !is_tree(new))
		return report_file(walk, old, new);
	buf_addc(&walk->path, '/');
	return walk_pair(walk, old ? git_tree_entry_id(old) : NULL,
			 new ? git_tree_entry_id(new) : NULL, depth + 1);
}

/* 0 go on, 1 the callback ended it, negative an error. */
static int
walk_pair(struct change_walk *walk, const git_oid *old_id,
	  const git_oid *new_id, int depth)
{
	const size_t before = walk->path.len;
	git_tree *old = NULL, *new = NULL;
	size_t i = 0, j = 0, olds, news;
	int ret = 0;

	if (depth > REPO_MAX_DEPTH) {
		err_set(walk->err, ERR_LIMIT,
			"a tree deeper than %d directories", REPO_MAX_DEPTH);
		err_blame(walk->err, FAULT_PUSHER);
		return ERR_LIMIT;
	}
	if (old_id)
		ret = repo_tree_look_up(walk->repo, old_id, &old, walk->err);
	if (!ret && new_id)
		ret = repo_tree_look_up(walk->repo, new_id, &new, walk->err);
	olds = old ? git_tree_entrycount(old) : 0;
	news = new ? git_tree_entrycount(new) : 0;
	while (!ret && (i < olds || j < news)) {
		const git_tree_entry *a = i < olds ? git_tree_entry_byindex(old,
									    i)
						   : NULL;
		const git_tree_entry *b = j < news ? git_tree_entry_byindex(new,
									    j)
						   : NULL;
		int order = !a ? 1 : !b ? -1 : compare_entries(a, b);

		ret = walk_entry(walk, order <= 0 ? a : NULL,
				 order >= 0 ? b : NULL, depth);
		i += order <= 0;
		j += order >= 0;
		walk->path.len = before;
	}
	git_tree_free(old);
	git_tree_free(new);
	return ret;
}

int
repo_each_change(const struct repo *repo, const struct oid *old_tree,
		 const struct oid *new_tree,
		 int (*fn)(void *data, const struct repo_change *change),
		 void *data, struct err *err)
{
	struct change_walk walk = {
		.repo = repo, .fn = fn, .data = data, .err = err
	};
	git_oid old, new;
	int ret;

	if (oid_equal(old_tree, new_tree))
		return 0;
	repo_git_oid(old_tree, &old);
	repo_git_oid(new_tree, &new);
	ret = walk_pair(&walk, oid_is_zero(old_tree) ? NULL : &old,
			oid_is_zero(new_tree) ? NULL : &new, 0);
	buf_release(&walk.path);
	return ret < 0 ? ret : 0;
}
