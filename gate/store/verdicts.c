#include "base/json.h"
#include "store/changes.h"
#include "store/names.h"
#include "store/tables.h"

/* Key: commit, test (0: the commit), metric (0: the test). Value: time and
 * JSON. So a commit's verdicts are one range. */

struct located {
	struct oid commit;
	char test[STORE_MAX_NAME + 1], metric[STORE_MAX_NAME + 1];
	int64_t time_s;
	json_t *doc;
};

static void
make_key(struct pack *key, const struct oid *commit, uint32_t test,
	 uint32_t metric)
{
	pack_start(key);
	pack_oid(key, commit);
	pack_u32(key, test);
	pack_u32(key, metric);
}

int
store_verdict_put(struct store_tx *tx, const struct oid *commit,
		  const char *test, const char *metric, int64_t time_s,
		  const json_t *doc)
{
	uint32_t test_id = 0, metric_id = 0;
	struct pack key, head;
	int rc = store_tx_error(tx);

	if (rc == 0 && test[0])
		rc = name_make(tx, NAME_TEST, test, &test_id);
	if (rc == 0 && metric[0])
		rc = name_make(tx, NAME_METRIC, metric, &metric_id);
	if (rc < 0)
		return rc;
	make_key(&key, commit, test_id, metric_id);
	pack_start(&head);
	pack_s64(&head, time_s);
	change_test(tx, test_id);
	change_commit(tx, commit);
	return tx_put_doc(tx, TABLE_VERDICTS, &key, &head, doc);
}

int
store_verdict_get(struct store_tx *tx, const struct oid *commit,
		  const char *test, const char *metric, json_t **doc)
{
	uint32_t test_id, metric_id;
	struct record record;
	struct pack key;
	int rc = name_find(tx, NAME_TEST, test, &test_id);

	*doc = NULL;
	if (rc == 0)
		rc = name_find(tx, NAME_METRIC, metric, &metric_id);
	if (rc < 0)
		return rc;
	make_key(&key, commit, test_id, metric_id);
	rc = tx_get(tx, TABLE_VERDICTS, &key, &record);
	if (rc < 0)
		return rc;
	fields_s64(&record.value);
	*doc = tx_doc(tx, &record);
	return *doc ? 0 : store_tx_error(tx);
}

static int
load(struct store_tx *tx, struct record *record, struct located *located)
{
	uint32_t test, metric;

	fields_oid(&record->key, &located->commit);
	test = fields_u32(&record->key);
	metric = fields_u32(&record->key);
	if (!fields_are_done(&record->key))
		return tx_bad(tx, record, "key of a wrong form");
	name_of(tx, record, NAME_TEST, test, located->test);
	if (name_of(tx, record, NAME_METRIC, metric, located->metric) < 0)
		return store_tx_error(tx);
	located->time_s = fields_s64(&record->value);
	located->doc = tx_doc(tx, record);
	return located->doc ? 0 : store_tx_error(tx);
}

int
store_verdict_each(struct store_tx *tx, const struct oid *commit,
		   store_verdict_fn *fn, void *data)
{
	struct located located;
	struct pack prefix;
	struct walk walk;
	int rc;

	pack_start(&prefix);
	pack_oid(&prefix, commit);
	walk_start(&walk, tx, TABLE_VERDICTS, &prefix);
	while ((rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, &located);
		if (rc < 0)
			break;
		rc = fn(data, located.test, located.metric, located.doc);
		json_decref(located.doc);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

int
store_verdict_delete(struct store_tx *tx, const struct oid *commit)
{
	struct pack prefix;
	struct walk walk;
	int rc;

	pack_start(&prefix);
	pack_oid(&prefix, commit);
	walk_start(&walk, tx, TABLE_VERDICTS, &prefix);
	while ((rc = walk_next(&walk)) == 1)
		verdict_delete(&walk);
	walk_end(&walk);
	return rc;
}

int
verdict_delete(struct walk *walk)
{
	struct oid commit;

	fields_oid(&walk->record.key, &commit);
	change_test(walk->tx, fields_u32(&walk->record.key));
	change_commit(walk->tx, &commit);
	return walk_delete(walk);
}

json_t *
verdict_show(struct store_tx *tx, struct record *record)
{
	struct located located;
	json_t *line;

	if (load(tx, record, &located) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "commit", json_oid(&located.commit));
	json_object_set_new(line, "test", line_name(located.test));
	json_object_set_new(line, "metric", line_name(located.metric));
	json_object_set_new(line, "time_s", json_integer(located.time_s));
	json_object_set_new(line, "doc", located.doc);
	return line;
}

int
verdict_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	struct located located;
	const json_t *doc = json_object_get(line, "doc");
	int rc = json_get_oid(line, "commit", &located.commit, err);

	if (rc == 0)
		rc = line_get_name(line, "test", 1, located.test, err);
	if (rc == 0)
		rc = line_get_name(line, "metric", 1, located.metric, err);
	if (rc == 0)
		rc = line_get_time(line, "time_s", &located.time_s, err);
	if (rc == 0 && !doc)
		rc = err_set(err, ERR_INPUT, "member 'doc' is missing");
	return rc < 0 ? rc
		      : store_verdict_put(tx, &located.commit, located.test,
					  located.metric, located.time_s, doc);
}
