#ifndef POLICY_DIRECTIVE_H
#define POLICY_DIRECTIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct problems;

/*
 * What a test says of itself: `perf: timeout=60s metrics=wall,maxrss` in a
 * comment of any style among the first 40 lines of its file, or the same words
 * as keys of [test "perf/x"] in the tree's .pacegate. Lists grow, of any other
 * word said twice the later counts.
 */
enum test_kind { KIND_PERF, KIND_ACCEPT, KIND_STRESS, KIND_FUZZ };

enum {
	DIRECTIVE_LINES = 40,
	DIRECTIVE_LEAST_ROUNDS = 12 /* with fewer, no judge could be sure, and
				       a test would pass whatever it measures */
};

struct directives {
	int64_t timeout_ms;       /* 0: the default */
	int64_t duration_ms;      /* of a stress or fuzz test; 0: the default */
	double threshold, severe; /* fractions; 0: nothing said */
	unsigned rounds;          /* cap of a session; 0: the server's */
	int warmup; /* trials before the first round; -1: default */
	enum test_kind kind;
	char *format;         /* of an existing harness, or NULL */
	char *needs;          /* class of machine, or NULL */
	struct texts metrics; /* that are judged; none: the usual ones */
	struct texts affects; /* paths that its result depends on; none: all */
	struct texts inputs;  /* files that are part of its definition */
};

void directives_init(struct directives *directives);
void directives_release(struct directives *directives);

/* Read a test's file; where names it in problems (`perf/ssl`). */
void directives_read(struct directives *directives, const char *text,
		     size_t len, const char *where, struct problems *problems);

/* Set one word, as in a [test "..."] section. NULL, or what to write instead
 * (static); then nothing is set. */
const char *directives_set(struct directives *directives, const char *word,
			   const char *value);

/* The words, for the manual and its test; ends with NULL. */
extern const char *const directive_words[];

const char *kind_name(enum test_kind kind);

#endif
