#include <string.h>

#include "base/json.h"
#include "store/changes.h"
#include "store/names.h"
#include "store/tables.h"

/* Key: test, commit. Value: the baseline's commit, why, since when, and the
 * definition of the test there. */

static const char *const why_texts[] = {
	[STORE_NEW] = "new",
	[STORE_ACCEPTED] = "accepted",
	[STORE_IMPROVED] = "improved",
	[STORE_RESET] = "reset",
	[STORE_DEFINITION] = "definition",
	[STORE_MANUAL] = "manual",
	[STORE_HELD] = "held",
};

enum { WHY_COUNT = sizeof(why_texts) / sizeof(why_texts[0]) };

const char *
store_why_text(enum store_why why)
{
	return (unsigned)why < WHY_COUNT ? why_texts[why] : "?";
}

static int
find_key(struct store_tx *tx, const char *test, const struct oid *commit,
	 struct pack *key)
{
	uint32_t id;
	int rc = name_find(tx, NAME_TEST, test, &id);

	pack_start(key);
	pack_u32(key, id);
	pack_oid(key, commit);
	return rc;
}

int
store_baseline_put(struct store_tx *tx, const char *test,
		   const struct oid *commit,
		   const struct store_baseline *baseline)
{
	struct pack key, value;
	uint32_t id;
	int rc = tx_check_name(tx, "test", test);

	if (rc == 0)
		rc = name_make(tx, NAME_TEST, test, &id);
	if (rc == 0)
		rc = find_key(tx, test, commit, &key);
	if (rc < 0)
		return rc;
	pack_start(&value);
	pack_oid(&value, &baseline->commit);
	pack_u8(&value, baseline->why);
	pack_s64(&value, baseline->since_s);
	pack_tail(&value, baseline->definition);
	change_test(tx, id);
	return tx_put_pack(tx, TABLE_BASELINES, &key, &value);
}

static int
load(struct store_tx *tx, struct record *record,
     struct store_baseline *baseline)
{
	unsigned why;

	fields_oid(&record->value, &baseline->commit);
	why = fields_u8(&record->value);
	baseline->why = (enum store_why)why;
	baseline->since_s = fields_s64(&record->value);
	fields_tail(&record->value, baseline->definition,
		    sizeof(baseline->definition));
	if (!fields_are_done(&record->value) || why >= WHY_COUNT)
		return tx_bad(tx, record, "value of a wrong form");
	return 0;
}

int
store_baseline_get(struct store_tx *tx, const char *test,
		   const struct oid *commit, struct store_baseline *baseline)
{
	struct record record;
	struct pack key;
	int rc = find_key(tx, test, commit, &key);

	if (rc == 0)
		rc = tx_get(tx, TABLE_BASELINES, &key, &record);
	return rc < 0 ? rc : load(tx, &record, baseline);
}

int
store_baseline_delete(struct store_tx *tx, const char *test,
		      const struct oid *commit)
{
	struct pack key;
	int rc = find_key(tx, test, commit, &key);

	if (rc == 0)
		rc = tx_delete(tx, TABLE_BASELINES, &key);
	return rc < 0 ? rc : store_test_changed(tx, test);
}

/* Key and value, with the test's name. */
static int
load_all(struct store_tx *tx, struct record *record,
	 char test[STORE_MAX_NAME + 1], struct oid *commit,
	 struct store_baseline *baseline)
{
	uint32_t id = fields_u32(&record->key);

	fields_oid(&record->key, commit);
	if (!fields_are_done(&record->key) || id == 0)
		return tx_bad(tx, record, "key of a wrong form");
	if (name_of(tx, record, NAME_TEST, id, test) < 0)
		return store_tx_error(tx);
	return load(tx, record, baseline);
}

int
store_baseline_each(struct store_tx *tx, const char *test,
		    store_baseline_fn *fn, void *data)
{
	char name[STORE_MAX_NAME + 1];
	struct store_baseline baseline;
	struct oid commit;
	struct pack prefix;
	struct walk walk;
	uint32_t id = 0;
	int rc = test ? name_find(tx, NAME_TEST, test, &id) : 0;

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	pack_start(&prefix);
	if (test)
		pack_u32(&prefix, id);
	walk_start(&walk, tx, TABLE_BASELINES, &prefix);
	while ((rc = walk_next(&walk)) == 1) {
		rc = load_all(tx, &walk.record, name, &commit, &baseline);
		if (rc == 0)
			rc = fn(data, name, &commit, &baseline);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

json_t *
baseline_show(struct store_tx *tx, struct record *record)
{
	char name[STORE_MAX_NAME + 1];
	struct store_baseline baseline;
	struct oid commit;
	json_t *line;

	if (load_all(tx, record, name, &commit, &baseline) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "test", line_name(name));
	json_object_set_new(line, "commit", json_oid(&commit));
	json_object_set_new(line, "baseline", json_oid(&baseline.commit));
	json_object_set_new(line, "why", json_text(why_texts[baseline.why]));
	json_object_set_new(line, "definition", line_name(baseline.definition));
	json_object_set_new(line, "since_s", json_integer(baseline.since_s));
	return line;
}

static int
get_why(const json_t *line, enum store_why *why, struct err *err)
{
	const char *text;
	int rc = json_get_text(line, "why", &text, err);

	for (int i = 0; rc == 0 && i < WHY_COUNT; i++)
		if (!strcmp(why_texts[i], text)) {
			*why = (enum store_why)i;
			return 0;
		}
	return rc < 0 ? rc
		      : err_set(err, ERR_INPUT, "unknown reason '%s'", text);
}

int
baseline_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	char name[STORE_MAX_NAME + 1];
	struct store_baseline baseline;
	struct oid commit;
	int rc = line_get_name(line, "test", 0, name, err);

	if (rc == 0)
		rc = json_get_oid(line, "commit", &commit, err);
	if (rc == 0)
		rc = json_get_oid(line, "baseline", &baseline.commit, err);
	if (rc == 0)
		rc = get_why(line, &baseline.why, err);
	if (rc == 0)
		rc = line_get_text(line, "definition", 1, baseline.definition,
				   sizeof(baseline.definition), err);
	if (rc == 0)
		rc = line_get_time(line, "since_s", &baseline.since_s, err);
	return rc < 0 ? rc : store_baseline_put(tx, name, &commit, &baseline);
}
