#ifndef STORE_BLOCK_H
#define STORE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/*
 * Inside store/: a piece of a history as one value. LMDB spends 38 bytes on a
 * record of its own and leaves half of a page empty behind a history that grows
 * between others; many points in a value that fills a page spend nearly none.
 *
 * A point: order as the difference from the one before, commit, four doubles,
 * trials, flags, time as a signed difference; differences and counts are of
 * variable length, seven bits a byte. The first order stands in the key.
 */
enum {
	BLOCK_BYTES = 4080, /* with LMDB's header a page of 4096 */
	BLOCK_POINT_MIN = 1 + OID_BYTES + 4 * 8 + 1 + 1 + 1,
	BLOCK_POINTS = BLOCK_BYTES / BLOCK_POINT_MIN
};

struct block_point {
	uint64_t order;
	struct store_point point;
};

/* In order of (order, commit); room for one more than a value holds. */
struct block {
	size_t count;
	size_t len; /* bytes that all of them take, more than BLOCK_BYTES too */
	struct block_point points[BLOCK_POINTS + 1];
};

/* Negative, 0 or positive, as (order, commit) of the two sort. */
int block_compare(const struct block_point *a, const struct block_point *b);

/* Put a point in its place: 1, or 0 where it replaces one. */
unsigned block_insert(struct block *block, const struct block_point *next);

/* Points from begin on, as many as fit before end and into a value; *len of
 * bytes. How many. */
size_t block_pack(const struct block *block, size_t begin, size_t end,
		  unsigned char bytes[BLOCK_BYTES], size_t *len);

/* Forget the first points. */
void block_drop(struct block *block, size_t count);

/* 0, or -1 when the bytes are no block. */
int block_unpack(struct block *block, uint64_t first_order, const void *bytes,
		 size_t len);

#endif
