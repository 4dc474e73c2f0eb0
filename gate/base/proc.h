#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdint.h>
#include <sys/types.h>

struct err;

/* Child processes. */

struct proc_options {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in
				    PATH unless it has a slash */
	const char *const *env;  /* NULL-terminated, or NULL: inherit it */
	const char *dir;         /* NULL: stay */
	int in, out, err;        /* -1: /dev/null. They stay open here */
	int group;               /* leads a process group of its own */
	int with_parent;         /* gets SIGTERM when this thread ends */
	int detach;              /* a session of its own, not to be waited for:
				    double fork, *pid is then 0 */
};

/* Start; every other descriptor is closed in the child. An exec that fails is
 * reported here, not by the child. */
int proc_start(const struct proc_options *options, pid_t *pid, struct err *err);

/*
 * Wait until deadline_ms (monotonic, -1: no limit) for the child to end;
 * *status as waitpid(2). ERR_TIMEOUT when it still runs.
 */
int proc_wait(pid_t pid, int64_t deadline_ms, int *status, struct err *err);

/* A descriptor of a child, to be waited for with others: it is readable once
 * the child has ended. -1 where the kernel has none. */
int proc_open(pid_t pid);

/* Run to the end, stdout appended to out (may be NULL), at most max bytes.
 * A non-zero exit is ERR_SYSTEM with the command's name. */
struct buf;
int proc_capture(const char *const *argv, const char *dir, struct buf *out,
		 size_t max, struct err *err);

/* The same of a command that may hang: killed after timeout_ms, which is
 * ERR_TIMEOUT. What it says on stderr, at most 64 KiB, is the message where it
 * fails. */
int proc_ask(const char *const *argv, int timeout_ms, struct buf *out,
	     size_t max, struct err *err);

/* A file in memory that takes size bytes and no more, for a child's stderr;
 * -1 with errno. */
int proc_memory_file(size_t size);

/*
 * Who a process is, for leases: pid and start time in clock ticks since boot,
 * with the boot's id, so that a pid used again is told apart.
 */
enum { PROC_ID_SIZE = 96 };

/* `PID.START.BOOT` of this process. */
void proc_identify(char id[PROC_ID_SIZE]);

/* Whether the process that wrote id still runs on this boot. An id that does
 * not parse counts as dead. */
int proc_is_alive(const char *id);

/*
 * The environment of a child that must not inherit git's (GIT_*) nor our
 * secrets: PATH, HOME, LANG, TMPDIR, USER, XDG_*; freshly allocated,
 * NULL-terminated, freed with proc_env_free().
 */
char **proc_env_clean(void);
void proc_env_free(char **env);

#endif
