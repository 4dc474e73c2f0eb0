#include "store/names.h"

#include <string.h>

#include "base/json.h"
#include "store/tables.h"

/*
 * Two tables a kind: id to name (an environment's JSON behind it) and name to
 * id. Names are never removed: a series may outlive its test.
 */
static const struct {
	enum table by_id, by_name;
	const char *what;
} kinds[] = {
	[NAME_TEST] = { TABLE_TESTS, TABLE_TEST_IDS, "test" },
	[NAME_METRIC] = { TABLE_METRICS, TABLE_METRIC_IDS, "metric" },
	[NAME_ENVIRONMENT] = { TABLE_ENVIRONMENTS, TABLE_ENVIRONMENT_IDS,
			       "environment" },
};

int
name_find(struct store_tx *tx, enum name_kind kind, const char *name,
	  uint32_t *id)
{
	struct record record;
	struct pack key;
	int rc;

	*id = 0;
	if (strlen(name) > STORE_MAX_NAME)
		return store_tx_error(tx) < 0 ? store_tx_error(tx)
					      : ERR_NOT_FOUND;
	if (name[0] == '\0')
		return store_tx_error(tx);
	pack_start(&key);
	pack_tail(&key, name);
	rc = tx_get(tx, kinds[kind].by_name, &key, &record);
	if (rc < 0)
		return rc;
	*id = fields_u32(&record.value);
	if (!fields_are_done(&record.value) || *id == 0)
		return tx_bad(tx, &record, "value is no id");
	return 0;
}

static int
last_id(struct store_tx *tx, enum table table, uint32_t *id)
{
	struct walk walk;
	int rc;

	*id = 0;
	walk_start(&walk, tx, table, NULL);
	walk.newest_first = 1;
	rc = walk_next(&walk);
	if (rc == 1)
		*id = fields_u32(&walk.record.key);
	walk_end(&walk);
	return rc < 0 ? rc : 0;
}

/* Write both directions; doc may be NULL. */
static int
put(struct store_tx *tx, enum name_kind kind, uint32_t id, const char *name,
    const json_t *doc)
{
	struct pack key, value;

	pack_start(&key);
	pack_u32(&key, id);
	pack_start(&value);
	pack_text(&value, name);
	if (doc)
		tx_put_doc(tx, kinds[kind].by_id, &key, &value, doc);
	else
		tx_put_pack(tx, kinds[kind].by_id, &key, &value);
	pack_start(&key);
	pack_tail(&key, name);
	pack_start(&value);
	pack_u32(&value, id);
	return tx_put_pack(tx, kinds[kind].by_name, &key, &value);
}

int
name_make(struct store_tx *tx, enum name_kind kind, const char *name,
	  uint32_t *id)
{
	int rc = name_find(tx, kind, name, id);

	if (rc != ERR_NOT_FOUND)
		return rc;
	rc = tx_check_name(tx, kinds[kind].what, name);
	if (rc == 0)
		rc = last_id(tx, kinds[kind].by_id, id);
	if (rc < 0)
		return rc;
	*id += 1;
	return put(tx, kind, *id, name, NULL);
}

int
name_of(struct store_tx *tx, const struct record *record, enum name_kind kind,
	uint32_t id, char name[STORE_MAX_NAME + 1])
{
	struct record found;
	struct pack key;
	int rc;

	name[0] = '\0';
	if (id == 0)
		return store_tx_error(tx);
	pack_start(&key);
	pack_u32(&key, id);
	rc = tx_get(tx, kinds[kind].by_id, &key, &found);
	if (rc == ERR_NOT_FOUND)
		return tx_bad(tx, record, "no %s has the id %u",
			      kinds[kind].what, id);
	if (rc < 0)
		return rc;
	fields_text(&found.value, name, STORE_MAX_NAME + 1);
	if (found.value.bad || name[0] == '\0')
		return tx_bad(tx, &found, "value is no name");
	return 0;
}

int
store_environment_put(struct store_tx *tx, const char *id, const json_t *doc)
{
	uint32_t number;
	int rc = tx_check_name(tx, "environment", id);

	if (rc == 0)
		rc = name_make(tx, NAME_ENVIRONMENT, id, &number);
	if (rc == 0)
		rc = put(tx, NAME_ENVIRONMENT, number, id, doc);
	return rc;
}

