#include "runner/exchange.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/oid.h"
#include "runner/control.h"
#include "runner/objects.h"

#include <stdlib.h>
#include <string.h>

enum { IDS_A_LINE = 20000, CHUNK = 1 << 16 };

struct oid_list {
	struct oid *items;
	size_t count, cap;
};

/* The next message and a member of it that is an array; 1, 0, or an error. */
static int
next_message(struct control *control, json_t **message, struct err *err)
{
	char *line = NULL;
	size_t len = 0;
	int got = control_line(control, &line, &len, err);

	*message = NULL;
	if (got <= 0)
		return got;
	*message = json_parse(line, len, err);
	return *message ? 1 : ERR_PROTOCOL;
}

/* Note those ids of one message that the store lacks. */
static int
note_lacking(struct objects *objects, const json_t *ids, struct oid_list *lack,
	     struct err *err)
{
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *hex = json_string_value(json_array_get(ids, i));
		struct oid oid;

		if (!hex || strlen(hex) != OID_HEX || oid_parse(&oid, hex) < 0)
			return err_set(err, ERR_PROTOCOL,
				       "need[%zu] is not an object id", i);
		if (objects_has(objects, &oid))
			continue;
		if (lack->count >= EXCHANGE_MAX_OBJECTS)
			return err_set(err, ERR_LIMIT,
				       "more than %d objects are needed",
				       (int)EXCHANGE_MAX_OBJECTS);
		MEM_GROW(lack->items, lack->count, lack->cap);
		lack->items[lack->count++] = oid;
	}
	return 1;
}

static int
read_needs(struct control *control, struct objects *objects,
	   struct oid_list *lack, struct err *err)
{
	size_t size = 1;
	int got = 1;

	while (size && got > 0) {
		json_t *message = NULL, *ids = NULL;

		got = next_message(control, &message, err);
		if (got > 0 &&
		    json_get_array(message, "need", SIZE_MAX, &ids, err) < 0)
			got = ERR_PROTOCOL;
		size = json_array_size(ids);
		if (got > 0)
			got = note_lacking(objects, ids, lack, err);
		json_decref(message);
	}
	return got;
}

/* All of the list in lines of a bounded size, and the empty one at the end. */
static int
send_lacks(int out, const struct oid_list *lack, struct err *err)
{
	size_t at = 0, part;
	int ret = 0;

	do {
		json_t *message = json_object(), *ids = json_array();

		part = lack->count - at;
		part = part > IDS_A_LINE ? IDS_A_LINE : part;
		for (size_t i = 0; i < part; i++)
			json_array_append_new(ids,
					      json_oid(&lack->items[at + i]));
		json_object_set_new(message, "lack", ids);
		ret = json_write_line(out, message, err);
		json_decref(message);
		at += part;
	} while (part && !ret);
	return ret;
}

static int
read_pack(struct control *control, struct objects *objects, int64_t left,
	  struct err *err)
{
	struct objects_pack *pack = NULL;
	char *chunk = mem_new(1, CHUNK);
	int ret = objects_pack_begin(objects, &pack, err);

	while (!ret && left > 0) {
		ssize_t got = control_bytes(
			control, chunk,
			left < CHUNK ? (size_t)left : (size_t)CHUNK, err);

		if (got <= 0) {
			ret = (int)got;
			goto out;
		}
		ret = objects_pack_add(pack, chunk, (size_t)got, err);
		left -= got;
	}
	if (!ret)
		ret = objects_pack_commit(pack, err);
	ret = ret < 0 ? ret : 1;
out:
	objects_pack_free(pack);
	free(chunk);
	return ret;
}

static int
read_pack_message(struct control *control, struct objects *objects,
		  int64_t max_bytes, struct err *err)
{
	json_t *message = NULL;
	int64_t bytes = 0;
	int got = next_message(control, &message, err);

	if (got > 0 &&
	    json_get_int(message, "pack", 0, INT64_MAX, &bytes, err) < 0)
		got = ERR_PROTOCOL;
	json_decref(message);
	if (got <= 0 || !bytes)
		return got;
	if (bytes > max_bytes)
		return err_set(err, ERR_LIMIT,
			       "a pack of %lld bytes is more than half of the "
			       "cache, raise --cache-size",
			       (long long)bytes);
	return read_pack(control, objects, bytes, err);
}

static int
check_complete(struct objects *objects, const struct oid_list *lack,
	       struct err *err)
{
	char hex[OID_HEX + 1];

	for (size_t i = 0; i < lack->count; i++)
		if (!objects_has(objects, &lack->items[i]))
			return err_set(err, ERR_PROTOCOL,
				       "the gate's pack lacks object %s",
				       oid_format(&lack->items[i], hex));
	return 1;
}

int
exchange_objects(struct control *control, int out, struct objects *objects,
		 int64_t max_bytes, struct err *err)
{
	struct oid_list lack = { 0 };
	int got = read_needs(control, objects, &lack, err);

	if (got > 0 && send_lacks(out, &lack, err) < 0)
		got = ERR_SYSTEM;
	if (got > 0)
		got = read_pack_message(control, objects, max_bytes, err);
	if (got > 0)
		got = check_complete(objects, &lack, err);
	free(lack.items);
	return got;
}
