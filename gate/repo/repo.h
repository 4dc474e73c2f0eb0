#ifndef REPO_REPO_H
#define REPO_REPO_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/oid.h"

struct buf;
struct config;
struct err;

/*
 * A git repository, through libgit2, which is seen here alone. Paths and
 * messages are raw bytes, as they were pushed.
 */
struct repo;

/*
 * Open the repository at path: its directory, or a work tree's root.
 * quarantine is git's incoming object directory ($GIT_QUARANTINE_PATH in
 * pre-receive) or NULL; one that is the repository's own object directory
 * counts as none. ERR_NOT_FOUND, and ERR_UNSUPPORTED for what libgit2 cannot
 * read (SHA-256, reftable, partial clones, ...). Whose path is, is not looked
 * at: git or the caller named it.
 */
int repo_open(struct repo **repo, const char *path, const char *quarantine,
	      struct err *err);

/* The repository that dir lies in, as git finds it. As in git, one that belongs
 * to somebody else is refused unless safe.directory names it. */
int repo_open_here(struct repo **repo, const char *dir, struct err *err);

void repo_close(struct repo *repo);

/* Call fn now and then in a walk, with how many commits were read so far. */
void repo_on_progress(struct repo *repo, void (*fn)(void *data, size_t commits),
		      void *data);
size_t repo_commits_read(const struct repo *repo);

const char *repo_gitdir(const struct repo *repo);   /* absolute, no final `/` */
const char *repo_worktree(const struct repo *repo); /* NULL when bare */
int repo_is_shallow(const struct repo *repo);

/* Where its objects are: its own, its alternates' (also theirs), the
 * quarantine; absolute, those that exist. For a runner on this host. */
int repo_object_dirs(const struct repo *repo, struct texts *dirs,
		     struct err *err);

/* One value of git's configuration, of any section; freed by the caller, NULL
 * where it is not set. */
char *repo_config_text(const struct repo *repo, const char *key);

/* The keys of git's configuration that begin with `pacegate`, in git's order:
 * system, user, repository. Files and lines are filled in where wants_places is
 * set (it reads the files again); a line of 0 was not found. */
int repo_config(const struct repo *repo, struct config *config,
		int wants_places, struct err *err);

/*
 * A commit. Author, email and subject are cleaned for people (buf_add_clean());
 * the message is as it was pushed, in whatever encoding, with a NUL behind it.
 * Where a shallow repository was cut there are no parents.
 */
struct repo_commit {
	struct oid oid, tree;
	struct oid first_parent; /* zero for a root */
	struct oid *parents;
	size_t parent_count;
	char *author, *email, *subject, *message;
	size_t message_len;
	int64_t time_s; /* committer's */
};

/* ERR_NOT_FOUND; release the commit in any case. */
int repo_commit_read(const struct repo *repo, const struct oid *oid,
		     struct repo_commit *commit, struct err *err);
void repo_commit_release(struct repo_commit *commit);

/* The first parent and the tree alone, cheaper; either may be NULL. */
int repo_commit_parent(const struct repo *repo, const struct oid *oid,
		       struct oid *first_parent, struct oid *tree,
		       struct err *err);

/* The committer's time instead of the tree; first_parent may be NULL. */
int repo_commit_time(const struct repo *repo, const struct oid *oid,
		     struct oid *first_parent, int64_t *time_s,
		     struct err *err);

/* Follow annotated tags to a commit. ERR_NOT_FOUND for trees and blobs;
 * an object that is missing is ERR_SYSTEM. */
int repo_peel(const struct repo *repo, const struct oid *oid,
	      struct oid *commit, struct err *err);

/* What people write: HEAD~2, main, 1a2b3c4. */
int repo_resolve(const struct repo *repo, const char *rev, struct oid *commit,
		 struct err *err);

/* ERR_NOT_FOUND for a ref that is not there. Symbolic ones are followed. */
int repo_ref(const struct repo *repo, const char *name, struct oid *oid,
	     struct err *err);

/* The full name of the branch that HEAD stands for, born or not; the caller
 * frees it. NULL for a detached one. */
char *repo_head_name(const struct repo *repo);

/* 1, also of itself, 0, or negative. */
int repo_is_ancestor(const struct repo *repo, const struct oid *ancestor,
		     const struct oid *commit, struct err *err);

/* 1 when the object came with this push: it is in the quarantine and not in
 * the repository or its alternates. Costs a look-up, no walk over refs. Always
 * 0 without a quarantine. What the repository still holds of a deleted branch
 * is not new. */
int repo_is_new(const struct repo *repo, const struct oid *oid);

/* What one ref update brings. */
enum update_kind {
	UPDATE_CREATE,
	UPDATE_FORWARD,
	UPDATE_FORCED,
	UPDATE_DELETE,
	UPDATE_NO_COMMIT /* the new value is no commit */
};

enum { UPDATE_MAX_WALK = 100000 };

struct repo_update {
	enum update_kind kind;
	struct oid old;      /* the old tip, peeled, or zero */
	struct oid tip;      /* the new one, peeled */
	struct oid base;     /* the commit before the oldest new one, or zero */
	struct oid *commits; /* selected, oldest first, the tip last */
	size_t count;
	size_t total; /* on the first-parent line; the walk ends at
			 UPDATE_MAX_WALK, base is then the old tip */
};

