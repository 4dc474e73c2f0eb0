#ifndef HOST_ADDRESS_H
#define HOST_ADDRESS_H

struct buf;

/* Mail addresses, as people and commits write them: `ada@example.org`, or
 * `Ada Lovelace <ada@example.org>`. */

/*
 * The bare address, freshly allocated; NULL for what is none. ASCII, one `@`,
 * no blanks, quotes or brackets inside: a commit's author is a stranger, and
 * must not write our headers or commands.
 */
char *address_bare(const char *text);

/* Append it as a header's value: the name as words (RFC 2047 where needed) and
 * the address in brackets. text must have a bare address. */
void address_add(struct buf *buf, const char *text);

#endif
