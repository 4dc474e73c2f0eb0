#ifndef GATE_MESSAGES_H
#define GATE_MESSAGES_H

#include <jansson.h>
#include <stdint.h>

struct err;
struct gate;
struct gather;
struct oid;
struct report;
struct store_tx;

/*
 * What services and people are told of a push: messages for the outbox, made
 * once the ref has landed and never before. deliver.h sends them. Nothing here
 * reaches for the network, so that hooks can link what calls it.
 *
 * A message is JSON with a `kind`: `status` and `comment` for a hosting
 * service, `mail`, `webhook`, `command`. Its lane in the outbox (store.h) is
 * the service that it goes to.
 *
 * `push` is the journal's entry, or what a job keeps of it: `push` (its id),
 * `pusher`, and `host`, what the service's hooks were told.
 */

/* Says `comment LANE COMMIT NUMBER`: the note that remembers a comment. */
char *messages_comment_note(const char *lane, const json_t *doc);

/*
 * Tell of an update that has landed. decided: its verdicts are in the store;
 * else it is queued, and the status says that it waits. The same again adds
 * nothing.
 */
int messages_tell(struct gate *gate, const struct gather *gather,
		  const json_t *push, int decided, struct err *err);

/*
 * An update of the push is dealt with; where no other one of it waits in the
 * queue, people get their mail: one a push.
 */
int messages_end_push(struct store_tx *tx, const struct gate *gate,
		      const json_t *push, struct err *err);

/* For messages.c and messages_mail.c. */

/* Takes doc. The key is what the message says; of a group the newest counts. */
int messages_add(struct store_tx *tx, const char *group, const char *state,
		 json_t *doc, int64_t now_s);

/* The commit's page, freed by the caller; NULL without pages. */
char *messages_page(const char *pages, const struct oid *commit);

/* Remember that the push brought this to a ref, for its mail. */
int messages_note_mail(struct store_tx *tx, const struct gate *gate,
		       const json_t *push, const struct report *report);

#endif
