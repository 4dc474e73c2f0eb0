#include "repo/oid_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t
slot_of(const struct oid_map *map, const struct oid *oid)
{
	size_t at;

	/* An object id is a hash already; size is a power of two. */
	memcpy(&at, oid->bytes, sizeof(at));
	for (at &= map->size - 1;
	     !oid_is_zero(&map->keys[at]) && !oid_equal(&map->keys[at], oid);
	     at = (at + 1) & (map->size - 1))
		;
	return at;
}

static void
grow(struct oid_map *map)
{
	struct oid_map bigger = { .count = map->count,
				  .size = map->size ? map->size * 2 : 64 };

	bigger.keys = mem_new(bigger.size, sizeof(*bigger.keys));
	bigger.values = mem_new(bigger.size, sizeof(*bigger.values));
	for (size_t i = 0; i < map->size; i++) {
		size_t at;

		if (oid_is_zero(&map->keys[i]))
			continue;
		at = slot_of(&bigger, &map->keys[i]);
		bigger.keys[at] = map->keys[i];
		bigger.values[at] = map->values[i];
	}
	free(map->keys);
	free(map->values);
	*map = bigger;
}

size_t *
oid_map_get(const struct oid_map *map, const struct oid *oid)
{
	size_t at;

	if (!map->size || oid_is_zero(oid))
		return NULL;
	at = slot_of(map, oid);
	return oid_is_zero(&map->keys[at]) ? NULL : &map->values[at];
}

int
oid_map_put(struct oid_map *map, const struct oid *oid, size_t value)
{
	size_t at;

	if (oid_is_zero(oid))
		return 0;
	if (2 * map->count >= map->size)
		grow(map);
	at = slot_of(map, oid);
	if (!oid_is_zero(&map->keys[at]))
		return 0;
	map->keys[at] = *oid;
	map->values[at] = value;
	map->count++;
	return 1;
}

void
oid_map_release(struct oid_map *map)
{
	free(map->keys);
	free(map->values);
	*map = (struct oid_map){ 0 };
}
