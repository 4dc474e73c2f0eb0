#ifndef RUNNER_SANDBOX_H
#define RUNNER_SANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/mem.h"
#include "runner/cgroup.h"
#include "runner/counters.h"
#include "runner/slotuser.h"

struct course;
struct err;
struct launcher;

/*
 * The vault: commands of strangers run inside bubblewrap, under a user of
 * their own, a seccomp filter, limits and a pid 1 of ours (runner/shim.c),
 * and nothing of them is left afterwards.
 *
 *     runner ─ fork: cgroup, CPUs, private mounts, slot user ─ bwrap
 *         └─ socket ─────────────────────────────────── shim (pid 1)
 *                                                          └─ the command
 *
 * A struct sandbox is set up once a session. While sandbox_run() or
 * sandbox_build() runs, the calling process has no other children: it is the
 * subreaper, and waits until there is none left.
 *
 * Inside: the tree at /t, /tmp and /dev/shm of limited size, /usr and what
 * else the root file system holds, read-only; loopback only; the environment
 * fixed.
 */

struct sandbox_limits {
	int64_t memory_bytes, processes, cpu_ms, disk_bytes, output_bytes,
		files; /* open files of a process; 0 in any: the default */
};

enum {
	SANDBOX_MAX_STEPS = 8,
	SANDBOX_MAX_EVENT_BYTES = 10000 * 512,
	SANDBOX_LOG_BYTES = 16384 /* kept of stdout and stderr together */
};

struct sandbox_options {
	/* Which slot's user to become where the runner is root; -1: the first
	 * one that no other runner holds. */
	int slot;
	const char *cpus; /* "0-1,4", NULL: all that the runner may use */
	const char *root; /* another root file system, NULL or "": the host's */
	const struct texts *read; /* more paths, read-only; may be NULL */
	const struct texts *env;  /* NAME=VALUE; may be NULL */
	struct sandbox_limits limits;
	int without_filter; /* only for tests that must see the filter bite */
	int without_cgroup; /* only for tests of what holds without */
};

enum { SANDBOX_MAX_FILES = 16 };

struct sandbox {
	char *bwrap, *bwrap_version, *shim;
	char *root; /* NULL: the host's */
	struct texts read, env;
	struct texts notes; /* what is weaker here than it could be */
	struct slotuser user;
	struct cgroups *cgroups;
	struct launcher *next; /* waits for the next run, or NULL */
	char *cpus;            /* as cpuset writes it */
	struct texts layout;   /* of the root file system: arguments */
	struct sandbox_limits limits;
	/* In memory: the filter or -1, and small files of /etc. */
	int filter, files[SANDBOX_MAX_FILES];
	size_t file_count;
};

#define SANDBOX_INIT                                                           \
	{                                                                      \
		.user = SLOTUSER_INIT, .filter = -1                            \
	}

/*
 * Set up: finds programs, takes a slot's user where the runner is root (and
 * refuses to go on without one), chooses cgroups, and runs a first command to
 * see that the kernel lets us. ERR_UNSUPPORTED and what to change where it
 * does not: nothing is ever run unsandboxed instead. The options are copied.
 */
int sandbox_open(const struct sandbox_options *options, struct sandbox *sandbox,
		 struct err *err);
void sandbox_close(struct sandbox *sandbox);

/* `bubblewrap 0.8.0, seccomp, user _pacegate0, cgroup v1: memory pids`. */
void sandbox_describe(const struct sandbox *sandbox, struct buf *text);

/* Fills the zeros in limits with the defaults. */
void sandbox_limits_default(struct sandbox_limits *limits);

/* How a run ended. */
enum sandbox_end {
	SANDBOX_EXITED,   /* status */
	SANDBOX_SIGNALED, /* signal */
	SANDBOX_NO_START, /* exec_errno */
	SANDBOX_TIMEOUT,  /* timeout_ms passed */
	SANDBOX_MEMORY,   /* the kernel killed for want of memory */
	SANDBOX_CPU,      /* limits.cpu_ms used up */
	SANDBOX_OUTPUT,   /* limits.output_bytes written */
	SANDBOX_EVENTS,   /* events without end */
	SANDBOX_STOPPED   /* on_watch() said so */
};

/* One command of a run; the next one starts only if it exits with 0. */
struct sandbox_step {
	const char *const *argv; /* NULL-terminated; a path inside */
	int packs;               /* stdout is the run's `pack` descriptor */
};

struct sandbox_command {
	const struct sandbox_step *steps;
	size_t step_count;
	const char *tree;   /* host path shown at /t; NULL: a tmpfs there */
	int tree_writable;  /* without quota: for what we trust to end */
	const char *source; /* host path shown read-only at /src, or NULL */
	const char *cache;  /* host path shown writable at /ccache, or NULL */
	const char *dir;    /* working directory inside; NULL: /t */
	int64_t timeout_ms; /* from the start of the first step */
	const struct sandbox_limits *limits; /* NULL: the sandbox's */
	const struct texts *env; /* more NAME=VALUE for this run, or NULL */
	int in;                  /* stdin, borrowed; -1: /dev/null */
	int pack;                /* for steps that pack, borrowed; -1: none */
	int64_t pack_bytes;      /* bound, when pack is a file */
	int fixed_layout;        /* no address space randomisation */

