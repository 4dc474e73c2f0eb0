#include "store/changes.h"

#include "store/names.h"
#include "store/tables.h"

/*
 * Key: kind, then a test's id or a commit. Value: the generation that wrote to
 * it last. It says no more than the other tables do, so it is not exported;
 * what an older pacegate wrote has no record, which reads as 0.
 */
enum kind { KIND_TEST = 1, KIND_COMMIT = 2 };

static int
put(struct store_tx *tx, const struct pack *key)
{
	struct pack value;

	pack_start(&value);
	pack_u64(&value, mdb_txn_id(tx->txn));
	return tx_put_pack(tx, TABLE_CHANGES, key, &value);
}

static void
test_key(struct pack *key, uint32_t test)
{
	pack_start(key);
	pack_u8(key, KIND_TEST);
	pack_u32(key, test);
}

static void
commit_key(struct pack *key, const struct oid *commit)
{
	pack_start(key);
	pack_u8(key, KIND_COMMIT);
	pack_oid(key, commit);
}

int
change_test(struct store_tx *tx, uint32_t test)
{
	struct pack key;

	if (!test || test == tx->changed_test)
		return store_tx_error(tx);
	tx->changed_test = test;
	test_key(&key, test);
	return put(tx, &key);
}

int
change_commit(struct store_tx *tx, const struct oid *commit)
{
	struct pack key;

	commit_key(&key, commit);
	return put(tx, &key);
}

int
store_test_changed(struct store_tx *tx, const char *test)
{
	uint32_t id;
	int rc = name_make(tx, NAME_TEST, test, &id);

	return rc < 0 ? rc : change_test(tx, id);
}

static uint64_t
generation_of(struct store_tx *tx, const struct pack *key)
{
	struct record record;
	uint64_t generation;

	if (tx_get(tx, TABLE_CHANGES, key, &record) < 0)
		return 0;
	generation = fields_u64(&record.value);
	if (!fields_are_done(&record.value))
		tx_bad(tx, &record, "value is no generation");
	return generation;
}

int
store_test_find(struct store_tx *tx, const char *test, uint32_t *id,
		uint64_t *generation)
{
	struct pack key;
	int rc = name_find(tx, NAME_TEST, test, id);

	if (rc < 0)
		return rc;
	test_key(&key, *id);
	*generation = generation_of(tx, &key);
	return store_tx_error(tx);
}

uint64_t
store_commit_generation(struct store_tx *tx, const struct oid *commit)
{
	struct pack key;

	commit_key(&key, commit);
	return generation_of(tx, &key);
}

/* The generation of a test's id out of a walk along the changes, which goes on
 * with the one along the tests. */
static uint64_t
catch_up(struct walk *changes, uint32_t *at, uint32_t test)
{
	while (*at < test && walk_next(changes) == 1) {
		fields_u8(&changes->record.key);
		*at = fields_u32(&changes->record.key);
	}
	if (*at != test)
		return 0;
	return fields_u64(&changes->record.value);
}

int
store_test_each(struct store_tx *tx, store_test_fn *fn, void *data)
{
	char name[STORE_MAX_NAME + 1];
	struct walk tests, changes;
	struct pack prefix;
	uint32_t at = 0;
	int rc;

	pack_start(&prefix);
	pack_u8(&prefix, KIND_TEST);
	walk_start(&tests, tx, TABLE_TESTS, NULL);
	walk_start(&changes, tx, TABLE_CHANGES, &prefix);
	while ((rc = walk_next(&tests)) == 1) {
		uint32_t id = fields_u32(&tests.record.key);

		fields_text(&tests.record.value, name, sizeof(name));
		if (tests.record.value.bad)
			rc = tx_bad(tx, &tests.record, "value is no name");
		else
			rc = fn(data, id, name, catch_up(&changes, &at, id));
		if (rc != 0)
			break;
	}
	walk_end(&changes);
	walk_end(&tests);
	return rc < 0 ? rc : store_tx_error(tx);
}

int
change_check(struct store_tx *tx, struct record *record)
{
	char name[STORE_MAX_NAME + 1];
	unsigned kind = fields_u8(&record->key);
	uint32_t test = 0;
	struct oid commit;

	if (kind == KIND_TEST)
		test = fields_u32(&record->key);
	else
		fields_oid(&record->key, &commit);
	fields_u64(&record->value);
	if (!fields_are_done(&record->key) ||
	    !fields_are_done(&record->value) ||
	    (kind == KIND_TEST ? !test : kind != KIND_COMMIT))
		return tx_bad(tx, record, "no test or commit, or no number");
	return name_of(tx, record, NAME_TEST, test, name);
}
