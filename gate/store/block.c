#include "store/block.h"

#include <endian.h>
#include <string.h>

#include "store/varint.h"

int
block_compare(const struct block_point *a, const struct block_point *b)
{
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return oid_compare(&a->point.commit, &b->point.commit);
}

/* Bytes of the point at i where the one before it is at i - 1, or none. */
static size_t
point_len(const struct block *block, size_t i, int is_first)
{
	const struct block_point *next = &block->points[i];
	uint64_t order = is_first ? next->order : next[-1].order;
	uint64_t time_s = is_first ? 0 : (uint64_t)next[-1].point.time_s;

	return varint_len(next->order - order) + OID_BYTES + 4 * 8 +
	       varint_len(next->point.trials) + varint_len(next->point.flags) +
	       varint_len(varint_fold((uint64_t)next->point.time_s - time_s));
}

static void
measure(struct block *block)
{
	block->len = 0;
	for (size_t i = 0; i < block->count; i++)
		block->len += point_len(block, i, i == 0);
}

unsigned
block_insert(struct block *block, const struct block_point *next)
{
	size_t at = block->count;
	int order = 1;

	/* Nearly always behind all others. */
	while (at > 0 &&
	       (order = block_compare(next, &block->points[at - 1])) < 0)
		at--;
	if (at > 0 && order == 0) {
		block->points[at - 1] = *next;
		measure(block);
		return 0;
	}
	memmove(&block->points[at + 1], &block->points[at],
		(block->count - at) * sizeof(block->points[0]));
	block->points[at] = *next;
	block->count++;
	if (at + 1 == block->count && at > 0)
		block->len += point_len(block, at, 0);
	else
		measure(block);
	return 1;
}

void
block_drop(struct block *block, size_t count)
{
	block->count -= count;
	memmove(block->points, block->points + count,
		block->count * sizeof(block->points[0]));
	measure(block);
}

static unsigned char *
add_double(unsigned char *at, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits = htobe64(bits);
	memcpy(at, &bits, sizeof(bits));
	return at + sizeof(bits);
}

size_t
block_pack(const struct block *block, size_t begin, size_t end,
	   unsigned char bytes[BLOCK_BYTES], size_t *len)
{
	uint64_t order = block->points[begin].order, time_s = 0;
	unsigned char *at = bytes;
	size_t i;

	for (i = begin; i < end; i++) {
		const struct store_point *point = &block->points[i].point;

		if (point_len(block, i, i == begin) >
		    BLOCK_BYTES - (size_t)(at - bytes))
			break;
		at = varint_put(at, block->points[i].order - order);
		memcpy(at, point->commit.bytes, OID_BYTES);
		at = add_double(at + OID_BYTES, point->value);
		at = add_double(at, point->low);
		at = add_double(at, point->high);
		at = add_double(at, point->base);
		at = varint_put(at, point->trials);
		at = varint_put(at, point->flags);
		at = varint_put(at,
				varint_fold((uint64_t)point->time_s - time_s));
		order = block->points[i].order;
		time_s = (uint64_t)point->time_s;
	}
	*len = (size_t)(at - bytes);
	return i - begin;
}

static double
double_at(const unsigned char *at)
{
	uint64_t bits;
	double value;

	memcpy(&bits, at, sizeof(bits));
	bits = be64toh(bits);
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* What is left of a value; at is NULL once something was wrong. */
struct reader {
	const unsigned char *at, *end;
};

static inline uint64_t
take_number(struct reader *reader, uint64_t max)
{
	uint64_t value;

	if (!reader->at)
		return 0;
	reader->at = varint_get(reader->at, reader->end, &value);
	if (!reader->at || value <= max)
		return value;
	reader->at = NULL;
	return 0;
}

static inline void
take_doubles(struct reader *reader, struct store_point *point)
{
	const unsigned char *at = reader->at;

	if (!at || reader->end - at < OID_BYTES + 4 * 8) {
		reader->at = NULL;
		return;
	}
	memcpy(point->commit.bytes, at, OID_BYTES);
	at += OID_BYTES;
	point->value = double_at(at);
	point->low = double_at(at + 8);
	point->high = double_at(at + 16);
	point->base = double_at(at + 24);
	reader->at = at + 32;
}

int
block_unpack(struct block *block, uint64_t first_order, const void *bytes,
	     size_t len)
{
	struct reader reader = { bytes, (const unsigned char *)bytes + len };
	uint64_t order = first_order, time_s = 0;

	block->count = 0;
	block->len = len;
	if (len == 0 || len > BLOCK_BYTES)
		return -1;
	while (reader.at < reader.end) {
		struct block_point *next = &block->points[block->count];
		struct store_point *point = &next->point;

		order += take_number(&reader, UINT64_MAX - order);
		take_doubles(&reader, point);
		point->trials = (uint32_t)take_number(&reader, UINT32_MAX);
		point->flags = (uint32_t)take_number(&reader, UINT32_MAX);
		time_s += varint_unfold(take_number(&reader, UINT64_MAX));
		next->order = order;
		point->time_s = (int64_t)time_s;
		if (!reader.at || block->count == BLOCK_POINTS ||
		    (block->count > 0 && block_compare(next, next - 1) <= 0))
			return -1;
		block->count++;
	}
	return 0;
}
