#include <string.h>

#include "store/store.h"
#include "store/tables.h"

/* Retention, in transactions that look at a bounded number of records, so that
 * no hook waits long for its turn. */
enum { BATCH_RECORDS = 1000 };

typedef int old_fn(struct store_tx *tx, struct record *record,
		   int64_t before_s);

struct job {
	enum table table;
	old_fn *is_old;
	int64_t before_s;
	size_t count;           /* dropped by this transaction */
	struct pack from, next; /* where this one and the next begin */
	int more;
};

/* Of a table whose values begin with a time. */
static int
value_is_old(struct store_tx *tx, struct record *record, int64_t before_s)
{
	int64_t time_s = fields_s64(&record->value);

	if (record->value.bad)
		return tx_bad(tx, record, "value cut short");
	return time_s < before_s;
}

static int
drop_batch(struct store_tx *tx, void *data, struct err *err)
{
	struct job *job = data;
	struct walk walk;
	size_t seen = 0;
	int rc;

	(void)err;
	job->count = 0;
	walk_start(&walk, tx, job->table, NULL);
	walk.low = job->from;
	while ((rc = walk_next(&walk)) == 1 && seen++ < BATCH_RECORDS) {
		rc = job->is_old(tx, &walk.record, job->before_s);
		if (rc < 0)
			break;
		if (rc == 0)
			continue;
		if (job->table == TABLE_VERDICTS)
			verdict_delete(&walk);
		else
			walk_delete(&walk);
		job->count++;
	}
	job->more = rc == 1;
	job->next = walk.last;
	walk_end(&walk);
	return rc < 0 ? rc : 0;
}

static int
expire_table(struct store *store, struct job job, size_t *total,
	     struct err *err)
{
	int rc = 0;

	for (job.more = 1; rc == 0 && job.more; job.from = job.next) {
		rc = store_write(store, drop_batch, &job, err);
		if (rc == 0)
			*total += job.count;
	}
	return rc;
}

int
store_expire(struct store *store, int64_t before_s,
	     struct store_expired *expired, struct err *err)
{
	const struct {
		enum table table;
		old_fn *is_old;
		size_t *total;
	} rows[] = {
		{ TABLE_SAMPLES, value_is_old, &expired->samples },
		{ TABLE_VERDICTS, value_is_old, &expired->verdicts },
		{ TABLE_JOURNAL, entry_is_old, &expired->journal },
		{ TABLE_OUTBOX_GROUPS, group_is_old, &expired->messages },
	};
	int rc = 0;

	memset(expired, 0, sizeof(*expired));
	for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct job job = { .table = rows[i].table,
					 .is_old = rows[i].is_old,
					 .before_s = before_s };

		rc = expire_table(store, job, rows[i].total, err);
	}
	return rc;
}
