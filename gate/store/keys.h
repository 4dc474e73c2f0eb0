#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct oid;

/*
 * How records look on disk. Numbers are big-endian and of fixed width, so
 * that LMDB's order of bytes is the order of the tuples. Keys and the heads of
 * values are built with pack_*() and taken apart with fields_*().
 */

/* LMDB's own limit of a key is 511; heads of values may be longer. */
enum { PACK_MAX = 1536, KEY_MAX = 511 };

/* Start from { .len = 0 }. What does not fit sets bad. */
struct pack {
	size_t len;
	int bad;
	unsigned char bytes[PACK_MAX];
};

void pack_start(struct pack *pack);
void pack_u8(struct pack *pack, unsigned value);
void pack_u32(struct pack *pack, uint32_t value);
void pack_u64(struct pack *pack, uint64_t value);
void pack_s64(struct pack *pack, int64_t value);
void pack_double(struct pack *pack, double value);
void pack_bytes(struct pack *pack, const void *bytes, size_t len);
void pack_oid(struct pack *pack, const struct oid *oid);

/* With its length before it, for the middle of a value. */
void pack_text(struct pack *pack, const char *text);

/* Bare, for the end of a key. */
void pack_tail(struct pack *pack, const char *text);

/*
 * The smallest key that sorts behind everything that begins with pack; 0 when
 * there is none.
 */
int pack_after(const struct pack *pack, struct pack *after);

/* Reading: what is missing reads as 0 and sets bad. */
struct fields {
	const unsigned char *at;
	size_t left;
	int bad;
};

void fields_start(struct fields *fields, const void *bytes, size_t len);
unsigned fields_u8(struct fields *fields);
uint32_t fields_u32(struct fields *fields);
uint64_t fields_u64(struct fields *fields);
int64_t fields_s64(struct fields *fields);
double fields_double(struct fields *fields);
void fields_oid(struct fields *fields, struct oid *oid);

/* Copy of a pack_text() or of all that is left, NUL-terminated; text that does
 * not fit into size bytes or holds a NUL is bad. */
void fields_text(struct fields *fields, char *text, size_t size);
void fields_tail(struct fields *fields, char *text, size_t size);

/* Whether all was there and nothing is left. */
int fields_are_done(const struct fields *fields);

#endif
