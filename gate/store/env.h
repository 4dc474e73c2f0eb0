#ifndef STORE_ENV_H
#define STORE_ENV_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/store.h"
#include "store/tx.h"

/* Inside store/: the open environment. */

enum { STORE_SCHEMA = 2 };

#define STORE_DATA "data.mdb"
#define STORE_LOCK "lock.mdb"

/* Whether a store that is opened so may only be read. */
static inline int
store_only_reads(enum store_mode mode)
{
	return mode == STORE_READ || mode == STORE_SCAN;
}

struct store_watch {
	store_watch_fn *fn; /* NULL: nobody */
	void *data;
	uint64_t seen, total;
};

struct store {
	MDB_env *env;
	MDB_dbi dbi[TABLE_COUNT];
	pid_t pid;
	char *dir;
	enum store_mode mode;
	int running;         /* inside a transaction */
	int64_t patience_ms; /* with who keeps us from writing: turn.h */
	struct store_watch watch;
	unsigned schema; /* what this process works with; 0 while opening */
};

/* Brings a store from schema `from` to from + 1. */
struct migration {
	unsigned from;
	store_fn *run;
};

/* What store_open() uses, and what a test may change. */
struct store_setup {
	size_t map_bytes; /* of a new store */
	unsigned schema;
	const struct migration *migrations;
	size_t migration_count;
};

int store_open_setup(struct store **store, const char *dir,
		     enum store_mode mode, const struct store_setup *setup,
		     struct err *err);

/* mdb_txn_begin(), taking over a map that another process enlarged. */
int store_begin(struct store *store, unsigned flags, MDB_txn **txn,
		struct err *err);

/* Fails the transaction with ERR_VERSION when another process brought the
 * store to another schema since we opened it. */
int store_check_schema(struct store_tx *tx);

/* Directory and empty files of a new store, with owner and mode; create.c. */
int store_make_files(const char *dir, struct err *err);

/* ERR_INPUT when pages that are in use lie behind the end of data.mdb;
 * length.c. */
int store_check_length(struct store *store, struct err *err);

/* What is wrong with dir, from a result of LMDB, and what to do. Returns an
 * ERR_ code. */
int store_explain(struct err *err, const char *dir, int result,
		  const char *what);

/* One more record was read or written. */
void store_tick(struct store *store);

/* Whether the store may be used here and now: this process, no transaction. */
int store_check_usable(const struct store *store, struct err *err);

#endif
