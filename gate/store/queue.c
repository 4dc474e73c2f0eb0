#include "store/queue.h"

#include <string.h>

#include "base/json.h"
#include "base/proc.h"

/*
 * Key: the job's id, which is its class and a number that only rises, so that
 * the order of keys is the order of work. A second table leads from the dedup
 * key to the id. A job stays where it is while it is leased; whoever dies with
 * a lease in hand loses it in store_queue_recover().
 */

/* Somebody is in more of a hurry for what waits already. */
static int
move_up(struct store_tx *tx, struct store_job *job, unsigned class)
{
	struct pack key;
	uint64_t number = tx_next_id(tx, QUEUE_COUNTER, 1);

	queue_key(&key, job->id);
	tx_delete(tx, TABLE_SESSIONS, &key);
	job->class = class;
	job->id = queue_id(class, number);
	queue_save(tx, job);
	return queue_save_key(tx, job->key, job->id);
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
	rc = queue_find_key(tx, key, &job);
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
	job.id = queue_id(class, tx_next_id(tx, QUEUE_COUNTER, 1));
	job.added_s = now_s;
	memcpy(job.key, key, strlen(key) + 1);
	job.doc = (json_t *)(uintptr_t)doc;
	if (id)
		*id = job.id;
	queue_save_key(tx, key, job.id);
	return queue_save(tx, &job);
}

int
store_queue_take(struct store_tx *tx, uint64_t id, const char *owner,
		 int64_t now_s, struct store_job *job)
{
	int rc;

	memset(job, 0, sizeof(*job));
	if (owner[0] == '\0' || strlen(owner) >= sizeof(job->owner))
		return tx_fail(tx, ERR_LIMIT, "'%.100s' is no owner", owner);
	rc = queue_find(tx, id, job);
	if (rc < 0)
		return rc;
	if (job->owner[0] || job->not_before_s > now_s) {
		json_decref(job->doc);
		memset(job, 0, sizeof(*job));
		return ERR_NOT_FOUND;
	}
	memcpy(job->owner, owner, strlen(owner) + 1);
	job->leased_s = now_s;
	rc = queue_save(tx, job);
	if (rc < 0) {
		json_decref(job->doc);
		job->doc = NULL;
	}
	return rc;
}

uint64_t
store_job_number(const struct store_job *job)
{
	return job->id & (((uint64_t)1 << QUEUE_CLASS_SHIFT) - 1);
}

int
store_queue_done(struct store_tx *tx, uint64_t id)
{
	struct store_job job;
	struct pack key;
	int rc = queue_find(tx, id, &job);

	if (rc < 0)
		return rc;
	json_decref(job.doc);
	queue_key(&key, id);
	tx_delete(tx, TABLE_SESSIONS, &key);
	pack_start(&key);
	pack_tail(&key, job.key);
	return tx_delete(tx, TABLE_SESSION_KEYS, &key);
}

int
store_queue_note(struct store_tx *tx, uint64_t id, const json_t *doc)
{
	struct store_job job;
	int rc = queue_find(tx, id, &job);

	if (rc < 0)
		return rc;
	json_decref(job.doc);
	job.doc = (json_t *)(uintptr_t)doc;
	return queue_save(tx, &job);
}

int
store_queue_overtake(struct store_tx *tx, uint64_t old, uint64_t new,
		     const json_t *doc)
{
	struct store_job job;
	struct pack key;
	int rc = queue_find(tx, new, &job);

	if (rc == 0) {
		json_decref(job.doc);
		rc = store_queue_done(tx, old);
	}
	if (rc < 0)
		return rc;
	queue_key(&key, new);
	tx_delete(tx, TABLE_SESSIONS, &key);
	/* Of two places the better one. */
	job.id = old < new ? old : new;
	job.doc = (json_t *)(uintptr_t)doc;
	queue_save_key(tx, job.key, job.id);
	return queue_save(tx, &job);
}

static int
give_back(struct store_tx *tx, struct store_job *job, int64_t not_before_s,
	  int counts)
{
	job->owner[0] = '\0';
	job->leased_s = 0;
	job->not_before_s = not_before_s;
	if (counts && job->tries < UINT32_MAX)
		job->tries++;
	return queue_save(tx, job);
}

int
store_queue_requeue(struct store_tx *tx, uint64_t id, int64_t not_before_s,
		    int counts)
{
	struct store_job job;
	int rc = queue_find(tx, id, &job);

	if (rc < 0)
		return rc;
	rc = give_back(tx, &job, not_before_s, counts);
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
		rc = queue_load(tx, &walk.record, &job);
		if (rc < 0)
			break;
		if (job.owner[0] && !proc_is_alive(job.owner)) {
			give_back(tx, &job, 0, 1);
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
		rc = queue_load(tx, &walk.record, &job);
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
