#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "deliver_send.h"

/* What became of a message, for the outbox. */

enum { MAX_WHY = 120, MAX_NOTE = 255 };

int
parcel_holds_lane(const struct host_result *result)
{
	return !result->status || result->status == 403 ||
	       result->status == 429 || result->status >= 500;
}

static void
add_note(const struct host_result *result, struct buf *note)
{
	buf_add_clean(note, result->why, strlen(result->why),
		      *result->advice ? MAX_WHY : MAX_NOTE);
	if (!*result->advice)
		return;
	buf_adds(note, "; ");
	buf_add_clean(note, result->advice, strlen(result->advice),
		      MAX_NOTE - note->len);
}

static void
note_retry(struct store_tx *tx, const struct parcel *parcel, const char *note,
	   int64_t now_s)
{
	const struct host_result *result = &parcel->result;
	int is_limit = result->status == 403 || result->status == 429;
	int is_down = !result->status &&
		      strncmp(parcel->message.group, "command ", 8) != 0;
	int64_t wait_s = result->wait_s, hold_s = wait_s;

	if (!is_limit && hold_s > PARCEL_MAX_HOLD_S)
		hold_s = PARCEL_MAX_HOLD_S;
	/* Nothing is wrong with the message: it goes when its service is back,
	 * however long that was away. */
	if (is_down)
		wait_s = hold_s;
	store_outbox_fail(tx, parcel->message.id, now_s + wait_s, note);
	if (parcel_holds_lane(result))
		store_outbox_hold(tx, parcel->message.group, now_s + hold_s,
				  note);
}

static void
note_comment(struct store_tx *tx, const struct parcel *parcel)
{
	char *name = parcel_comment_note(&parcel->message);
	struct buf text = BUF_INIT;
	json_t *doc;

	if (!name)
		return;
	doc = json_pack("{s:o, s:s}", "id", json_text(parcel->result.id),
			"verdict",
			json_text_or(parcel->message.doc, "verdict", "pass"));
	json_append(&text, doc);
	store_note_put(tx, name, buf_text(&text));
	json_decref(doc);
	buf_release(&text);
	free(name);
}

void
parcel_note(struct store_tx *tx, const struct parcel *parcel)
{
	int64_t now_s = clock_wall_s(&clock_real);
	struct buf note = BUF_INIT;

	add_note(&parcel->result, &note);
	switch (parcel->result.outcome) {
	case HOST_DELIVERED:
		note_comment(tx, parcel);
		store_outbox_hold(tx, parcel->message.group, 0, "");
		store_outbox_done(tx, parcel->message.id, now_s);
		break;
	case HOST_NOWHERE:
		store_outbox_done(tx, parcel->message.id, now_s);
		break;
	case HOST_RETRY:
		note_retry(tx, parcel, buf_text(&note), now_s);
		break;
	case HOST_REFUSED:
		store_outbox_refuse(tx, parcel->message.id, buf_text(&note));
		break;
	}
	buf_release(&note);
}
