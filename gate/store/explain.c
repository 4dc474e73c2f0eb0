#include "store/env.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* LMDB's results in words that say what to do. */

static const struct {
	int result;
	int code;
	const char *advice;
} explanations[] = {
	{ EACCES, ERR_SYSTEM,
	  "permission denied: both files must be writable for this user, even "
	  "to read (run as the repository's owner)" },
	{ EPERM, ERR_SYSTEM, "operation not permitted for this user" },
	{ EROFS, ERR_SYSTEM, "the file system is read-only" },
	{ ENOENT, ERR_NOT_FOUND, "there is no store: run `pacegate install`" },
	{ ENOSPC, ERR_SYSTEM,
	  "disk full, nothing of this was stored: make room and try again" },
	{ EDQUOT, ERR_SYSTEM,
	  "disk quota used up, nothing of this was stored: make room and try "
	  "again" },
	/* LMDB makes this of a write that the disk took only a part of. */
	{ EIO, ERR_SYSTEM,
	  "disk full or failing (input/output error), nothing of this was "
	  "stored: make room, see the kernel's log, try again" },
	{ EFBIG, ERR_SYSTEM,
	  "file size limit reached, nothing of this was stored: raise it "
	  "(ulimit -f)" },
	{ ENOMEM, ERR_SYSTEM,
	  "no address space for the map: raise the limit (ulimit -v)" },
	{ MDB_INVALID, ERR_INPUT,
	  "data.mdb is not a database: move it away, then `pacegate install` "
	  "and `pacegate import` of an export" },
	{ MDB_VERSION_MISMATCH, ERR_VERSION,
	  "data.mdb or lock.mdb is of another LMDB version: use the pacegate "
	  "that wrote it for `pacegate export`" },
	{ MDB_CORRUPTED, ERR_INPUT,
	  "data.mdb is damaged: run `pacegate verify`, restore a backup" },
	{ MDB_PAGE_NOTFOUND, ERR_INPUT,
	  "data.mdb is damaged: run `pacegate verify`, restore a backup" },
	{ MDB_PANIC, ERR_SYSTEM,
	  "a write failed badly before: look at the disk, open it again" },
	{ MDB_READERS_FULL, ERR_BUSY,
	  "too many processes read it at once: try again" },
};

int
store_explain(struct err *err, const char *dir, int result, const char *what)
{
	size_t count = sizeof(explanations) / sizeof(explanations[0]);

	for (size_t i = 0; i < count; i++)
		if (explanations[i].result == result)
			return err_set(err, explanations[i].code,
				       "store %s: %s: %s", dir, what,
				       explanations[i].advice);
	return err_set(err, ERR_SYSTEM, "store %s: %s: %s", dir, what,
		       mdb_strerror(result));
}
