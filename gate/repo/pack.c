#include "repo/repo.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "repo/internal.h"

/* Objects for a runner that shares no disk with the repository. */

struct object_walk {
	const struct repo *repo;
	struct oid_map seen;
	int (*fn)(void *data, const struct oid *oid);
	void *data;
	struct err *err;
};

/* 1 when it was handed out before or the callback has enough. */
static int
hand_out(struct object_walk *walk, const git_oid *oid, int *end)
{
	struct oid ours;

	repo_our_oid(&ours, oid);
	if (!oid_map_put(&walk->seen, &ours, 0))
		return 1;
	*end = walk->fn(walk->data, &ours) ? 1 : 0;
	return *end;
}

/* 0 go on, 1 the callback ended it, negative an error. A tree that was seen is
 * not entered again: a few of them can spell out more paths than there are
 * atoms. */
static int
walk_objects(struct object_walk *walk, const git_oid *oid, int depth)
{
	git_tree *tree = NULL;
	int ret = 0, end = 0;

	if (hand_out(walk, oid, &end))
		return end;
	if (depth > REPO_MAX_DEPTH) {
		err_set(walk->err, ERR_LIMIT,
			"a tree deeper than %d directories", REPO_MAX_DEPTH);
		err_blame(walk->err, FAULT_PUSHER);
		return ERR_LIMIT;
	}
	ret = repo_tree_look_up(walk->repo, oid, &tree, walk->err);
	for (size_t i = 0; !ret && i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
		const git_oid *id = git_tree_entry_id(entry);

		if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
			ret = walk_objects(walk, id, depth + 1);
		else if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB)
			hand_out(walk, id, &ret);
	}
	git_tree_free(tree);
	return ret;
}

int
repo_each_object_of(const struct repo *repo, const struct oid *trees,
		    size_t count, int (*fn)(void *data, const struct oid *oid),
		    void *data, struct err *err)
{
	struct object_walk walk = {
		.repo = repo, .fn = fn, .data = data, .err = err
	};
	git_oid space;
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i++)
		ret = walk_objects(&walk, repo_git_oid(&trees[i], &space), 0);
	oid_map_release(&walk.seen);
	return ret < 0 ? ret : 0;
}

int
repo_each_object(const struct repo *repo, const struct oid *tree,
		 int (*fn)(void *data, const struct oid *oid), void *data,
		 struct err *err)
{
	return repo_each_object_of(repo, tree, 1, fn, data, err);
}

static int
on_bytes(void *bytes, size_t len, void *payload)
{
	buf_add(payload, bytes, len);
	return 0;
}

int
repo_pack(const struct repo *repo, const struct oid *oids, size_t count,
	  struct buf *pack, struct err *err)
{
	git_packbuilder *builder = NULL;
	const size_t before = pack->len;
	git_oid space;
	int code = git_packbuilder_new(&builder, repo->git);

	if (!code)
		git_packbuilder_set_threads(builder, 1);
	for (size_t i = 0; !code && i < count; i++)
		code = git_packbuilder_insert(
			builder, repo_git_oid(&oids[i], &space), NULL);
	if (!code)
		code = git_packbuilder_foreach(builder, on_bytes, pack);
	git_packbuilder_free(builder);
	if (code)
		pack->len = before;
	return code ? repo_fail(code, err, "pack of %zu objects", count) : 0;
}
