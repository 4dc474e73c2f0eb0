#include "pool/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "pool/engine.h"
#include "pool/features.h"

static const struct engine *const engines[] = { &engine_local, &engine_slurm };

/* Configuration is checked before it comes here. */
static const struct engine *
engine_of(const struct pool_rules *rules)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++)
		if (!strcmp(engines[i]->name, rules->type))
			return engines[i];
	return &engine_local;
}

static void
place_free(struct pool_place *place)
{
	free(place->job);
	free(place->node);
	free(place);
}

int
pool_take(struct pool_place **result, const struct pool_rules *rules,
	  const struct pool_request *request, const json_t *spec,
	  struct err *err)
{
	struct pool_place *place = mem_new(1, sizeof(*place));
	int ret;

	place->engine = engine_of(rules);
	place->slot = (struct slot)SLOT_INIT;
	place->rules = rules;
	place->class = request->class;
	place->deadline_ms = request->deadline_ms;
	place->said = -1;
	ret = place->engine->take(place, rules, request, spec, err);
	if (ret < 0)
		ret = place->engine->give_back(place, ret, 0, err);
	if (request->node)
		*request->node = mem_copy_text(place->node);
	if (ret < 0) {
		place_free(place);
		place = NULL;
	}
	*result = place;
	return ret;
}

struct session *
pool_session(const struct pool_place *place)
{
	return place->session;
}

const char *
pool_where(const struct pool_place *place)
{
	return place->node ? place->node : place->where;
}

int
pool_give_back(struct pool_place *place, int error, int ended, struct err *err)
{
	if (!place)
		return error;
	error = place->engine->give_back(place, error, ended, err);
	place_free(place);
	return error;
}

int
pool_is_wanted(const struct pool_rules *rules)
{
	return engine_of(rules)->is_wanted(rules);
}

int
pool_has(const struct pool_rules *rules, const char *needs, struct err *err)
{
	struct texts features = { 0 };
	int ret = features_add(&features, needs);

	if (ret < 0)
		ret = err_set(err, ret, "needs=%s names no features", needs);
	else if (features.count)
		ret = engine_of(rules)->has(rules, &features, err);
	else
		ret = 1;
	texts_release(&features);
	return ret;
}

void
pool_check(const struct pool_rules *rules, const struct pool_check *check)
{
	engine_of(rules)->check(rules, check);
}

void
pool_tell(const struct pool_check *check, const char *level, const char *fmt,
	  ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	check->tell(check->data, level, buf_text(&text));
	buf_release(&text);
}

json_t *
pool_self_test(const struct pool_rules *rules, struct err *err)
{
	return engine_of(rules)->self_test(rules, err);
}

int
pool_recover(const struct pool_rules *rules, struct err *err)
{
	return engine_of(rules)->recover(rules, err);
}

int
pool_capacity(const struct pool_rules *rules, struct err *err)
{
	return engine_of(rules)->capacity(rules, err);
}

int
pool_count_taken(const struct pool_rules *rules, struct err *err)
{
	return engine_of(rules)->count_taken(rules, err);
}
