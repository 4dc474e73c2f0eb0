#include "base/buf.h"
#include "base/json.h"
#include "store/store.h"
#include "store/tables.h"

/* The whole store as JSON lines, `table` first in each. */

struct job {
	FILE *out;
	size_t lines;
};

static int
write_line(struct job *job, const char *table, json_t *fields, struct err *err)
{
	json_t *line = json_object();
	struct buf text = BUF_INIT;
	int rc = 0;

	json_object_set_new(line, "table", json_text(table));
	json_object_update(line, fields);
	json_append(&text, line);
	buf_addc(&text, '\n');
	if (fwrite(text.data, 1, text.len, job->out) != text.len)
		rc = err_errno(err, "write");
	job->lines++;
	buf_release(&text);
	json_decref(line);
	return rc;
}

static int
export_table(struct store_tx *tx, enum table table, struct job *job,
	     struct err *err)
{
	struct walk walk;
	int rc;

	walk_start(&walk, tx, table, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		json_t *fields = tables[table].show(tx, &walk.record);

		rc = fields ? write_line(job, tables[table].name, fields, err)
			    : store_tx_error(tx);
		json_decref(fields);
		if (rc < 0)
			break;
	}
	walk_end(&walk);
	return rc;
}

static int
export_all(struct store_tx *tx, void *data, struct err *err)
{
	struct job *job = data;
	int rc = 0;

	for (int i = 0; rc == 0 && i < TABLE_COUNT; i++)
		if (tables[i].show)
			rc = export_table(tx, (enum table)i, job, err);
	if (rc == 0 && fflush(job->out) != 0)
		rc = err_errno(err, "write");
	return rc;
}

int
store_export(struct store *store, FILE *out, size_t *lines, struct err *err)
{
	struct job job = { out, 0 };
	int rc = store_read(store, export_all, &job, err);

	if (lines)
		*lines = job.lines;
	return rc;
}
