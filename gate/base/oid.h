#ifndef BASE_OID_H
#define BASE_OID_H

#include <stddef.h>

/* An object id (SHA-1: libgit2 1.5 reads no other), without libgit2. */
enum { OID_BYTES = 20, OID_HEX = 40, OID_SHORT = 10 };

struct oid {
	unsigned char bytes[OID_BYTES];
};

/* Exactly 40 hex digits (what follows is not looked at); 0 or ERR_INPUT. */
int oid_parse(struct oid *oid, const char *hex);

/* Writes 40 digits and a NUL; returns hex. */
char *oid_format(const struct oid *oid, char hex[OID_HEX + 1]);

/* The same, shortened to OID_SHORT digits, for people. */
char *oid_short(const struct oid *oid, char hex[OID_HEX + 1]);

int oid_is_zero(const struct oid *oid);
int oid_equal(const struct oid *a, const struct oid *b);
int oid_compare(const struct oid *a, const struct oid *b);

#endif
