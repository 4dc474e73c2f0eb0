#ifndef RUNNER_CGROUP_TREE_H
#define RUNNER_CGROUP_TREE_H

#include <stddef.h>

struct texts;

/*
 * Inside of cgroup.h: the hierarchies that this process may make groups in.
 * On v1 each controller can have its own; a v2 one beside them may have none
 * and still kills, counts CPU time and tells pressure.
 */
enum controller {
	CONTROLLER_MEMORY = 1,
	CONTROLLER_PIDS = 2,
	CONTROLLER_CPUSET = 4,
	CONTROLLER_CPUACCT = 8
};

enum { CGROUP_MAX_HIERARCHIES = 8 };

struct hierarchy {
	int version;          /* 1 or 2 */
	unsigned controllers; /* enum controller, usable in base's children */
	char *base;           /* where groups are made */
};

struct cgroups {
	struct hierarchy items[CGROUP_MAX_HIERARCHIES];
	size_t count;
	unsigned made; /* numbers the groups */
	unsigned long pid_namespace;
};

struct cgroup {
	const struct cgroups *cgroups;
	char *dirs[CGROUP_MAX_HIERARCHIES]; /* NULL: could not be made */
	int procs[CGROUP_MAX_HIERARCHIES];
	int v2; /* the directory of the v2 one, or -1 */
};

struct controller_row {
	const char *name;
	enum controller controller;
};

/* Ends with a NULL name. */
extern const struct controller_row controller_rows[];

/* Fill in what there is; text of /proc/self/mountinfo and /proc/self/cgroup. */
void cgroup_tree_find(struct cgroups *cgroups, const char *mountinfo,
		      const char *own, struct texts *notes);

/* Names of groups say whose they are: `pacegate.NAMESPACE.PID.N`; the same pid
 * may be another process in another namespace. */
#define CGROUP_NAME_FORMAT "pacegate.%lu.%d.%u"

/* A small file of a group: write text; 0, or -1 with errno. */
int cgroup_write(const char *dir, const char *file, const char *text);

/* Read it into text of size; 0, or -1. */
int cgroup_slurp(const char *dir, const char *file, char *text, size_t size);

/* The number behind `key ` at the start of a line of text, or -1; an empty
 * key takes the first number. */
long long cgroup_number(const char *text, const char *key);

/* SIGKILL to all that a group's directory lists. */
void cgroup_kill_listed(const char *dir);

#endif
