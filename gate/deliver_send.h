#ifndef GATE_DELIVER_SEND_H
#define GATE_DELIVER_SEND_H

#include "deliver_targets.h"
#include "host/host.h"
#include "store/store.h"

/* For deliver.c: from a message to a post. */

enum step {
	STEP_FREE,
	STEP_READY, /* leased; its turn comes */
	STEP_GOING,
	STEP_COMMAND, /* waits until nothing else is in flight */
	STEP_ENDED    /* its result is not noted yet */
};

/* A message on its way. */
struct parcel {
	enum step step;
	struct store_message message;
	char *known_id; /* of the comment that stands, or NULL */
	int fresh;      /* a new comment all the same */
	struct host_result result;
};

struct sender {
	struct store *store;
	struct host *host;
	struct targets *targets;
};

/*
 * Start what the message asks for. The parcel is GOING then, and its result
 * comes from host_take() with the parcel as tag; or a COMMAND, for
 * parcel_run_command(); or ENDED already.
 */
void parcel_send(struct sender *sender, struct parcel *parcel);

/* Runs to its end, which takes up to a minute. */
void parcel_run_command(struct sender *sender, struct parcel *parcel);

/* The name of the note that remembers a comment, freed by the caller; NULL for
 * other messages. */
char *parcel_comment_note(const struct store_message *message);

/* Put the result of one that has ended into the outbox. */
void parcel_note(struct store_tx *tx, const struct parcel *parcel);

/* How long a lane is held at most because its service is down: the next may
 * fare better. A service that asks for a pause gets all of it. */
enum { PARCEL_MAX_HOLD_S = 60 };

/* Whether what kept the message from getting through keeps others too. */
int parcel_holds_lane(const struct host_result *result);

#endif
