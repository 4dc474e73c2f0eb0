#ifndef RUNNER_OBJECTS_H
#define RUNNER_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct oid;
struct texts;

/*
 * Git objects: the cache's own store, a bare object directory that is kept
 * between sessions, and the alternates of this session. The only file of the
 * runner that sees git2.h.
 */
struct objects;

enum object_kind { OBJECT_BLOB, OBJECT_TREE };

/*
 * Open the store in the directory `cache`/objects, made if it is missing, and
 * the alternates (absolute paths of object directories; what their
 * info/alternates name is followed). The store is locked against eviction
 * until objects_free().
 */
int objects_open(const char *cache, const struct texts *alternates,
		 struct objects **objects, struct err *err);
void objects_free(struct objects *objects);

int objects_has(struct objects *objects, const struct oid *oid);

/*
 * Append a whole object to buf. ERR_NOT_FOUND; ERR_INPUT for another kind,
 * the pusher's fault; ERR_LIMIT for one of more than max bytes, likewise.
 */
int objects_read(struct objects *objects, const struct oid *oid,
		 enum object_kind kind, size_t max, struct buf *buf,
		 struct err *err);

/* Take in a git pack, piece by piece; commit puts it into the cache. */
struct objects_pack;

int objects_pack_begin(struct objects *objects, struct objects_pack **pack,
		       struct err *err);
int objects_pack_add(struct objects_pack *pack, const void *bytes, size_t len,
		     struct err *err);
int objects_pack_commit(struct objects_pack *pack, struct err *err);
void objects_pack_free(struct objects_pack *pack); /* NULL is fine */

/*
 * Remove the oldest packs until the store takes at most max_bytes, and what a
 * killed runner left half written. Does nothing while a session has the store
 * open. Errors are logged only: the cache is merely larger then.
 */
void objects_evict(const char *cache, int64_t max_bytes);

/* The object id of a blob with these bytes: a hash for names. */
int objects_hash(const void *bytes, size_t len, struct oid *oid,
		 struct err *err);

#endif
