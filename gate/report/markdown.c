#include "report/markdown.h"

#include <string.h>

#include "base/buf.h"

/* Between the sign and what it would refer to. */
#define ZERO_WIDTH_SPACE "\xe2\x80\x8b"

/* Signs that make references, of users, issues, merge requests, labels and the
 * rest, or links, also without any markup and behind a backslash. */
static int
refers(const char *text, const char *at)
{
	if (!at[1] || at[1] == ' ')
		return 0;
	if (*at == '.')
		return at > text && (at[-1] == 'w' || at[-1] == 'W');
	return strchr("@#!~%&$:", *at) != NULL;
}

void
markdown_add_text(struct buf *buf, const char *text, size_t max)
{
	struct buf clean = BUF_INIT;

	buf_add_clean(&clean, text, strlen(text), max);
	for (const char *at = buf_text(&clean); *at; at++) {
		if (strchr("\\`*_{}[]()<>|~#!&@$^", *at))
			buf_addc(buf, '\\');
		buf_addc(buf, *at);
		if (refers(buf_text(&clean), at))
			buf_adds(buf, ZERO_WIDTH_SPACE);
	}
	buf_release(&clean);
}

/* Nothing is special in a code span but its end, and in a table the bar. */
void
markdown_add_code(struct buf *buf, const char *text, size_t max)
{
	struct buf clean = BUF_INIT;

	buf_add_clean(&clean, text, strlen(text), max);
	buf_addc(buf, '`');
	for (const char *at = buf_text(&clean); *at; at++) {
		if (*at == '|')
			buf_addc(buf, '\\');
		buf_addc(buf, *at == '`' ? '\'' : *at);
	}
	if (!clean.len)
		buf_addc(buf, ' ');
	buf_addc(buf, '`');
	buf_release(&clean);
}