	/* What to count of the first step, as counters.h has it; NULL: none. */
	const struct counter_event *counters;

	/* Where to put stdout whole, at most stdout_max bytes, or NULL. */
	struct buf *keep_stdout;
	size_t stdout_max;

	/* What it used over time, every course_interval_ns; NULL: nobody asks.
	 * Empty where it could not be taken. */
	struct course *course;
	int64_t course_interval_ns;

	void *data; /* for the callbacks, each of which may be NULL */

	/* The first step starts now: CLOCK_MONOTONIC. Before any event. */
	void (*on_start)(void *data, int64_t start_ns);

	/* With it PERF_EVENTS is set. Non-zero ends the run: SANDBOX_EVENTS. */
	int (*on_event_bytes)(void *data, const char *bytes, size_t len,
			      int64_t received_ns);

	/* watch became readable; non-zero ends the run: SANDBOX_STOPPED. */
	int watch; /* -1: none */
	int (*on_watch)(void *data);
};

#define SANDBOX_COMMAND_INIT                                                   \
	{                                                                      \
		.in = -1, .pack = -1, .watch = -1                              \
	}

/* What the machine did meanwhile; deltas from just before to just after. */
struct sandbox_machine {
	int64_t steal_ns;      /* on the slot's CPUs, by a hypervisor */
	int64_t others_ns;     /* CPU that others used on the slot's CPUs */
	int64_t waited_ns;     /* time that something here waited for a CPU;
				  -1: the kernel does not say */
	int64_t throttled_ns;  /* by a quota; -1: not known */
	int64_t swapped_pages; /* in and out, of the whole machine */
	int64_t thermal_count; /* throttlings by heat */
};

struct sandbox_result {
	enum sandbox_end end;
	int status, signal, exec_errno;
	size_t step; /* the last one that ran */

	/* The last step, by the shim: from fork to exit. */
	int64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	int has_usage;            /* else it never reported */
	struct rusage usage;      /* it and the children it waited for */

	/* The rest, of the whole run. */
	size_t strays;         /* processes alive after the command ended */
	int64_t strays_cpu_ns; /* what those had used */
	int tmp_full, shm_full, tree_full; /* no space was left on it */
	int has_cgroup_cpu;
	int64_t cgroup_cpu_ns; /* since the start of the first step */
	int64_t peak_bytes;    /* of the cgroup; -1: unknown */
	int64_t processes;     /* clones in the sandbox; -1: unknown */
	int64_t refused_forks; /* by limits.processes; -1: unknown */
	int64_t output_bytes;  /* written to stdout and stderr */
	struct counter_value counters[COUNTERS_MAX];
	struct sandbox_machine machine;
	struct buf log; /* the last SANDBOX_LOG_BYTES of both */
	int stdout_cut; /* keep_stdout lacks what came after stdout_max */
};

#define SANDBOX_RESULT_INIT                                                    \
	{                                                                      \
		.peak_bytes = -1                                               \
	}

void sandbox_result_release(struct sandbox_result *result);

/*
 * Run it to the end, whatever that is, and leave nothing behind. 0 when the
 * command was given its chance: result says what became of it. Negative when
 * the sandbox failed, which is never the test's fault.
 */
int sandbox_run(struct sandbox *sandbox, const struct sandbox_command *command,
		struct sandbox_result *result, struct err *err);

/* A build: the source is copied into a tmpfs at /t, setup and build run there,
 * and what they made is unpacked below target. */
struct sandbox_build {
	const char *source;        /* host path, only read */
	const char *target;        /* host path of an empty directory */
	const char *setup, *build; /* for `sh -c`; NULL or "": none */
	const char *cache;         /* sandbox_cache()'s, or NULL */
	int64_t timeout_ms;        /* of each: all of it, and unpacking */
	void *data;
	int watch; /* as in struct sandbox_command */
	int (*on_watch)(void *data);
};

enum sandbox_phase {
	SANDBOX_PHASE_COPY,
	SANDBOX_PHASE_SETUP,
	SANDBOX_PHASE_BUILD,
	SANDBOX_PHASE_PACK,
	SANDBOX_PHASE_UNPACK
};

struct sandbox_build_result {
	int failed;               /* by its own doing: why, and log */
	int stopped;              /* on_watch() said so */
	enum sandbox_phase phase; /* the last one that ran */
	int64_t wall_ns;
	char why[512];  /* `exit 2`, `took longer than 10 min: …` */
	struct buf log; /* last bytes of stdout and stderr */
};

/*
 * A directory for ccache below path, made where it is missing; NULL and the
 * reason where it cannot be used. The slots' users may all write to it, but
 * none of them can get there by itself. To be freed.
 */
char *sandbox_cache(const struct sandbox *sandbox, const char *path,
		    struct err *err);

void sandbox_build_result_release(struct sandbox_build_result *result);

/*
 * 0 when the build was given its chance; negative when the sandbox failed.
 * What lies in target then belongs to the slot's user where the runner is
 * root: tree_seal() (runner/tree.h) gives it to its owner, takes away what is
 * neither file, directory nor link, and bounds its size.
 */
int sandbox_build(struct sandbox *sandbox, const struct sandbox_build *build,
		  struct sandbox_build_result *result, struct err *err);

#endif
