#include "runner/layout.h"
#include "runner/launch.h"
#include "runner/sandbox.h"
#include "runner/shim.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/names.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* One uid inside, whoever it is outside. */
#define INSIDE_ID "65534"
#define INSIDE_NAME "sandbox"

/* Of the host's /etc: what programs read and what tells nothing about it. */
static const char *const host_etc[] = {
	"/etc/ld.so.cache",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/alternatives",
	"/etc/services",
	"/etc/protocols",
	"/etc/ssl/certs",
	"/etc/racket",
	"/etc/ssl/openssl.cnf",
	"/etc/debian_version",
	NULL,
};

/* The sandbox's own. */
static const struct etc_file {
	const char *path, *text;
} own_etc[] = {
	{ "/etc/passwd",
	  INSIDE_NAME ":x:" INSIDE_ID ":" INSIDE_ID "::/tmp:/bin/sh\n" },
	{ "/etc/group", INSIDE_NAME ":x:" INSIDE_ID ":\n" },
	{ "/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost\n" },
	{ "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n" },
	{ NULL, NULL },
};

enum { MAX_ETC_FILE = 4 << 20 };

/* Of another root: not what the sandbox makes itself, nor people's files. */
static const char *const root_skips[] = {
	"proc", "dev",  "sys",   "run", "tmp", "t",          "src", "boot",
	"home", "root", "media", "mnt", "srv", "lost+found", NULL,
};

static void
add(struct texts *args, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, args);
	while ((text = va_arg(ap, const char *)))
		texts_add(args, text);
	va_end(ap);
}

#define ADD(args, ...) add((args), __VA_ARGS__, (char *)NULL)

/* Show one entry of a root's top: a link as a link, the rest read-only. */
static int
show(struct texts *args, const char *path, const char *inside)
{
	char target[4096];
	struct stat info;
	ssize_t len;

	if (lstat(path, &info) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISLNK(info.st_mode)) {
		ADD(args, "--ro-bind", path, inside);
		return 0;
	}
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -1;
	target[len] = '\0';
	ADD(args, "--symlink", target, inside);
	return 0;
}

/* A file of /etc out of memory, as it is now: bwrap mounts nothing for it. */
static int
show_text(struct sandbox *sandbox, const char *how, const char *inside,
	  const char *text, size_t len, struct err *err)
{
	int fd = memfd_create("etc", MFD_CLOEXEC);

	if (fd < 0 || io_write_all(fd, text, len) < 0 ||
	    sandbox->file_count == SANDBOX_MAX_FILES) {
		io_close(&fd);
		return err_errno(err, "cannot make a file in memory");
	}
	ADD(&sandbox->layout, "--perms", "0644", how);
	texts_addf(&sandbox->layout, "%zu",
		   LAUNCH_FD_FILES + sandbox->file_count);
	texts_add(&sandbox->layout, inside);
	sandbox->files[sandbox->file_count++] = fd;
	return 0;
}

/* Files are copied into memory, directories shown. */
static int
show_etc(struct sandbox *sandbox, const char *path, struct err *err)
{
	struct buf text = BUF_INIT;
	struct stat info;
	int ret = 0;

	if (access(path, R_OK) || stat(path, &info) < 0)
		return 0;
	if (!S_ISREG(info.st_mode))
		ADD(&sandbox->layout, "--ro-bind", path, path);
	else if (!(ret = file_read(path, &text, MAX_ETC_FILE, err)))
		ret = show_text(sandbox, "--file", path, buf_text(&text),
				text.len, err);
	buf_release(&text);
	return ret;
}

static int
show_host(struct sandbox *sandbox, struct err *err)
{
	static const char *const tops[] = { "/usr",    "/bin",   "/sbin",
					    "/lib",    "/lib32", "/lib64",
					    "/libx32", NULL };
	struct texts *args = &sandbox->layout;
	int ret = 0;

	for (const char *const *top = tops; *top; top++)
		if (show(args, *top, *top) < 0)
			return err_errno(err, "%s", *top);
	ADD(args, "--perms", "0755", "--dir", "/etc", "--perms", "0755",
	    "--dir", "/etc/ssl");
	for (const char *const *path = host_etc; !ret && *path; path++)
		ret = show_etc(sandbox, *path, err);
	for (const struct etc_file *file = own_etc; !ret && file->path; file++)
		ret = show_text(sandbox, "--file", file->path, file->text,
				strlen(file->text), err);
	return ret;
}

