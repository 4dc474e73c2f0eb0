#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/env.h"
#include "store/store.h"
#include "store/tables.h"
#include "store/tx.h"

/*
 * Lines are read and parsed in batches, and each batch is one transaction: it
 * may have to run again, and what it reads from may be a pipe. Fewer, larger
 * transactions would hold the store away from the hooks for longer.
 */
enum { BATCH_LINES = 2000, BATCH_BYTES = 4 << 20, MAX_LINE_BYTES = 256 << 20 };

struct batch {
	json_t *lines[BATCH_LINES];
	size_t count;
	size_t bytes;  /* of text; what it is parsed into is some times that */
	size_t before; /* lines of the input before this batch */
	size_t wrong;  /* the line that could not be stored, 0: none */
};

static int
at_line(size_t number, struct err *err)
{
	return err_context(err, "line %zu", number);
}

static int
restore_line(struct store_tx *tx, const json_t *line, struct err *err)
{
	const char *name;
	int rc = json_get_text(line, "table", &name, err);

	if (rc < 0)
		return rc;
	for (int i = 0; i < TABLE_COUNT; i++)
		if (tables[i].restore && !strcmp(tables[i].name, name))
			return tables[i].restore(tx, line, err);
	return err_set(err, ERR_INPUT, "no table '%.60s'", name);
}

static int
restore_batch(struct store_tx *tx, void *data, struct err *err)
{
	struct batch *batch = data;
	int rc = 0;

	batch->wrong = 0;
	for (size_t i = 0; rc == 0 && i < batch->count; i++) {
		rc = restore_line(tx, batch->lines[i], err);
		store_tick(tx->store);
		if (rc < 0)
			batch->wrong = batch->before + i + 1;
	}
	return rc;
}

static void
batch_clear(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		json_decref(batch->lines[i]);
	batch->before += batch->count;
	batch->count = batch->bytes = 0;
}

/* The next line's JSON. 1, or 0 at the end of input. */
static int
read_line(FILE *in, struct batch *batch, char **text, size_t *size,
	  struct err *err)
{
	json_t **line = &batch->lines[batch->count];
	ssize_t len = getline(text, size, in);

	if (len < 0)
		return ferror(in) ? err_errno(err, "read") : 0;
	if (len > MAX_LINE_BYTES)
		return err_set(err, ERR_LIMIT, "longer than %d bytes",
			       MAX_LINE_BYTES);
	*line = json_parse(*text, (size_t)len, err);
	if (!*line)
		return ERR_INPUT;
	batch->bytes += (size_t)len;
	batch->count++;
	return 1;
}

/* 1 while there may be more, 0 at the end of input. */
static int
read_batch(FILE *in, struct batch *batch, char **text, size_t *size,
	   struct err *err)
{
	int rc = 1;

	while (rc == 1 && batch->count < BATCH_LINES &&
	       batch->bytes < BATCH_BYTES)
		rc = read_line(in, batch, text, size, err);
	if (rc < 0)
		at_line(batch->before + batch->count + 1, err);
	return rc;
}

int
store_import(struct store *store, FILE *in, size_t *lines, struct err *err)
{
	struct batch *batch = mem_new(1, sizeof(*batch));
	struct err mine = ERR_INIT;
	char *text = NULL;
	size_t size = 0;
	int rc = 1;

	if (!err)
		err = &mine;
	while (rc == 1) {
		int stored;

		rc = read_batch(in, batch, &text, &size, err);
		if (rc < 0)
			break;
		stored = store_write(store, restore_batch, batch, err);
		if (stored < 0)
			rc = stored;
		if (stored < 0 && batch->wrong)
			at_line(batch->wrong, err);
		if (stored < 0)
			break;
		batch_clear(batch);
	}
	if (lines)
		*lines = batch->before;
	batch_clear(batch);
	free(batch);
	free(text);
	return rc;
}
