#ifndef POLICY_PATTERN_H
#define POLICY_PATTERN_H

#include <stddef.h>

struct texts;

/*
 * Patterns of paths and refs, as git's pathspecs match: `*` and `?` cross
 * slashes, `[a-z]` and `[!a-z]` are sets, `\` takes the next byte as it is, a
 * leading or inner double star with a slash behind it also stands for nothing,
 * and a pattern that matches a directory matches all below it. The time is at
 * most the pattern's length times the path's: a hostile one cannot hang us.
 */
int pattern_matches(const char *pattern, const char *path);

/* Whether any matches; `!pattern` takes out what earlier ones matched. */
int patterns_match(const struct texts *patterns, const char *path);

/*
 * Add what somebody wrote to a list: git's exclusions `:!p`, `:^p` and
 * `:(exclude)p` become `!p`, `:/p` and `./p` become `p`, and an empty one
 * begins the list anew. So no item of such a list is empty.
 */
void patterns_add(struct texts *patterns, const char *text);

/* A pattern without any of `*?[\` and no exclusion: a plain name. */
int pattern_is_plain(const char *pattern);

/* The length of the longest directory prefix that every match begins with:
 * "perf/" of `perf/ssl*`. 0 where a match may be anywhere. */
size_t pattern_prefix(const char *pattern);

#endif
