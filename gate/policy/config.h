#ifndef POLICY_CONFIG_H
#define POLICY_CONFIG_H

#include <stddef.h>

struct problems;

/*
 * git configuration as a flat list, in git's order: later entries win. Keys as
 * git normalises them: section and variable in lower case, the subsection as
 * it stands (`pacegate.refs/heads/main.mode`).
 */
struct config_entry {
	char *key, *value; /* a key without `=` has the value "true" */
	char *file;        /* where it stands; may be NULL */
	int line;          /* 0: not known */
};

struct config {
	struct config_entry *items;
	size_t count, cap;
};

/* Copies everything; value NULL is "true". */
void config_add(struct config *config, const char *key, const char *value,
		const char *file, int line);
void config_release(struct config *config);

/* The last value of a key, or NULL. */
const char *config_last(const struct config *config, const char *key);

/*
 * Read text in git's configuration syntax (git-config(1), without includes),
 * such as a tree's .pacegate. What does not parse becomes a problem with its
 * line, and reading goes on with the next.
 */
void config_parse(struct config *config, const char *text, size_t len,
		  const char *file, struct problems *problems);

/* Split a key: `a.b.c.d` is section a, subsection `b.c`, variable d. The parts
 * point into key; *sub_len is 0 and *sub NULL where there is none. */
void config_split(const char *key, size_t *section_len, const char **sub,
		  size_t *sub_len, const char **variable);

#endif
