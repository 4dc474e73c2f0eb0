#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits: tells contents apart, and withstands no attack. Begin with
 * HASH_START. */
#define HASH_START 0xcbf29ce484222325u

uint64_t hash_add(uint64_t hash, const void *bytes, size_t len);

#endif