static int
is_skipped(const char *name)
{
	for (const char *const *skip = root_skips; *skip; skip++)
		if (!strcmp(name, *skip))
			return 1;
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Over a file of the root's own /etc, where there is one. */
static int
show_over(struct sandbox *sandbox, const struct etc_file *file, struct err *err)
{
	char *own = file_join(sandbox->root, file->path + 1);
	struct stat info;
	int ret = 0;

	if (!lstat(own, &info) && S_ISREG(info.st_mode))
		ret = show_text(sandbox, "--ro-bind-data", file->path,
				file->text, strlen(file->text), err);
	free(own);
	return ret;
}

static int
show_root(struct sandbox *sandbox, struct err *err)
{
	DIR *dir = opendir(sandbox->root);
	struct dirent *entry;
	int ret = 0;

	if (!dir)
		return err_errno(err, "sandbox root %s", sandbox->root);
	while (!ret && (entry = readdir(dir))) {
		char *path, *inside;

		if (is_skipped(entry->d_name))
			continue;
		path = file_join(sandbox->root, entry->d_name);
		inside = mem_text("/%s", entry->d_name);
		if (show(&sandbox->layout, path, inside) < 0)
			ret = err_errno(err, "%s", path);
		free(inside);
		free(path);
	}
	closedir(dir);
	/* Who people are; names of hosts are the root's business. */
	for (size_t i = 0; !ret && i < 2; i++)
		ret = show_over(sandbox, &own_etc[i], err);
	return ret;
}

int
layout_open(struct sandbox *sandbox, struct err *err)
{
	return sandbox->root ? show_root(sandbox, err)
			     : show_host(sandbox, err);
}

static void
add_tmpfs(struct texts *args, int64_t size, const char *perms,
	  const char *where)
{
	texts_add(args, "--size");
	texts_addf(args, "%lld", (long long)size);
	ADD(args, "--perms", perms, "--tmpfs", where);
}

/* A tmpfs is charged as memory: smaller than the limit, so that a full disk
 * is told from memory used up. */
static int64_t
tmpfs_size(const struct sandbox_limits *limits, int64_t part, int64_t of)
{
	int64_t most = limits->memory_bytes / of * part;
	int64_t size = limits->disk_bytes < most ? limits->disk_bytes : most;

	return size < 4096 ? 4096 : size;
}

static void
add_environment(const struct sandbox *sandbox,
		const struct sandbox_command *command, struct texts *args)
{
	static const char *const fixed[][2] = {
		{ "PATH", "/usr/local/bin:/usr/bin:/bin" },
		{ "LC_ALL", "C" },
		{ "HOME", "/tmp" },
		{ "TMPDIR", "/tmp" },
		{ "TZ", "UTC" },
		{ "USER", INSIDE_NAME },
		{ "LOGNAME", INSIDE_NAME },
		{ "PYTHONHASHSEED", "0" },
	};
	const struct texts *more[] = { &sandbox->env, command->env };

	texts_add(args, "--clearenv");
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		ADD(args, "--setenv", fixed[i][0], fixed[i][1]);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; more[i] && j < more[i]->count; j++) {
			const char *pair = more[i]->items[j];
			const char *equals = strchr(pair, '=');

			if (!equals || equals == pair)
				continue;
			texts_add(args, "--setenv");
			texts_addf(args, "%.*s", (int)(equals - pair), pair);
			texts_add(args, equals + 1);
		}
	if (command->on_event_bytes) {
		ADD(args, "--setenv", ENV_EVENTS);
		texts_addf(args, "/dev/fd/%d", SHIM_FD_EVENTS);
	}
}

