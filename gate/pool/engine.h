#ifndef POOL_ENGINE_H
#define POOL_ENGINE_H

#include "pool/pool.h"

/*
 * What the pool asks of an engine, and what a place holds for it. pool.c knows
 * no more of any of them than this table.
 */
struct pool_place {
	const struct engine *engine;
	struct session *session;
	struct slot slot;
	char where[64]; /* the slot's name */
	/* Of slurm. */
	const struct pool_rules *rules;
	enum slot_class class;
	int64_t deadline_ms;
	char *job, *node; /* node NULL: not known yet */
	int said;         /* what srun says on stderr, a file in memory */
	int ended;        /* before its runner said that it does */
};

struct engine {
	const char *name;
	/* Fill the place: slot, session, spec sent. What it took up to an error
	 * is given back by give_back(). */
	int (*take)(struct pool_place *place, const struct pool_rules *rules,
		    const struct pool_request *request, const json_t *spec,
		    struct err *err);
	/* As pool_give_back(), without the place's memory. */
	int (*give_back)(struct pool_place *place, int error, int ended,
			 struct err *err);
	int (*is_wanted)(const struct pool_rules *rules);
	int (*has)(const struct pool_rules *rules, const struct texts *features,
		   struct err *err);
	void (*check)(const struct pool_rules *rules,
		      const struct pool_check *check);
	json_t *(*self_test)(const struct pool_rules *rules, struct err *err);
	int (*recover)(const struct pool_rules *rules, struct err *err);
	int (*capacity)(const struct pool_rules *rules, struct err *err);
	int (*count_taken)(const struct pool_rules *rules, struct err *err);
};

/* For a check(). */
void pool_tell(const struct pool_check *check, const char *level,
	       const char *fmt, ...) __attribute__((format(printf, 3, 4)));

extern const struct engine engine_local, engine_slurm;

#endif
