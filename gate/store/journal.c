#include <string.h>

#include "base/json.h"
#include "store/tables.h"

/*
 * Key: state, id. So the pending entries, which every worker looks at, are one
 * range however long the history of the others is; a change of state moves the
 * record. Value: when that was, and the JSON.
 */

#define COUNTER "journal"

static const char *const state_texts[] = {
	[STORE_PENDING] = "pending",
	[STORE_LANDED] = "landed",
	[STORE_DROPPED] = "dropped",
	[STORE_DONE] = "done",
};

const char *
store_state_text(enum store_state state)
{
	if (state < STORE_PENDING || state > STORE_DONE)
		return "?";
	return state_texts[state];
}

static void
make_key(struct pack *key, enum store_state state, uint64_t id)
{
	pack_start(key);
	pack_u8(key, state);
	pack_u64(key, id);
}

static int
put(struct store_tx *tx, const struct store_entry *entry)
{
	struct pack key, head;

	make_key(&key, entry->state, entry->id);
	pack_start(&head);
	pack_s64(&head, entry->changed_s);
	return tx_put_doc(tx, TABLE_JOURNAL, &key, &head, entry->doc);
}

int
store_journal_add(struct store_tx *tx, int64_t now_s, const json_t *doc,
		  uint64_t *id)
{
	struct store_entry entry = {
		.id = tx_next_time_id(tx, COUNTER, now_s),
		.state = STORE_PENDING,
		.changed_s = now_s,
		.doc = (json_t *)(uintptr_t)doc,
	};

	if (id)
		*id = entry.id;
	return put(tx, &entry);
}

/* entry->doc is to be json_decref()ed. */
static int
load(struct store_tx *tx, struct record *record, struct store_entry *entry)
{
	unsigned state = fields_u8(&record->key);

	entry->state = (enum store_state)state;
	entry->id = fields_u64(&record->key);
	entry->changed_s = fields_s64(&record->value);
	if (!fields_are_done(&record->key) || state < STORE_PENDING ||
	    state > STORE_DONE)
		return tx_bad(tx, record, "key is no state and id");
	entry->doc = tx_doc(tx, record);
	return entry->doc ? 0 : store_tx_error(tx);
}

static int
find(struct store_tx *tx, uint64_t id, struct store_entry *entry)
{
	struct record record;
	struct pack key;
	int rc = ERR_NOT_FOUND;

	for (int state = STORE_PENDING; state <= STORE_DONE; state++) {
		make_key(&key, (enum store_state)state, id);
		rc = tx_get(tx, TABLE_JOURNAL, &key, &record);
		if (rc == 0)
			return load(tx, &record, entry);
		if (rc != ERR_NOT_FOUND)
			break;
	}
	return rc;
}

int
store_journal_set(struct store_tx *tx, uint64_t id, enum store_state state,
		  int64_t now_s)
{
	struct store_entry entry = { 0 };
	struct pack key;
	int rc = find(tx, id, &entry);

	if (rc < 0)
		return rc;
	make_key(&key, entry.state, id);
	tx_delete(tx, TABLE_JOURNAL, &key);
	entry.state = state;
	entry.changed_s = now_s;
	rc = put(tx, &entry);
	json_decref(entry.doc);
	return rc;
}

int
store_journal_each(struct store_tx *tx, enum store_state state,
		   store_entry_fn *fn, void *data)
{
	struct store_entry entry = { 0 };
	struct pack prefix;
	struct walk walk;
	int rc;

	pack_start(&prefix);
	pack_u8(&prefix, state);
	walk_start(&walk, tx, TABLE_JOURNAL, &prefix);
	while ((rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, &entry);
		if (rc < 0)
			break;
		rc = fn(data, &entry);
		json_decref(entry.doc);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

int
entry_is_old(struct store_tx *tx, struct record *record, int64_t before_s)
{
	unsigned state = fields_u8(&record->key);
	int64_t changed_s = fields_s64(&record->value);

	if (record->value.bad)
		return tx_bad(tx, record, "value cut short");
	return (state == STORE_DROPPED || state == STORE_DONE) &&
	       changed_s < before_s;
}

json_t *
entry_show(struct store_tx *tx, struct record *record)
{
	struct store_entry entry = { 0 };
	json_t *line;

	if (load(tx, record, &entry) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "id", json_integer((json_int_t)entry.id));
	json_object_set_new(line, "state",
			    json_text(store_state_text(entry.state)));
	json_object_set_new(line, "changed_s", json_integer(entry.changed_s));
	json_object_set_new(line, "doc", entry.doc);
	return line;
}

static int
get_state(const json_t *line, enum store_state *state, struct err *err)
{
	const char *text;
	int rc = json_get_text(line, "state", &text, err);

	for (int i = STORE_PENDING; rc == 0 && i <= STORE_DONE; i++)
		if (!strcmp(state_texts[i], text)) {
			*state = (enum store_state)i;
			return 0;
		}
	return rc < 0 ? rc
		      : err_set(err, ERR_INPUT, "unknown state '%s'", text);
}

/*
 * Where the id belongs to the same push here, the later of the two states
 * stands; where it is another push's, the line gets the next free id.
 */
int
entry_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	struct store_entry entry = { .doc = json_object_get(line, "doc") };
	struct store_entry other;
	int same, rc = line_get_id(line, "id", &entry.id, err);

	if (rc == 0)
		rc = get_state(line, &entry.state, err);
	if (rc == 0)
		rc = line_get_time(line, "changed_s", &entry.changed_s, err);
	if (rc == 0 && !entry.doc)
		rc = err_set(err, ERR_INPUT, "member 'doc' is missing");
	if (rc < 0)
		return rc;
	while ((rc = find(tx, entry.id, &other)) == 0) {
		same = json_equal(entry.doc, other.doc);
		json_decref(other.doc);
		if (same && entry.state > other.state)
			return store_journal_set(tx, entry.id, entry.state,
						 entry.changed_s);
		if (same)
			return 0;
		entry.id++;
	}
	if (rc != ERR_NOT_FOUND)
		return rc;
	tx_raise_id(tx, COUNTER, entry.id);
	return put(tx, &entry);
}
