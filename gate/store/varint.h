#ifndef STORE_VARINT_H
#define STORE_VARINT_H

#include <stddef.h>
#include <stdint.h>

/* Inside store/: numbers of variable length, seven bits a byte, the lowest
 * first; all but the last byte have the highest bit set. */
enum { VARINT_MAX = 10 };

/* Behind what was written. */
static inline unsigned char *
varint_put(unsigned char *at, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*at++ = (unsigned char)(value | 0x80);
	*at++ = (unsigned char)value;
	return at;
}

static inline size_t
varint_len(uint64_t value)
{
	size_t len = 1;

	for (; value >= 0x80; value >>= 7)
		len++;
	return len;
}

/* Behind what was read, or NULL: cut short, or more than 64 bits. */
static inline const unsigned char *
varint_get(const unsigned char *at, const unsigned char *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
		unsigned char byte = *at++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return at;
	}
	return NULL;
}

/* Signed numbers, so that small ones of either sign stay small. */
static inline uint64_t
varint_fold(uint64_t number)
{
	return number << 1 ^ (number >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t
varint_unfold(uint64_t folded)
{
	return folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0);
}

#endif
