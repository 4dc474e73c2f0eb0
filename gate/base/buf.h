#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

/* A growing byte buffer; data is always followed by a NUL that len leaves out.
 * Start from BUF_INIT; data may be NULL while len is 0: use buf_text(). */
struct buf {
	char *data;
	size_t len, cap;
};

#define BUF_INIT                                                               \
	{                                                                      \
		0                                                              \
	}

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_adds(struct buf *buf, const char *text);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *buf, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Make room for len more bytes; returns where they go. Set buf->len after. */
char *buf_room(struct buf *buf, size_t len);

/* Drop the first len bytes. */
void buf_drop(struct buf *buf, size_t len);

/* The content as text, never NULL; borrowed until the next change. */
const char *buf_text(const struct buf *buf);

/* Hand the memory over (never NULL) and start afresh; the caller frees it. */
char *buf_take(struct buf *buf);

void buf_clear(struct buf *buf);
void buf_release(struct buf *buf);

/* Length of the sound UTF-8 sequence at text, or 0; *code is its character. At
 * least one byte must be there. */
size_t utf8_length(const unsigned char *text, size_t len, unsigned *code);

/*
 * Append len bytes of text that a stranger wrote, safe for a terminal and for
 * one line: controls, DEL, bytes that are not UTF-8, and bidirectional
 * overrides become `\xNN`. At most max bytes are appended; a cut one ends in
 * `...`. For everything from commits, tests and runners that people see.
 */
void buf_add_clean(struct buf *buf, const char *text, size_t len, size_t max);

#endif
