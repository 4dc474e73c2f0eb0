#ifndef RUNNER_LAYOUT_H
#define RUNNER_LAYOUT_H

#include "base/mem.h"

struct err;
struct sandbox;
struct sandbox_command;
struct sandbox_limits;

/*
 * What the sandbox looks like from inside, as bwrap's arguments. The numbers
 * of descriptors in it are those of launch.h.
 */

/* The part that a session's runs share: sandbox->layout, and the small files
 * of /etc in sandbox->files. */
int layout_open(struct sandbox *sandbox, struct err *err);

/* Where the host paths of a run are, as the slot's user sees them. */
struct layout_paths {
	const char *shim, *tree, *source, *cache;
};

/* All arguments of one run, argv[0] first, the shim's and the steps' last. */
void layout_arguments(const struct sandbox *sandbox,
		      const struct sandbox_command *command,
		      const struct sandbox_limits *limits,
		      const struct layout_paths *paths, struct texts *args);

/* Where a build's cache is inside. */
#define LAYOUT_CACHE "/ccache"

/* The path of the shim inside. */
#define LAYOUT_SHIM "/.pacegate-shim"

#endif
