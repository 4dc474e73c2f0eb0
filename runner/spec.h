#ifndef RUNNER_SPEC_H
#define RUNNER_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/oid.h"

struct err;
struct format_row;

/*
 * The session's specification, the first line of the gate (base/protocol.h),
 * parsed and bounded. No input or output here.
 */

enum {
	SPEC_MAX_OVERLAY = 1024, /* files laid over one revision */
	SPEC_MAX_ALTERNATES = 64,
	SPEC_MAX_READ = 64,
	SPEC_MAX_ENV = 64,
	SPEC_MAX_METRICS = 4096,
	SPEC_MAX_PATH = 4095, /* bytes, in a tree and on this machine */
	SPEC_MAX_DEPTH = 128, /* directories in a path of a tree */
	SPEC_MAX_COMMAND = 65536,
	SPEC_MAX_WARMUP = 100,
	SPEC_MAX_TRIAL_MS = 86400000 /* longer ones are cut to it */
};

enum spec_counter {
	SPEC_COUNTER_AUTO,
	SPEC_COUNTER_PERF,
	SPEC_COUNTER_VALGRIND,
	SPEC_COUNTER_NONE
};

/* Its word in the protocol. */
const char *spec_counter_name(enum spec_counter counter);

struct spec_overlay {
	char *path;
	struct oid blob;
	unsigned mode; /* 0100644, 0100755 or 0120000 */
};

struct spec_revision {
	char *label;
	struct oid tree;
	struct spec_overlay *overlay;
	size_t overlay_count;
	char *setup, *build; /* shell commands, NULL: none */
	char *fault;         /* why it cannot be checked out, or NULL */
};

struct spec_test {
	char *path;
	size_t *revisions; /* indexes, each once */
	size_t revision_count;
	int64_t timeout_ms, duration_ms;
	int is_bounded; /* by limits.wall_ms, not by its own timeout */
	int rounds, warmup;
	const struct format_row *format; /* NULL: none */
	char *kind;
	struct texts metrics;
	char *fault; /* why it cannot be run: its author's doing, or NULL */
};

struct spec_limits {
	int64_t memory_bytes, processes, cpu_ms, disk_bytes, output_bytes,
		files, wall_ms, build_ms, session_ms;
};

struct spec_sandbox {
	char *root;        /* "" for the host's own */
	char *build_cache; /* "": none */
	struct texts read; /* absolute paths, read-only inside */
	struct texts env;  /* NAME=VALUE */
};

struct spec {
	char *session;
	uint64_t seed;
	int fresh;
	struct texts alternates; /* absolute paths */
	struct spec_revision *revisions;
	size_t revision_count;
	struct spec_test *tests;
	size_t test_count;
	struct spec_limits limits;
	struct spec_sandbox sandbox;
	enum spec_counter counter;
	int64_t sample_ms; /* 0: by itself; negative: no course is taken */
};

#define SPEC_INIT                                                              \
	{                                                                      \
		0                                                              \
	}

/*
 * Parse one line. ERR_INPUT (or ERR_VERSION for another protocol) and err with
 * the member's place, such as `tests[2]: revisions[0]: …`. What came out of a
 * commit (paths, formats) is not the gate's fault and spoils only that test or
 * revision: see `fault`. The spec can be released either way.
 */
int spec_parse(const char *text, size_t len, struct spec *spec,
	       struct err *err);
void spec_release(struct spec *spec);

/*
 * Whether a path may be written below a checked out tree: relative, no empty
 * component, no `.`, `..` or `.git` in any case, every component at most 255
 * bytes, no deeper than SPEC_MAX_DEPTH. NULL when it is sound, else what is
 * wrong with it (a constant text).
 */
const char *spec_path_fault(const char *path);

/* The same for one component of len bytes. */
const char *spec_name_fault(const char *name, size_t len);

#endif
