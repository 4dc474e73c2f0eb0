#ifndef POOL_POOL_H
#define POOL_POOL_H

#include <jansson.h>
#include <stdint.h>

#include "pool/session.h"
#include "pool/slot.h"

struct err;
struct texts;

/*
 * The pool: slots on which sessions run, one at a time on each. What a slot is
 * an engine says: `local` shares out this host's CPUs, `slurm` gives a node of
 * a cluster. Whoever asks for one need not know which.
 */
struct pool_rules {
	const char *type;             /* of the engine */
	struct session_rules session; /* the runner's command line */
	struct slot_rules slots;      /* of this host */
};

/* What a session wants of the pool; texts are borrowed. */
struct pool_request {
	enum slot_class class;
	int64_t deadline_ms; /* of the wait; monotonic, -1: none */
	/* Told about once a second what it waits for; non-zero gives up. May
	 * be NULL. */
	int (*waiting)(void *data, const char *what, int64_t waited_ms);
	void *data;
};

/* A slot that is taken, with a runner on it. */
struct pool_place;

/*
 * Take a slot, start a runner there and send it the spec. ERR_TIMEOUT at the
 * deadline, ERR_BUSY when the wait was given up; else what failed. *place is
 * NULL on error.
 */
int pool_take(struct pool_place **place, const struct pool_rules *rules,
	      const struct pool_request *request, const json_t *spec,
	      struct err *err);

/* To talk to the runner; it ends with its place. */
struct session *pool_session(const struct pool_place *place);

/*
 * End the runner and give the slot back; NULL is fine. `error` is what the
 * session came to, with its err: returned as it was, or as what the engine
 * knows better. ended: the runner closed its end without a word.
 */
int pool_give_back(struct pool_place *place, int error, int ended,
		   struct err *err);

/* For a session in the background: one that somebody waits for wants its
 * slot. */
int pool_is_wanted(const struct pool_rules *rules);

/* How many sessions may run at once, and how many of these do; negative on
 * error. */
int pool_capacity(const struct pool_rules *rules, struct err *err);
int pool_count_taken(const struct pool_rules *rules, struct err *err);

#endif
