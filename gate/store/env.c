#include "store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/schema.h"
#include "store/tables.h"
#include "store/turn.h"

/*
 * Opening. LMDB keeps data.mdb and lock.mdb in the directory; a store that
 * exists is opened with three system calls more than LMDB's own.
 */

/* Addresses, not disk: the file is as long as its pages. */
#define NEW_MAP_BYTES ((size_t)64 << 20)

/* A process holds a place while it reads; fits into LOCK_BYTES. */
enum { MAX_READERS = 900 };

static int open_env(struct store *store, const struct store_setup *setup,
		    int is_new, struct err *err);
static int lacks_lock(const char *dir, const char *lock);

int
store_open(struct store **store, const char *dir, enum store_mode mode,
	   struct err *err)
{
	const struct store_setup setup = {
		.map_bytes = NEW_MAP_BYTES,
		.schema = STORE_SCHEMA,
		.migrations = store_migrations,
		.migration_count = store_migration_count,
	};

	return store_open_setup(store, dir, mode, &setup, err);
}

uint64_t
store_generation(const struct store *store)
{
	MDB_envinfo info;

	if (store->pid != getpid() || mdb_env_info(store->env, &info))
		return 0;
	return info.me_last_txnid;
}

int
store_schema(void)
{
	return STORE_SCHEMA;
}

int
store_open_setup(struct store **store, const char *dir, enum store_mode mode,
		 const struct store_setup *setup, struct err *err)
{
	char *data = file_join(dir, STORE_DATA);
	char *lock = file_join(dir, STORE_LOCK);
	int is_new = !file_exists(data);
	struct store *made = NULL;
	int rc = 0;

	*store = NULL;
	if (is_new && mode != STORE_CREATE)
		rc = err_set(err, ERR_NOT_FOUND,
			     "no store in %s: run `pacegate install`", dir);
	else if (is_new || lacks_lock(dir, lock))
		rc = store_make_files(dir, err);
	if (rc < 0)
		goto out;
	made = mem_new(1, sizeof(*made));
	made->pid = getpid();
	made->dir = mem_copy_text(dir);
	made->mode = mode;
	made->patience_ms = TURN_PATIENCE_MS;
	rc = open_env(made, setup, is_new, err);
	if (rc == 0)
		rc = store_check_length(made, err);
	if (rc == 0)
		rc = schema_prepare(made, setup, err);
	if (rc == 0) {
		*store = made;
		made = NULL;
	}
out:
	store_close(made);
	free(lock);
	free(data);
	return rc;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	/* In a child, closing would free the parent's place as a reader. */
	if (store->env && store->pid == getpid())
		mdb_env_close(store->env);
	free(store->dir);
	free(store);
}

int
store_check_usable(const struct store *store, struct err *err)
{
	if (store->pid != getpid())
		return err_set(err, ERR_SYSTEM,
			       "store %s: opened before a fork, it must be "
			       "opened again in the child",
			       store->dir);
	if (store->running)
		return err_set(err, ERR_SYSTEM,
			       "store %s: a transaction inside a transaction",
			       store->dir);
	return 0;
}

/* A store that came back from a copy has data alone, and the lock file that
 * LMDB would make has no blocks: see create.c. Where nothing can be made (a
 * read-only mount), LMDB knows what to do. */
static int
lacks_lock(const char *dir, const char *lock)
{
	return !file_exists(lock) && access(dir, W_OK) == 0;
}

/* LMDB 0.9 sets it for all of its descriptors but this one. */
static int
close_on_exec(MDB_env *env)
{
	int fd, result = mdb_env_get_fd(env, &fd);

	if (result == MDB_SUCCESS && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		result = errno;
	return result;
}

static int
open_env(struct store *store, const struct store_setup *setup, int is_new,
	 struct err *err)
{
	unsigned flags = MDB_NOTLS;
	int dead, result;

	if (store_only_reads(store->mode))
		flags |= MDB_RDONLY;
	/* What is read here and there comes from the disk five times as fast
	 * when the kernel does not read on behind it. */
	if (store->mode != STORE_SCAN)
		flags |= MDB_NORDAHEAD;
	result = mdb_env_create(&store->env);
	if (result == MDB_SUCCESS)
		result = mdb_env_set_maxdbs(store->env, TABLE_COUNT);
	if (result == MDB_SUCCESS)
		result = mdb_env_set_maxreaders(store->env, MAX_READERS);
	if (result == MDB_SUCCESS && is_new)
		result = mdb_env_set_mapsize(store->env, setup->map_bytes);
	if (result == MDB_SUCCESS)
		result = mdb_env_open(store->env, store->dir, flags, 0640);
	if (result == MDB_SUCCESS)
		result = mdb_reader_check(store->env, &dead);
	if (result == MDB_SUCCESS)
		result = close_on_exec(store->env);
	if (result != MDB_SUCCESS)
		return store_explain(err, store->dir, result, "open");
	return 0;
}
