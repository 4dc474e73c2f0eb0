#ifndef HOST_TEXT_H
#define HOST_TEXT_H

#include <stddef.h>

struct buf;

/* Text as the services and mail want it. */

/*
 * Append text as sound UTF-8 of at most max characters (0: no limit); a cut one
 * ends in an ellipsis, which counts. Bytes that are not UTF-8 become U+FFFD,
 * controls too, apart from newlines and tabs; in one line those are blanks.
 */
void text_add_cut(struct buf *buf, const char *text, size_t max, int one_line);

/* Number of characters of sound UTF-8. */
size_t text_characters(const char *text);

/* Percent-encode for a path segment or a query; what is in keep stays. */
void text_add_escaped(struct buf *buf, const char *text, const char *keep);

void text_add_base64(struct buf *buf, const void *bytes, size_t len);

/* Quoted-printable (RFC 2045, 6.7) of lines that end in `\n`; ends in CRLF. */
void text_add_quoted(struct buf *buf, const char *text);

/* A header's unstructured value as it stands, or where it is not plain ASCII
 * that fits a line, as encoded words. */
void text_add_header(struct buf *buf, const char *text);

/* Encoded words (RFC 2047) of UTF-8, folded. */
void text_add_words(struct buf *buf, const char *text);

#endif
