#ifndef STORE_TX_H
#define STORE_TX_H

#include <jansson.h>
#include <lmdb.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/keys.h"

struct store;

/*
 * Inside store/: a transaction and what the tables are made of. Every
 * operation returns 0, ERR_NOT_FOUND (an answer) or the transaction's first
 * error, which stays.
 */

/* LMDB's databases; the names stand in tables.c. */
enum table {
	TABLE_META,
	TABLE_TESTS,
	TABLE_TEST_IDS,
	TABLE_METRICS,
	TABLE_METRIC_IDS,
	TABLE_ENVIRONMENTS,
	TABLE_ENVIRONMENT_IDS,
	TABLE_SAMPLES,
	TABLE_SERIES,
	TABLE_BASELINES,
	TABLE_VERDICTS,
	TABLE_SESSIONS,
	TABLE_SESSION_KEYS,
	TABLE_JOURNAL,
	TABLE_OUTBOX,
	TABLE_OUTBOX_GROUPS,
	TABLE_LEDGER,
	TABLE_CHANGES,
	TABLE_COUNT
};

struct store_tx {
	struct store *store;
	MDB_txn *txn;
	int write;
	int full; /* the map must grow and all must run again */
	struct open_block *open_block; /* series.c */
	uint64_t points;       /* new in histories; meta keeps the sum */
	uint32_t changed_test; /* the one that changes.c noted last */
	struct err first;
};

/* A record as it lies in the map: borrowed until the next write. */
struct record {
	enum table table;
	const unsigned char *key_bytes;
	size_t key_len;
	struct fields key, value;
};

/* The transaction's first error, or this one becomes it. */
int tx_fail(struct store_tx *tx, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a result of LMDB. */
int tx_fail_lmdb(struct store_tx *tx, int result, const char *what);

/* A record that cannot be: ERR_INPUT that names table and key. */
int tx_bad(struct store_tx *tx, const struct record *record, const char *fmt,
	   ...) __attribute__((format(printf, 3, 4)));

int tx_get(struct store_tx *tx, enum table table, const struct pack *key,
	   struct record *record);
int tx_put(struct store_tx *tx, enum table table, const struct pack *key,
	   const void *bytes, size_t len);
int tx_put_pack(struct store_tx *tx, enum table table, const struct pack *key,
		const struct pack *value);

/* Value: a head, then doc as JSON text. */
int tx_put_doc(struct store_tx *tx, enum table table, const struct pack *key,
	       const struct pack *head, const json_t *doc);

int tx_delete(struct store_tx *tx, enum table table, const struct pack *key);

/* The JSON that the rest of record's value is; NULL with the error set. */
json_t *tx_doc(struct store_tx *tx, struct record *record);

/*
 * Names that come from outside: 1 to STORE_MAX_NAME bytes, else the
 * transaction fails, saying what it was.
 */
int tx_check_name(struct store_tx *tx, const char *what, const char *name);

/* A number that was never used under this name, at least at_least; 0 after an
 * error. Below 2^53 as long as at_least is. */
uint64_t tx_next_id(struct store_tx *tx, const char *name, uint64_t at_least);

/* The same for an id that sorts by time. */
uint64_t tx_next_time_id(struct store_tx *tx, const char *name, int64_t now_s);

/* Write what series.c holds back, and forget it. */
int series_flush(struct store_tx *tx);
void series_release(struct store_tx *tx);

/* Add tx->points to the sum in meta; the sum, 0 where there is none. */
int tx_note_points(struct store_tx *tx);
int tx_count_points(struct store_tx *tx, uint64_t *points);

/* Ids up to this one count as given. */
int tx_raise_id(struct store_tx *tx, const char *name, uint64_t last);

/*
 * Records in order of their keys from the first that is not below `low` to the
 * last that does not pass `high` (compared by high's length: as a prefix). An
 * empty bound is none. Records may be written and deleted between two steps.
 */
struct walk {
	struct store_tx *tx;
	MDB_cursor *cursor;
	struct pack low, high;
	int newest_first; /* from high to low */
	int begun;
	struct pack last;
	struct record record;
};

/* Everything that begins with prefix (NULL: everything). */
void walk_start(struct walk *walk, struct store_tx *tx, enum table table,
		const struct pack *prefix);

/* 1 a record, 0 the end, or the transaction's error. */
int walk_next(struct walk *walk);
void walk_end(struct walk *walk);

/* Delete the record that walk_next() gave. */
int walk_delete(struct walk *walk);

#endif
