#include "runner/slice.h"

#include <ctype.h>
#include <string.h>

int
slice_is(const struct slice *slice, const char *text)
{
	return slice->len == strlen(text) && slice_begins(slice, text);
}

int
slice_begins(const struct slice *slice, const char *text)
{
	size_t len = strlen(text);

	return slice->len >= len && !memcmp(slice->text, text, len);
}

void
slice_advance(struct slice *slice, size_t len)
{
	slice->text += len;
	slice->len -= len;
}

void
slice_trim(struct slice *slice)
{
	while (slice->len && isspace((unsigned char)slice->text[0]))
		slice_advance(slice, 1);
	while (slice->len &&
	       isspace((unsigned char)slice->text[slice->len - 1]))
		slice->len--;
}
