#ifndef RUNNER_TOOLCHAIN_H
#define RUNNER_TOOLCHAIN_H

struct environment;
struct err;
struct sandbox;

/*
 * The versions of what builds and runs tests, as facts of the environment.
 * They are asked for in the sandbox, which takes the compilers a third of a
 * second to answer; so the answer is kept in the file `toolchain` of cache
 * (NULL: nowhere) for as long as the machine runs and no program of them, nor
 * the C library, is another file than it was.
 */
int toolchain_read(struct sandbox *sandbox, const char *cache,
		   struct environment *environment, struct err *err);

#endif
