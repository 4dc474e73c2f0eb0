/*
 * Preloaded (LD_PRELOAD), counts what a program asks of libgit2: a line in the
 * file COUNT_LOG names, `PROGRAM objects=N looks=N refs=N peak_kb=N cpu_ms=N`,
 * when it ends. objects are read, looks ask whether one is there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static unsigned long objects, looks, refs;

static void *
next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

#define COUNTED(counter, name, parameters, arguments)                          \
	int name parameters                                                    \
	{                                                                      \
		static int(*real) parameters;                                  \
                                                                               \
		if (!real)                                                     \
			*(void **)&real = next(#name);                         \
		counter++;                                                     \
		return real arguments;                                         \
	}

COUNTED(objects, git_odb_read,
	(git_odb_object * *object, git_odb *odb, const git_oid *oid),
	(object, odb, oid))
COUNTED(objects, git_tree_lookup,
	(git_tree * *tree, git_repository *repo, const git_oid *oid),
	(tree, repo, oid))
COUNTED(looks, git_odb_read_header,
	(size_t * size, git_object_t *type, git_odb *odb, const git_oid *oid),
	(size, type, odb, oid))
COUNTED(looks, git_odb_exists_ext,
	(git_odb * odb, const git_oid *oid, unsigned flags), (odb, oid, flags))
COUNTED(looks, git_odb_exists, (git_odb * odb, const git_oid *oid), (odb, oid))
COUNTED(refs, git_reference_name_to_id,
	(git_oid * oid, git_repository *repo, const char *name),
	(oid, repo, name))
COUNTED(refs, git_reference_foreach,
	(git_repository * repo, git_reference_foreach_cb fn, void *data),
	(repo, fn, data))

/* getrusage() would tell the parent's, which was there before execve(). */
static long
peak_kb(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long kb = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kb) == 1)
			break;
	if (file)
		fclose(file);
	return kb;
}

static long
cpu_ms(const struct rusage *usage)
{
	const struct timeval *user = &usage->ru_utime, *sys = &usage->ru_stime;

	return (user->tv_sec + sys->tv_sec) * 1000 +
	       (user->tv_usec + sys->tv_usec) / 1000;
}

__attribute__((destructor)) static void
report(void)
{
	const char *log = getenv("COUNT_LOG");
	struct rusage usage = { 0 };
	char line[256];
	int fd, len;

	getrusage(RUSAGE_SELF, &usage);
	if (!log || !strncmp(program_invocation_short_name, "git", 3))
		return;
	len = snprintf(
		line, sizeof(line),
		"%s objects=%lu looks=%lu refs=%lu peak_kb=%ld cpu_ms=%ld\n",
		program_invocation_short_name, objects, looks, refs, peak_kb(),
		cpu_ms(&usage));
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, line, (size_t)len) != len)
		perror(log);
}
