#ifndef REPO_OID_MAP_H
#define REPO_OID_MAP_H

#include <stddef.h>

#include "base/oid.h"

/*
 * A hash table from object ids to numbers; start from { 0 }. The zero id, which
 * names no object, is never put in.
 */
struct oid_map {
	struct oid *keys; /* open addressing; zero is free */
	size_t *values;
	size_t count, size;
};

/* The value's place, or NULL; good until the next oid_map_put(). */
size_t *oid_map_get(const struct oid_map *map, const struct oid *oid);

/* Add what is not there yet; 1 when it was added, else 0 and nothing changes.
 */
int oid_map_put(struct oid_map *map, const struct oid *oid, size_t value);

void oid_map_release(struct oid_map *map);

#endif
