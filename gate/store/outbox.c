#include "store/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/units.h"
#include "store/tables.h"

/*
 * Messages by id, oldest first, and a record a group that knows the group's
 * newest message. That record outlives the message, so that the same thing is
 * not said twice when a worker died between delivery and the next step. What
 * somebody is just delivering is not superseded under his hands: it goes when
 * he is done, and until then nothing else of its group is taken.
 */

static int
drop_superseded(struct store_tx *tx, const struct outbox_group *group)
{
	struct store_message old;
	int rc;

	if (group->delivered)
		return 0;
	rc = outbox_find(tx, group->newest, &old);
	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	json_decref(old.doc);
	return old.owner[0] ? 0 : outbox_remove(tx, old.id);
}

int
store_outbox_add(struct store_tx *tx, const char *key, const char *group,
		 int64_t now_s, const json_t *doc, uint64_t *id)
{
	struct store_message message = { 0 };
	struct outbox_group last = { 0 };
	int rc;

	tx_check_name(tx, "message", key);
	rc = tx_check_name(tx, "group of messages", group);
	if (rc == 0)
		rc = outbox_find_group(tx, group, &last);
	if (rc == 0 && !strcmp(last.key, key)) {
		if (id)
			*id = last.newest;
		return 1;
	}
	if (rc == 0)
		rc = drop_superseded(tx, &last);
	if (rc < 0 && rc != ERR_NOT_FOUND)
		return rc;
	message.id = tx_next_id(tx, OUTBOX_COUNTER, 1);
	message.added_s = now_s;
	memcpy(message.key, key, strlen(key) + 1);
	memcpy(message.group, group, strlen(group) + 1);
	message.doc = (json_t *)(uintptr_t)doc;
	if (id)
		*id = message.id;
	memset(&last, 0, sizeof(last));
	last.newest = message.id;
	last.time_s = now_s;
	memcpy(last.key, message.key, sizeof(last.key));
	outbox_save_group(tx, group, &last);
	return outbox_save(tx, &message);
}

#define WHO_DIED "who delivered it died"

/* The record's name of a lane's hold; group may be the lane itself. */
static void
hold_name(char name[STORE_MAX_NAME + 1], const char *group)
{
	snprintf(name, STORE_MAX_NAME + 1, "hold %.*s",
		 (int)(strcspn(group, " ") % (STORE_MAX_NAME - 8)), group);
}

/* Until when the lane of a group is held, 0 when it is not; and why (or NULL).
 */
static int64_t
held_until(struct store_tx *tx, const char *group, struct buf *why)
{
	char name[STORE_MAX_NAME + 1], *text = NULL, *blank;
	int64_t until_s = 0;

	hold_name(name, group);
	if (store_note_get(tx, name, &text) == 0) {
		blank = strchr(text, ' ');
		if (blank && why)
			buf_adds(why, blank + 1);
		if (blank)
			*blank = '\0';
		(void)units_parse_count(text, 0, INT64_MAX, &until_s);
	}
	free(text);
	return until_s;
}

int
store_outbox_hold(struct store_tx *tx, const char *lane, int64_t until_s,
		  const char *why)
{
	char name[STORE_MAX_NAME + 1], *text;
	int rc;

	hold_name(name, lane);
	text = mem_text("%lld %s", (long long)until_s, why);
	rc = store_note_put(tx, name, until_s > 0 ? text : NULL);
	free(text);
	return rc;
}

static int
is_due(struct store_tx *tx, const struct store_message *message,
       const struct texts *busy, int64_t now_s)
{
	return !message->owner[0] && !message->refused &&
	       message->next_s <= now_s && !texts_has(busy, message->group) &&
	       held_until(tx, message->group, NULL) <= now_s;
}

/* Read the next due ones; those of a group that is busy are passed over. */
static int
find_due(struct store_tx *tx, int64_t now_s, struct store_message *messages,
	 size_t max, size_t *count)
{
	struct texts busy = { 0 };
	struct walk walk;
	int rc = 0;

	walk_start(&walk, tx, TABLE_OUTBOX, NULL);
	while (*count < max && (rc = walk_next(&walk)) == 1) {
		struct store_message *message = &messages[*count];
		int due;

		rc = outbox_load_head(tx, &walk.record, message);
		if (rc < 0)
			break;
		due = is_due(tx, message, &busy, now_s);
		if (due || message->owner[0])
			texts_add(&busy, message->group);
		if (!due)
			continue;
		message->doc = tx_doc(tx, &walk.record);
		*count += message->doc != NULL;
	}
	walk_end(&walk);
	texts_release(&busy);
	return rc < 0 ? rc : store_tx_error(tx);
}

int
store_outbox_take(struct store_tx *tx, const char *owner, int64_t now_s,
		  struct store_message *messages, size_t max, size_t *count)
{
	int rc;

	*count = 0;
	if (owner[0] == '\0' || strlen(owner) >= sizeof(messages->owner))
		return tx_fail(tx, ERR_LIMIT, "'%.100s' is no owner", owner);
	rc = find_due(tx, now_s, messages, max, count);
	for (size_t i = 0; i < *count && rc == 0; i++) {
		memcpy(messages[i].owner, owner, strlen(owner) + 1);
		rc = outbox_save(tx, &messages[i]);
	}
	if (rc == 0)
		return *count ? 0 : ERR_NOT_FOUND;
	while (*count)
		json_decref(messages[--*count].doc);
	return rc;
}

