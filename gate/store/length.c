#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "store/env.h"

/*
 * A data.mdb that was cut short, by a copy that broke off or a disk that was
 * full, would be a SIGBUS at the first page behind its end. It may rightly be
 * shorter than its pages are many: those that a transaction took and gave back
 * were never written. So where it is, the list of free pages is asked, which
 * may be behind the end itself.
 */

enum { MAX_LOOKS = 100 };

static sigjmp_buf on_bus_error;

static void
catch_bus_error(int number)
{
	siglongjmp(on_bus_error, number);
}

/* Free pages from `first` on. A record is a count and so many page numbers. */
static int
count_free(MDB_cursor *cursor, size_t first, size_t *count)
{
	MDB_val key, list;
	int result;

	*count = 0;
	while (!(result = mdb_cursor_get(cursor, &key, &list, MDB_NEXT))) {
		size_t pages, page;

		if (list.mv_size < sizeof(pages))
			return MDB_CORRUPTED;
		memcpy(&pages, list.mv_data, sizeof(pages));
		if (pages > list.mv_size / sizeof(page) - 1)
			return MDB_CORRUPTED;
		for (size_t i = 1; i <= pages; i++) {
			const char *at = list.mv_data;

			memcpy(&page, at + i * sizeof(page), sizeof(page));
			*count += page >= first;
		}
	}
	return result == MDB_NOTFOUND ? MDB_SUCCESS : result;
}

/* MDB_CORRUPTED when the list itself is behind the end. */
static int
count_free_safely(MDB_cursor *cursor, size_t first, size_t *count)
{
	if (sigsetjmp(on_bus_error, 1) != 0)
		return MDB_CORRUPTED;
	return count_free(cursor, first, count);
}

/* LMDB keeps the free pages in its database 0. */
static int
count_free_pages(MDB_txn *txn, size_t first, size_t *count)
{
	struct sigaction action = { .sa_handler = catch_bus_error }, before;
	MDB_cursor *cursor;
	int result = mdb_cursor_open(txn, 0, &cursor);

	if (result != MDB_SUCCESS)
		return result;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &before) == 0) {
		result = count_free_safely(cursor, first, count);
		sigaction(SIGBUS, &before, NULL);
	}
	mdb_cursor_close(cursor);
	return result;
}

static int
fail(const struct store *store, off_t bytes, size_t wanted, struct err *err)
{
	return err_set(
		err, ERR_INPUT,
		"store %s: " STORE_DATA " is cut short, %lld bytes of "
		"%zu: move it away and put a backup in its place (a copy "
		"of mdb_copy, or `pacegate install` and `pacegate "
		"import` of an export)",
		store->dir, (long long)bytes, wanted);
}

/* 0, ERR_BUSY when the store was written to meanwhile, or it is short. */
static int
look(struct store *store, MDB_txn *txn, struct err *err)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat found;
	size_t pages, missing, unused = 0;
	int fd, result = mdb_env_info(store->env, &info);

	if (result == MDB_SUCCESS)
		result = mdb_env_stat(store->env, &stat);
	if (result == MDB_SUCCESS)
		result = mdb_env_get_fd(store->env, &fd);
	if (result != MDB_SUCCESS)
		return store_explain(err, store->dir, result, "length");
	if (fstat(fd, &found) < 0)
		return err_errno(err, "store %s", store->dir);
	pages = (size_t)found.st_size / stat.ms_psize;
	if (info.me_last_pgno < pages)
		return 0;
	if (info.me_last_txnid != mdb_txn_id(txn))
		return ERR_BUSY;
	missing = info.me_last_pgno + 1 - pages;
	result = count_free_pages(txn, pages, &unused);
	if (result != MDB_SUCCESS || unused < missing)
		return fail(store, found.st_size,
			    (info.me_last_pgno + 1) * stat.ms_psize, err);
	return 0;
}

int
store_check_length(struct store *store, struct err *err)
{
	int rc = ERR_BUSY;

	for (int i = 0; rc == ERR_BUSY && i < MAX_LOOKS; i++) {
		MDB_txn *txn;

		rc = store_begin(store, MDB_RDONLY, &txn, err);
		if (rc < 0)
			return rc;
		rc = look(store, txn, err);
		mdb_txn_abort(txn);
	}
	/* Whoever writes all the time has found it to be whole. */
	return rc == ERR_BUSY ? 0 : rc;
}
