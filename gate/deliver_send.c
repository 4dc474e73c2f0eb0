#include "deliver_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "host/notify.h"
#include "judge/verdict.h"
#include "messages.h"

enum { COMMAND_MS = 60 * 1000 };

char *
parcel_comment_note(const struct store_message *message)
{
	char *lane, *note;

	if (strcmp(json_text_or(message->doc, "kind", ""), "comment"))
		return NULL;
	lane = mem_text("%.*s", (int)strcspn(message->group, " "),
			message->group);
	note = messages_comment_note(lane, message->doc);
	free(lane);
	return note;
}

static void
end_parcel(struct parcel *parcel, enum host_outcome outcome, const char *why)
{
	parcel->step = STEP_ENDED;
	parcel->result = (struct host_result){ .outcome = outcome };
	snprintf(parcel->result.why, sizeof(parcel->result.why), "%s", why);
}

static int
read_comment(struct store_tx *tx, void *data, struct err *err)
{
	struct parcel *parcel = data;
	char *name = parcel_comment_note(&parcel->message), *text = NULL;
	enum verdict was = VERDICT_PASS, is = VERDICT_PASS;
	const char *id;
	json_t *note = NULL;

	(void)err;
	if (name && store_note_get(tx, name, &text) == 0)
		note = json_parse(text, strlen(text), NULL);
	id = json_text_or(note, "id", "");
	free(parcel->known_id);
	parcel->known_id = *id ? mem_copy_text(id) : NULL;
	if (!verdict_from_name(json_text_or(note, "verdict", ""), &was) &&
	    !verdict_from_name(json_text_or(parcel->message.doc, "verdict", ""),
			       &is))
		parcel->fresh = was != is && verdict_worse(was, is) == is;
	json_decref(note);
	free(text);
	free(name);
	return 0;
}

static struct target *
find_target(struct sender *sender, struct parcel *parcel)
{
	const json_t *doc = parcel->message.doc;
	const char *name = json_text_or(doc, "host", "");
	struct target *target = targets_find(
		sender->targets, name, json_text_or(doc, "project", NULL),
		json_text_or(doc, "context", NULL));

	if (!target)
		end_parcel(parcel, HOST_REFUSED,
			   "its host is not configured any more: set "
			   "pacegate-host.type and tokenFile");
	else if (target->why)
		end_parcel(parcel, HOST_REFUSED, target->why);
	return target && !target->why ? target : NULL;
}

static void
send_status(struct sender *sender, struct parcel *parcel)
{
	const json_t *doc = parcel->message.doc;
	const struct target *target = find_target(sender, parcel);
	struct host_status status = { .title = json_text_or(doc, "title", ""),
				      .url = json_text_or(doc, "url", NULL) };

	if (!target)
		return;
	if (json_get_oid(doc, "commit", &status.commit, NULL) < 0 ||
	    host_state_parse(json_text_or(doc, "state", ""), &status.state) < 0)
		end_parcel(parcel, HOST_REFUSED,
			   "no status: it does not "
			   "parse");
	else
		host_post_status(sender->host, &target->host, &status,
				 parcel->message.tries, parcel);
}

/* The part of the message's key that tells contents apart. */
static const char *
content_key(const struct store_message *message)
{
	const char *blank = strrchr(message->key, ' ');

	return blank ? blank + 1 : message->key;
}

static void
send_comment(struct sender *sender, struct parcel *parcel)
{
	const json_t *doc = parcel->message.doc;
	const struct target *target = find_target(sender, parcel);
	struct host_comment comment = {
		.number = json_int_or(doc, "number", 0),
		.body = json_text_or(doc, "body", ""),
		.marker = json_text_or(doc, "marker", "pacegate"),
		.key = content_key(&parcel->message),
	};

	if (!target)
		return;
	store_read(sender->store, read_comment, parcel, NULL);
	comment.id = parcel->known_id;
	comment.fresh = parcel->fresh;
	if (json_get_oid(doc, "commit", &comment.commit, NULL) < 0)
		end_parcel(parcel, HOST_REFUSED,
			   "no comment: it does not "
			   "parse");
	else
		host_post_comment(sender->host, &target->host, &comment,
				  parcel->message.tries, parcel);
}

