#include "runner/cgroup_tree.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct controller_row controller_rows[] = {
	{ "memory", CONTROLLER_MEMORY },
	{ "pids", CONTROLLER_PIDS },
	{ "cpuset", CONTROLLER_CPUSET },
	{ "cpuacct", CONTROLLER_CPUACCT },
	{ NULL, 0 },
};

static void find_v1(struct cgroups *cgroups, const char *mountinfo,
		    const char *own);
static void find_v2(struct cgroups *cgroups, const char *mountinfo,
		    const char *own, struct texts *notes);
static void sweep(const struct hierarchy *hierarchy, unsigned long namespace);
static unsigned long pid_namespace(void);

void
cgroup_tree_find(struct cgroups *cgroups, const char *mountinfo,
		 const char *own, struct texts *notes)
{
	/* First v2: where it is there it kills at one stroke. */
	find_v2(cgroups, mountinfo, own, notes);
	find_v1(cgroups, mountinfo, own);
	cgroups->pid_namespace = pid_namespace();
	for (size_t i = 0; i < cgroups->count; i++)
		sweep(&cgroups->items[i], cgroups->pid_namespace);
}

int
cgroup_write(const char *dir, const char *file, const char *text)
{
	char *path = file_join(dir, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 ? -1 : io_write_all(fd, text, strlen(text));

	io_close(&fd);
	free(path);
	return ret;
}

int
cgroup_slurp(const char *dir, const char *file, char *text, size_t size)
{
	char *path = file_join(dir, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : io_read(fd, text, size - 1);

	io_close(&fd);
	free(path);
	text[got > 0 ? got : 0] = '\0';
	return got < 0 ? -1 : 0;
}

long long
cgroup_number(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (*text) {
		char *end;
		long long value;

		if (!strncmp(text, key, len) && (!len || text[len] == ' ')) {
			errno = 0;
			value = strtoll(text + len, &end, 10);
			return errno || end == text + len ? -1 : value;
		}
		text = strchr(text, '\n');
		if (!text)
			break;
		text++;
	}
	return -1;
}

void
cgroup_kill_listed(const char *dir)
{
	char *path = file_join(dir, "cgroup.procs");
	struct buf text = BUF_INIT;
	char *at, *end;

	if (file_read(path, &text, 1 << 20, NULL) == 0)
		for (at = text.data; at && *at; at = *end ? end + 1 : end) {
			long pid = strtol(at, &end, 10);

			if (end == at)
				break;
			/* 0 is a process that we have no number for. */
			if (pid > 1)
				kill((pid_t)pid, SIGKILL);
		}
	buf_release(&text);
	free(path);
}

/* One line of mountinfo that is a cgroup mount. */
struct mount {
	int version;
	char root[1024], point[1024], options[1024];
};

/* Parse the next cgroup mount; 1 found, 0 no more. */
static int
next_mount(const char **text, struct mount *mount)
{
	while (**text) {
		const char *line = *text, *end = strchrnul(line, '\n');
		const char *dash = strstr(line, " - cgroup");
		char type[16] = "";
		int ok;

		*text = *end ? end + 1 : end;
		if (!dash || dash > end)
			continue;
		ok = sscanf(line, "%*s %*s %*s %1023s %1023s", mount->root,
			    mount->point) == 2 &&
		     sscanf(dash, " - %15s %*s %1023s", type, mount->options) ==
			     2;
		mount->version = !strcmp(type, "cgroup2") ? 2 : 1;
		if (ok)
			return 1;
	}
	return 0;
}

/* Whether a list separated by commas or blanks holds the name. */
static int
list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || strchr(", ", at[-1])) &&
		    (!at[len] || strchr(", \n", at[len])))
			return 1;
	return 0;
}

/*
 * The directory of our own group in that mount: the path of the line of
 * /proc/self/cgroup with that controller ("" for v2), less the mount's root.
 */
static char *
own_dir(const struct mount *mount, const char *own, const char *controller)
{
	char names[256], path[1024];
	size_t root = strlen(mount->root);

	for (const char *line = own; *line;) {
		const char *end = strchrnul(line, '\n');
		const char *first = memchr(line, ':', (size_t)(end - line));
		const char *second = first ? memchr(first + 1, ':',
						    (size_t)(end - first - 1))
					   : NULL;

		if (second) {
			snprintf(names, sizeof(names), "%.*s",
				 (int)(second - first - 1), first + 1);
			snprintf(path, sizeof(path), "%.*s",
				 (int)(end - second - 1), second + 1);
			if (*controller ? list_has(names, controller) : !*names)
				break;
		}
		line = *end ? end + 1 : end;
		if (!*line)
			return NULL;
	}
	if (!*own)
		return NULL;
	if (!strcmp(mount->root, "/"))
		root = 0;
	else if (strncmp(path, mount->root, root))
		return NULL;
	return mem_text("%s%s", mount->point,
			strcmp(path + root, "/") ? path + root : "");
}

