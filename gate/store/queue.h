#ifndef STORE_QUEUE_H
#define STORE_QUEUE_H

#include "store/store.h"
#include "store/tx.h"

/* Inside store/: the records of the queue. */

#define QUEUE_COUNTER "queue"

/* 15 * 2^48 and the number stay below 2^53, which JSON readers can hold. */
enum { QUEUE_CLASS_SHIFT = 48 };

uint64_t queue_id(unsigned class, uint64_t number);
void queue_key(struct pack *key, uint64_t id);

/* The caller json_decref()s job->doc of all three. */
int queue_load(struct store_tx *tx, struct record *record,
	       struct store_job *job);
int queue_find(struct store_tx *tx, uint64_t id, struct store_job *job);
int queue_find_key(struct store_tx *tx, const char *name,
		   struct store_job *job);

int queue_save(struct store_tx *tx, const struct store_job *job);

/* Lead from a dedup key to its job. */
int queue_save_key(struct store_tx *tx, const char *name, uint64_t id);

#endif
