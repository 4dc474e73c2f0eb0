#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/store.h"
#include "store/tables.h"

/* meta: `schema`, `points` (of all histories), `counter:NAME` (the last id
 * given) and `note:NAME`. */

#define POINTS "points"

static void
note_key(struct pack *key, const char *name)
{
	pack_start(key);
	pack_tail(key, "note:");
	pack_tail(key, name);
}

int
store_note_put(struct store_tx *tx, const char *name, const char *text)
{
	struct pack key;
	int rc = tx_check_name(tx, "note", name);

	if (rc < 0)
		return rc;
	note_key(&key, name);
	if (text)
		return tx_put(tx, TABLE_META, &key, text, strlen(text));
	rc = tx_delete(tx, TABLE_META, &key);
	return rc == ERR_NOT_FOUND ? 0 : rc;
}

int
store_note_get(struct store_tx *tx, const char *name, char **text)
{
	struct record record;
	struct pack key;
	int rc;

	*text = NULL;
	note_key(&key, name);
	rc = tx_get(tx, TABLE_META, &key, &record);
	if (rc == 0)
		*text = mem_copy_bytes(record.value.at, record.value.left);
	return rc;
}

int
tx_count_points(struct store_tx *tx, uint64_t *points)
{
	struct record record;
	struct pack key;
	int rc;

	*points = 0;
	pack_start(&key);
	pack_tail(&key, POINTS);
	rc = tx_get(tx, TABLE_META, &key, &record);
	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	*points = fields_u64(&record.value);
	return fields_are_done(&record.value)
		       ? 0
		       : tx_bad(tx, &record, "value is no number");
}

int
tx_note_points(struct store_tx *tx)
{
	struct pack key, value;
	uint64_t points;
	int rc = tx_count_points(tx, &points);

	if (rc < 0)
		return rc;
	pack_start(&key);
	pack_tail(&key, POINTS);
	pack_start(&value);
	pack_u64(&value, points + tx->points);
	return tx_put_pack(tx, TABLE_META, &key, &value);
}

static const char *
after_prefix(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 ? name + len : NULL;
}

json_t *
meta_show(struct store_tx *tx, struct record *record)
{
	char key[KEY_MAX + 1];
	const char *name;
	json_t *line = json_object();

	fields_tail(&record->key, key, sizeof(key));
	if ((name = after_prefix(key, "note:")) != NULL) {
		json_object_set_new(line, "note", line_name(name));
		json_object_set_new(
			line, "text",
			line_bytes(record->value.at, record->value.left));
		return line;
	}
	if ((name = after_prefix(key, "counter:")) != NULL) {
		json_object_set_new(line, "counter", json_text(name));
		json_object_set_new(
			line, "last",
			json_integer((json_int_t)fields_u64(&record->value)));
	} else if (!strcmp(key, POINTS)) {
		json_object_set_new(
			line, POINTS,
			json_integer((json_int_t)fields_u64(&record->value)));
	} else if (!strcmp(key, "schema")) {
		json_object_set_new(line, "schema",
				    json_integer(fields_u32(&record->value)));
	}
	if (json_object_size(line) > 0 && fields_are_done(&record->value))
		return line;
	tx_bad(tx, record, "not a record of this table");
	json_decref(line);
	return NULL;
}

/* The schema is this build's; restore() of each table knows old lines. */
static int
check_schema(const json_t *line, struct err *err)
{
	int64_t schema;
	int rc = json_get_int(line, "schema", 1, INT32_MAX, &schema, err);

	if (rc == 0 && schema > store_schema())
		rc = err_set(err, ERR_VERSION,
			     "exported by a newer pacegate (schema %d, this "
			     "one knows %d): update pacegate here",
			     (int)schema, store_schema());
	return rc;
}

static int
restore_note(struct store_tx *tx, const json_t *line, struct err *err)
{
	char name[STORE_MAX_NAME + 1];
	struct buf text = BUF_INIT;
	int rc = line_get_name(line, "note", 0, name, err);

	if (rc == 0)
		rc = line_get_bytes(line, "text", &text, err);
	if (rc == 0)
		rc = store_note_put(tx, name, buf_text(&text));
	buf_release(&text);
	return rc;
}

int
meta_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	const char *name;
	uint64_t last;
	int rc;

	if (json_object_get(line, "schema"))
		return check_schema(line, err);
	/* The points themselves are counted as they come in. */
	if (json_object_get(line, POINTS))
		return 0;
	if (json_object_get(line, "note"))
		return restore_note(tx, line, err);
	rc = json_get_text(line, "counter", &name, err);
	if (rc == 0)
		rc = line_get_id(line, "last", &last, err);
	return rc < 0 ? rc : tx_raise_id(tx, name, last);
}
