#include "report/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "report/text.h"

enum { MAX_NAME = 72, MAX_WHY = 60 };

static const char *const state_names[] = {
	[DRIFT_RAISED] = "raised",
	[DRIFT_GREW] = "grew",
	[DRIFT_STANDS] = "stands",
	[DRIFT_GONE] = "gone",
};

enum { STATE_COUNT = sizeof(state_names) / sizeof(state_names[0]) };

void
report_drift_release(struct report_drift *drift)
{
	free(drift->test);
	free(drift->metric);
	free(drift->unit);
	free(drift->environment);
	free(drift->ref);
	free(drift->why);
	free(drift->author);
	*drift = (struct report_drift){ 0 };
}

void
report_drifts_release(struct report_drifts *drifts)
{
	for (size_t i = 0; i < drifts->count; i++)
		report_drift_release(&drifts->items[i]);
	free(drifts->items);
	*drifts = (struct report_drifts){ 0 };
}

struct report_drift *
report_drifts_add(struct report_drifts *drifts,
		  const struct report_drift *drift)
{
	struct report_drift *copy;

	MEM_GROW(drifts->items, drifts->count, drifts->cap);
	copy = &drifts->items[drifts->count++];
	*copy = *drift;
	copy->test = mem_copy_text(drift->test);
	copy->metric = mem_copy_text(drift->metric);
	copy->unit = mem_copy_text(drift->unit);
	copy->environment = mem_copy_text(drift->environment);
	copy->ref = mem_copy_text(drift->ref);
	copy->why = mem_copy_text(drift->why);
	copy->author = mem_copy_text(drift->author);
	return copy;
}

size_t
report_drifts_news(const struct report_drifts *drifts)
{
	size_t count = 0;

	for (size_t i = 0; i < drifts->count; i++)
		count += drifts->items[i].state != DRIFT_STANDS;
	return count;
}

static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, json_text(text));
}

json_t *
report_drift_json(const struct report_drift *drift)
{
	json_t *json = json_object();

	set_text(json, "test", drift->test);
	set_text(json, "metric", drift->metric);
	set_text(json, "unit", drift->unit);
	set_text(json, "environment", drift->environment);
	set_text(json, "ref", drift->ref);
	set_text(json, "state", state_names[drift->state]);
	set_text(json, "why", drift->why);
	set_text(json, "author", drift->author);
	set_text(json, "better",
		 drift->better == BETTER_HIGHER ? "higher" : "lower");
	set_text(json, "against", drift->is_against_best ? "best" : "baseline");
	json_object_set_new(json, "ratio", json_num(drift->ratio));
	json_object_set_new(json, "low", json_num(drift->low));
	json_object_set_new(json, "high", json_num(drift->high));
	json_object_set_new(json, "threshold", json_num(drift->threshold));
	json_object_set_new(json, "told", json_num(drift->told));
	json_object_set_new(json, "best", json_num(drift->best));
	json_object_set_new(json, "baseline", json_oid(&drift->baseline));
	json_object_set_new(json, "from", json_oid(&drift->from));
	json_object_set_new(json, "first", json_oid(&drift->first));
	json_object_set_new(json, "last", json_oid(&drift->last));
	json_object_set_new(json, "at", json_oid(&drift->at));
	json_object_set_new(json, "commits", json_integer(drift->commits));
	json_object_set_new(json, "time", json_integer(drift->time_s));
	return json;
}

json_t *
report_drifts_json(const struct report_drifts *drifts)
{
	json_t *json = json_array();

	for (size_t i = 0; i < drifts->count; i++)
		json_array_append_new(json,
				      report_drift_json(&drifts->items[i]));
	return json;
}

static int
read_state(const json_t *json, enum drift_state *state, struct err *err)
{
	const char *name = json_text_or(json, "state", "");

	for (int i = 0; i < STATE_COUNT; i++)
		if (!strcmp(state_names[i], name)) {
			*state = (enum drift_state)i;
			return 0;
		}
	return err_set(err, ERR_INPUT, "no such state of a drift '%s'", name);
}

