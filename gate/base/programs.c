#include "base/programs.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/names.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PACEGATE_BINDIR
#define PACEGATE_BINDIR "/usr/local/bin"
#endif
#ifndef PACEGATE_LIBEXECDIR
#define PACEGATE_LIBEXECDIR "/usr/local/libexec/pacegate"
#endif

static char *
if_executable(const char *dir, const char *below, const char *name)
{
	char *path = mem_text("%s%s/%s", dir, below, name);
	char *real = NULL;

	if (!access(path, X_OK))
		real = realpath(path, NULL);
	free(path);
	return real;
}

char *
programs_find(const char *name)
{
	static const char *const below[] = { "", "/../bin",
					     "/../libexec/pacegate",
					     "/../../bin", NULL };
	const char *set = getenv(ENV_LIBEXEC);
	char self[PATH_MAX] = "", *found = NULL, *slash;
	ssize_t len;

	/* A privileged caller's environment is its own; hooks and commands run
	 * as whoever may replace the programs anyway. */
	if (set && *set)
		return if_executable(set, "", name);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	slash = len > 0 ? strrchr(self, '/') : NULL;
	if (slash) {
		*slash = '\0';
		for (size_t i = 0; !found && below[i]; i++)
			found = if_executable(self, below[i], name);
	}
	if (!found)
		found = if_executable(PACEGATE_BINDIR, "", name);
	if (!found)
		found = if_executable(PACEGATE_LIBEXECDIR, "", name);
	return found;
}
