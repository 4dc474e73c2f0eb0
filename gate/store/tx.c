#include "store/tx.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/env.h"
#include "store/turn.h"

/*
 * How a transaction runs: begin, the caller's function, commit. The map is a
 * fixed range of addresses; when it is full, or when another process made the
 * file larger than ours, LMDB says so, and nothing was stored: we enlarge it
 * and run everything again.
 */

/* LMDB would take more; a store of 64 TB is a runaway. */
#define MAX_MAP_BYTES ((size_t)1 << 46)

/* Another process may enlarge the map between our look and our begin. */
enum { MAX_ADOPTIONS = 100 };

static int grow(struct store *store, struct err *err);
static int run_once(struct store_tx *tx, store_fn *fn, void *data,
		    struct err *err);

int
store_write(struct store *store, store_fn *fn, void *data, struct err *err)
{
	struct err mine = ERR_INIT;
	int rc = store_check_usable(store, err);

	if (rc < 0)
		return rc;
	if (!err)
		err = &mine;
	if (store_only_reads(store->mode))
		return err_set(err, ERR_UNSUPPORTED,
			       "store %s: opened for reading only", store->dir);
	for (;;) {
		struct store_tx tx = { .store = store, .write = 1 };

		rc = turn_take(store, err);
		if (rc < 0)
			return rc;
		rc = run_once(&tx, fn, data, err);
		turn_give(store);
		if (!tx.full)
			return rc;
		rc = grow(store, err);
		if (rc < 0)
			return rc;
	}
}

int
store_read(struct store *store, store_fn *fn, void *data, struct err *err)
{
	struct store_tx tx = { .store = store };
	struct err mine = ERR_INIT;
	int rc = store_check_usable(store, err);

	if (rc < 0)
		return rc;
	return run_once(&tx, fn, data, err ? err : &mine);
}

int
store_tx_error(const struct store_tx *tx)
{
	return tx->first.code;
}

/* A function may return the code of an operation and leave err alone. */
static int
finish(const struct store_tx *tx, int rc, struct err *err)
{
	if (tx->first.code < 0) {
		*err = tx->first;
		return err->code;
	}
	if (rc < 0 && err->code == 0)
		err_set(err, rc, "store %s: no such record", tx->store->dir);
	return rc;
}

static int
run_once(struct store_tx *tx, store_fn *fn, void *data, struct err *err)
{
	int rc, result;

	memset(err, 0, sizeof(*err));
	rc = store_begin(tx->store, tx->write ? 0 : MDB_RDONLY, &tx->txn, err);
	if (rc < 0)
		return rc;
	tx->store->running = 1;
	rc = store_check_schema(tx);
	if (rc == 0)
		rc = fn(tx, data, err);
	if (rc >= 0)
		series_flush(tx);
	if (rc >= 0 && tx->points > 0)
		tx_note_points(tx);
	series_release(tx);
	tx->store->running = 0;
	if (rc < 0 || tx->first.code < 0 || !tx->write) {
		mdb_txn_abort(tx->txn);
		return finish(tx, rc, err);
	}
	result = mdb_txn_commit(tx->txn);
	if (result != MDB_SUCCESS) {
		tx_fail_lmdb(tx, result, "commit");
		return finish(tx, rc, err);
	}
	return rc;
}

int
store_begin(struct store *store, unsigned flags, MDB_txn **txn, struct err *err)
{
	int result = mdb_txn_begin(store->env, NULL, flags, txn);

	for (int i = 0; result == MDB_MAP_RESIZED && i < MAX_ADOPTIONS; i++) {
		result = mdb_env_set_mapsize(store->env, 0);
		if (result == MDB_SUCCESS)
			result = mdb_txn_begin(store->env, NULL, flags, txn);
	}
	if (result != MDB_SUCCESS)
		return store_explain(err, store->dir, result, "begin");
	return 0;
}

/* A dead reader's snapshot keeps pages from being used again, so that is
 * looked at before more room is taken. */
static int
grow(struct store *store, struct err *err)
{
	MDB_envinfo info;
	int dead = 0, result;

	result = mdb_reader_check(store->env, &dead);
	if (result == MDB_SUCCESS && dead > 0)
		return 0;
	result = mdb_env_info(store->env, &info);
	if (result == MDB_SUCCESS && info.me_mapsize >= MAX_MAP_BYTES)
		return err_set(err, ERR_LIMIT,
			       "store %s: map of %zu bytes is full; "
			       "`pacegate expire` makes room",
			       store->dir, info.me_mapsize);
	if (result == MDB_SUCCESS)
		result = mdb_env_set_mapsize(store->env, info.me_mapsize * 2);
	if (result != MDB_SUCCESS)
		return store_explain(err, store->dir, result, "growing");
	return 0;
}

int
tx_fail(struct store_tx *tx, int code, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (tx->first.code < 0)
		return tx->first.code;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(&tx->first, code, "store %s: %s", tx->store->dir, text);
}

int
tx_fail_lmdb(struct store_tx *tx, int result, const char *what)
{
	if (tx->first.code < 0)
		return tx->first.code;
	if (result == MDB_MAP_FULL)
		tx->full = 1;
	return store_explain(&tx->first, tx->store->dir, result, what);
}
