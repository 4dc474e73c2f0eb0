#include "store_help.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"

/* Queue, journal and outbox: what waits, who has it, what became of it. */

static const char dead[] = "1.1.00000000-0000-0000-0000-000000000000";

static int
add(struct store_tx *tx, unsigned class, const char *key, int number,
    uint64_t *id)
{
	json_t *doc = doc_of(number);
	int rc = store_queue_add(tx, class, key, 1000 + number, doc, id);

	json_decref(doc);
	return rc;
}

/* The job that comes next, by number; -1 for none. */
static int
take(struct store_tx *tx, const char *owner, int64_t now_s, uint64_t *id)
{
	struct store_job job;
	int number, rc = take_first(tx, owner, now_s, &job);

	if (rc == ERR_NOT_FOUND)
		return -1;
	assert_int_equal(rc, 0);
	assert_string_equal(job.owner, owner);
	number = number_of(job.doc);
	if (id)
		*id = job.id;
	json_decref(job.doc);
	return number;
}

static int
order_of_work(struct store_tx *tx, void *data, struct err *err)
{
	(void)data, (void)err;
	add(tx, 5, "five-1", 51, NULL);
	add(tx, 1, "one-1", 11, NULL);
	add(tx, 5, "five-2", 52, NULL);
	add(tx, 0, "zero", 1, NULL);
	add(tx, STORE_MAX_CLASS, "last", 99, NULL);
	add(tx, 1, "one-2", 12, NULL);
	assert_int_equal(take(tx, "me", 0, NULL), 1);
	assert_int_equal(take(tx, "me", 0, NULL), 11);
	assert_int_equal(take(tx, "you", 0, NULL), 12);
	assert_int_equal(take(tx, "me", 0, NULL), 51);
	assert_int_equal(take(tx, "me", 0, NULL), 52);
	assert_int_equal(take(tx, "me", 0, NULL), 99);
	assert_int_equal(take(tx, "me", 0, NULL), -1);
	return 0;
}

static void
test_order(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, order_of_work, NULL);
}

static int
dedup(struct store_tx *tx, void *data, struct err *err)
{
	uint64_t first, again, moved;

	(void)data, (void)err;
	assert_int_equal(add(tx, 5, "a", 1, &first), 0);
	assert_int_equal(add(tx, 5, "b", 2, NULL), 0);
	assert_int_equal(add(tx, 5, "a", 3, &again), 1);
	assert_true(first == again);
	/* Less urgent: stays. More urgent: moves, with its own document. */
	assert_int_equal(add(tx, 6, "b", 4, NULL), 1);
	assert_int_equal(add(tx, 2, "b", 5, &moved), 1);
	assert_int_equal(take(tx, "me", 0, &again), 2);
	assert_true(moved == again);
	/* Still once while it runs; free again when it is done. */
	assert_int_equal(add(tx, 0, "b", 6, NULL), 1);
	assert_int_equal(store_queue_done(tx, moved), 0);
	assert_int_equal(store_queue_done(tx, moved), ERR_NOT_FOUND);
	assert_int_equal(add(tx, 0, "b", 7, NULL), 0);
	assert_int_equal(take(tx, "me", 0, NULL), 7);
	assert_int_equal(take(tx, "me", 0, NULL), 1);
	assert_int_equal(take(tx, "me", 0, NULL), -1);
	return 0;
}

static void
test_dedup(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, dedup, NULL);
}

static int
requeue(struct store_tx *tx, void *data, struct err *err)
{
	size_t waiting, leased;
	uint64_t id;

	(void)data, (void)err;
	add(tx, 0, "a", 1, &id);
	add(tx, 1, "b", 2, NULL);
	assert_int_equal(take(tx, "me", 100, NULL), 1);
	assert_int_equal(store_queue_requeue(tx, id, 200, 1), 0);
	assert_int_equal(store_queue_requeue(tx, 12345, 200, 1), ERR_NOT_FOUND);
	assert_int_equal(take(tx, "me", 199, NULL), 2);
	assert_int_equal(take(tx, "me", 199, NULL), -1);
	assert_int_equal(store_queue_count(tx, &waiting, &leased), 0);
	assert_int_equal(waiting, 1);
	assert_int_equal(leased, 1);
	assert_int_equal(take(tx, "me", 200, NULL), 1);
	return 0;
}

