#include <string.h>

#include "base/json.h"
#include "store/env.h"
#include "store/store.h"
#include "store/tables.h"

/* Every record through the function that exports or checks it. */

struct job {
	void (*fn)(void *data, const char *bad);
	void *data;
	struct store_counts *counts;
	size_t bad;
};

int
store_count(struct store_tx *tx, struct store_counts *counts)
{
	const struct {
		enum table table;
		size_t *count;
	} rows[] = {
		{ TABLE_TESTS, &counts->tests },
		{ TABLE_METRICS, &counts->metrics },
		{ TABLE_ENVIRONMENTS, &counts->environments },
		{ TABLE_SAMPLES, &counts->samples },
		{ TABLE_BASELINES, &counts->baselines },
		{ TABLE_VERDICTS, &counts->verdicts },
		{ TABLE_SESSIONS, &counts->jobs },
		{ TABLE_JOURNAL, &counts->journal },
		{ TABLE_OUTBOX, &counts->messages },
		{ TABLE_LEDGER, &counts->ledger },
	};
	struct store *store = tx->store;
	MDB_envinfo info;
	MDB_stat stat;
	uint64_t points;
	int result, rc;

	memset(counts, 0, sizeof(*counts));
	if (store_tx_error(tx) < 0)
		return store_tx_error(tx);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		result = mdb_stat(tx->txn, store->dbi[rows[i].table], &stat);
		if (result != MDB_SUCCESS)
			return tx_fail_lmdb(tx, result, "count");
		*rows[i].count = stat.ms_entries;
	}
	result = mdb_env_info(store->env, &info);
	if (result != MDB_SUCCESS)
		return tx_fail_lmdb(tx, result, "count");
	rc = tx_count_points(tx, &points);
	if (rc < 0)
		return rc;
	counts->points = points;
	counts->size_bytes = (info.me_last_pgno + 1) * stat.ms_psize;
	return 0;
}

/* A bad record is told of and forgotten: it must not keep the transaction
 * from reading on. What LMDB itself cannot read ends it. */
static int
report_bad(struct store_tx *tx, struct job *job)
{
	if (tx->first.code != ERR_INPUT && tx->first.code != ERR_LIMIT)
		return tx->first.code;
	if (job->fn)
		job->fn(job->data, tx->first.text);
	memset(&tx->first, 0, sizeof(tx->first));
	job->bad++;
	return 0;
}

static int
verify_table(struct store_tx *tx, enum table table, struct job *job)
{
	const struct table_row *row = &tables[table];
	struct walk walk;
	int rc;

	walk_start(&walk, tx, table, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		if (row->show)
			json_decref(row->show(tx, &walk.record));
		else
			row->check(tx, &walk.record);
		if (store_tx_error(tx) < 0)
			rc = report_bad(tx, job);
		if (rc < 0)
			break;
	}
	walk_end(&walk);
	return rc;
}

static int
verify_all(struct store_tx *tx, void *data, struct err *err)
{
	struct job *job = data;
	int rc = store_count(tx, job->counts);

	for (int i = 0; rc == 0 && i < TABLE_COUNT; i++)
		rc = verify_table(tx, (enum table)i, job);
	if (rc == 0 && job->bad > 0)
		rc = err_set(err, ERR_INPUT, "store %s: %zu bad records",
			     tx->store->dir, job->bad);
	return rc;
}

int
store_verify(struct store *store, void (*fn)(void *data, const char *bad),
	     void *data, struct store_counts *counts, struct err *err)
{
	struct store_counts mine;
	struct job job = { fn, data, counts ? counts : &mine, 0 };

	return store_read(store, verify_all, &job, err);
}