/* The same for the same message, however often it is sent. */
static void
add_id(const struct store_message *message, struct buf *id)
{
	uint64_t hash = hash_add(HASH_START, message->group,
				 strlen(message->group));

	buf_addf(id, "%s.%016llx", content_key(message),
		 (unsigned long long)hash);
}

static void
send_mail(struct sender *sender, struct parcel *parcel)
{
	const struct targets *targets = sender->targets;
	const json_t *doc = parcel->message.doc;
	struct texts to = { 0 };
	struct buf id = BUF_INIT;
	struct host_mail mail = { .from = targets->mail.from,
				  .to = &to,
				  .subject = json_text_or(doc, "subject", ""),
				  .body = json_text_or(doc, "body", ""),
				  .time_s = parcel->message.added_s };
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(doc, "to"), i, item) texts_add(
		&to, json_string_value(item) ? json_string_value(item) : "");
	add_id(&parcel->message, &id);
	mail.id = buf_text(&id);
	if (targets->mail_why)
		end_parcel(parcel, HOST_REFUSED, targets->mail_why);
	else if (!targets->mail.url || !targets->mail.from)
		end_parcel(parcel, HOST_REFUSED,
			   "set pacegate-mail.url and pacegate-mail.from");
	else
		host_post_mail(sender->host, &targets->mailer, &mail,
			       parcel->message.tries, parcel);
	buf_release(&id);
	texts_release(&to);
}

static void
send_webhook(struct sender *sender, struct parcel *parcel)
{
	const struct targets *targets = sender->targets;
	struct buf body = BUF_INIT, id = BUF_INIT;
	struct host_webhook webhook = { .url = targets->notify.webhook,
					.secret = targets->notify_secret,
					.ca_file = targets->notify.ca_file };

	json_append(&body, json_object_get(parcel->message.doc, "json"));
	add_id(&parcel->message, &id);
	webhook.body = buf_text(&body);
	webhook.id = buf_text(&id);
	if (targets->notify_why)
		end_parcel(parcel, HOST_REFUSED, targets->notify_why);
	else if (!webhook.url)
		end_parcel(parcel, HOST_REFUSED, "set pacegate-notify.webhook");
	else
		host_post_webhook(sender->host, &webhook, parcel->message.tries,
				  parcel);
	buf_release(&body);
	buf_release(&id);
}

void
parcel_run_command(struct sender *sender, struct parcel *parcel)
{
	const char *command = sender->targets->notify.command;
	struct buf text = BUF_INIT;

	json_append(&text, json_object_get(parcel->message.doc, "json"));
	if (!command)
		end_parcel(parcel, HOST_REFUSED, "set pacegate-notify.command");
	else
		notify_run(command, buf_text(&text), COMMAND_MS,
			   parcel->message.tries, &parcel->result);
	parcel->step = STEP_ENDED;
	buf_release(&text);
}

void
parcel_send(struct sender *sender, struct parcel *parcel)
{
	static const struct {
		const char *kind;
		void (*send)(struct sender *sender, struct parcel *parcel);
	} kinds[] = {
		{ "status", send_status },
		{ "comment", send_comment },
		{ "mail", send_mail },
		{ "webhook", send_webhook },
	};
	const char *kind = json_text_or(parcel->message.doc, "kind", "");

	if (!strcmp(kind, "command")) {
		parcel->step = STEP_COMMAND;
		return;
	}
	parcel->step = STEP_GOING;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kind, kinds[i].kind)) {
			kinds[i].send(sender, parcel);
			return;
		}
	end_parcel(parcel, HOST_REFUSED, "this version knows no such message");
}