static int
stop_at_first(void *data, const struct store_job *job)
{
	assert_int_equal(job->tries, *(int *)data);
	return 1;
}

static int
requeue_and_look(struct store_tx *tx, void *data, struct err *err)
{
	uint64_t id;
	int tries = 2;

	(void)data, (void)err;
	add(tx, 0, "a", 1, &id);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(take(tx, "me", 0, NULL), 1);
		assert_int_equal(store_queue_requeue(tx, id, 0, 1), 0);
	}
	return store_queue_each(tx, stop_at_first, &tries);
}

static void
test_requeue(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, requeue_and_look, NULL);
}

static void
test_not_before(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, requeue, NULL);
}

static int
give_way(struct store_tx *tx, void *data, struct err *err)
{
	int tries = 0;
	uint64_t id;

	(void)data, (void)err;
	add(tx, 0, "a", 1, &id);
	assert_int_equal(take(tx, "me", 0, NULL), 1);
	assert_int_equal(store_queue_requeue(tx, id, 0, 0), 0);
	return store_queue_each(tx, stop_at_first, &tries);
}

/* Who gives way has not failed. */
static void
test_give_way(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, give_way, NULL);
}

static int
take_by_id(struct store_tx *tx, void *data, struct err *err)
{
	struct store_job job;
	uint64_t a, b;

	(void)data, (void)err;
	add(tx, 0, "a", 1, &a);
	add(tx, 0, "b", 2, &b);
	assert_int_equal(store_queue_take(tx, b, "me", 5, &job), 0);
	assert_int_equal(number_of(job.doc), 2);
	assert_int_equal(job.leased_s, 5);
	json_decref(job.doc);
	assert_int_equal(store_queue_take(tx, b, "you", 5, &job),
			 ERR_NOT_FOUND);
	store_queue_requeue(tx, b, 9, 1);
	assert_int_equal(store_queue_take(tx, b, "you", 8, &job),
			 ERR_NOT_FOUND);
	assert_int_equal(store_queue_take(tx, 4711, "you", 8, &job),
			 ERR_NOT_FOUND);
	return 0;
}

static void
test_take_by_id(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, take_by_id, NULL);
}

static int
overtake(struct store_tx *tx, void *data, struct err *err)
{
	json_t *doc = doc_of(23);
	uint64_t old, other, new, urgent;

	(void)data, (void)err;
	add(tx, 1, "old", 1, &old);
	add(tx, 1, "other", 2, &other);
	add(tx, 1, "new", 3, &new);
	assert_int_equal(store_queue_overtake(tx, old, new, doc), 0);
	assert_int_equal(store_queue_overtake(tx, old, new, doc),
			 ERR_NOT_FOUND);
	/* It has the place, and the key still leads to it. */
	assert_int_equal(add(tx, 1, "new", 4, NULL), 1);
	assert_int_equal(add(tx, 1, "old", 5, &old), 0);
	assert_int_equal(take(tx, "me", 0, NULL), 23);
	assert_int_equal(take(tx, "me", 0, NULL), 2);
	/* A better one is kept. */
	add(tx, 0, "urgent", 6, &urgent);
	assert_int_equal(store_queue_overtake(tx, old, urgent, doc), 0);
	assert_int_equal(take(tx, "me", 0, &new), 23);
	assert_true(new == urgent);
	assert_int_equal(take(tx, "me", 0, NULL), -1);
	json_decref(doc);
	return 0;
}

static void
test_overtake(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, overtake, NULL);
}

static int
take_one(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return take(tx, data, 0, NULL) < 0 ? ERR_NOT_FOUND : 0;
}

static int
add_three(struct store_tx *tx, void *data, struct err *err)
{
	(void)data, (void)err;
	add(tx, 0, "a", 1, NULL);
	add(tx, 0, "b", 2, NULL);
	add(tx, 0, "c", 3, NULL);
	return 0;
}

static int
recover(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_queue_recover(tx, data);
}

