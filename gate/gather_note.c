#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "gather.h"

/* Writing and reading stand side by side. */

static json_t *
trailer_json(const struct trailer *trailer)
{
	json_t *json = json_object();

	json_object_set_new(json, "kind",
			    json_string(trailer_kind_name(trailer->kind)));
	if (trailer->test)
		json_object_set_new(json, "test", json_text(trailer->test));
	if (trailer->metric)
		json_object_set_new(json, "metric", json_text(trailer->metric));
	if (trailer->to)
		json_object_set_new(json, "to", json_text(trailer->to));
	if (trailer->reason)
		json_object_set_new(json, "reason", json_text(trailer->reason));
	json_object_set_new(json, "bound", json_num(trailer->bound));
	json_object_set_new(json, "commit", json_oid(&trailer->commit));
	return json;
}

static void
trailer_restore(struct trailers *trailers, const json_t *json)
{
	const char *kind = json_text_or(json, "kind", "");
	struct trailer trailer = {
		.test = mem_copy_text(json_text_or(json, "test", NULL)),
		.metric = mem_copy_text(json_text_or(json, "metric", NULL)),
		.to = mem_copy_text(json_text_or(json, "to", NULL)),
		.reason = mem_copy_text(json_text_or(json, "reason", NULL)),
		.bound = json_number_or(json, "bound", 0)
	};

	json_get_oid(json, "commit", &trailer.commit, NULL);
	for (int i = TRAILER_KIND_ACCEPT; i <= TRAILER_KIND_SKIP; i++)
		if (!strcmp(kind, trailer_kind_name((enum trailer_kind)i)))
			trailer.kind = (enum trailer_kind)i;
	MEM_GROW(trailers->items, trailers->count, trailers->cap);
	trailers->items[trailers->count++] = trailer;
}

json_t *
gather_note(const struct gather *gather)
{
	const struct repo_update *update = &gather->update;
	json_t *json = json_object(), *commits = json_array();
	json_t *trailers = json_array();

	json_object_set_new(json, "kind", json_integer(update->kind));
	json_object_set_new(json, "tip", json_oid(&update->tip));
	json_object_set_new(json, "base", json_oid(&update->base));
	json_object_set_new(json, "total",
			    json_integer((json_int_t)update->total));
	for (size_t i = 0; i < update->count; i++)
		json_array_append_new(commits, json_oid(&update->commits[i]));
	json_object_set_new(json, "commits", commits);
	for (size_t i = 0; i < gather->trailers.count; i++)
		json_array_append_new(trailers,
				      trailer_json(&gather->trailers.items[i]));
	json_object_set_new(json, "trailers", trailers);
	return json;
}

int
gather_restore(struct gather *gather, const json_t *note, struct err *err)
{
	struct repo_update *update = &gather->update;
	json_t *commits = NULL, *item;
	int64_t kind = 0, total = 0;
	size_t i;

	if (json_get_int(note, "kind", 0, UPDATE_NO_COMMIT, &kind, err) < 0 ||
	    json_get_int(note, "total", 0, UPDATE_MAX_WALK, &total, err) < 0 ||
	    json_get_oid(note, "tip", &update->tip, err) < 0 ||
	    json_get_oid(note, "base", &update->base, err) < 0 ||
	    json_get_array(note, "commits", 4096, &commits, err) < 0)
		return err_context(err, "a note of the journal");
	update->kind = (enum update_kind)kind;
	update->total = (size_t)total;
	update->commits = mem_new(json_array_size(commits), sizeof(struct oid));
	json_array_foreach(commits, i, item)
	{
		const char *hex = json_string_value(item);

		if (!hex || strlen(hex) != OID_HEX ||
		    oid_parse(&update->commits[i], hex) < 0)
			return err_set(err, ERR_INPUT,
				       "a note of the journal: no commit");
		update->count++;
	}
	json_array_foreach(json_object_get(note, "trailers"), i, item)
		trailer_restore(&gather->trailers, item);
	return 0;
}
