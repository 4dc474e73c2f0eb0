#include "store_help.h"

#include <math.h>

#include "base/buf.h"
#include "store/tables.h"

/* export, import, verify, expire. */

static int
put_history(struct store_tx *tx)
{
	const double numbers[] = { 0.1,    NAN,  INFINITY,           -INFINITY,
				   1e-300, -0.0, 123456789.123456789 };
	const struct store_values values[] = { { "wall", numbers, 7 },
					       { "m\xff", numbers, 0 } };
	const struct store_values course[] = { { "@time", numbers, 7 } };
	struct store_sample sample = {
		"perf/b\n\xe9", "env-a", "s1", commit_of(1), 100, values, 2,
		course,         1
	};
	const struct store_series series = { "perf/a", "cpu", "env-b" };
	struct store_point point = { commit_of(1), 1.5, 0.25, NAN, 3,
				     30,           7,   1234 };
	struct store_baseline baseline = { commit_of(1), STORE_DEFINITION,
					   "abc", 55 };

	store_sample_put(tx, &sample);
	sample.session = "s2";
	sample.time_s = 5000;
	store_sample_put(tx, &sample);
	store_point_put(tx, &series, 17, &point);
	store_point_put(tx, &series, UINT64_MAX, &point);
	store_baseline_put(tx, "perf/a", &point.commit, &baseline);
	baseline.definition[0] = '\0';
	return store_baseline_put(tx, "perf/z", &point.commit, &baseline);
}

static int
put_work(struct store_tx *tx, const json_t *doc)
{
	struct store_message message;
	struct store_job job;
	size_t count;
	uint64_t id;

	for (int i = 0; i < 4; i++) {
		static const char *const keys[] = { "a", "b", "c", "d" };
		json_t *push = doc_of(i);

		store_queue_add(tx, (unsigned)i * 5, keys[i], 9, doc, NULL);
		store_journal_add(tx, 100, push, &id);
		json_decref(push);
		store_journal_set(tx, id, (enum store_state)(i + 1), 200);
		store_outbox_add(tx, keys[i], keys[i], 50, doc, NULL);
	}
	if (take_first(tx, "worker", 77, &job) == 0)
		json_decref(job.doc);
	if (store_outbox_take(tx, "worker", 77, &message, 1, &count) == 0)
		json_decref(message.doc);
	store_outbox_done(tx, message.id, 300);
	if (store_outbox_take(tx, "worker", 77, &message, 1, &count) == 0)
		json_decref(message.doc);
	store_outbox_refuse(tx, message.id, "no such project");
	/* One on its way, and its successor. */
	if (store_outbox_take(tx, "worker", 77, &message, 1, &count) == 0)
		json_decref(message.doc);
	return store_outbox_add(tx, "c2", "c", 60, doc, NULL);
}

static int
put_everything(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid commit = commit_of(3), old = commit_of(4);
	json_t *doc = doc_of(42);

	(void)data, (void)err;
	json_object_set_new(doc, "text", json_string("\xc3\xa4\n\t\"\\ \x01"));
	json_object_set_new(doc, "list", json_pack("[f,n,b,{}]", 0.1, 1));
	store_note_put(tx, "plain", "text");
	store_note_put(tx, "odd \xfe", "\xff\xfe bytes");
	store_note_put(tx, "empty", "");
	store_environment_put(tx, "env-a", doc);
	put_history(tx);
	store_verdict_put(tx, &commit, "", "", 1000, doc);
	store_verdict_put(tx, &commit, "perf/a", "", 1000, doc);
	store_verdict_put(tx, &old, "perf/a", "cpu", 10, doc);
	put_work(tx, doc);
	store_ledger_add(tx, 500, "", doc);
	store_ledger_add(tx, 500, "perf/q", doc);
	json_decref(doc);
	return 0;
}

static char *
export_text(struct store *store)
{
	struct err err = ERR_INIT;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	must(store_export(store, out, NULL, &err), &err);
	assert_int_equal(fclose(out), 0);
	return text;
}

static int
import_text(struct store *store, const char *text, size_t *lines,
	    struct err *err)
{
	FILE *in = tmpfile();
	int rc;

	assert_non_null(in);
	assert_true(fputs(text, in) >= 0);
	rewind(in);
	rc = store_import(store, in, lines, err);
	assert_int_equal(fclose(in), 0);
	return rc;
}

static size_t
count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