/* A worker takes a job and is killed; one that lives keeps its own. */
static void
test_killed_owner(void **state)
{
	struct fixture *fixture = *state;
	char me[PROC_ID_SIZE];
	size_t count = 99;
	int ready[2], status;
	char byte;
	pid_t pid;

	proc_identify(me);
	must_write(fixture->store, add_three, NULL);
	must_write(fixture->store, take_one, me);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *own = NULL;
		char id[PROC_ID_SIZE];

		proc_identify(id);
		if (store_open(&own, fixture->dir, STORE_WRITE, NULL) < 0 ||
		    store_write(own, take_one, id, NULL) < 0 ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	must_write(fixture->store, recover, &count);
	assert_int_equal(count, 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	must_write(fixture->store, recover, &count);
	assert_int_equal(count, 1);
	must_write(fixture->store, recover, &count);
	assert_int_equal(count, 0);
	must_write(fixture->store, take_one, me);
	must_write(fixture->store, take_one, me);
	assert_int_equal(store_write(fixture->store, take_one, me, NULL),
			 ERR_NOT_FOUND);
	close(ready[0]), close(ready[1]);
}

struct entries {
	int numbers[16];
	uint64_t ids[16];
	size_t count;
};

static int
collect_entry(void *data, const struct store_entry *entry)
{
	struct entries *entries = data;

	entries->numbers[entries->count] = number_of(entry->doc);
	entries->ids[entries->count++] = entry->id;
	return 0;
}

static int
landed(void *data, const struct store_entry *entry)
{
	/* Changing what one walks over is what the worker does. */
	return store_journal_set(
		data, entry->id,
		number_of(entry->doc) % 2 ? STORE_LANDED : STORE_DROPPED, 500);
}

static int
keep_journal(struct store_tx *tx, void *data, struct err *err)
{
	struct entries entries = { .count = 0 };

	(void)data, (void)err;
	for (int i = 0; i < 8; i++) {
		json_t *doc = doc_of(i);

		/* One second, and a clock that steps back. */
		store_journal_add(tx, i < 4 ? 100 : 90, doc, NULL);
		json_decref(doc);
	}
	store_journal_each(tx, STORE_PENDING, collect_entry, &entries);
	assert_int_equal(entries.count, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(entries.numbers[i], i);
		assert_true(i == 0 || entries.ids[i] > entries.ids[i - 1]);
	}
	assert_int_equal(store_journal_each(tx, STORE_PENDING, landed, tx), 0);
	entries.count = 0;
	store_journal_each(tx, STORE_PENDING, collect_entry, &entries);
	assert_int_equal(entries.count, 0);
	store_journal_each(tx, STORE_LANDED, collect_entry, &entries);
	assert_int_equal(entries.count, 4);
	assert_int_equal(entries.numbers[0], 1);
	assert_int_equal(store_journal_set(tx, entries.ids[0], STORE_DONE, 600),
			 0);
	assert_int_equal(store_journal_set(tx, 1, STORE_DONE, 600),
			 ERR_NOT_FOUND);
	return 0;
}

static void
expect_expired(struct store *store, int64_t before_s, size_t count)
{
	struct store_expired expired;
	struct err err = ERR_INIT;

	must(store_expire(store, before_s, &expired, &err), &err);
	assert_int_equal(expired.journal, count);
}

static int
read_landed(struct store_tx *tx, void *data, struct err *err)
{
	struct entries entries = { .count = 0 };

	(void)data, (void)err;
	store_journal_each(tx, STORE_LANDED, collect_entry, &entries);
	assert_int_equal(entries.count, 3);
	return 0;
}

static void
test_journal(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, keep_journal, NULL);
	expect_expired(fixture->store, 500, 0);
	expect_expired(fixture->store, 501, 4);
	expect_expired(fixture->store, 1000, 1);
	must_read(fixture->store, read_landed, NULL);
}

static int
say(struct store_tx *tx, const char *key, const char *group, int number,
    uint64_t *id)
{
	json_t *doc = doc_of(number);
	int rc = store_outbox_add(tx, key, group, 10, doc, id);

	json_decref(doc);
	return rc;
}

static int
deliver(struct store_tx *tx, const char *owner, int64_t now_s, uint64_t *id)
{
	struct store_message message;
	size_t count;
	int number,
		rc = store_outbox_take(tx, owner, now_s, &message, 1, &count);

	if (rc == ERR_NOT_FOUND)
		return -1;
	assert_int_equal(rc, 0);
	number = number_of(message.doc);
	if (id)
		*id = message.id;
	json_decref(message.doc);
	return number;
}

static int
supersede(struct store_tx *tx, void *data, struct err *err)
{
	uint64_t id;

	(void)data, (void)err;
	assert_int_equal(say(tx, "pending", "g", 1, NULL), 0);
	assert_int_equal(say(tx, "pending", "g", 2, NULL), 1);
	assert_int_equal(say(tx, "other", "h", 3, NULL), 0);
	assert_int_equal(say(tx, "success", "g", 4, NULL), 0);
	assert_int_equal(deliver(tx, "me", 10, &id), 3);
	assert_int_equal(store_outbox_done(tx, id, 11), 0);
	assert_int_equal(store_outbox_done(tx, id, 11), ERR_NOT_FOUND);
	assert_int_equal(deliver(tx, "me", 10, &id), 4);
	assert_int_equal(store_outbox_done(tx, id, 11), 0);
	assert_int_equal(deliver(tx, "me", 10, NULL), -1);
	/* Said already: not once more; said before the last: again. */
	assert_int_equal(say(tx, "success", "g", 5, NULL), 1);
	assert_int_equal(say(tx, "pending", "g", 6, NULL), 0);
	assert_int_equal(deliver(tx, "me", 10, NULL), 6);
	return 0;
}

static void
test_supersede(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, supersede, NULL);
}