int
store_outbox_done(struct store_tx *tx, uint64_t id, int64_t now_s)
{
	struct store_message message;
	struct outbox_group group;
	int rc = outbox_find(tx, id, &message);

	if (rc < 0)
		return rc;
	json_decref(message.doc);
	outbox_remove(tx, id);
	rc = outbox_find_group(tx, message.group, &group);
	if (rc < 0 || group.newest != id)
		return store_tx_error(tx);
	group.delivered = 1;
	group.time_s = now_s;
	return outbox_save_group(tx, message.group, &group);
}

/* Whether a newer message of the group waits. */
static int
is_superseded(struct store_tx *tx, const struct store_message *message)
{
	struct outbox_group group;

	return outbox_find_group(tx, message->group, &group) == 0 &&
	       group.newest != message->id;
}

/* The end of a lease without delivery. */
static int
give_back(struct store_tx *tx, struct store_message *message, const char *why)
{
	if (is_superseded(tx, message))
		return outbox_remove(tx, message->id);
	message->owner[0] = '\0';
	if (message->tries < UINT32_MAX)
		message->tries++;
	if (why)
		snprintf(message->why, sizeof(message->why), "%s", why);
	return outbox_save(tx, message);
}

int
store_outbox_fail(struct store_tx *tx, uint64_t id, int64_t next_s,
		  const char *why)
{
	struct store_message message;
	int rc = outbox_find(tx, id, &message);

	if (rc < 0)
		return rc;
	message.next_s = next_s;
	rc = give_back(tx, &message, why);
	json_decref(message.doc);
	return rc;
}

int
store_outbox_refuse(struct store_tx *tx, uint64_t id, const char *why)
{
	struct store_message message;
	int rc = outbox_find(tx, id, &message);

	if (rc < 0)
		return rc;
	message.refused = 1;
	rc = give_back(tx, &message, why);
	json_decref(message.doc);
	return rc;
}

int
store_outbox_resend(struct store_tx *tx, uint64_t id)
{
	struct store_message message;
	int rc = outbox_find(tx, id, &message);

	if (rc < 0)
		return rc;
	message.refused = 0;
	message.next_s = 0;
	message.tries = 0;
	rc = outbox_save(tx, &message);
	store_outbox_hold(tx, message.group, 0, "");
	json_decref(message.doc);
	return rc;
}

int
store_outbox_recover(struct store_tx *tx, int64_t now_s, size_t *count)
{
	struct store_message message;
	struct walk walk;
	size_t recovered = 0;
	int rc;

	walk_start(&walk, tx, TABLE_OUTBOX, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		rc = outbox_load_head(tx, &walk.record, &message);
		if (rc < 0)
			break;
		if (!message.owner[0] || proc_is_alive(message.owner))
			continue;
		message.doc = tx_doc(tx, &walk.record);
		if (!message.doc)
			break;
		give_back(tx, &message, WHO_DIED);
		json_decref(message.doc);
		if (held_until(tx, message.group, NULL) < now_s + STORE_CALM_S)
			store_outbox_hold(tx, message.group,
					  now_s + STORE_CALM_S, WHO_DIED);
		recovered++;
	}
	walk_end(&walk);
	if (count)
		*count = rc < 0 ? 0 : recovered;
	return rc < 0 ? rc : store_tx_error(tx);
}

/* What holds up the lane holds up the message. */
static void
regard_hold(struct store_tx *tx, struct store_message *message)
{
	struct buf why = BUF_INIT;
	int64_t until_s = held_until(tx, message->group, &why);

	if (until_s > message->next_s)
		message->next_s = until_s;
	if (!message->why[0])
		snprintf(message->why, sizeof(message->why), "%s",
			 buf_text(&why));
	buf_release(&why);
}

int
store_outbox_each(struct store_tx *tx, store_message_fn *fn, void *data)
{
	struct store_message message;
	struct walk walk;
	int rc;

	walk_start(&walk, tx, TABLE_OUTBOX, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		rc = outbox_load(tx, &walk.record, &message);
		if (rc < 0)
			break;
		if (!message.refused)
			regard_hold(tx, &message);
		rc = fn(data, &message);
		json_decref(message.doc);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

int
store_outbox_next(struct store_tx *tx, int64_t *next_s)
{
	struct store_message message;
	struct walk walk;
	int rc, found = 0;

	*next_s = 0;
	walk_start(&walk, tx, TABLE_OUTBOX, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		rc = outbox_load_head(tx, &walk.record, &message);
		if (rc < 0)
			break;
		if (message.refused || message.owner[0])
			continue;
		regard_hold(tx, &message);
		if (!found || message.next_s < *next_s)
			*next_s = message.next_s;
		found = 1;
	}
	walk_end(&walk);
	if (rc == 0 && !found)
		return ERR_NOT_FOUND;
	return rc < 0 ? rc : store_tx_error(tx);
}

int
group_is_old(struct store_tx *tx, struct record *record, int64_t before_s)
{
	struct outbox_group group;
	struct store_message message;
	int rc = outbox_load_group(tx, record, &group);

	if (rc < 0 || group.time_s >= before_s)
		return rc;
	if (group.delivered)
		return 1;
	rc = outbox_find(tx, group.newest, &message);
	if (rc < 0)
		return rc;
	json_decref(message.doc);
	if (!message.refused)
		return 0;
	rc = outbox_remove(tx, message.id);
	return rc < 0 ? rc : 1;
}
