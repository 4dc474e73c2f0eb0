/* A history as a page shows it: thinned, with what happened to it marked. */
#include "view_history.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "history.h"
#include "noise.h"
#include "repo/repo.h"
#include "web/thin.h"

enum {
	DESCRIBED = 200, /* newest points with author and subject */
	MAX_BASELINES = 200
};

static json_t *
point_json(const struct repo *repo, const struct store_point *point,
	   int described)
{
	struct repo_commit commit = { 0 };
	char hex[OID_HEX + 1];
	json_t *json = json_pack(
		"{s:s, s:I, s:o, s:o, s:o, s:o}", "commit",
		oid_format(&point->commit, hex), "time",
		(json_int_t)point->time_s, "value", json_num(point->value),
		"base", json_num(point->base), "low", json_num(point->low),
		"high", json_num(point->high));

	if (noise_flags_backfilled(point->flags))
		json_object_set_new(json, "backfilled", json_true());
	if (described &&
	    !repo_commit_read(repo, &point->commit, &commit, NULL)) {
		json_object_set_new(json, "author", json_text(commit.author));
		json_object_set_new(json, "subject", json_text(commit.subject));
	}
	repo_commit_release(&commit);
	return json;
}

/* Where a point that may have been thinned out is shown. */
static size_t
shown_at(const size_t *keep, size_t kept, size_t index)
{
	size_t low = 0, high = kept;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (keep[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low < kept ? low : kept - 1;
}

static json_t *
commit_json(const struct history *history, size_t at)
{
	return json_oid(&history->points[at].point.commit);
}

static json_t *
change_json(const struct history *history, const struct history_change *found,
	    size_t at)
{
	const struct change *change = &found->change;
	json_t *json = json_pack(
		"{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "at",
		(json_int_t)at, "commit", commit_json(history, change->at),
		"first", commit_json(history, change->first), "last",
		commit_json(history, change->last), "ratio",
		json_num(change->ratio), "low", json_num(change->low), "high",
		json_num(change->high), "before", json_num(change->before),
		"after", json_num(change->after));

	if (found->is_told)
		json_object_set_new(json, "verdict",
				    json_string(verdict_name(found->told)));
	if (!oid_is_zero(&found->culprit))
		json_object_set_new(json, "culprit", json_oid(&found->culprit));
	return json;
}

static json_t *
mark_json(const struct history *history, size_t index, size_t at,
	  const char *why)
{
	return json_pack("{s:I, s:o, s:s}", "at", (json_int_t)at, "commit",
			 commit_json(history, index), "why", why);
}

/* Changes, beginnings of epochs (but for the first), moves of the baseline. */
static void
add_marks(json_t *json, const struct history *history, const size_t *keep,
	  size_t kept)
{
	json_t *changes = json_array(), *epochs = json_array();
	json_t *baselines = json_array();

	for (size_t i = 0; i < history->change_count; i++) {
		const struct history_change *found = &history->changes[i];

		if (!found->change.passing)
			json_array_append_new(
				changes,
				change_json(history, found,
					    shown_at(keep, kept,
						     found->change.at)));
	}
	for (size_t i = 1; i < history->epoch_count; i++) {
		const struct history_epoch *epoch = &history->epochs[i];

		json_array_append_new(
			epochs, mark_json(history, epoch->start,
					  shown_at(keep, kept, epoch->start),
					  epoch->why));
	}
	/* Newest first while there is room, then in their order. */
	for (size_t i = history->count;
	     i-- && json_array_size(baselines) < MAX_BASELINES;) {
		const struct history_point *point = &history->points[i];

		if (point->is_known && point->why != STORE_HELD)
			json_array_insert_new(
				baselines, 0,
				mark_json(history, i, shown_at(keep, kept, i),
					  store_why_text(point->why)));
	}
	json_object_set_new(json, "changes", changes);
	json_object_set_new(json, "epochs", epochs);
	json_object_set_new(json, "baselines", baselines);
}

void
view_add_points(json_t *json, const struct repo *repo,
		const struct history *history, size_t shown)
{
	size_t *keep = mem_new(shown, sizeof(*keep));
	size_t kept = web_thin(history->values, history->count, shown, keep);
	json_t *points = json_array();

	for (size_t i = 0; i < kept; i++)
		json_array_append_new(
			points,
			point_json(repo, &history->points[keep[i]].point,
				   kept - i <= DESCRIBED));
	json_object_set_new(json, "noise", json_num(history->noise));
	json_object_set_new(json, "points", points);
	add_marks(json, history, keep, kept);
	free(keep);
}