/* The newer one waits until the older one, on its way, is answered. */
static int
in_order(struct store_tx *tx, void *data, struct err *err)
{
	uint64_t old, new;
	int64_t next_s;

	(void)data, (void)err;
	say(tx, "pending", "g", 1, NULL);
	assert_int_equal(deliver(tx, "me", 10, &old), 1);
	assert_int_equal(store_outbox_next(tx, &next_s), ERR_NOT_FOUND);
	say(tx, "success", "g", 2, NULL);
	assert_int_equal(deliver(tx, "you", 10, NULL), -1);
	/* It failed: it is not tried again, the newer one goes. */
	assert_int_equal(store_outbox_fail(tx, old, 99, "503"), 0);
	assert_int_equal(store_outbox_fail(tx, old, 99, "503"), ERR_NOT_FOUND);
	assert_int_equal(deliver(tx, "you", 10, &new), 2);
	assert_int_equal(store_outbox_fail(tx, new, 50, "503"), 0);
	assert_int_equal(deliver(tx, "you", 49, NULL), -1);
	assert_int_equal(store_outbox_next(tx, &next_s), 0);
	assert_int_equal(next_s, 50);
	assert_int_equal(deliver(tx, "you", 50, &new), 2);
	return 0;
}

static void
test_in_order(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, in_order, NULL);
}

/* A service that asks for a pause holds up what goes there, and that alone. */
static int
hold(struct store_tx *tx, void *data, struct err *err)
{
	struct store_message messages[4];
	int64_t next_s;
	size_t count;

	(void)data, (void)err;
	say(tx, "a", "slow 1", 1, NULL);
	say(tx, "b", "slow 2", 2, NULL);
	say(tx, "c", "slower 3", 3, NULL);
	assert_int_equal(store_outbox_hold(tx, "slow", 60, "503"), 0);
	assert_int_equal(store_outbox_take(tx, "me", 59, messages, 4, &count),
			 0);
	assert_int_equal(count, 1);
	assert_int_equal(number_of(messages[0].doc), 3);
	json_decref(messages[0].doc);
	assert_int_equal(store_outbox_next(tx, &next_s), 0);
	assert_int_equal(next_s, 60);
	assert_int_equal(store_outbox_resend(tx, messages[0].id - 1), 0);
	assert_int_equal(store_outbox_take(tx, "me", 59, messages, 4, &count),
			 0);
	assert_int_equal(count, 2);
	assert_int_equal(number_of(messages[1].doc), 2);
	while (count)
		json_decref(messages[--count].doc);
	return 0;
}