int
store_environment_get(struct store_tx *tx, const char *id, json_t **doc)
{
	char name[STORE_MAX_NAME + 1];
	struct record record;
	struct pack key;
	uint32_t number;
	int rc = name_find(tx, NAME_ENVIRONMENT, id, &number);

	*doc = NULL;
	if (rc < 0)
		return rc;
	pack_start(&key);
	pack_u32(&key, number);
	rc = tx_get(tx, TABLE_ENVIRONMENTS, &key, &record);
	if (rc < 0)
		return rc;
	fields_text(&record.value, name, sizeof(name));
	/* A name that samples used before anybody described it. */
	if (!record.value.bad && record.value.left == 0)
		return ERR_NOT_FOUND;
	*doc = tx_doc(tx, &record);
	return *doc ? 0 : store_tx_error(tx);
}

static int
each(struct store_tx *tx, enum name_kind kind, store_name_fn *fn, void *data)
{
	char name[STORE_MAX_NAME + 1];
	struct walk walk;
	int rc;

	walk_start(&walk, tx, kinds[kind].by_id, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		fields_text(&walk.record.value, name, sizeof(name));
		if (walk.record.value.bad)
			rc = tx_bad(tx, &walk.record, "value is no name");
		else
			rc = fn(data, name);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

int
store_each_test(struct store_tx *tx, store_name_fn *fn, void *data)
{
	return each(tx, NAME_TEST, fn, data);
}

int
store_each_metric(struct store_tx *tx, store_name_fn *fn, void *data)
{
	return each(tx, NAME_METRIC, fn, data);
}

int
store_each_environment(struct store_tx *tx, store_name_fn *fn, void *data)
{
	return each(tx, NAME_ENVIRONMENT, fn, data);
}

json_t *
name_show(struct store_tx *tx, struct record *record)
{
	char name[STORE_MAX_NAME + 1];
	uint32_t id = fields_u32(&record->key);
	json_t *line, *doc;

	fields_text(&record->value, name, sizeof(name));
	if (!fields_are_done(&record->key) || id == 0 || record->value.bad ||
	    name[0] == '\0') {
		tx_bad(tx, record, "no id or no name");
		return NULL;
	}
	line = json_object();
	json_object_set_new(line, "name", line_name(name));
	if (record->value.left == 0)
		return line;
	doc = tx_doc(tx, record);
	if (doc) {
		json_object_set_new(line, "doc", doc);
		return line;
	}
	json_decref(line);
	return NULL;
}

static int
restore(struct store_tx *tx, enum name_kind kind, const json_t *line,
	struct err *err)
{
	const json_t *doc = json_object_get(line, "doc");
	char name[STORE_MAX_NAME + 1];
	uint32_t id;
	int rc = line_get_name(line, "name", 0, name, err);

	if (rc == 0 && kind == NAME_ENVIRONMENT && doc)
		return store_environment_put(tx, name, doc);
	if (rc == 0)
		rc = name_make(tx, kind, name, &id);
	return rc;
}

int
test_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	return restore(tx, NAME_TEST, line, err);
}

int
metric_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	return restore(tx, NAME_METRIC, line, err);
}

int
environment_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	return restore(tx, NAME_ENVIRONMENT, line, err);
}

int
name_check(struct store_tx *tx, struct record *record)
{
	char name[STORE_MAX_NAME + 1], back[STORE_MAX_NAME + 1];
	uint32_t id = fields_u32(&record->value);
	int kind = NAME_TEST;

	while (kinds[kind].by_name != record->table)
		kind++;
	fields_tail(&record->key, name, sizeof(name));
	if (!fields_are_done(&record->value) || id == 0 || record->key.bad)
		return tx_bad(tx, record, "no name or no id");
	if (name_of(tx, record, (enum name_kind)kind, id, back) < 0)
		return store_tx_error(tx);
	if (strcmp(name, back) != 0)
		return tx_bad(tx, record, "the id %u belongs to %s", id, back);
	return 0;
}
