#include <string.h>

#include "base/json.h"
#include "base/proc.h"
#include "store/names.h"
#include "store/tables.h"

/*
 * Key: the job's id, which is its class and a number that only rises, so that
 * the order of keys is the order of work. A second table leads from the dedup
 * key to the id. A job stays where it is while it is leased; whoever dies with
 * a lease in hand loses it in store_queue_recover().
 */

#define COUNTER "queue"

/* 15 * 2^48 and the number stay below 2^53, which JSON readers can hold. */
enum { CLASS_SHIFT = 48 };

static void
make_key(struct pack *key, uint64_t id)
{
	pack_start(key);
	pack_u64(key, id);
}

static uint64_t
make_id(unsigned class, uint64_t number)
{
	return (uint64_t) class << CLASS_SHIFT | number;
}

/* Takes job->doc apart into memory of its own: json_decref() it. */
static int
load(struct store_tx *tx, struct record *record, struct store_job *job)
{
	struct fields *value = &record->value;

	memset(job, 0, sizeof(*job));
	job->id = fields_u64(&record->key);
	job->class = (unsigned)(job->id >> CLASS_SHIFT);
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

static int
save(struct store_tx *tx, const struct store_job *job)
{
	struct pack key, head;

	make_key(&key, job->id);
	pack_start(&head);
	pack_u32(&head, job->tries);
	pack_s64(&head, job->added_s);
	pack_s64(&head, job->not_before_s);
	pack_s64(&head, job->leased_s);
	pack_text(&head, job->key);
	pack_text(&head, job->owner);
	return tx_put_doc(tx, TABLE_SESSIONS, &key, &head, job->doc);
}

static int
save_dedup(struct store_tx *tx, const char *name, uint64_t id)
{
	struct pack key, value;

	pack_start(&key);
	pack_tail(&key, name);
	pack_start(&value);
	pack_u64(&value, id);
	return tx_put_pack(tx, TABLE_SESSION_KEYS, &key, &value);
}

static int
find(struct store_tx *tx, uint64_t id, struct store_job *job)
{
	struct record record;
	struct pack key;
	int rc;

	make_key(&key, id);
	rc = tx_get(tx, TABLE_SESSIONS, &key, &record);
	return rc < 0 ? rc : load(tx, &record, job);
}

static int
find_dedup(struct store_tx *tx, const char *name, struct store_job *job)
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
	rc = find(tx, id, job);
	if (rc == ERR_NOT_FOUND)
		return tx_bad(tx, &record, "points to no job");
	return rc;
}

/* Somebody is in more of a hurry for what waits already. */
static int
move_up(struct store_tx *tx, struct store_job *job, unsigned class)
{
	struct pack key;
	uint64_t number = tx_next_id(tx, COUNTER, 1);

	make_key(&key, job->id);
	tx_delete(tx, TABLE_SESSIONS, &key);
	job->class = class;
	job->id = make_id(class, number);
	save(tx, job);
	return save_dedup(tx, job->key, job->id);
}

int
store_queue_add(struct store_tx *tx, unsigned class, const char *key,
		int64_t now_s, const json_t *doc, uint64_t *id)
{
	struct store_job job;
	int rc = tx_check_name(tx, "job", key);

	if (rc == 0 && class > STORE_MAX_CLASS)
		rc = tx_fail(tx, ERR_LIMIT, "no class %u", class);
	if (rc < 0)
		return rc;
	rc = find_dedup(tx, key, &job);
	if (rc == 0) {
		if (class < job.class && job.owner[0] == '\0')
			rc = move_up(tx, &job, class);
		json_decref(job.doc);
		if (id)
			*id = job.id;
		return rc < 0 ? rc : 1;
	}
	if (rc != ERR_NOT_FOUND)
		return rc;
	memset(&job, 0, sizeof(job));
	job.id = make_id(class, tx_next_id(tx, COUNTER, 1));
	job.added_s = now_s;
	memcpy(job.key, key, strlen(key) + 1);
	job.doc = (json_t *)(uintptr_t)doc;
	if (id)
		*id = job.id;
	save_dedup(tx, key, job.id);
	return save(tx, &job);
}

int
store_queue_take(struct store_tx *tx, const char *owner, int64_t now_s,
		 struct store_job *job)
{
	struct walk walk;
	int rc;

