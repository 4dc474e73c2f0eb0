#include "host/text.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define REPLACEMENT "\xef\xbf\xbd"

enum {
	MAX_LINE = 76,       /* of quoted-printable, RFC 2045 */
	MAX_WORD_BYTES = 42, /* of text in an encoded word of at most 75 */
	MAX_HEADER = 60      /* beside the header's name on one line */
};

/* The next character, made harmless; the bytes that it takes at `at`. */
static size_t
next_character(const unsigned char *at, size_t len, int one_line,
	       struct buf *out)
{
	unsigned code;
	size_t n = utf8_length(at, len, &code);

	if (n == 0) {
		buf_adds(out, REPLACEMENT);
		return 1;
	}
	if (code == '\n' || code == '\t')
		buf_addc(out, one_line ? ' ' : (char)code);
	else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		buf_adds(out, REPLACEMENT);
	else
		buf_add(out, at, n);
	return n;
}

void
text_add_cut(struct buf *buf, const char *text, size_t max, int one_line)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text), count = 0, fit = buf->len;

	while (left > 0) {
		size_t n;

		if (max && count + 1 == max)
			fit = buf->len;
		if (max && count == max) {
			buf->len = fit;
			buf_adds(buf, ELLIPSIS);
			return;
		}
		n = next_character(at, left, one_line, buf);
		at += n;
		left -= n;
		count++;
	}
}

size_t
text_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

void
text_add_escaped(struct buf *buf, const char *text, const char *keep)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c) || strchr(keep, c))
			buf_addc(buf, *text);
		else
			buf_addf(buf, "%%%02X", c);
	}
}

void
text_add_base64(struct buf *buf, const void *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const unsigned char *at = bytes;

	for (; len > 0; at += 3) {
		unsigned triple = (unsigned)at[0] << 16 |
				  (len > 1 ? (unsigned)at[1] << 8 : 0) |
				  (len > 2 ? (unsigned)at[2] : 0);

		buf_addc(buf, digits[triple >> 18]);
		buf_addc(buf, digits[triple >> 12 & 63]);
		buf_addc(buf, len > 1 ? digits[triple >> 6 & 63] : '=');
		buf_addc(buf, len > 2 ? digits[triple & 63] : '=');
		len -= len < 3 ? len : 3;
	}
}

/* A blank at a line's end would be lost on the way. */
static int
quoted_needs_code(const char *at)
{
	unsigned char c = (unsigned char)*at;

	if (c == ' ' || c == '\t')
		return at[1] == '\n' || at[1] == '\0';
	return c < 0x20 || c > 0x7e || c == '=';
}

void
text_add_quoted(struct buf *buf, const char *text)
{
	size_t column = 0;

	for (const char *at = text; *at; at++) {
		int coded = quoted_needs_code(at);

		if (*at == '\n') {
			buf_adds(buf, "\r\n");
			column = 0;
			continue;
		}
		if (column + (coded ? 3 : 1) >= MAX_LINE) {
			buf_adds(buf, "=\r\n");
			column = 0;
		}
		if (coded)
			buf_addf(buf, "=%02X", (unsigned char)*at);
		else
			buf_addc(buf, *at);
		column += coded ? 3 : 1;
	}
	if (column > 0)
		buf_adds(buf, "\r\n");
}

static int
is_plain_header(const char *text)
{
	if (strlen(text) > MAX_HEADER || strstr(text, "=?"))
		return 0;
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return 0;
	return 1;
}

void
text_add_header(struct buf *buf, const char *text)
{
	if (is_plain_header(text))
		buf_adds(buf, text);
	else
		text_add_words(buf, text);
}

void
text_add_words(struct buf *buf, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text);
	struct buf word = BUF_INIT;
	int first = 1;

	while (left > 0) {
		buf_clear(&word);
		while (left > 0 && word.len < MAX_WORD_BYTES - 4) {
			size_t n = next_character(at, left, 1, &word);

			at += n;
			left -= n;
		}
		buf_adds(buf, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
		text_add_base64(buf, word.data, word.len);
		buf_adds(buf, "?=");
		first = 0;
	}
	buf_release(&word);
}
