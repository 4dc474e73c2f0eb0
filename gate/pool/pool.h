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
	const struct texts *features; /* that this host has */
	const char *repository;       /* its directory, for names of jobs */
	int64_t patience_ms; /* that a runner may be silent beyond its work */
	struct {
		const char *partition, *background; /* NULL: the default */
		const struct texts *constraint;
		const char *options; /* more words for srun, or NULL */
		unsigned launches;   /* at a time, of this host */
		unsigned slots;      /* sessions at a time, 0: one a node */
	} slurm;
};

/* What a session wants of the pool; texts are borrowed. */
struct pool_request {
	enum slot_class class;
	const char *session; /* its id */
	const char *commit;  /* what it is about, for people */
	const char *needs;   /* features behind commas, NULL: none */
	/* Where it should not run, if it can run anywhere else. */
	const struct texts *avoid;
	/* It confirms what ran there: on another machine of that class, if
	 * there is one. NULL: any. */
	const char *confirms;
	/* Gets the machine's name in the pool, also of one that failed, freed
	 * by the caller; NULL for this host. May be NULL. */
	char **node;
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

/* Which one it is, for people: `slot 0`, or a node. */
const char *pool_where(const struct pool_place *place);

/*
 * End the runner and give the slot back; NULL is fine. `error` is what the
 * session came to, with its err: returned as it was, or as what the engine
 * knows better: ERR_LOST for what another machine may do, ERR_BUSY for a
 * session that had to give way. ended: the runner closed its end without a
 * word.
 */
int pool_give_back(struct pool_place *place, int error, int ended,
		   struct err *err);

/* For a session in the background: one that somebody waits for wants its
 * slot. */
int pool_is_wanted(const struct pool_rules *rules);

/* Whether any machine of the pool has these features: 1, 0 and err says what
 * to do, negative where it cannot be told. */
int pool_has(const struct pool_rules *rules, const char *needs,
	     struct err *err);

/*
 * For doctor: what there is, and what is amiss with it; level is `ok`, `note`
 * or `bad`.
 */
struct pool_check {
	void (*tell)(void *data, const char *level, const char *text);
	void *data;
};

void pool_check(const struct pool_rules *rules, const struct pool_check *check);

/* What the runner's --self-test answers where a session would run, owned by
 * the caller; NULL and err. */
json_t *pool_self_test(const struct pool_rules *rules, struct err *err);

/* End what sessions left behind whose gate was killed. */
int pool_recover(const struct pool_rules *rules, struct err *err);

/* How many sessions may run at once, and how many of these do; negative on
 * error. */
int pool_capacity(const struct pool_rules *rules, struct err *err);
int pool_count_taken(const struct pool_rules *rules, struct err *err);

#endif