static void
add(struct cgroups *cgroups, int version, unsigned controllers, char *base)
{
	struct hierarchy *item;

	/* Controllers that are mounted together are one hierarchy. */
	for (size_t i = 0; i < cgroups->count; i++) {
		item = &cgroups->items[i];
		if (!strcmp(item->base, base)) {
			item->controllers |= controllers;
			free(base);
			return;
		}
	}
	if (cgroups->count == CGROUP_MAX_HIERARCHIES) {
		free(base);
		return;
	}
	cgroups->items[cgroups->count++] = (struct hierarchy){
		.version = version, .controllers = controllers, .base = base
	};
}

static void
find_v1(struct cgroups *cgroups, const char *mountinfo, const char *own)
{
	struct mount mount;

	while (next_mount(&mountinfo, &mount)) {
		if (mount.version != 1)
			continue;
		for (const struct controller_row *row = controller_rows;
		     row->name; row++) {
			char *dir;

			if (!list_has(mount.options, row->name))
				continue;
			dir = own_dir(&mount, own, row->name);
			if (dir && !access(dir, W_OK))
				add(cgroups, 1, row->controller, dir);
			else
				free(dir);
		}
	}
}

/*
 * One at a time: a controller that is missing fails the whole write. Those
 * that ended up enabled for the children of dir.
 */
static unsigned
enable(const char *dir)
{
	char enabled[512];
	unsigned controllers = 0;

	for (const struct controller_row *row = controller_rows; row->name;
	     row++) {
		char text[32];

		snprintf(text, sizeof(text), "+%s", row->name);
		(void)cgroup_write(dir, "cgroup.subtree_control", text);
	}
	if (cgroup_slurp(dir, "cgroup.subtree_control", enabled,
			 sizeof(enabled)) < 0)
		return 0;
	for (const struct controller_row *row = controller_rows; row->name;
	     row++)
		if (list_has(enabled, row->name))
			controllers |= row->controller;
	return controllers;
}

/* v2 lets only leaves hold processes: step aside in a group delegated to us. */
static int
step_aside(const char *dir, struct texts *notes)
{
	char *leaf = file_join(dir, "pacegate-runner");
	int ret = 0;

	if ((mkdir(leaf, 0755) < 0 && errno != EEXIST) ||
	    cgroup_write(leaf, "cgroup.procs", "0") < 0) {
		texts_addf(notes, "cannot make groups in %s: %s", dir,
			   strerror(errno));
		ret = -1;
	}
	free(leaf);
	return ret;
}

/*
 * Where groups go on v2. Root takes a directory of its own at the top, which
 * systemd leaves alone; others need a group that was delegated to them.
 */
static char *
v2_base(const struct mount *mount, const char *own, struct texts *notes)
{
	char *dir, *base;

	if (geteuid() == 0) {
		(void)enable(mount->point);
		base = file_join(mount->point, "pacegate");
		if (!mkdir(base, 0755) || errno == EEXIST)
			return base;
		texts_addf(notes, "cannot make %s: %s", base, strerror(errno));
		free(base);
		return NULL;
	}
	dir = own_dir(mount, own, "");
	if (dir && !access(dir, W_OK) && step_aside(dir, notes) == 0)
		return dir;
	texts_add(notes, "the control group is not delegated: start pacegate "
			 "with `systemd-run --user --scope -p Delegate=yes`, "
			 "or in a service with Delegate=yes");
	free(dir);
	return NULL;
}

static void
find_v2(struct cgroups *cgroups, const char *mountinfo, const char *own,
	struct texts *notes)
{
	struct mount mount;

	while (next_mount(&mountinfo, &mount)) {
		char *base;

		if (mount.version != 2)
			continue;
		base = v2_base(&mount, own, notes);
		if (base)
			add(cgroups, 2, enable(base), base);
		return;
	}
}

static unsigned long
pid_namespace(void)
{
	struct stat info;

	return stat("/proc/self/ns/pid", &info) < 0
		       ? 0
		       : (unsigned long)info.st_ino;
}

/* Remove groups that killed runners left, of our namespace: whether a runner
 * of another one lives cannot be seen from here. */
static void
sweep(const struct hierarchy *hierarchy, unsigned long namespace)
{
	DIR *dir = opendir(hierarchy->base);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unsigned long in = 0;
		unsigned number;
		int pid = 0;
		char *path;

		if (sscanf(entry->d_name, CGROUP_NAME_FORMAT, &in, &pid,
			   &number) != 3 ||
		    in != namespace || pid <= 1 || kill(pid, 0) == 0 ||
		    errno != ESRCH)
			continue;
		path = file_join(hierarchy->base, entry->d_name);
		cgroup_kill_listed(path);
		rmdir(path);
		free(path);
	}
	if (dir)
		closedir(dir);
}
