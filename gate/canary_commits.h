#ifndef GATE_CANARY_COMMITS_H
#define GATE_CANARY_COMMITS_H

struct buf;
struct canary;
struct err;
struct gate;

/*
 * The two commits that a canary weighs, in a repository of its own that borrows
 * the objects of the real one: a base, and on it one that differs by the size
 * of what is planted. Both are new every time, so that both are built anew.
 */
#define CANARY_BASE "refs/heads/base"
#define CANARY_REF "refs/heads/main"

/* Where the built-in tests are: CANARY_DIR "cpu". */
#define CANARY_DIR "canary/"

/* Make the repository, in the place of one that is there. */
int canary_make(const struct gate *gate, const struct canary *canary,
		const char *dir, struct err *err);

#endif
