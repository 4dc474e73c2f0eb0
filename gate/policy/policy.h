#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "policy/config.h"
#include "policy/problem.h"

struct directives;
struct key_row;

/*
 * The server's configuration, ready to be asked. Pure: it is made from entries
 * that repo/ has read. Of several settings that apply, the one under the more
 * exact pattern wins (one that names a metric before one that does not, a plain
 * name before a pattern, a longer pattern before a shorter one), and of equals
 * the later. A value that is wrong counts as not written.
 */
struct policy;

enum mode { MODE_OFF, MODE_REPORT, MODE_RECALL, MODE_WAIT };
enum decision { DECISION_ACCEPT, DECISION_REJECT };

/* What holds for one ref. Lists and texts are borrowed from the policy; a ref
 * outside refs/heads/ is off unless a pattern names it. */
struct ref_policy {
	enum mode mode;
	double threshold, severe; /* fractions; severe may be INFINITY */
	int64_t budget_ms;
	enum decision late, unweighed, broken, failure;
	unsigned commits, rounds;
	const struct texts *ignore, *tests;
	const char *build, *setup;
	int overtake;   /* a newer push drops older ones that wait */
	int is_trusted; /* with the build cache */
	int is_watched; /* `drift` is set for a pattern of refs it matches */
};

/* What holds for a (test, metric); threshold <= severe. */
struct test_policy {
	double threshold, severe;
	double drift; /* INFINITY: never; 0: nobody said, as the threshold */
};

struct sandbox_policy {
	const char *root, *counter; /* root may be NULL */
	const char *build_cache;    /* NULL: none */
	const struct texts *read, *env;
	int64_t memory_bytes, disk_bytes, output_bytes;
	int64_t cpu_ms, wall_ms, build_ms, session_ms;
	int64_t sample_ms; /* of the sampler; 0: by itself, -1: none */
	unsigned processes, files;
};

struct pool_policy {
	const char *type, *cpus, *lock_dir, *cache, *cache_size, *launch;
	const char *partition, *background, *runner, *options;
	const struct texts *features, *constraint;
	unsigned slots, launches;
	unsigned per_repository, per_pusher; /* sessions at a time, 0: as many
						as there are slots */
	int64_t patience_ms;
	int is_elsewhere; /* on machines that do not see this one's files */
};

/* Always makes one; what is wrong goes to problems (may be NULL) and the rest
 * is used. Copies what it keeps. */
struct policy *policy_new(const struct config *config,
			  struct problems *problems);
void policy_free(struct policy *policy);

void policy_ref(const struct policy *policy, const char *ref,
		struct ref_policy *result);
void policy_test(const struct policy *policy, const char *ref, const char *test,
		 const char *metric, struct test_policy *result);
void policy_sandbox(const struct policy *policy, struct sandbox_policy *result);
void policy_pool(const struct policy *policy, struct pool_policy *result);

/* The value of any text key of [section], its default, or NULL. */
const char *policy_text(const struct policy *policy, const char *section,
			const char *name);

/* Of a boolean key. */
int policy_is_true(const struct policy *policy, const char *section,
		   const char *name);

/* Commits that a new test is laid over. */
unsigned policy_backfill(const struct policy *policy, const char *test);

/* A directive may tighten what the server says, never loosen it. Returns 1
 * when one asked for more room than the server gives, and was passed over. */
int policy_tighten(struct test_policy *policy,
		   const struct directives *directives);

/* By the authenticated name of who pushes; "" is nobody. */
int policy_may_accept(const struct policy *policy, const char *pusher);

/* For doctor: every key with its value in force and where that stands
 * (`hooks.git/config:7`, `default`); refs and tests as they are written; of a
 * list each item. */
void policy_each(const struct policy *policy,
		 void (*fn)(void *data, const char *key, const char *value,
			    const char *where),
		 void *data);

const char *mode_name(enum mode mode);

#endif