static void
test_export_import(void **state)
{
	struct fixture *fixture = *state;
	char *dir = file_join(fixture->root, "second");
	struct store *second = open_store(dir, STORE_CREATE);
	struct err err = ERR_INIT;
	char *first_text, *second_text;
	size_t lines;

	must_write(fixture->store, put_everything, NULL);
	first_text = export_text(fixture->store);
	assert_true(count_lines(first_text) > 40);
	for (int i = 0; i < 2; i++) {
		must(import_text(second, first_text, &lines, &err), &err);
		assert_int_equal(lines, count_lines(first_text));
		second_text = export_text(second);
		assert_string_equal(first_text, second_text);
		free(second_text);
		assert_int_equal(store_verify(second, NULL, NULL, NULL, NULL),
				 0);
	}
	free(first_text);
	store_close(second);
	free(dir);
}

static int
put_other(struct store_tx *tx, void *data, struct err *err)
{
	json_t *doc = doc_of(7);

	(void)data, (void)err;
	store_queue_add(tx, 0, "theirs", 1, doc, NULL);
	store_outbox_add(tx, "theirs", "theirs", 1, doc, NULL);
	store_journal_add(tx, 100, doc, NULL);
	store_ledger_add(tx, 500, "perf/theirs", doc);
	json_decref(doc);
	return 0;
}

/* Into a store that has records of the same ids: nothing of either is lost. */
static void
test_merge(void **state)
{
	struct fixture *fixture = *state;
	char *dir = file_join(fixture->root, "second");
	struct store *second = open_store(dir, STORE_CREATE);
	struct store_counts ours, merged;
	struct err err = ERR_INIT;
	char *text;

	must_write(fixture->store, put_everything, NULL);
	must_write(second, put_other, NULL);
	text = export_text(fixture->store);
	for (int i = 0; i < 2; i++)
		must(import_text(second, text, NULL, &err), &err);
	free(text);
	must(store_verify(fixture->store, NULL, NULL, &ours, &err), &err);
	must(store_verify(second, NULL, NULL, &merged, &err), &err);
	assert_int_equal(merged.jobs, ours.jobs + 1);
	assert_int_equal(merged.messages, ours.messages + 1);
	assert_int_equal(merged.journal, ours.journal + 1);
	assert_int_equal(merged.ledger, ours.ledger + 1);
	assert_int_equal(merged.tests, ours.tests + 1);
	store_close(second);
	free(dir);
}

static void
test_bad_lines(void **state)
{
	static const struct {
		const char *text, *message;
		size_t stored;
	} rows[] = {
		{ "junk\n", "line 1: ", 0 },
		{ "{\"table\":\"tests\",\"name\":\"a\"}\n\n", "line 2: ", 0 },
		{ "{\"table\":\"nothing\"}\n", "line 1: no table 'nothing'",
		  0 },
		{ "{\"table\":\"test_ids\"}\n", "line 1: no table", 0 },
		{ "{\"table\":\"tests\",\"name\":7}\n",
		  "line 1: member 'name' is not a text", 0 },
		{ "{\"table\":\"tests\",\"name\":\"\"}\n",
		  "line 1: member 'name'", 0 },
		{ "{\"table\":\"tests\",\"name\":{\"hex\":\"4\"}}\n",
		  "line 1: member 'name' is not pairs", 0 },
		{ "{\"table\":\"tests\",\"name\":{\"hex\":\"4100\"}}\n",
		  "line 1: member 'name'", 0 },
		{ "{\"table\":\"meta\",\"schema\":99}\n",
		  "line 1: exported by a newer pacegate", 0 },
		{ "{\"table\":\"baselines\",\"test\":\"a\",\"commit\":\"12\"}"
		  "\n",
		  "line 1: member 'commit' is not an object id", 0 },
		{ "{\"table\":\"sessions\",\"id\":9007199254740992}\n",
		  "line 1: ", 0 },
		{ "[]\n", "line 1: member 'table'", 0 },
	};
	struct fixture *fixture = *state;
	struct store_counts counts;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		size_t lines = 99;

		assert_true(import_text(fixture->store, rows[i].text, &lines,
					&err) < 0);
		if (!strstr(err.text, rows[i].message))
			fail_msg("'%s' lacks '%s'", err.text, rows[i].message);
		assert_int_equal(lines, rows[i].stored);
	}
	/* The good line before the bad one was not stored either. */
	assert_int_equal(
		store_verify(fixture->store, NULL, NULL, &counts, NULL), 0);
	assert_int_equal(counts.tests, 0);
}

