#include <string.h>

#include "base/json.h"
#include "store/outbox.h"
#include "store/tables.h"

/* The outbox on disk. A message: id, then tries, refused, times, texts, JSON.
 * A group: its name, then newest id, delivered, time, the last dedup key. */

int
outbox_load_head(struct store_tx *tx, struct record *record,
		 struct store_message *message)
{
	struct fields *value = &record->value;

	memset(message, 0, sizeof(*message));
	message->id = fields_u64(&record->key);
	message->tries = fields_u32(value);
	message->refused = fields_u8(value) != 0;
	message->added_s = fields_s64(value);
	message->next_s = fields_s64(value);
	fields_text(value, message->key, sizeof(message->key));
	fields_text(value, message->group, sizeof(message->group));
	fields_text(value, message->owner, sizeof(message->owner));
	fields_text(value, message->why, sizeof(message->why));
	if (!fields_are_done(&record->key))
		return tx_bad(tx, record, "key is no id");
	return 0;
}

int
outbox_load(struct store_tx *tx, struct record *record,
	    struct store_message *message)
{
	int rc = outbox_load_head(tx, record, message);

	if (rc < 0)
		return rc;
	message->doc = tx_doc(tx, record);
	return message->doc ? 0 : store_tx_error(tx);
}

static void
make_key(struct pack *key, uint64_t id)
{
	pack_start(key);
	pack_u64(key, id);
}

int
outbox_find(struct store_tx *tx, uint64_t id, struct store_message *message)
{
	struct record record;
	struct pack key;
	int rc;

	make_key(&key, id);
	rc = tx_get(tx, TABLE_OUTBOX, &key, &record);
	return rc < 0 ? rc : outbox_load(tx, &record, message);
}

int
outbox_save(struct store_tx *tx, const struct store_message *message)
{
	struct pack key, head;

	make_key(&key, message->id);
	pack_start(&head);
	pack_u32(&head, message->tries);
	pack_u8(&head, message->refused ? 1 : 0);
	pack_s64(&head, message->added_s);
	pack_s64(&head, message->next_s);
	pack_text(&head, message->key);
	pack_text(&head, message->group);
	pack_text(&head, message->owner);
	pack_text(&head, message->why);
	return tx_put_doc(tx, TABLE_OUTBOX, &key, &head, message->doc);
}

int
outbox_remove(struct store_tx *tx, uint64_t id)
{
	struct pack key;

	make_key(&key, id);
	return tx_delete(tx, TABLE_OUTBOX, &key);
}

int
outbox_load_group(struct store_tx *tx, struct record *record,
		  struct outbox_group *group)
{
	struct fields *value = &record->value;

	group->newest = fields_u64(value);
	group->delivered = fields_u8(value) != 0;
	group->time_s = fields_s64(value);
	fields_tail(value, group->key, sizeof(group->key));
	if (!fields_are_done(value))
		return tx_bad(tx, record, "value of a wrong form");
	return 0;
}

int
outbox_find_group(struct store_tx *tx, const char *name,
		  struct outbox_group *group)
{
	struct record record;
	struct pack key;
	int rc;

	pack_start(&key);
	pack_tail(&key, name);
	rc = tx_get(tx, TABLE_OUTBOX_GROUPS, &key, &record);
	return rc < 0 ? rc : outbox_load_group(tx, &record, group);
}

int
outbox_save_group(struct store_tx *tx, const char *name,
		  const struct outbox_group *group)
{
	struct pack key, value;

	pack_start(&key);
	pack_tail(&key, name);
	pack_start(&value);
	pack_u64(&value, group->newest);
	pack_u8(&value, group->delivered ? 1 : 0);
	pack_s64(&value, group->time_s);
	pack_tail(&value, group->key);
	return tx_put_pack(tx, TABLE_OUTBOX_GROUPS, &key, &value);
}