/*
 * The first-parent line from new back to old, of which at most max commits are
 * selected, evenly spaced. Where old is not on that line (history was
 * rewritten, a merge has old as its second parent), it goes back to the first
 * commit that old reaches. For a created ref it goes back to the first commit
 * that is not new; without a quarantine, to the first one that another ref
 * reaches, and the tip is always in. An update that brings no commit has
 * count 0. Release it in any case.
 *
 * After the push (worker, post-receive), give the base that pre-receive found
 * as old: that is exact for created refs too.
 */
int repo_update_read(const struct repo *repo, const struct oid *old,
		     const struct oid *new, size_t max,
		     struct repo_update *update, struct err *err);
void repo_update_release(struct repo_update *update);

/*
 * Each commit that an update brings to its ref, newest first, those of merged
 * side branches too, at most limit: what the tip reaches and neither the old
 * tip nor the base; of a created ref in a push, only what came with it. For
 * trailers: where mention is not NULL, only commits that hold this text, which
 * is given in small letters and found in whatever case. 1 when there were more
 * than limit, whether they mention it or not. fn returns non-zero to end; the
 * commit is borrowed.
 */
int repo_each_update_commit(const struct repo *repo,
			    const struct repo_update *update,
			    const char *mention, size_t limit,
			    int (*fn)(void *data,
				      const struct repo_commit *commit),
			    void *data, struct err *err);

/*
 * The same for any two commits: what tip reaches and stop does not, and, where
 * tip came with a push, what came with it. A zero stop is none.
 */
int repo_each_commit(const struct repo *repo, const struct oid *tip,
		     const struct oid *stop, size_t limit,
		     int (*fn)(void *data, const struct repo_commit *commit),
		     void *data, struct err *err);

/* Files. */
enum { MODE_EXECUTABLE = 0100755, MODE_LINK = 0120000 };

struct repo_file {
	const char *path; /* borrowed; raw bytes, may hold `..` */
	struct oid blob;
	unsigned mode; /* one of git's five, whatever the tree says */
};

/* The entry at a path, a directory's too: 0, or ERR_NOT_FOUND. */
int repo_file_at(const struct repo *repo, const struct oid *tree,
		 const char *path, struct oid *blob, unsigned *mode,
		 struct err *err);

/*
 * Each file below the directory `prefix` ("" for all, else with a final `/`)
 * of a tree, symbolic links included, submodules not. No such directory has no
 * files. fn returns non-zero to end. ERR_LIMIT, the pusher's fault, beyond
 * REPO_MAX_FILES entries or REPO_MAX_DEPTH directories; what was found before
 * was handed out.
 */
enum { REPO_MAX_FILES = 1000000, REPO_MAX_DEPTH = 256 };
int repo_each_file(const struct repo *repo, const struct oid *tree,
		   const char *prefix,
		   int (*fn)(void *data, const struct repo_file *file),
		   void *data, struct err *err);

/* A change between two trees; zero id and mode where it was or is not there.
 * A file that became a directory is a deletion and new files. */
struct repo_change {
	const char *path;
	struct oid old_blob, new_blob;
	unsigned old_mode, new_mode;
};

/* Each file (link, submodule) that differs; equal subtrees are not entered. A
 * zero tree is the empty one. fn returns non-zero to end. Limits as above. */
int repo_each_change(const struct repo *repo, const struct oid *old_tree,
		     const struct oid *new_tree,
		     int (*fn)(void *data, const struct repo_change *change),
		     void *data, struct err *err);

/* Append a blob; one larger than max is ERR_LIMIT and is not read. */
int repo_blob(const struct repo *repo, const struct oid *oid, size_t max,
	      struct buf *buf, struct err *err);

/* Objects for a runner elsewhere: every tree and blob of these trees, each
 * once. */
int repo_each_object_of(const struct repo *repo, const struct oid *trees,
			size_t count,
			int (*fn)(void *data, const struct oid *oid),
			void *data, struct err *err);
int repo_each_object(const struct repo *repo, const struct oid *tree,
		     int (*fn)(void *data, const struct oid *oid), void *data,
		     struct err *err);

/* Append a pack of these objects. */
int repo_pack(const struct repo *repo, const struct oid *oids, size_t count,
	      struct buf *pack, struct err *err);

/*
 * The files of a work tree as they are, new ones too unless they are ignored,
 * as a commit on top of HEAD: objects alone are written, no ref and no index.
 * The same files are the same commit; where nothing differs it is HEAD itself.
 * ERR_NOT_FOUND without a work tree.
 */
int repo_snapshot(const struct repo *repo, struct oid *commit, struct err *err);

/* The tag whose commit is the newest: its name belongs to the caller.
 * ERR_NOT_FOUND where no tag names a commit. */
int repo_newest_tag(const struct repo *repo, char **name, int64_t *time_s,
		    struct err *err);

/* Where HEAD left its upstream branch; ERR_NOT_FOUND when it has none. */
int repo_fork_point(const struct repo *repo, struct oid *commit,
		    struct err *err);

/* Where git looks for the receive hooks of the repository at path, by
 * core.hooksPath too: absolute, freshly allocated; it need not exist. */
int repo_hooks_dir(const char *path, char **dir, struct err *err);

#endif
