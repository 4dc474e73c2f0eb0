#ifndef RUNNER_ENVIRONMENT_H
#define RUNNER_ENVIRONMENT_H

#include <jansson.h>
#include <stddef.h>

#include "base/mem.h"

struct err;
struct sandbox;

/*
 * The environment: what makes values comparable. From stable facts only, so
 * that the same machine has the same id after a reboot and another processor,
 * kernel, toolchain or setting has another.
 */

enum { ENVIRONMENT_ID_SIZE = 17 }; /* 16 hex digits and a NUL */

/* Changes when the runner measures otherwise than before. */
enum { ENVIRONMENT_INSTRUMENT = 1 };

/* Facts in a fixed order: `name` and `value` alternate. */
struct environment {
	struct texts names, values;
	char id[ENVIRONMENT_ID_SIZE];
};

#define ENVIRONMENT_INIT                                                       \
	{                                                                      \
		{ 0 }, { 0 }, ""                                               \
	}

/* Read it: /proc, /sys, and in the sandbox the versions of the toolchain, which
 * are kept in the directory cache (NULL: nowhere). */
int environment_read(struct sandbox *sandbox, const char *cache,
		     struct environment *environment, struct err *err);
void environment_release(struct environment *environment);

/* {"id": "…", "cpu": "…", …}; a new reference. */
json_t *environment_json(const struct environment *environment);

/* For tests: add a fact, and compute the id over all of them. */
void environment_add(struct environment *environment, const char *name,
		     const char *value);
void environment_seal(struct environment *environment);

/* Facts of /proc/cpuinfo and /proc/meminfo, from their text. */
void environment_add_cpuinfo(struct environment *environment, const char *text);
void environment_add_meminfo(struct environment *environment, const char *text);

/*
 * What could make this machine noisy, for `doctor`: each text a finding and
 * what to change.
 */
void environment_findings(const struct sandbox *sandbox,
			  struct texts *findings);

#endif
