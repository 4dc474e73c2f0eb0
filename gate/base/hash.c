#include "base/hash.h"

uint64_t
hash_add(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	while (len--)
		hash = (hash ^ *at++) * 0x100000001b3u;
	return hash;
}
