#ifndef RUNNER_TREE_H
#define RUNNER_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct oid;

/*
 * The trees that sessions run in, below `cache`/trees:
 *
 *     KEY/t            a kept tree, KEY/size what it takes on disk
 *     KEY.tmp.PID.N/t  one that a session makes, or has for itself alone
 *     KEY.old.PID.N    one that is being removed
 *
 * Who uses a tree holds a lock on its outer directory, which no sandbox ever
 * shows: shared for a kept one, exclusive for a temporary one. All decisions
 * are made under the lock of the whole, which is held for moments only. So a
 * tree in use never vanishes, and what a killed runner left is known by its
 * free lock.
 */
struct trees {
	char *dir;
	int lock;
	unsigned made; /* numbers the temporary ones */
};

struct tree {
	char *outer; /* the directory that is locked */
	char *path;  /* outer/t: what the sandbox shows */
	int lock;    /* -1: no tree */
	int dir;     /* path, open */
	int kept;
};

#define TREE_INIT                                                              \
	{                                                                      \
		NULL, NULL, -1, -1, 0                                          \
	}

/* Opens, making what is missing, and sweeps what killed runners left. */
int trees_open(const char *cache, struct trees *trees, struct err *err);
void trees_close(struct trees *trees);

/* Take the kept tree of that key; 1 it is there and locked, 0 it is not. */
int trees_find(struct trees *trees, const struct oid *key, struct tree *tree,
	       struct err *err);

/* Make a new, empty one of our own. */
int trees_begin(struct trees *trees, const struct oid *key, struct tree *tree,
		struct err *err);

/*
 * Keep a finished one under its key for other sessions. Where another session
 * was first, ours stays temporary, which is no error. Seal it before.
 */
int trees_keep(struct trees *trees, const struct oid *key, int64_t size_bytes,
	       struct tree *tree, struct err *err);

/* Let go of a tree; a temporary one is removed. Empty is fine. */
void tree_release(struct tree *tree);

/* Remove kept ones that nobody uses: those last used before oldest_s (seconds
 * since 1970), and of the others the longest unused first, until all together
 * take at most max_bytes. */
void trees_evict(struct trees *trees, int64_t max_bytes, int64_t oldest_s);

/* A tree that was not used for so long is of no commit that is worked on. */
enum { TREE_MAX_AGE_S = 30 * 86400 };

/* Who owns a tree, and what anybody else may do with it. */
struct tree_owner {
	uid_t uid;
	gid_t gid;
	int change; /* whether to chown at all: only root can */
};

/*
 * After a build, when nothing of it runs any more: give all to the owner, make
 * all readable and nothing writable for others, drop setuid and setgid, remove
 * what is neither file, directory nor symbolic link. Links are not followed.
 * *size_bytes is what it takes on disk; more than max_bytes is ERR_LIMIT, the
 * test's fault.
 */
int tree_seal(int dir, const struct tree_owner *owner, int64_t max_bytes,
	      int64_t *size_bytes, struct err *err);

/* Before a build: everything belongs to the user that builds. */
int tree_give(int dir, const struct tree_owner *owner, struct err *err);

#endif
