#ifndef REPO_INTERNAL_H
#define REPO_INTERNAL_H

#include <git2.h>

#include "base/oid.h"
#include "repo/oid_map.h"

struct buf;
struct err;
struct texts;

struct repo {
	git_repository *git;
	git_odb *odb;    /* all objects */
	git_odb *before; /* objects without the quarantine, or NULL */
	char *gitdir, *commondir, *worktree, *quarantine;
	struct oid_map shallow; /* commits whose parents were cut off */
	struct repo_progress *progress;
};

/* Apart, since a repository is not changed by being read. */
struct repo_progress {
	void (*fn)(void *data, size_t commits);
	void *data;
	size_t commits; /* that were read */
};

/* libgit2's own words behind ours; maps its code to one of ours. */
int repo_fail(int code, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

const git_oid *repo_git_oid(const struct oid *oid, git_oid *space);
void repo_our_oid(struct oid *oid, const git_oid *git);

/* What libgit2 cannot read, in words that say so; dir is the common
 * directory. */
int repo_check_format(const char *dir, struct err *err);

/* Whether git would read a repository that it came upon: it is the user's own,
 * or a safe.directory names it. */
int repo_check_owner(git_repository *git, struct err *err);

/* A tree that a commit or another tree names: one that is not there is a
 * broken repository (ERR_SYSTEM), not an answer. */
int repo_tree_look_up(const struct repo *repo, const git_oid *oid,
		      git_tree **tree, struct err *err);

/*
 * The head of a commit object, as git reads it: what git accepted must not
 * fail here for an odd author line, as it would in libgit2's own parser.
 */
struct commit_head {
	struct oid tree;
	struct oid *parents; /* none where a shallow repository was cut */
	size_t parent_count, parent_cap;
	int64_t time_s; /* committer's */
	/* Set by the caller: a text in small letters, or NULL; whether the
	 * commit holds it, in whatever case. */
	const char *mention;
	int has_mention;
};

/* ERR_NOT_FOUND where there is no such commit. A head is used again by the
 * next call and released once. */
int repo_head_read(const struct repo *repo, const struct oid *oid,
		   struct commit_head *head, struct err *err);
void repo_head_release(struct commit_head *head);

#endif