static void
add_mounts(const struct sandbox *sandbox, const struct sandbox_command *command,
	   const struct sandbox_limits *limits,
	   const struct layout_paths *paths, struct texts *args)
{
	for (size_t i = 0; i < sandbox->layout.count; i++)
		texts_add(args, sandbox->layout.items[i]);
	ADD(args, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys",
	    "--dev", "/dev");
	add_tmpfs(args, tmpfs_size(limits, 1, 4), "1777", "/dev/shm");
	add_tmpfs(args, tmpfs_size(limits, 3, 4), "1777", "/tmp");
	/* After /tmp, which would hide those below it. */
	for (size_t i = 0; i < sandbox->read.count; i++)
		ADD(args, "--ro-bind", sandbox->read.items[i],
		    sandbox->read.items[i]);
	/* What strangers filled comes last: below it bwrap before 0.12 would
	 * follow their links while it makes places to mount on
	 * (CVE-2026-87766). */
	ADD(args, "--ro-bind", paths->shim, LAYOUT_SHIM);
	if (paths->source)
		ADD(args, "--ro-bind", paths->source, "/src");
	if (paths->cache)
		ADD(args, "--bind", paths->cache, LAYOUT_CACHE);
	if (paths->tree)
		ADD(args, command->tree_writable ? "--bind" : "--ro-bind",
		    paths->tree, "/t");
	else
		add_tmpfs(args, tmpfs_size(limits, 3, 4), "0755", "/t");
	ADD(args, "--chdir", command->dir ? command->dir : "/t", "--remount-ro",
	    "/dev", "--remount-ro", "/");
}

static void
add_shim(const struct sandbox *sandbox, const struct sandbox_command *command,
	 const struct sandbox_limits *limits, struct texts *args)
{
	int groups = cgroups_limit_processes(sandbox->cgroups);
	int memory = cgroups_limit_memory(sandbox->cgroups);
	unsigned flags = (command->on_event_bytes ? SHIM_HAS_EVENTS : 0u) |
			 (command->fixed_layout ? SHIM_FIXED_LAYOUT : 0u) |
			 (command->tree ? 0u : SHIM_TREE_IS_TMPFS);

	texts_add(args, LAYOUT_SHIM);
	/* Where the group counts processes the kernel's own count of the user
	 * is only a second wall; the shim is one of them. */
	texts_addf(args, "%lld",
		   (long long)(groups ? limits->processes * 2 + 64
				      : limits->processes + 1));
	texts_addf(args, "%lld", (long long)limits->files);
	texts_addf(args, "%lld", (long long)((limits->cpu_ms + 999) / 1000));
	texts_addf(args, "%lld",
		   memory ? 0ll : (long long)limits->memory_bytes);
	texts_addf(args, "%u", flags);
	texts_addf(args, "%zu", command->step_count);
	for (size_t i = 0; i < command->step_count; i++) {
		const struct sandbox_step *step = &command->steps[i];
		size_t count = 0;

		while (step->argv[count])
			count++;
		texts_addf(args, "%d", step->packs);
		texts_addf(args, "%zu", count);
		for (size_t j = 0; j < count; j++)
			texts_add(args, step->argv[j]);
	}
}

void
layout_arguments(const struct sandbox *sandbox,
		 const struct sandbox_command *command,
		 const struct sandbox_limits *limits,
		 const struct layout_paths *paths, struct texts *args)
{
	ADD(args, sandbox->bwrap, "--as-pid-1", "--unshare-user",
	    "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
	    "--unshare-cgroup-try", "--uid", INSIDE_ID, "--gid", INSIDE_ID,
	    "--hostname", "sandbox", "--disable-userns", "--new-session",
	    "--die-with-parent");
	add_environment(sandbox, command, args);
	add_mounts(sandbox, command, limits, paths, args);
	ADD(args, "--cap-drop", "ALL");
	if (sandbox->filter >= 0) {
		texts_add(args, "--seccomp");
		texts_addf(args, "%d", LAUNCH_FD_FILTER);
	}
	texts_add(args, "--");
	add_shim(sandbox, command, limits, args);
}