	memset(job, 0, sizeof(*job));
	if (owner[0] == '\0' || strlen(owner) >= sizeof(job->owner))
		return tx_fail(tx, ERR_LIMIT, "'%.100s' is no owner", owner);
	walk_start(&walk, tx, TABLE_SESSIONS, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, job);
		if (rc < 0)
			break;
		if (job->owner[0] == '\0' && job->not_before_s <= now_s)
			break;
		json_decref(job->doc);
		memset(job, 0, sizeof(*job));
	}
	walk_end(&walk);
	if (rc < 0)
		return rc;
	if (!job->doc)
		return ERR_NOT_FOUND;
	memcpy(job->owner, owner, strlen(owner) + 1);
	job->leased_s = now_s;
	rc = save(tx, job);
	if (rc < 0) {
		json_decref(job->doc);
		job->doc = NULL;
	}
	return rc;
}

int
store_queue_done(struct store_tx *tx, uint64_t id)
{
	struct store_job job;
	struct pack key;
	int rc = find(tx, id, &job);

	if (rc < 0)
		return rc;
	json_decref(job.doc);
	make_key(&key, id);
	tx_delete(tx, TABLE_SESSIONS, &key);
	pack_start(&key);
	pack_tail(&key, job.key);
	return tx_delete(tx, TABLE_SESSION_KEYS, &key);
}

static int
give_back(struct store_tx *tx, struct store_job *job, int64_t not_before_s)
{
	job->owner[0] = '\0';
	job->leased_s = 0;
	job->not_before_s = not_before_s;
	if (job->tries < UINT32_MAX)
		job->tries++;
	return save(tx, job);
}

int
store_queue_requeue(struct store_tx *tx, uint64_t id, int64_t not_before_s)
{
	struct store_job job;
	int rc = find(tx, id, &job);

	if (rc < 0)
		return rc;
	rc = give_back(tx, &job, not_before_s);
	json_decref(job.doc);
	return rc;
}

int
store_queue_recover(struct store_tx *tx, size_t *count)
{
	struct store_job job;
	struct walk walk;
	size_t recovered = 0;
	int rc;

	walk_start(&walk, tx, TABLE_SESSIONS, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, &job);
		if (rc < 0)
			break;
		if (job.owner[0] && !proc_is_alive(job.owner)) {
			give_back(tx, &job, 0);
			recovered++;
		}
		json_decref(job.doc);
	}
	walk_end(&walk);
	if (count)
		*count = rc < 0 ? 0 : recovered;
	return rc;
}

int
store_queue_each(struct store_tx *tx, store_job_fn *fn, void *data)
{
	struct store_job job;
	struct walk walk;
	int rc;

	walk_start(&walk, tx, TABLE_SESSIONS, NULL);
	while ((rc = walk_next(&walk)) == 1) {
		rc = load(tx, &walk.record, &job);
		if (rc < 0)
			break;
		rc = fn(data, &job);
		json_decref(job.doc);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

struct tally {
	size_t waiting, leased;
};

static int
tally(void *data, const struct store_job *job)
{
	struct tally *tally = data;

	if (job->owner[0])
		tally->leased++;
	else
		tally->waiting++;
	return 0;
}

int
store_queue_count(struct store_tx *tx, size_t *waiting, size_t *leased)
{
	struct tally counts = { 0, 0 };
	int rc = store_queue_each(tx, tally, &counts);

	*waiting = counts.waiting;
	*leased = counts.leased;
	return rc;
}

json_t *
job_show(struct store_tx *tx, struct record *record)
{
	struct store_job job;
	json_t *line;

	if (load(tx, record, &job) < 0)
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
	if (rc == 0 && job->id >> CLASS_SHIFT > STORE_MAX_CLASS)
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
	rc = find_dedup(tx, job.key, &other);
	if (rc == 0)
		json_decref(other.doc);
	if (rc != ERR_NOT_FOUND)
		return rc;
	number = job.id & (((uint64_t)1 << CLASS_SHIFT) - 1);
	rc = find(tx, job.id, &other);
	if (rc == 0) {
		json_decref(other.doc);
		number = tx_next_id(tx, COUNTER, 1);
		job.id = make_id((unsigned)(job.id >> CLASS_SHIFT), number);
	}
	tx_raise_id(tx, COUNTER, number);
	save_dedup(tx, job.key, job.id);
	return save(tx, &job);
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
	rc = find(tx, id, &job);
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
