#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/store.h"
#include "store/tx.h"

/* Inside store/: the records of the outbox. */

#define OUTBOX_COUNTER "outbox"

/* What a group saw last. */
struct outbox_group {
	uint64_t newest; /* id of its last message */
	int delivered;   /* that message is gone */
	int64_t time_s;  /* of the last change */
	char key[STORE_MAX_NAME + 1];
};

/* The caller json_decref()s message->doc of both. */
int outbox_load(struct store_tx *tx, struct record *record,
		struct store_message *message);
/* All but the doc, which is what takes time; tx_doc() reads it then. */
int outbox_load_head(struct store_tx *tx, struct record *record,
		     struct store_message *message);
int outbox_find(struct store_tx *tx, uint64_t id,
		struct store_message *message);
int outbox_save(struct store_tx *tx, const struct store_message *message);
int outbox_remove(struct store_tx *tx, uint64_t id);

int outbox_load_group(struct store_tx *tx, struct record *record,
		      struct outbox_group *group);
int outbox_find_group(struct store_tx *tx, const char *name,
		      struct outbox_group *group);
int outbox_save_group(struct store_tx *tx, const char *name,
		      const struct outbox_group *group);

#endif
