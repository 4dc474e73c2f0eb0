#include "policy/pattern.h"

#include <string.h>

#include "base/mem.h"

/* A match under way; last is the pattern's last `]`, beyond which no set can
 * be closed. Without it every `[` of a long row would look for one anew. */
struct match {
	const char *p, *s;
	const char *last;
	const char *star;  /* what follows the last star that was passed */
	const char *taken; /* where what that star takes ends */
	int whole;         /* that star takes whole directories */
};

/* The set at p ("[" is there) against c; *after gets what follows it. A set
 * that is not closed is a plain bracket. */
static int
set_matches(const char *p, const char *last, char c, const char **after)
{
	const char *at = p + 1;
	int negated = *at == '!' || *at == '^', found = 0;

	*after = p + 1;
	if (!last || last < at + negated + 1)
		return c == '[';
	at += negated;
	do {
		if (at > last)
			return c == '[';
		if (at[1] == '-' && at[2] && at[2] != ']') {
			found |= (unsigned char)*at <= (unsigned char)c &&
				 (unsigned char)c <= (unsigned char)at[2];
			at += 3;
		} else {
			found |= *at == c;
			at++;
		}
	} while (*at != ']');
	*after = at + 1;
	return found != negated;
}

/* One step of the pattern against one byte; *after gets what follows it. */
static int
step_matches(const struct match *m, const char **after)
{
	*after = m->p + 1;
	if (!*m->s || !*m->p)
		return 0;
	if (*m->p == '?')
		return 1;
	if (*m->p == '[')
		return set_matches(m->p, m->last, *m->s, after);
	if (*m->p == '\\' && m->p[1]) {
		*after = m->p + 2;
		return m->p[1] == *m->s;
	}
	return *m->p == *m->s;
}

/* `docs` and `docs/` match docs/a as well. */
static int
is_over(const struct match *m, const char *pattern, const char *path)
{
	if (*m->p)
		return 0;
	return !*m->s || *m->s == '/' ||
	       (m->s > path && m->s[-1] == '/' && m->p > pattern &&
		m->p[-1] == '/');
}

static void
pass_star(struct match *m, const char *pattern)
{
	int at_start = m->p == pattern || m->p[-1] == '/';

	m->whole = at_start && m->p[1] == '*' && m->p[2] == '/';
	if (m->whole) {
		m->p += 3;
	} else {
		while (*m->p == '*')
			m->p++;
	}
	m->star = m->p;
	m->taken = m->s;
}

/* Let the last star take more; 0 when there is no more to take. */
static int
take_more(struct match *m)
{
	if (!m->star || !*m->taken)
		return 0;
	if (m->whole) {
		m->taken = strchr(m->taken, '/');
		if (!m->taken)
			return 0;
	}
	m->s = ++m->taken;
	m->p = m->star;
	return 1;
}

/* Only the last star needs to be gone back to: what an earlier one could take
 * more of, the later one can as well. */
int
pattern_matches(const char *pattern, const char *path)
{
	struct match m = { .p = pattern,
			   .s = path,
			   .last = strrchr(pattern, ']') };
	const char *after = NULL;

	for (;;) {
		if (is_over(&m, pattern, path))
			return 1;
		if (*m.p == '*') {
			pass_star(&m, pattern);
		} else if (step_matches(&m, &after)) {
			m.p = after;
			m.s++;
		} else if (!take_more(&m)) {
			return 0;
		}
	}
}

int
patterns_match(const struct texts *patterns, const char *path)
{
	int matches = 0;

	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->items[i];
		int excludes = *pattern == '!';

		if (matches == excludes &&
		    pattern_matches(pattern + excludes, path))
			matches = !excludes;
	}
	return matches;
}

void
patterns_add(struct texts *patterns, const char *text)
{
	static const char *const exclusions[] = { "!", ":!", ":^",
						  ":(exclude)" };
	static const char *const roots[] = { ":/", "./" };
	int excludes = 0;

	for (size_t i = 0; i < 4 && !excludes; i++) {
		size_t len = strlen(exclusions[i]);

		excludes = !strncmp(text, exclusions[i], len);
		text += excludes ? len : 0;
	}
	for (size_t i = 0; i < 2; i++)
		if (!strncmp(text, roots[i], 2))
			text += 2;
	if (!*text)
		texts_release(patterns);
	else
		texts_addf(patterns, "%s%s", excludes ? "!" : "", text);
}

int
pattern_is_plain(const char *pattern)
{
	return *pattern != '!' && !strpbrk(pattern, "*?[\\");
}

size_t
pattern_prefix(const char *pattern)
{
	size_t plain = strcspn(pattern, "*?[\\");

	while (plain && pattern[plain - 1] != '/')
		plain--;
	return plain;
}