json_t *
message_show(struct store_tx *tx, struct record *record)
{
	struct store_message message;
	json_t *line;

	if (outbox_load(tx, record, &message) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "id", json_integer((json_int_t)message.id));
	json_object_set_new(line, "key", line_name(message.key));
	json_object_set_new(line, "group", line_name(message.group));
	json_object_set_new(line, "tries", json_integer(message.tries));
	json_object_set_new(line, "refused", json_boolean(message.refused));
	json_object_set_new(line, "added_s", json_integer(message.added_s));
	json_object_set_new(line, "next_s", json_integer(message.next_s));
	json_object_set_new(line, "owner", line_name(message.owner));
	json_object_set_new(line, "why", line_name(message.why));
	json_object_set_new(line, "doc", message.doc);
	return line;
}

static int
get_message(const json_t *line, struct store_message *message, struct err *err)
{
	int rc = line_get_id(line, "id", &message->id, err);

	if (rc == 0)
		rc = line_get_name(line, "key", 0, message->key, err);
	if (rc == 0)
		rc = line_get_name(line, "group", 0, message->group, err);
	if (rc == 0)
		rc = line_get_u32(line, "tries", &message->tries, err);
	if (rc == 0)
		rc = line_get_time(line, "added_s", &message->added_s, err);
	if (rc == 0)
		rc = line_get_time(line, "next_s", &message->next_s, err);
	if (rc == 0)
		rc = line_get_text(line, "owner", 1, message->owner,
				   sizeof(message->owner), err);
	if (rc == 0)
		rc = line_get_text(line, "why", 1, message->why,
				   sizeof(message->why), err);
	message->refused = json_bool_or(line, "refused", 0);
	message->doc = json_object_get(line, "doc");
	if (rc == 0 && !message->doc)
		rc = err_set(err, ERR_INPUT, "member 'doc' is missing");
	return rc;
}

/* Whether this store has had the message, or a newer one of its group. */
static int
is_known(struct store_tx *tx, const struct store_message *message)
{
	struct outbox_group group;

	return outbox_find_group(tx, message->group, &group) == 0 &&
	       (group.newest > message->id || !strcmp(group.key, message->key));
}

/* What this store knows already it knows better; a message whose id belongs to
 * another one here gets a new id. */
int
message_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	struct store_message message = { 0 }, other;
	struct outbox_group group = { 0 };
	int rc = get_message(line, &message, err);

	if (rc < 0 || is_known(tx, &message))
		return rc;
	rc = outbox_find(tx, message.id, &other);
	if (rc == 0) {
		json_decref(other.doc);
		message.id = tx_next_id(tx, OUTBOX_COUNTER, 1);
	}
	tx_raise_id(tx, OUTBOX_COUNTER, message.id);
	group.newest = message.id;
	group.time_s = message.added_s;
	memcpy(group.key, message.key, sizeof(group.key));
	outbox_save_group(tx, message.group, &group);
	return outbox_save(tx, &message);
}

json_t *
group_show(struct store_tx *tx, struct record *record)
{
	char name[STORE_MAX_NAME + 1];
	struct outbox_group group;
	json_t *line;

	fields_tail(&record->key, name, sizeof(name));
	if (record->key.bad) {
		tx_bad(tx, record, "key is no name");
		return NULL;
	}
	if (outbox_load_group(tx, record, &group) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "group", line_name(name));
	json_object_set_new(line, "newest",
			    json_integer((json_int_t)group.newest));
	json_object_set_new(line, "delivered", json_boolean(group.delivered));
	json_object_set_new(line, "time_s", json_integer(group.time_s));
	json_object_set_new(line, "key", line_name(group.key));
	return line;
}

/* A message that is still to be delivered made its group's record itself, in
 * message_restore(). */
int
group_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	struct outbox_group group = { 0 }, mine;
	char name[STORE_MAX_NAME + 1];
	int rc = line_get_name(line, "group", 0, name, err);

	if (rc == 0)
		rc = line_get_id(line, "newest", &group.newest, err);
	if (rc == 0)
		rc = line_get_time(line, "time_s", &group.time_s, err);
	if (rc == 0)
		rc = line_get_name(line, "key", 0, group.key, err);
	if (rc < 0)
		return rc;
	group.delivered = json_bool_or(line, "delivered", 0);
	rc = outbox_find_group(tx, name, &mine);
	if (rc != ERR_NOT_FOUND || !group.delivered)
		return store_tx_error(tx);
	tx_raise_id(tx, OUTBOX_COUNTER, group.newest);
	return outbox_save_group(tx, name, &group);
}
