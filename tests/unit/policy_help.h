#ifndef TESTS_POLICY_HELP_H
#define TESTS_POLICY_HELP_H

/* For the tests of policy/: what was complained of, and pages of the manual. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "policy/config.h"
#include "policy/problem.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

/* There is one problem at `where` whose text holds `what`. */
static inline void
assert_problem(const struct problems *problems, const char *where,
	       const char *what)
{
	for (size_t i = 0; i < problems->count; i++)
		if (!strcmp(problems->items[i].where, where) &&
		    strstr(problems->items[i].what, what))
			return;
	for (size_t i = 0; i < problems->count; i++)
		print_message("# %s: %s\n", problems->items[i].where,
			      problems->items[i].what);
	fail_msg("no problem at %s with '%s'", where, what);
}

static inline void
assert_no_problem(const struct problems *problems)
{
	if (problems->count)
		fail_msg("%s: %s", problems->items[0].where,
			 problems->items[0].what);
}

/* Equal but for rounding. */
static inline void
assert_about(double value, double wanted)
{
	double off = value - wanted;

	if (!(off < 1e-9 && off > -1e-9))
		fail_msg("%g is not %g", value, wanted);
}

/* A page of the manual; the caller releases it. Tests run in the top
 * directory. */
static inline void
read_page(struct buf *page, const char *name)
{
	struct err err = ERR_INIT;
	char path[200];

	snprintf(path, sizeof(path), "contrib/man/%s", name);
	if (file_read(path, page, 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
}

/* The examples of a page that hold `mark`: text between .Bd -literal and .Ed,
 * appended to examples. */
static inline void
add_examples(struct buf *examples, const struct buf *page, const char *mark)
{
	const char *at = buf_text(page);

	while ((at = strstr(at, "\n.Bd -literal"))) {
		const char *from = strchr(at + 1, '\n') + 1;
		const char *to = strstr(from, "\n.Ed");
		struct buf one = BUF_INIT;

		assert_non_null(to);
		buf_add(&one, from, (size_t)(to + 1 - from));
		if (strstr(buf_text(&one), mark))
			buf_add(examples, one.data, one.len);
		buf_release(&one);
		at = to;
	}
	assert_true(examples->len > 0);
}

/* A deterministic source of bytes, for input that nobody would write. */
static inline unsigned
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33);
}

#endif
