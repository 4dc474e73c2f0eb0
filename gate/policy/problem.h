#ifndef POLICY_PROBLEM_H
#define POLICY_PROBLEM_H

#include <stddef.h>

/*
 * What is wrong with something that people wrote, and what to write instead.
 * Reading goes on with what is sound; the problems are shown to whoever can
 * mend them. The texts are safe for a terminal: what strangers wrote is
 * cleaned and cut when it is added.
 */
struct problem {
	char *where; /* `.pacegate:3`, `commit 1a2b3c4d5e`, `perf/ssl:2` */
	char *what;
};

struct problems {
	struct problem *items;
	size_t count, cap;
};

enum {
	MAX_PROBLEMS = 100,    /* beyond, only the first ones are kept */
	MAX_PROBLEM_TEXT = 512 /* bytes of a where or a what */
};

/* problems may be NULL. The same problem of the same place is kept once. */
void problems_add(struct problems *problems, const char *where, const char *fmt,
		  ...) __attribute__((format(printf, 3, 4)));
/* The same with a line number, put behind where. */
void problems_add_line(struct problems *problems, const char *where, int line,
		       const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void problems_release(struct problems *problems);

#endif