/* More than one transaction, and growth in the middle of one. */
static void
test_long_import(void **state)
{
	struct fixture *fixture = *state;
	const struct store_setup setup = { 65536, STORE_SCHEMA, NULL, 0 };
	struct store_counts counts;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	size_t lines;

	must(store_open_setup(&fixture->store, fixture->dir, STORE_CREATE,
			      &setup, &err),
	     &err);
	for (int i = 0; i < 5000; i++)
		buf_addf(&text,
			 "{\"table\":\"ledger\",\"id\":%d,\"test\":\"t%d\","
			 "\"doc\":{\"n\":%d}}\n",
			 i + 1, i % 100, i);
	buf_adds(&text, "bad\n");
	assert_int_equal(import_text(fixture->store, text.data, &lines, &err),
			 ERR_INPUT);
	assert_non_null(strstr(err.text, "line 5001"));
	assert_int_equal(lines, 4000);
	text.data[text.len - 4] = '\0';
	must(import_text(fixture->store, text.data, &lines, &err), &err);
	assert_int_equal(lines, 5000);
	must(store_verify(fixture->store, NULL, NULL, &counts, &err), &err);
	assert_int_equal(counts.ledger, 5000);
	assert_int_equal(counts.tests, 100);
	buf_release(&text);
}

static void
collect_bad(void *data, const char *text)
{
	texts_add(data, text);
}

/* Raw records that no function of the store would write. */
struct damage {
	enum table table;
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
};

static int
put_damage(struct store_tx *tx, void *data, struct err *err)
{
	const struct damage *damage = data;
	struct pack key;

	(void)err;
	pack_start(&key);
	pack_bytes(&key, damage->key, damage->key_len);
	return tx_put(tx, damage->table, &key, damage->value,
		      damage->value_len);
}

static void
test_verify_names_the_record(void **state)
{
	static const struct damage damages[] = {
		{ TABLE_META, "counter:x", 9, "12", 2 },
		{ TABLE_META, "surprise", 8, "", 0 },
		{ TABLE_TESTS, "\0\0\0\x63", 4,
		  "\0\x05"
		  "ab",
		  4 },
		{ TABLE_TEST_IDS, "lost", 4, "\0\0\0\x62", 4 },
		{ TABLE_SAMPLES, "short", 5, "", 0 },
		{ TABLE_SERIES, "\0\0\0\1", 4, "xyz", 3 },
		{ TABLE_BASELINES, "x", 1, "", 0 },
		{ TABLE_VERDICTS, "x", 1, "", 0 },
		{ TABLE_SESSIONS, "\0\0\0\0\0\0\0\x77", 8, "{}", 2 },
		{ TABLE_SESSION_KEYS, "k", 1, "\0\0\0\0\0\0\0\x44", 8 },
		{ TABLE_JOURNAL, "\x09\0\0\0\0\0\0\0\1", 9,
		  "\0\0\0\0\0\0\0\1{}", 10 },
		{ TABLE_OUTBOX, "\0\0\0\0\0\0\0\x77", 8, "", 0 },
		{ TABLE_OUTBOX_GROUPS, "g", 1, "1", 1 },
		{ TABLE_LEDGER, "\0\0\0\0\0\0\0\x77", 8, "\0\0\0\0{\"n\":", 9 },
	};
	enum { COUNT = sizeof(damages) / sizeof(damages[0]) };
	struct fixture *fixture = *state;
	struct texts bad = { 0 };
	struct err err = ERR_INIT;
	char wanted[64];
	FILE *null;

	for (int i = 0; i < COUNT; i++)
		must_write(fixture->store, put_damage,
			   (void *)(uintptr_t)&damages[i]);
	assert_int_equal(
		store_verify(fixture->store, collect_bad, &bad, NULL, &err),
		ERR_INPUT);
	assert_int_equal(bad.count, COUNT);
	for (int i = 0; i < COUNT; i++) {
		snprintf(wanted, sizeof(wanted), "bad record in %s, key %02x",
			 tables[damages[i].table].name,
			 (unsigned char)damages[i].key[0]);
		if (!strstr(bad.items[i], wanted))
			fail_msg("'%s' lacks '%s'", bad.items[i], wanted);
	}
	assert_non_null(strstr(err.text, "14 bad records"));
	texts_release(&bad);
	null = fopen("/dev/null", "w");
	assert_non_null(null);
	assert_int_equal(store_export(fixture->store, null, NULL, &err),
			 ERR_INPUT);
	fclose(null);
}

struct cut {
	enum table table;
	size_t index; /* of the record */
	size_t len;   /* what is left of its value */
	size_t full;  /* its length, 0: no such record */
};

