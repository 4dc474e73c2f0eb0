#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
buf_room(struct buf *buf, size_t len)
{
	size_t want = buf->len + len + 1;

	if (want <= len)
		want = SIZE_MAX; /* overflow: mem_resize() says so */
	if (want > buf->cap) {
		size_t cap = buf->cap < 64 ? 64 : buf->cap;

		while (cap < want)
			cap = cap > SIZE_MAX / 2 ? want : cap * 2;
		buf->data = mem_resize(buf->data, cap, 1);
		buf->cap = cap;
	}
	buf->data[buf->len + len] = '\0';
	return buf->data + buf->len;
}

void
buf_add(struct buf *buf, const void *bytes, size_t len)
{
	char *room = buf_room(buf, len);

	if (len)
		memcpy(room, bytes, len);
	buf->len += len;
}

void
buf_adds(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_addc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void
buf_vaddf(struct buf *buf, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	if (len > 0) {
		char *room = buf_room(buf, (size_t)len);

		vsnprintf(room, (size_t)len + 1, fmt, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

void
buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(buf, fmt, ap);
	va_end(ap);
}

void
buf_drop(struct buf *buf, size_t len)
{
	if (len >= buf->len) {
		buf_clear(buf);
		return;
	}
	memmove(buf->data, buf->data + len, buf->len - len + 1);
	buf->len -= len;
}

const char *
buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *
buf_take(struct buf *buf)
{
	char *data = buf->data ? buf->data : mem_new(1, 1);

	*buf = (struct buf)BUF_INIT;
	return data;
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void
buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf)BUF_INIT;
}

size_t
utf8_length(const unsigned char *text, size_t len, unsigned *code)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (text[0] < 0x80) {
		*code = text[0];
		return 1;
	}
	n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4 || n > len)
		return 0;
	*code = text[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3fu);
	}
	if (*code < least[n] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

static int
code_is_harmless(unsigned code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return 0;
	if (code == 0x61c || code == 0x200e || code == 0x200f)
		return 0;
	return !(code >= 0x2028 && code <= 0x202e) &&
	       !(code >= 0x2066 && code <= 0x2069);
}

void
buf_add_clean(struct buf *buf, const char *text, size_t len, size_t max)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t start = buf->len, fit = buf->len;

	while (len) {
		unsigned code = 0;
		size_t n = utf8_length(at, len, &code);
		size_t before = buf->len;

		if (n && code_is_harmless(code)) {
			buf_add(buf, at, n);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_addf(buf, "\\x%02x", at[i]);
		}
		if (buf->len - start > max) {
			buf->len = fit;
			buf->data[fit] = '\0';
			buf_adds(buf, "...");
			return;
		}
		/* Where a cut still leaves room for the dots. */
		if (before - start + 3 <= max)
			fit = before;
		at += n;
		len -= n;
	}
}
