#include <string.h>

#include "store/outbox.h"
#include "store/store.h"
#include "store/tables.h"

/* Retention, in transactions of a bounded number of records, so that no hook
 * waits long for its turn. */
enum { BATCH_RECORDS = 5000 };

struct job {
	int64_t before_s;
	enum table table;
	size_t count;           /* dropped by this transaction */
	struct pack from, next; /* where this one and the next begin */
	int more;
};

/* Records of a table whose value begins with a time. */
static int
drop_old(struct store_tx *tx, void *data, struct err *err)
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
		int64_t time_s = fields_s64(&walk.record.value);

		if (walk.record.value.bad) {
			rc = tx_bad(tx, &walk.record, "value cut short");
			break;
		}
		if (time_s >= job->before_s)
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
drop_journal(struct store_tx *tx, void *data, struct err *err)
{
	struct job *job = data;

	(void)err;
	job->more = 0;
	return store_journal_prune(tx, job->before_s, &job->count);
}

static int
drop_messages(struct store_tx *tx, void *data, struct err *err)
{
	struct job *job = data;
	int rc;

	(void)err;
	job->count = 0;
	rc = outbox_expire(tx, job->before_s, BATCH_RECORDS, &job->count);
	job->more = job->count == BATCH_RECORDS;
	return rc;
}

static int
expire_one(struct store *store, store_fn *fn, enum table table,
	   int64_t before_s, size_t *total, struct err *err)
{
	struct job job = { .before_s = before_s, .table = table, .more = 1 };
	int rc = 0;

	while (job.more) {
		rc = store_write(store, fn, &job, err);
		if (rc < 0)
			break;
		*total += job.count;
		job.from = job.next;
	}
	return rc;
}

int
store_expire(struct store *store, int64_t before_s,
	     struct store_expired *expired, struct err *err)
{
	int rc;

	memset(expired, 0, sizeof(*expired));
	rc = expire_one(store, drop_old, TABLE_SAMPLES, before_s,
			&expired->samples, err);
	if (rc == 0)
		rc = expire_one(store, drop_old, TABLE_VERDICTS, before_s,
				&expired->verdicts, err);
	if (rc == 0)
		rc = expire_one(store, drop_journal, TABLE_JOURNAL, before_s,
				&expired->journal, err);
	if (rc == 0)
		rc = expire_one(store, drop_messages, TABLE_OUTBOX_GROUPS,
				before_s, &expired->messages, err);
	return rc;
}
