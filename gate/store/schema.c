#include "store/schema.h"

#include "store/tables.h"

/*
 * Schema 1 is the first; 2 has many points in a record of a history. A change
 * of what lies on disk raises STORE_SCHEMA and adds the row that brings the one
 * before to it; the row's function finds all tables open.
 */
const struct migration store_migrations[] = { { 1, series_migrate } };
const size_t store_migration_count = sizeof(store_migrations) /
				     sizeof(store_migrations[0]);

static int peek(struct store *store, unsigned schema, struct err *err);
static int prepare(struct store_tx *tx, void *data, struct err *err);

int
schema_prepare(struct store *store, const struct store_setup *setup,
	       struct err *err)
{
	int rc = peek(store, setup->schema, err);

	if (rc == 1 && store_only_reads(store->mode))
		rc = err_set(err, ERR_VERSION,
			     "store %s: empty or of an older pacegate, `"
			     "pacegate install` brings it up to date",
			     store->dir);
	else if (rc == 1)
		rc = store_write(store, prepare, (void *)(uintptr_t)setup, err);
	if (rc == 0)
		store->schema = setup->schema;
	return rc;
}

/* The schema in meta; 0 for an empty store. */
static unsigned
read_schema(struct store_tx *tx)
{
	struct record record;
	struct pack key;
	unsigned schema;

	pack_start(&key);
	pack_tail(&key, "schema");
	if (tx_get(tx, TABLE_META, &key, &record) < 0)
		return 0;
	schema = fields_u32(&record.value);
	if (!fields_are_done(&record.value))
		tx_bad(tx, &record, "value is no number");
	return schema;
}

static int
open_tables(struct store_tx *tx, unsigned flags)
{
	int result = MDB_SUCCESS;

	for (int i = 0; i < TABLE_COUNT && result == MDB_SUCCESS; i++)
		result = mdb_dbi_open(tx->txn, tables[i].name, flags,
				      &tx->store->dbi[i]);
	if (result == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (result != MDB_SUCCESS)
		return tx_fail_lmdb(tx, result, "tables");
	return 0;
}

static int
refuse_newer(struct store_tx *tx, unsigned schema, unsigned ours)
{
	if (schema <= ours)
		return 0;
	return tx_fail(tx, ERR_VERSION,
		       "written by a newer pacegate (schema %u, this one knows "
		       "%u): update pacegate here",
		       schema, ours);
}

/*
 * The common case without a write: 0 when all is as it should be and the
 * tables are open, 1 when prepare() must run. Handles outlive a transaction
 * only if it is committed, also one that reads.
 */
static int
peek(struct store *store, unsigned ours, struct err *err)
{
	struct store_tx tx = { .store = store };
	unsigned schema = 0;
	int rc, result;

	rc = store_begin(store, MDB_RDONLY, &tx.txn, err);
	if (rc < 0)
		return rc;
	result = mdb_dbi_open(tx.txn, tables[TABLE_META].name, 0,
			      &store->dbi[TABLE_META]);
	rc = result == MDB_SUCCESS ? 0 : 1;
	if (result != MDB_SUCCESS && result != MDB_NOTFOUND)
		tx_fail_lmdb(&tx, result, "meta");
	if (rc == 0)
		schema = read_schema(&tx);
	refuse_newer(&tx, schema, ours);
	if (rc == 0 && (schema != ours || open_tables(&tx, 0) < 0))
		rc = 1;
	if (tx.first.code < 0) {
		mdb_txn_abort(tx.txn);
		if (err)
			*err = tx.first;
		return tx.first.code;
	}
	result = mdb_txn_commit(tx.txn);
	if (result != MDB_SUCCESS)
		return store_explain(err, store->dir, result, "open");
	return rc;
}

static int
migrate(struct store_tx *tx, const struct store_setup *setup, unsigned schema,
	struct err *err)
{
	int rc = store_tx_error(tx);

	for (size_t i = 0; rc == 0 && i < setup->migration_count; i++) {
		if (setup->migrations[i].from != schema)
			continue;
		rc = setup->migrations[i].run(tx, NULL, err);
		schema++;
	}
	if (rc == 0 && schema != setup->schema)
		rc = tx_fail(tx, ERR_VERSION,
			     "schema %u is too old for this pacegate: "
			     "`pacegate export` with an older one, then "
			     "`pacegate import`",
			     schema);
	return rc;
}

static int
prepare(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_setup *setup = data;
	struct pack key, value;
	unsigned schema;
	int rc = open_tables(tx, MDB_CREATE);

	if (rc < 0)
		return rc;
	schema = read_schema(tx);
	rc = refuse_newer(tx, schema, setup->schema);
	/* Whatever has the meta table has a schema: they are made together. */
	if (rc == 0 && schema > 0)
		rc = migrate(tx, setup, schema, err);
	if (rc < 0)
		return rc;
	pack_start(&key);
	pack_tail(&key, "schema");
	pack_start(&value);
	pack_u32(&value, setup->schema);
	return tx_put_pack(tx, TABLE_META, &key, &value);
}

int
store_check_schema(struct store_tx *tx)
{
	unsigned schema;

	if (tx->store->schema == 0)
		return 0;
	schema = read_schema(tx);
	if (tx->first.code == 0 && schema != tx->store->schema)
		tx_fail(tx, ERR_VERSION,
			"another pacegate changed the schema from %u to %u "
			"meanwhile: start this program again",
			tx->store->schema, schema);
	return tx->first.code;
}
