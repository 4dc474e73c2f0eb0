#include <string.h>

#include "base/json.h"
#include "store/changes.h"
#include "store/names.h"
#include "store/tables.h"

/* Key: an id that sorts by time. Value: test (0 for none) and JSON. Nothing is
 * ever changed or removed. */

#define COUNTER "ledger"

struct located {
	uint64_t id;
	char test[STORE_MAX_NAME + 1];
	json_t *doc;
};

static int
put(struct store_tx *tx, uint64_t id, const char *test, const json_t *doc)
{
	struct pack key, head;
	uint32_t test_id = 0;
	int rc = store_tx_error(tx);

	if (rc == 0 && test[0])
		rc = name_make(tx, NAME_TEST, test, &test_id);
	if (rc < 0)
		return rc;
	pack_start(&key);
	pack_u64(&key, id);
	pack_start(&head);
	pack_u32(&head, test_id);
	change_test(tx, test_id);
	return tx_put_doc(tx, TABLE_LEDGER, &key, &head, doc);
}

int
store_ledger_add(struct store_tx *tx, int64_t now_s, const char *test,
		 const json_t *doc)
{
	return put(tx, tx_next_time_id(tx, COUNTER, now_s), test, doc);
}

static int
load(struct store_tx *tx, struct record *record, struct located *located)
{
	uint32_t test;

	located->id = fields_u64(&record->key);
	test = fields_u32(&record->value);
	if (!fields_are_done(&record->key))
		return tx_bad(tx, record, "key is no id");
	if (name_of(tx, record, NAME_TEST, test, located->test) < 0)
		return store_tx_error(tx);
	located->doc = tx_doc(tx, record);
	return located->doc ? 0 : store_tx_error(tx);
}

int
store_ledger_each(struct store_tx *tx, const char *test, size_t limit,
		  store_ledger_fn *fn, void *data)
{
	struct located located;
	struct walk walk;
	size_t count = 0;
	int rc;

	walk_start(&walk, tx, TABLE_LEDGER, NULL);
	walk.newest_first = 1;
	while ((rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, &located);
		if (rc < 0)
			break;
		if (!test || !strcmp(test, located.test)) {
			rc = fn(data, located.id, located.test, located.doc);
			count++;
		}
		json_decref(located.doc);
		if (rc != 0 || (limit && count == limit))
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

json_t *
ledger_show(struct store_tx *tx, struct record *record)
{
	struct located located;
	json_t *line;

	if (load(tx, record, &located) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "id", json_integer((json_int_t)located.id));
	json_object_set_new(line, "test", line_name(located.test));
	json_object_set_new(line, "doc", located.doc);
	return line;
}

/* 0 when id holds the same entry, 1 when another, ERR_NOT_FOUND when none. */
static int
compare(struct store_tx *tx, uint64_t id, const char *test, const json_t *doc)
{
	struct located located;
	struct record record;
	struct pack key;
	int rc, same;

	pack_start(&key);
	pack_u64(&key, id);
	rc = tx_get(tx, TABLE_LEDGER, &key, &record);
	if (rc == 0)
		rc = load(tx, &record, &located);
	if (rc < 0)
		return rc;
	same = json_equal(located.doc, doc) && !strcmp(located.test, test);
	json_decref(located.doc);
	return same ? 0 : 1;
}

int
ledger_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	const json_t *doc = json_object_get(line, "doc");
	char test[STORE_MAX_NAME + 1];
	uint64_t id;
	int rc = line_get_id(line, "id", &id, err);

	if (rc == 0)
		rc = line_get_name(line, "test", 1, test, err);
	if (rc == 0 && !doc)
		rc = err_set(err, ERR_INPUT, "member 'doc' is missing");
	if (rc < 0)
		return rc;
	while ((rc = compare(tx, id, test, doc)) == 1)
		id++;
	if (rc != ERR_NOT_FOUND)
		return rc;
	tx_raise_id(tx, COUNTER, id);
	return put(tx, id, test, doc);
}
