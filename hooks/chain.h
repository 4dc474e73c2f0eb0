#ifndef HOOKS_CHAIN_H
#define HOOKS_CHAIN_H

#include <stddef.h>

struct err;

/*
 * Hooks that were there before ours, or that others drop in: the executables
 * in `NAME.d/` beside the hook, in the order of their names, each with the
 * push's lines on its stdin. `*~`, dot files and what is not executable are
 * passed over.
 *
 * hook is argv[0]. Where a host's own driver runs us out of such a directory,
 * it runs the others as well, and nothing is done here.
 *
 * *failed gets the exit status of the first that fails (later ones are then
 * not run when stop is set). Negative: one could not be run at all.
 */
int chain_run(const char *hook, const void *lines, size_t len, int stop,
	      int *failed, struct err *err);

#endif
