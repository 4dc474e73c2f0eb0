#ifndef POLICY_SETTINGS_H
#define POLICY_SETTINGS_H

#include <stddef.h>

#include "base/mem.h"

struct config_entry;
struct key_row;
struct policy;
struct problems;

/*
 * Inside the policy: the sound settings of the server's configuration, in
 * git's order, and which of them holds for a ref or a test.
 */
struct setting {
	const struct key_row *row;
	char *pattern; /* of refs or tests, NULL for the section itself */
	char *metric;  /* pattern of a test's metrics, or NULL */
	char *value;
	char *where; /* `config:7`, for people */
};

/* The items of a multi-valued key under one pattern (NULL: the section). */
struct value_list {
	const struct key_row *row;
	const char *pattern; /* borrowed from a setting */
	struct texts texts;
};

struct policy {
	struct setting *settings;
	size_t count, cap;
	struct value_list *lists;
	size_t list_count, list_cap;
};

/* Take an entry in, or say what is wrong with it. */
void settings_add(struct policy *policy, const struct config_entry *entry,
		  struct problems *problems);

/*
 * The setting of section.name that holds for a subject (a ref or a test, NULL:
 * the section itself) and, for tests, a metric (or NULL). *rank gets how
 * exactly it is meant, 0 when there is none; it may be NULL.
 */
const struct setting *settings_find(const struct policy *policy,
				    const char *section, const char *name,
				    const char *subject, const char *metric,
				    size_t *rank);

/* The items of a multi-valued key that hold for a subject: those under the
 * most exact pattern are the whole list. NULL: nothing is set. */
const struct texts *settings_list(const struct policy *policy,
				  const char *section, const char *name,
				  const char *subject);

/* How exactly a pattern (NULL: the section itself) is meant for a subject; 0:
 * not at all. */
size_t pattern_rank(const char *pattern, const char *subject);

/* How one writes it: `pacegate-test.perf/x:wall.threshold`; the caller frees.
 */
char *setting_key(const struct setting *setting);

/* Two settings under the same pattern, of the same section. */
int settings_are_together(const struct setting *a, const struct setting *b);

#endif
