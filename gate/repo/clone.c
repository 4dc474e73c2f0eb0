/* What a developer's clone has and a server's repository has not: a work tree,
 * and an upstream. */
#include "repo/repo.h"

#include "base/err.h"
#include "repo/internal.h"

/* The work tree's files as a tree object. The index that is changed is the one
 * in memory; the user's stays as it is. */
static int
write_tree(const struct repo *repo, git_oid *tree, struct err *err)
{
	git_index *index = NULL;
	int code = git_repository_index(&index, repo->git);

	if (!code)
		code = git_index_read(index, 1);
	if (!code)
		code = git_index_add_all(index, NULL, GIT_INDEX_ADD_DEFAULT,
					 NULL, NULL);
	if (!code)
		code = git_index_write_tree_to(tree, index, repo->git);
	git_index_free(index);
	return code ? repo_fail(code, err, "work tree %s", repo->worktree) : 0;
}

/* With HEAD's date, so that the same files are the same commit. */
static int
write_commit(const struct repo *repo, git_commit *head, const git_oid *tree_oid,
	     git_oid *commit, struct err *err)
{
	const git_commit *parents[] = { head };
	git_signature *who = NULL;
	git_tree *tree = NULL;
	int code = git_signature_new(&who, "you", "you@localhost",
				     git_commit_time(head), 0);

	if (!code)
		code = git_tree_lookup(&tree, repo->git, tree_oid);
	if (!code)
		code = git_commit_create(commit, repo->git, NULL, who, who,
					 NULL, "the working tree\n", tree, 1,
					 parents);
	git_tree_free(tree);
	git_signature_free(who);
	return code ? repo_fail(code, err, "work tree %s", repo->worktree) : 0;
}

int
repo_snapshot(const struct repo *repo, struct oid *commit, struct err *err)
{
	git_commit *head = NULL;
	git_oid tree, oid;
	git_object *object = NULL;
	int code, ret;

	if (!repo->worktree)
		return err_set(err, ERR_NOT_FOUND, "%s has no work tree",
			       repo->gitdir);
	code = git_revparse_single(&object, repo->git, "HEAD^{commit}");
	if (code)
		return repo_fail(code, err, "HEAD");
	head = (git_commit *)object;
	ret = write_tree(repo, &tree, err);
	if (!ret && git_oid_equal(&tree, git_commit_tree_id(head)))
		git_oid_cpy(&oid, git_commit_id(head));
	else if (!ret)
		ret = write_commit(repo, head, &tree, &oid, err);
	if (!ret)
		repo_our_oid(commit, &oid);
	git_object_free(object);
	return ret;
}

int
repo_fork_point(const struct repo *repo, struct oid *commit, struct err *err)
{
	git_reference *head = NULL, *upstream = NULL;
	git_oid base;
	int code = git_repository_head(&head, repo->git);

	if (!code)
		code = git_branch_upstream(&upstream, head);
	if (!code && git_reference_target(upstream))
		code = git_merge_base(&base, repo->git,
				      git_reference_target(head),
				      git_reference_target(upstream));
	if (code)
		repo_fail(code, err, "upstream of HEAD");
	else
		repo_our_oid(commit, &base);
	git_reference_free(upstream);
	git_reference_free(head);
	return code ? err_set(err, ERR_NOT_FOUND, "HEAD has no upstream") : 0;
}