/* Borrows the texts from json. */
static int
read_drift(struct report_drift *drift, const json_t *json, struct err *err)
{
	const char *test, *metric;

	*drift = (struct report_drift){ 0 };
	if (json_get_text(json, "test", &test, err) < 0 ||
	    json_get_text(json, "metric", &metric, err) < 0 ||
	    read_state(json, &drift->state, err) < 0)
		return ERR_INPUT;
	drift->test = (char *)(uintptr_t)test;
	drift->metric = (char *)(uintptr_t)metric;
	drift->unit = (char *)(uintptr_t)json_text_or(json, "unit", "1");
	drift->environment = (char *)(uintptr_t)json_text_or(json,
							     "environment", "");
	drift->ref = (char *)(uintptr_t)json_text_or(json, "ref", "");
	drift->why = (char *)(uintptr_t)json_text_or(json, "why", NULL);
	drift->author = (char *)(uintptr_t)json_text_or(json, "author", NULL);
	drift->better = strcmp(json_text_or(json, "better", ""), "higher")
				? BETTER_LOWER
				: BETTER_HIGHER;
	drift->is_against_best = !strcmp(json_text_or(json, "against", ""),
					 "best");
	drift->ratio = json_number_or(json, "ratio", NAN);
	drift->low = json_number_or(json, "low", NAN);
	drift->high = json_number_or(json, "high", NAN);
	drift->threshold = json_number_or(json, "threshold", NAN);
	drift->told = json_number_or(json, "told", 1);
	drift->best = json_number_or(json, "best", 1);
	json_get_oid(json, "baseline", &drift->baseline, NULL);
	json_get_oid(json, "from", &drift->from, NULL);
	json_get_oid(json, "first", &drift->first, NULL);
	json_get_oid(json, "last", &drift->last, NULL);
	json_get_oid(json, "at", &drift->at, NULL);
	drift->commits = (unsigned)json_int_or(json, "commits", 0);
	drift->time_s = json_int_or(json, "time", 0);
	return 0;
}

int
report_drifts_read(struct report_drifts *drifts, const json_t *json,
		   struct err *err)
{
	json_t *item;
	size_t i;

	json_array_foreach(json, i, item)
	{
		struct report_drift drift;

		if (read_drift(&drift, item, err) < 0)
			return ERR_INPUT;
		report_drifts_add(drifts, &drift);
	}
	return 0;
}

static void
add_name(struct buf *buf, const char *text)
{
	buf_add_clean(buf, text, strlen(text), MAX_NAME);
}

static void
add_gone(struct buf *buf, const struct report_drift *drift)
{
	char hex[OID_HEX + 1];

	add_name(buf, drift->test);
	buf_addc(buf, ' ');
	add_name(buf, drift->metric);
	if (drift->why) {
		buf_adds(buf, ": ");
		buf_add_clean(buf, drift->why, strlen(drift->why), MAX_WHY);
		return;
	}
	buf_addf(buf, " is back at %s of %s",
		 drift->is_against_best ? "the best level" : "its baseline",
		 oid_short(&drift->from, hex));
	if (!drift->author)
		return;
	buf_adds(buf, "; well done, ");
	buf_add_clean(buf, drift->author, strlen(drift->author), MAX_WHY);
}

void
report_add_drift(struct buf *buf, const struct report_drift *drift)
{
	char hex[OID_HEX + 1];

	if (drift->state == DRIFT_GONE) {
		buf_adds(buf, "drift gone: ");
		add_gone(buf, drift);
		return;
	}
	buf_adds(buf, drift->state == DRIFT_GREW     ? "drift grew: "
		      : drift->state == DRIFT_STANDS ? "drift, still: "
						     : "drift: ");
	add_name(buf, drift->test);
	buf_adds(buf, ": ");
	add_name(buf, drift->metric);
	buf_adds(buf, " is ");
	report_add_change_words(buf, drift->metric, drift->unit,
				drift->better == BETTER_HIGHER, drift->ratio);
	buf_adds(buf, " (");
	units_add_change(buf, drift->low);
	buf_adds(buf, " .. ");
	units_add_change(buf, drift->high);
	buf_addf(buf, ") than %s %s",
		 drift->is_against_best ? "its best," : "its baseline",
		 oid_short(&drift->from, hex));
	buf_addf(buf, ", little by little over %u commit%s since %s",
		 drift->commits, drift->commits == 1 ? "" : "s",
		 oid_short(&drift->first, hex));
}

void
report_add_drift_news(struct buf *buf, const struct report_drifts *drifts)
{
	size_t news = report_drifts_news(drifts), i = 0;

	while (i < drifts->count && drifts->items[i].state == DRIFT_STANDS)
		i++;
	if (i < drifts->count)
		report_add_drift(buf, &drifts->items[i]);
	if (news > 1)
		buf_addf(buf, "; and %zu more", news - 1);
}

/* Another metric of the same test says the same. */
static int
is_alike(const struct report_drift *a, const struct report_drift *b)
{
	return a->state == b->state && !strcmp(a->test, b->test) &&
	       a->is_against_best == b->is_against_best && !a->why == !b->why &&
	       (!a->why || !strcmp(a->why, b->why));
}

void
report_add_drifts(struct buf *buf, const struct report_drifts *drifts)
{
	for (size_t i = 0; i < drifts->count;) {
		const struct report_drift *first = &drifts->items[i];

		buf_adds(buf, "  ");
		report_add_drift(buf, first);
		while (++i < drifts->count &&
		       is_alike(first, &drifts->items[i])) {
			const struct report_drift *other = &drifts->items[i];

			buf_adds(buf, "; ");
			add_name(buf, other->metric);
			if (other->state == DRIFT_GONE) {
				buf_adds(buf, " too");
				continue;
			}
			buf_addc(buf, ' ');
			units_add_change(buf, other->ratio);
		}
		buf_addc(buf, '\n');
	}
}
