#include "base/columns.h"
#include "base/buf.h"

#include <string.h>

struct range {
	unsigned first, last;
};

/* Unicode's East Asian Width W and F, and what combines, in the large. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },
	{ 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },   { 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff },
	{ 0x20000, 0x3fffd },
};
static const struct range none[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },
	{ 0x064b, 0x065f }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200f },
	{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
};

static int
is_within(unsigned code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return 1;
	return 0;
}

/* Bytes of the character at text, at least one, and its columns. */
static size_t
next_character(const char *text, size_t len, size_t *columns)
{
	unsigned code = 0;
	size_t bytes = utf8_length((const unsigned char *)text, len, &code);

	*columns = 1;
	if (is_within(code, wide, sizeof(wide) / sizeof(*wide)))
		*columns = 2;
	else if (is_within(code, none, sizeof(none) / sizeof(*none)))
		*columns = 0;
	return bytes ? bytes : 1;
}

/* Bytes of text that fit into so many columns; *taken: how many they take. */
static size_t
fit(const char *text, size_t columns, size_t *taken)
{
	size_t len = strlen(text), at = 0;

	*taken = 0;
	while (at < len) {
		size_t more;
		size_t bytes = next_character(text + at, len - at, &more);

		if (*taken + more > columns)
			break;
		*taken += more;
		at += bytes;
	}
	return at;
}

size_t
columns_of(const char *text)
{
	size_t taken;

	fit(text, (size_t)-1, &taken);
	return taken;
}

void
columns_add(struct buf *buf, const char *text, size_t columns,
	    enum columns_side side)
{
	const size_t dots = columns > 6 ? 3 : 0;
	size_t taken, bytes = fit(text, columns, &taken);

	if (text[bytes]) {
		bytes = fit(text, columns - dots, &taken);
		taken += dots;
	}
	if (side == COLUMNS_RIGHT)
		buf_addf(buf, "%*s", (int)(columns - taken), "");
	buf_add(buf, text, bytes);
	if (text[bytes])
		buf_add(buf, "...", dots);
	if (side == COLUMNS_LEFT)
		buf_addf(buf, "%*s", (int)(columns - taken), "");
}
