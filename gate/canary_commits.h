#ifndef GATE_CANARY_COMMITS_H
#define GATE_CANARY_COMMITS_H

struct buf;
struct canary;
struct err;
struct gate;

/*
 * The commits that a canary pushes, in a repository of its own that borrows the
 * objects of the real one: a base, and on it one that differs by the size of
 * what is planted and by a number, so that it is built anew.
 */
#define CANARY_BASE "refs/heads/base"
#define CANARY_REF "refs/heads/main"

/* Where the built-in tests are: CANARY_DIR "cpu". */
#define CANARY_DIR "canary/"

/* Make the repository with the base, in the place of one that is there. */
int canary_make_base(const struct gate *gate, const struct canary *canary,
		     const char *dir, struct err *err);

/* Set CANARY_REF to a new commit. */
int canary_make_pair(const struct canary *canary, const char *dir,
		     unsigned number, struct err *err);

/* The names of the built-in tests, ended by NULL; kind 1 << i. */
extern const char *const canary_kinds[];

#endif
