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
add_line(struct store_tx *tx, struct record *record, struct buf *text)
{
	const struct table_row *row = &tables[record->table];
	json_t *fields = row->show(tx, record), *line;

	if (!fields)
		return store_tx_error(tx);
	line = json_object();
	json_object_set_new(line, "table", json_text(row->name));
	json_object_update(line, fields);
	json_append(text, line);
	buf_addc(text, '\n');
	json_decref(line);
	json_decref(fields);
	return 0;
}

static int
export_table(struct store_tx *tx, enum table table, struct job *job,
	     struct err *err)
{
	const struct table_row *row = &tables[table];
	struct buf text = BUF_INIT;
	struct walk walk;
	int rc;

	walk_start(&walk, tx, table, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		size_t lines = 1;

		buf_clear(&text);
		if (row->lines)
			rc = row->lines(tx, &walk.record, &text, &lines);
		else
			rc = add_line(tx, &walk.record, &text);
		if (rc == 0 &&
		    fwrite(text.data, 1, text.len, job->out) != text.len)
			rc = err_errno(err, "write");
		if (rc < 0)
			break;
		job->lines += lines;
	}
	buf_release(&text);
	walk_end(&walk);
	return rc;
}

static int
export_all(struct store_tx *tx, void *data, struct err *err)
{
	struct job *job = data;
	int rc = 0;

	for (int i = 0; rc == 0 && i < TABLE_COUNT; i++)
		if (tables[i].show || tables[i].lines)
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
