#include "store/queue.h"

#include <string.h>

#include "base/json.h"
#include "store/tables.h"

/* The queue on disk. A job: id, then tries, times, dedup key, owner, JSON. The
 * second table: dedup key, then id. */

void
queue_key(struct pack *key, uint64_t id)
{
	pack_start(key);
	pack_u64(key, id);
}

uint64_t
queue_id(unsigned class, uint64_t number)
{
	return (uint64_t) class << QUEUE_CLASS_SHIFT | number;
}

/* Takes job->doc apart into memory of its own: json_decref() it. */
int
queue_load(struct store_tx *tx, struct record *record, struct store_job *job)
{
	struct fields *value = &record->value;

	memset(job, 0, sizeof(*job));
	job->id = fields_u64(&record->key);
	job->class = (unsigned)(job->id >> QUEUE_CLASS_SHIFT);
	job->tries = fields_u32(value);
	job->added_s = fields_s64(value);
	job->not_before_s = fields_s64(value);
	job->leased_s = fields_s64(value);
	fields_text(value, job->key, sizeof(job->key));
	fields_text(value, job->owner, sizeof(job->owner));
	if (!fields_are_done(&record->key) || job->class > STORE_MAX_CLASS)
		return tx_bad(tx, record, "key is no id of a job");
	job->doc = tx_doc(tx, record);
	return job->doc ? 0 : store_tx_error(tx);
}

int
queue_save(struct store_tx *tx, const struct store_job *job)
{
	struct pack key, head;

	queue_key(&key, job->id);
	pack_start(&head);
	pack_u32(&head, job->tries);
	pack_s64(&head, job->added_s);
	pack_s64(&head, job->not_before_s);
	pack_s64(&head, job->leased_s);
	pack_text(&head, job->key);
	pack_text(&head, job->owner);
	return tx_put_doc(tx, TABLE_SESSIONS, &key, &head, job->doc);
}

int
queue_save_key(struct store_tx *tx, const char *name, uint64_t id)
{
	struct pack key, value;

	pack_start(&key);
	pack_tail(&key, name);
	pack_start(&value);
	pack_u64(&value, id);
	return tx_put_pack(tx, TABLE_SESSION_KEYS, &key, &value);
}

int
queue_find(struct store_tx *tx, uint64_t id, struct store_job *job)
{
	struct record record;
	struct pack key;
	int rc;

	queue_key(&key, id);
	rc = tx_get(tx, TABLE_SESSIONS, &key, &record);
	return rc < 0 ? rc : queue_load(tx, &record, job);
}

int
queue_find_key(struct store_tx *tx, const char *name, struct store_job *job)
{
	struct record record;
	struct pack key;
	uint64_t id;
	int rc;

	pack_start(&key);
	pack_tail(&key, name);
	rc = tx_get(tx, TABLE_SESSION_KEYS, &key, &record);
	if (rc < 0)
		return rc;
	id = fields_u64(&record.value);
	if (!fields_are_done(&record.value))
		return tx_bad(tx, &record, "value is no id");
	rc = queue_find(tx, id, job);
	if (rc == ERR_NOT_FOUND)
		return tx_bad(tx, &record, "points to no job");
	return rc;
}

json_t *
job_show(struct store_tx *tx, struct record *record)
{
	struct store_job job;
	json_t *line;

	if (queue_load(tx, record, &job) < 0)
		return NULL;
	line = json_object();
	json_object_set_new(line, "id", json_integer((json_int_t)job.id));
	json_object_set_new(line, "key", line_name(job.key));
	json_object_set_new(line, "tries", json_integer(job.tries));
	json_object_set_new(line, "added_s", json_integer(job.added_s));
	json_object_set_new(line, "not_before_s",
			    json_integer(job.not_before_s));
	json_object_set_new(line, "leased_s", json_integer(job.leased_s));
	json_object_set_new(line, "owner", line_name(job.owner));
	json_object_set_new(line, "doc", job.doc);
	return line;
}

static int
get_job(const json_t *line, struct store_job *job, struct err *err)
{
	int rc = line_get_id(line, "id", &job->id, err);

	if (rc == 0)
		rc = line_get_name(line, "key", 0, job->key, err);
	if (rc == 0)
		rc = line_get_u32(line, "tries", &job->tries, err);
	if (rc == 0)
		rc = line_get_time(line, "added_s", &job->added_s, err);
	if (rc == 0)
		rc = line_get_time(line, "not_before_s", &job->not_before_s,
				   err);
	if (rc == 0)
		rc = line_get_time(line, "leased_s", &job->leased_s, err);
	if (rc == 0)
		rc = line_get_text(line, "owner", 1, job->owner,
				   sizeof(job->owner), err);
	job->doc = json_object_get(line, "doc");
	if (rc == 0 && !job->doc)
		rc = err_set(err, ERR_INPUT, "member 'doc' is missing");
	if (rc == 0 && job->id >> QUEUE_CLASS_SHIFT > STORE_MAX_CLASS)
		rc = err_set(err, ERR_INPUT, "member 'id' is no id of a job");
	return rc;
}

/* A job that waits here already stays as it is; one whose id another job has
 * here gets a new one. */
int
job_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	struct store_job job = { 0 }, other;
	uint64_t number;
	int rc = get_job(line, &job, err);

	if (rc < 0)
		return rc;
	rc = queue_find_key(tx, job.key, &other);
	if (rc == 0)
		json_decref(other.doc);
	if (rc != ERR_NOT_FOUND)
		return rc;
	number = job.id & (((uint64_t)1 << QUEUE_CLASS_SHIFT) - 1);
	rc = queue_find(tx, job.id, &other);
	if (rc == 0) {
		json_decref(other.doc);
		number = tx_next_id(tx, QUEUE_COUNTER, 1);
		job.id = queue_id((unsigned)(job.id >> QUEUE_CLASS_SHIFT),
				  number);
	}
	tx_raise_id(tx, QUEUE_COUNTER, number);
	queue_save_key(tx, job.key, job.id);
	return queue_save(tx, &job);
}

int
job_key_check(struct store_tx *tx, struct record *record)
{
	uint64_t id = fields_u64(&record->value);
	char name[STORE_MAX_NAME + 1];
	struct store_job job;
	int rc;

	fields_tail(&record->key, name, sizeof(name));
	if (!fields_are_done(&record->value) || record->key.bad)
		return tx_bad(tx, record, "no name or no id");
	rc = queue_find(tx, id, &job);
	if (rc == ERR_NOT_FOUND)
		return tx_bad(tx, record, "points to no job");
	if (rc < 0)
		return rc;
	json_decref(job.doc);
	if (strcmp(job.key, name) != 0)
		return tx_bad(tx, record, "points to the job of %.60s",
			      job.key);
	return 0;
}