static void
test_hold(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, hold, NULL);
}

static int
check_refused(void *data, const struct store_message *message)
{
	int *seen = data;

	++*seen;
	assert_int_equal(message->refused, 1);
	assert_int_equal(message->tries, 1);
	assert_string_equal(message->why, "404");
	assert_string_equal(message->owner, "");
	return 0;
}

static int
refuse(struct store_tx *tx, void *data, struct err *err)
{
	uint64_t id;
	int seen = 0;

	(void)data, (void)err;
	say(tx, "k", "g", 1, NULL);
	assert_int_equal(deliver(tx, "me", 10, &id), 1);
	assert_int_equal(store_outbox_refuse(tx, id, "404"), 0);
	assert_int_equal(deliver(tx, "me", INT64_MAX, NULL), -1);
	assert_int_equal(store_outbox_each(tx, check_refused, &seen), 0);
	assert_int_equal(seen, 1);
	assert_int_equal(store_outbox_resend(tx, id), 0);
	assert_int_equal(store_outbox_resend(tx, 777), ERR_NOT_FOUND);
	assert_int_equal(deliver(tx, "me", 0, NULL), 1);
	/* A newer message of its group removes a refused one too. */
	assert_int_equal(store_outbox_refuse(tx, id, "404"), 0);
	say(tx, "k2", "g", 2, NULL);
	assert_int_equal(deliver(tx, "me", 10, &id), 2);
	assert_int_equal(store_outbox_done(tx, id, 10), 0);
	assert_int_equal(store_outbox_each(tx, check_refused, &seen), 0);
	assert_int_equal(seen, 1);
	return 0;
}

static void
test_refuse(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, refuse, NULL);
}

static int
recover_messages(struct store_tx *tx, void *data, struct err *err)
{
	char me[PROC_ID_SIZE];
	size_t count;

	(void)data, (void)err;
	proc_identify(me);
	say(tx, "a", "g", 1, NULL);
	say(tx, "b", "h", 2, NULL);
	assert_int_equal(deliver(tx, dead, 10, NULL), 1);
	assert_int_equal(deliver(tx, me, 10, NULL), 2);
	assert_int_equal(store_outbox_recover(tx, 10, &count), 0);
	assert_int_equal(count, 1);
	/* What it sent may be on its way still. */
	assert_int_equal(deliver(tx, me, 9 + STORE_CALM_S, NULL), -1);
	assert_int_equal(deliver(tx, me, 10 + STORE_CALM_S, NULL), 1);
	assert_int_equal(deliver(tx, me, 99, NULL), -1);
	return 0;
}

static void
test_recover_messages(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, recover_messages, NULL);
}

/* Bad owners and classes undo the transaction. */
static int
no_owner(struct store_tx *tx, void *data, struct err *err)
{
	struct store_job job;
	uint64_t id;

	(void)data, (void)err;
	add(tx, 0, "a", 1, &id);
	return store_queue_take(tx, id, "", 0, &job);
}

static int
no_class(struct store_tx *tx, void *data, struct err *err)
{
	(void)data, (void)err;
	return add(tx, STORE_MAX_CLASS + 1, "k", 1, NULL);
}

static void
test_bad_arguments(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(store_write(fixture->store, no_owner, NULL, NULL),
			 ERR_LIMIT);
	assert_int_equal(store_write(fixture->store, no_class, NULL, NULL),
			 ERR_LIMIT);
}

#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, setup_store, teardown_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN(test_order),         OPEN(test_dedup),
		OPEN(test_requeue),       OPEN(test_give_way),
		OPEN(test_take_by_id),    OPEN(test_overtake),
		OPEN(test_not_before),    OPEN(test_killed_owner),
		OPEN(test_journal),       OPEN(test_supersede),
		OPEN(test_in_order),      OPEN(test_hold),
		OPEN(test_refuse),        OPEN(test_recover_messages),
		OPEN(test_bad_arguments),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store_queue", tests, NULL, NULL);
}