static int
cut_value(struct store_tx *tx, void *data, struct err *err)
{
	struct cut *cut = data;
	struct walk walk;
	struct pack key;
	char *copy = NULL;
	int rc = 0;

	cut->full = 0;
	walk_start(&walk, tx, cut->table, NULL);
	for (size_t i = 0; i <= cut->index && (rc = walk_next(&walk)) == 1;)
		i++;
	if (rc == 1) {
		cut->full = walk.record.value.left;
		copy = mem_copy_bytes(walk.record.value.at, cut->full);
		key = walk.last;
	}
	walk_end(&walk);
	if (rc == 1 && cut->len < cut->full)
		tx_put(tx, cut->table, &key, copy, cut->len);
	free(copy);
	(void)err;
	return 0;
}

static int
cut_verify_undo(struct store_tx *tx, void *data, struct err *err)
{
	cut_value(tx, data, err);
	/* Through every function that reads values, in the same snapshot. */
	for (int i = 0; i < TABLE_COUNT; i++) {
		struct walk walk;

		walk_start(&walk, tx, (enum table)i, NULL);
		while (walk_next(&walk) == 1) {
			if (tables[i].show)
				json_decref(tables[i].show(tx, &walk.record));
			else
				tables[i].check(tx, &walk.record);
			tx->first.code = 0;
		}
		walk_end(&walk);
	}
	return ERR_NOT_FOUND;
}

/* Every value of every table cut at every length: told or taken as shorter
 * text, never read beyond its end (the sanitizers watch). */
static void
test_cut_values(void **state)
{
	struct fixture *fixture = *state;
	size_t cuts = 0;

	must_write(fixture->store, put_everything, NULL);
	for (int i = 0; i < TABLE_COUNT; i++) {
		struct cut cut = { (enum table)i, 0, 0, 1 };

		while (cut.full > 0 && cut.index < 3) {
			for (cut.len = 0; cut.len == 0 || cut.len < cut.full;
			     cut.len += 1 + cut.len / 16) {
				store_write(fixture->store, cut_verify_undo,
					    &cut, NULL);
				cuts++;
			}
			cut.index++;
		}
	}
	assert_true(cuts > 300);
	assert_int_equal(store_verify(fixture->store, NULL, NULL, NULL, NULL),
			 0);
}

static int
put_many_verdicts(struct store_tx *tx, void *data, struct err *err)
{
	json_t *doc = doc_of(1);

	(void)data, (void)err;
	for (unsigned i = 0; i < 12000; i++) {
		const struct oid commit = commit_of(i);

		store_verdict_put(tx, &commit, "perf/a", "", i % 2 ? 10 : 1000,
				  doc);
	}
	json_decref(doc);
	return 0;
}

static void
test_expire(void **state)
{
	struct fixture *fixture = *state;
	struct store_counts before, after;
	struct store_expired expired;
	struct err err = ERR_INIT;

	must_write(fixture->store, put_everything, NULL);
	must(store_verify(fixture->store, NULL, NULL, &before, &err), &err);
	must(store_expire(fixture->store, 301, &expired, &err), &err);
	assert_int_equal(expired.samples, 1);
	assert_int_equal(expired.verdicts, 1);
	assert_int_equal(expired.journal, 2);
	/* The delivered one's memory and the refused one. */
	assert_int_equal(expired.messages, 2);
	must(store_verify(fixture->store, NULL, NULL, &after, &err), &err);
	assert_int_equal(after.samples, before.samples - 1);
	assert_int_equal(after.verdicts, before.verdicts - 1);
	assert_int_equal(after.journal, before.journal - 2);
	assert_int_equal(after.messages, before.messages - 1);
	assert_int_equal(after.points, before.points);
	assert_int_equal(after.ledger, before.ledger);
	assert_int_equal(after.baselines, before.baselines);
	must(store_expire(fixture->store, 301, &expired, &err), &err);
	assert_int_equal(expired.samples + expired.verdicts + expired.journal +
				 expired.messages,
			 0);
}

/* Several transactions. */
static void
test_expire_many(void **state)
{
	struct fixture *fixture = *state;
	struct store_counts counts;
	struct store_expired expired;
	struct err err = ERR_INIT;

	must_write(fixture->store, put_many_verdicts, NULL);
	must(store_expire(fixture->store, 11, &expired, &err), &err);
	assert_int_equal(expired.verdicts, 6000);
	must(store_verify(fixture->store, NULL, NULL, &counts, &err), &err);
	assert_int_equal(counts.verdicts, 6000);
}

#define EMPTY(test)                                                            \
	cmocka_unit_test_setup_teardown(test, setup_empty, teardown_store)
#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, setup_store, teardown_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN(test_export_import),
		OPEN(test_merge),
		OPEN(test_bad_lines),
		EMPTY(test_long_import),
		OPEN(test_verify_names_the_record),
		OPEN(test_cut_values),
		OPEN(test_expire),
		OPEN(test_expire_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store_export", tests, NULL, NULL);
}
