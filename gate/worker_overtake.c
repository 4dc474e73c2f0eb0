#include "worker_overtake.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "gate.h"
#include "gather.h"
#include "land.h"
#include "messages.h"
#include "repo/repo.h"

struct overtake {
	struct gate *gate;
	const struct store_job *old, *new;
	struct gather gather; /* of the old one */
	json_t *doc;          /* of the new one, from now on */
	char *why;
};

/* The newer one's base moves back to the older one's, and its walk is as long
 * as both; the older one's commits are not among those that it weighs. */
static int
widen(struct overtake *overtake, struct err *err)
{
	json_t *update, *note;
	const json_t *older = json_object_get(overtake->old->doc, "update");
	const json_t *older_note = json_object_get(older, "note");
	struct oid old_base, new_base;

	overtake->doc = json_deep_copy(overtake->new->doc);
	update = json_object_get(overtake->doc, "update");
	note = json_object_get(update, "note");
	if (json_get_oid(older_note, "base", &old_base, err) < 0 ||
	    json_get_oid(note, "base", &new_base, err) < 0)
		return err_context(err, "a job of the queue");
	/* A branch that was moved back may have its base before the other. */
	if (!oid_is_zero(&old_base) && !oid_equal(&old_base, &new_base) &&
	    repo_is_ancestor(overtake->gate->repo, &old_base, &new_base,
			     NULL) != 1)
		return 0;
	json_object_set(note, "base", json_object_get(older_note, "base"));
	json_object_set(update, "old", json_object_get(older, "old"));
	json_object_set_new(note, "total",
			    json_integer(json_int_or(note, "total", 0) +
					 json_int_or(older_note, "total", 0)));
	return 0;
}

static int
put(struct store_tx *tx, void *data, struct err *err)
{
	const struct overtake *overtake = data;
	const struct gather *gather = &overtake->gather;
	int ret = store_queue_overtake(tx, overtake->old->id, overtake->new->id,
				       overtake->doc);

	for (size_t i = 0; !ret && i < gather->update.count; i++) {
		struct report report, known;

		/* By another ref it may have been weighed. */
		ret = gate_get_report(tx, &gather->update.commits[i], &known,
				      err);
		report_release(&known);
		if (ret != ERR_NOT_FOUND)
			continue;
		report_init(&report, &gather->update.commits[i]);
		report.verdict = VERDICT_UNWEIGHED;
		report.time_s = clock_wall_s(&clock_real);
		report_set(&report.why, overtake->why);
		gather_describe(gather, &report);
		ret = gate_put_report(tx, &report);
		report_release(&report);
	}
	if (!ret)
		ret = messages_end_push(tx, overtake->gate, overtake->old->doc,
					err);
	return ret;
}

int
worker_overtake(struct gate *gate, const struct store_job *old,
		const struct store_job *new, struct err *err)
{
	struct overtake overtake = { .gate = gate, .old = old, .new = new };
	const json_t *newer = json_object_get(new->doc, "update");
	int ret = land_gather(gate, json_object_get(old->doc, "update"), 1,
			      &overtake.gather, err);

	overtake.why = mem_text(
		"overtaken by %.10s, which is weighed in its place",
		json_text_or(newer, "new", "?"));
	if (!ret)
		ret = widen(&overtake, err);
	if (!ret)
		ret = store_write(gate->store, put, &overtake, err);
	if (!ret)
		ret = messages_tell(gate, &overtake.gather, old->doc, 1, err);
	json_decref(overtake.doc);
	free(overtake.why);
	gather_release(&overtake.gather);
	if (ret == ERR_NOT_FOUND)
		return 0;
	return ret < 0 ? ret : 1;
}
