#include "job_length.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/store.h"

/* A note of the store for each kind: an array of seconds, the newest last. */

enum { KEPT = 15 };

static json_t *
read_lengths(struct store_tx *tx, const char *name)
{
	char *text = NULL;
	json_t *lengths = NULL;

	if (!store_note_get(tx, name, &text))
		lengths = json_parse(text, strlen(text), NULL);
	free(text);
	if (json_is_array(lengths))
		return lengths;
	json_decref(lengths);
	return json_array();
}

int
job_length_add(struct store_tx *tx, const char *kind, int64_t length_s)
{
	char *name = mem_text("lengths %s", kind);
	json_t *lengths = read_lengths(tx, name);
	struct buf text = BUF_INIT;
	int ret;

	json_array_append_new(lengths, json_integer(length_s));
	while (json_array_size(lengths) > KEPT)
		json_array_remove(lengths, 0);
	json_append(&text, lengths);
	ret = store_note_put(tx, name, buf_text(&text));
	buf_release(&text);
	json_decref(lengths);
	free(name);
	return ret;
}

static int
by_length(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

int64_t
job_length_get(struct store_tx *tx, const char *kind)
{
	char *name = mem_text("lengths %s", kind);
	json_t *lengths = read_lengths(tx, name), *length;
	int64_t values[KEPT] = { 0 };
	size_t count = 0, i;

	json_array_foreach(lengths, i, length)
	{
		if (count < KEPT && json_is_integer(length))
			values[count++] = json_integer_value(length);
	}
	qsort(values, count, sizeof(*values), by_length);
	json_decref(lengths);
	free(name);
	return count ? values[count / 2] : -1;
}
