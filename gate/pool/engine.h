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
	int (*capacity)(const struct pool_rules *rules, struct err *err);
	int (*count_taken)(const struct pool_rules *rules, struct err *err);
};

extern const struct engine engine_local;

#endif
