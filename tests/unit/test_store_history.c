#include "store_help.h"

#include <math.h>

#include "base/oid.h"

/* Names, samples, series, baselines, verdicts, ledger. */

static int
collect_name(void *data, const char *name)
{
	texts_add(data, name);
	return 0;
}

static int
put_environments(struct store_tx *tx, void *data, struct err *err)
{
	json_t *one = doc_of(1), *two = doc_of(2);

	(void)data, (void)err;
	store_environment_put(tx, "cpu-a", one);
	store_environment_put(tx, "cpu-b", one);
	store_environment_put(tx, "cpu-a", two);
	json_decref(one);
	json_decref(two);
	return 0;
}

static int
get_environments(struct store_tx *tx, void *data, struct err *err)
{
	json_t *doc;

	(void)err;
	assert_int_equal(store_environment_get(tx, "cpu-a", &doc), 0);
	assert_int_equal(number_of(doc), 2);
	json_decref(doc);
	assert_int_equal(store_environment_get(tx, "cpu-c", &doc),
			 ERR_NOT_FOUND);
	assert_null(doc);
	return store_each_environment(tx, collect_name, data);
}

static void
test_environments(void **state)
{
	struct fixture *fixture = *state;
	struct texts names = { 0 };

	must_write(fixture->store, put_environments, NULL);
	must_read(fixture->store, get_environments, &names);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "cpu-a");
	assert_string_equal(names.items[1], "cpu-b");
	texts_release(&names);
}

/* The longest name fits into every key; one byte more is refused by name. */
static int
put_long_names(struct store_tx *tx, void *data, struct err *err)
{
	const double value = 1;
	const struct store_values values = { data, &value, 1 };
	const struct store_sample sample = {
		.test = data,
		.environment = data,
		.session = data,
		.commit = commit_of(1),
		.metrics = &values,
		.metric_count = 1,
	};
	const struct store_series series = { data, data, data };
	const struct store_point point = { .commit = commit_of(1) };
	json_t *doc = doc_of(1);

	(void)err;
	store_sample_put(tx, &sample);
	store_point_put(tx, &series, 1, &point);
	store_verdict_put(tx, &point.commit, data, data, 0, doc);
	store_note_put(tx, data, "note");
	store_queue_add(tx, 0, data, 0, doc, NULL);
	store_outbox_add(tx, data, data, 0, doc, NULL);
	json_decref(doc);
	return 0;
}

static void
test_long_names(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char name[STORE_MAX_NAME + 2];

	memset(name, 'n', sizeof(name));
	name[STORE_MAX_NAME] = '\0';
	must_write(fixture->store, put_long_names, name);
	name[STORE_MAX_NAME] = 'n';
	name[STORE_MAX_NAME + 1] = '\0';
	assert_int_equal(
		store_write(fixture->store, put_long_names, name, &err),
		ERR_LIMIT);
	assert_non_null(strstr(err.text, "name of a test is 481 bytes long"));
}

static int
put_samples(struct store_tx *tx, void *data, struct err *err)
{
	const double wall[] = { 1.5, NAN, -INFINITY, 0.1 };
	const double cpu[] = { 7 };
	const struct store_values values[] = { { "wall", wall, 4 },
					       { "cpu", cpu, 1 },
					       { "none", NULL, 0 } };
	const struct store_values course[] = { { "@time", wall, 4 },
					       { "@rss", wall, 4 } };
	struct store_sample sample = {
		.test = "perf/a\xe9",
		.environment = "env",
		.session = "s2",
		.commit = commit_of(1),
		.time_s = 1000,
		.metrics = values,
		.metric_count = 3,
		.course = course,
		.course_count = 2,
	};

	(void)data, (void)err;
	store_sample_put(tx, &sample);
	sample.session = "s1";
	sample.metric_count = sample.course_count = 0;
	store_sample_put(tx, &sample);
	sample.commit = commit_of(2);
	store_sample_put(tx, &sample);
	sample.commit = commit_of(1);
	sample.test = "perf/b";
	return store_sample_put(tx, &sample);
}

static int
check_sample(void *data, const struct store_sample *sample)
{
	int *seen = data;
	const struct oid commit = commit_of(1);

	assert_string_equal(sample->test, "perf/a\xe9");
	assert_string_equal(sample->environment, "env");
	assert_true(oid_equal(&sample->commit, &commit));
	assert_int_equal(sample->time_s, 1000);
	if (++*seen == 1) {
		assert_string_equal(sample->session, "s1");
		assert_int_equal(sample->metric_count, 0);
		assert_int_equal(sample->course_count, 0);
		return 0;
	}
	assert_string_equal(sample->session, "s2");
	assert_int_equal(sample->metric_count, 3);
	assert_string_equal(sample->metrics[0].metric, "wall");
	assert_int_equal(sample->metrics[0].count, 4);
	assert_true(sample->metrics[0].values[0] == 1.5);
	assert_true(isnan(sample->metrics[0].values[1]));
	assert_true(isinf(sample->metrics[0].values[2]));
	assert_true(sample->metrics[0].values[3] == 0.1);
	assert_string_equal(sample->metrics[1].metric, "cpu");
	assert_true(sample->metrics[1].values[0] == 7);
	assert_int_equal(sample->metrics[2].count, 0);
	/* The course is no metric. */
	assert_int_equal(sample->course_count, 2);
	assert_string_equal(sample->course[1].metric, "@rss");
	assert_int_equal(sample->course[1].count, 4);
	return 0;
}

static int
read_samples(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid commit = commit_of(1), other = commit_of(9);

	(void)err;
	assert_int_equal(
		store_sample_each(tx, "perf/none", &commit, check_sample, data),
		0);
	assert_int_equal(
		store_sample_each(tx, "perf/a\xe9", &other, check_sample, data),
		0);
	return store_sample_each(tx, "perf/a\xe9", &commit, check_sample, data);
}

static void
test_samples(void **state)
{
	struct fixture *fixture = *state;
	int seen = 0;

	must_write(fixture->store, put_samples, NULL);
	must_read(fixture->store, read_samples, &seen);
	assert_int_equal(seen, 2);
}

static const struct store_series wall = { "perf/a", "wall", "env" };
static const struct store_series cpu = { "perf/a", "cpu", "env" };

/* Written out of order, between two other histories. */
static int
put_points(struct store_tx *tx, void *data, struct err *err)
{
	static const uint64_t orders[] = { 300, 1,          70000, 255,
					   256, 1ull << 40, 2,     0 };
	struct store_point point = {
		.low = 0.9, .high = 1.1, .trials = 30, .flags = 5, .time_s = -3
	};

	(void)data, (void)err;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		point.commit = commit_of((unsigned)orders[i]);
		point.value = (double)orders[i];
		store_point_put(tx, &cpu, orders[i] + 1, &point);
		store_point_put(tx, &wall, orders[i], &point);
	}
	/* Two commits of one order; then one of them once more. */
	point.commit = commit_of(9);
	store_point_put(tx, &wall, 300, &point);
	point.base = 44;
	return store_point_put(tx, &wall, 300, &point);
}

struct orders {
	uint64_t items[32];
	size_t count;
};

static int
collect_order(void *data, uint64_t order, const struct store_point *point)
{
	struct orders *orders = data;

	assert_int_equal(point->trials, 30);
	assert_int_equal(point->flags, 5);
	assert_int_equal(point->time_s, -3);
	assert_true(point->high == 1.1);
	orders->items[orders->count++] = order;
	return 0;
}

struct query {
	struct store_range range;
	struct orders orders;
};

static int
run_query(struct store_tx *tx, void *data, struct err *err)
{
	struct query *query = data;

	(void)err;
	query->orders.count = 0;
	return store_point_each(tx, &wall, &query->range, collect_order,
				&query->orders);
}

static void
expect_orders(struct fixture *fixture, struct store_range range,
	      const uint64_t *orders, size_t count)
{
	struct query query = { .range = range };

	/* Reading and writing transactions walk in different ways. */
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			must_read(fixture->store, run_query, &query);
		else
			must_write(fixture->store, run_query, &query);
		assert_int_equal(query.orders.count, count);
		for (size_t k = 0; k < count; k++)
			assert_true(query.orders.items[k] == orders[k]);
	}
}

static void
test_series(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t all[] = {
		0, 1, 2, 255, 256, 300, 300, 70000, 1ull << 40
	};
	const uint64_t back[] = {
		1ull << 40, 70000, 300, 300, 256, 255, 2, 1, 0
	};

	must_write(fixture->store, put_points, NULL);
	expect_orders(fixture, (struct store_range){ 0, UINT64_MAX, 0, 0 }, all,
		      9);
	expect_orders(fixture, (struct store_range){ 0, UINT64_MAX, 1, 0 },
		      back, 9);
	expect_orders(fixture, (struct store_range){ 2, 300, 0, 0 }, all + 2,
		      5);
	expect_orders(fixture, (struct store_range){ 2, 300, 1, 0 }, back + 2,
		      5);
	expect_orders(fixture, (struct store_range){ 0, UINT64_MAX, 1, 3 },
		      back, 3);
	expect_orders(fixture, (struct store_range){ 257, 299, 0, 0 }, all, 0);
	expect_orders(fixture, (struct store_range){ 257, 299, 1, 0 }, all, 0);
	expect_orders(fixture, (struct store_range){ 9, 2, 0, 0 }, all, 0);
	expect_orders(fixture, (struct store_range){ 9, 2, 1, 0 }, all, 0);
	expect_orders(fixture,
		      (struct store_range){ 1ull << 41, UINT64_MAX, 1, 0 }, all,
		      0);
}

static int
collect_series(void *data, const struct store_series *series,
	       uint64_t last_order)
{
	texts_addf(data, "%s %s %s %llu", series->test, series->metric,
		   series->environment, (unsigned long long)last_order);
	return 0;
}

static int
list_series(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	assert_int_equal(
		store_series_each(tx, "perf/none", collect_series, data), 0);
	assert_int_equal(store_series_each(tx, "perf/a", collect_series, data),
			 0);
	return store_series_each(tx, NULL, collect_series, data);
}

static void
test_series_list(void **state)
{
	struct fixture *fixture = *state;
	struct texts names = { 0 };

	must_write(fixture->store, put_points, NULL);
	must_read(fixture->store, list_series, &names);
	assert_int_equal(names.count, 4);
	assert_string_equal(names.items[0], "perf/a cpu env 1099511627777");
	assert_string_equal(names.items[1], "perf/a wall env 1099511627776");
	assert_string_equal(names.items[3], names.items[1]);
	texts_release(&names);
}

static int
use_baselines(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1), other = commit_of(2);
	struct store_baseline put = {
		commit_of(7), STORE_ACCEPTED,
		"0123456789012345678901234567890123456789", 99
	};
	struct store_baseline got;

	(void)data, (void)err;
	assert_int_equal(store_baseline_get(tx, "perf/a", &at, &got),
			 ERR_NOT_FOUND);
	store_baseline_put(tx, "perf/a", &at, &put);
	put.why = STORE_HELD;
	put.definition[0] = '\0';
	store_baseline_put(tx, "perf/b", &at, &put);
	assert_int_equal(store_baseline_get(tx, "perf/a", &other, &got),
			 ERR_NOT_FOUND);
	assert_int_equal(store_baseline_get(tx, "perf/a", &at, &got), 0);
	assert_true(oid_equal(&got.commit, &put.commit));
	assert_int_equal(got.why, STORE_ACCEPTED);
	assert_int_equal(strlen(got.definition), 40);
	assert_int_equal(got.since_s, 99);
	assert_int_equal(store_baseline_get(tx, "perf/b", &at, &got), 0);
	assert_string_equal(got.definition, "");
	assert_string_equal(store_why_text(got.why), "held");
	return 0;
}

static int
count_baseline(void *data, const char *test, const struct oid *commit,
	       const struct store_baseline *baseline)
{
	(void)commit, (void)baseline;
	texts_add(data, test);
	return 0;
}

static int
list_baselines(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1);

	(void)err;
	store_baseline_each(tx, "perf/b", count_baseline, data);
	store_baseline_each(tx, NULL, count_baseline, data);
	assert_int_equal(store_baseline_delete(tx, "perf/a", &at), 0);
	assert_int_equal(store_baseline_delete(tx, "perf/a", &at),
			 ERR_NOT_FOUND);
	return store_baseline_each(tx, NULL, count_baseline, data);
}

static void
test_baselines(void **state)
{
	struct fixture *fixture = *state;
	struct texts names = { 0 };

	must_write(fixture->store, use_baselines, NULL);
	must_write(fixture->store, list_baselines, &names);
	assert_int_equal(names.count, 4);
	assert_string_equal(names.items[0], "perf/b");
	assert_string_equal(names.items[1], "perf/a");
	assert_string_equal(names.items[3], "perf/b");
	texts_release(&names);
}

static int
put_verdicts(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1), next = commit_of(2);
	json_t *doc = doc_of(5), *commit = doc_of(6);

	(void)data, (void)err;
	store_verdict_put(tx, &at, "perf/a", "wall", 10, doc);
	store_verdict_put(tx, &at, "perf/a", "", 10, doc);
	store_verdict_put(tx, &at, "", "", 10, commit);
	store_verdict_put(tx, &next, "perf/a", "", 10, doc);
	json_decref(doc);
	json_decref(commit);
	return 0;
}

static int
collect_verdict(void *data, const char *test, const char *metric, json_t *doc)
{
	texts_addf(data, "%s|%s|%d", test, metric, number_of(doc));
	return 0;
}

static int
list_verdicts(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1);

	(void)err;
	return store_verdict_each(tx, &at, collect_verdict, data);
}

static int
drop_verdicts(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1), next = commit_of(2);
	json_t *doc;

	(void)data, (void)err;
	assert_int_equal(store_verdict_get(tx, &at, "", "", &doc), 0);
	assert_int_equal(number_of(doc), 6);
	json_decref(doc);
	assert_int_equal(store_verdict_delete(tx, &at), 0);
	assert_int_equal(store_verdict_delete(tx, &at), 0);
	assert_int_equal(store_verdict_get(tx, &at, "", "", &doc),
			 ERR_NOT_FOUND);
	assert_int_equal(store_verdict_get(tx, &next, "perf/a", "", &doc), 0);
	json_decref(doc);
	return 0;
}

static void
test_verdicts(void **state)
{
	struct fixture *fixture = *state;
	struct texts names = { 0 };

	must_write(fixture->store, put_verdicts, NULL);
	must_read(fixture->store, list_verdicts, &names);
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], "||6");
	assert_string_equal(names.items[1], "perf/a||5");
	assert_string_equal(names.items[2], "perf/a|wall|5");
	texts_release(&names);
	must_write(fixture->store, drop_verdicts, NULL);
}

static int
put_ledger(struct store_tx *tx, void *data, struct err *err)
{
	(void)data, (void)err;
	/* The clock stands, steps back, and goes on. */
	for (int i = 0; i < 6; i++) {
		static const int64_t times[] = { 100, 100, 50, 0, 101, 101 };
		json_t *doc = doc_of(i);

		store_ledger_add(tx, times[i], i % 2 ? "perf/odd" : "", doc);
		json_decref(doc);
	}
	return 0;
}

static int
collect_ledger(void *data, uint64_t id, const char *test, json_t *doc)
{
	(void)id;
	texts_addf(data, "%s%d", test, number_of(doc));
	return 0;
}

static int
list_ledger(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	store_ledger_each(tx, NULL, 0, collect_ledger, data);
	store_ledger_each(tx, "perf/odd", 2, collect_ledger, data);
	return store_ledger_each(tx, "perf/none", 2, collect_ledger, data);
}

static void
test_ledger(void **state)
{
	static const char *const expected[] = {
		"perf/odd5", "4", "perf/odd3", "2",
		"perf/odd1", "0", "perf/odd5", "perf/odd3",
	};
	struct fixture *fixture = *state;
	struct texts names = { 0 };

	must_write(fixture->store, put_ledger, NULL);
	must_read(fixture->store, list_ledger, &names);
	assert_int_equal(names.count, 8);
	for (int i = 0; i < 8; i++)
		assert_string_equal(names.items[i], expected[i]);
	texts_release(&names);
}

/* A name that only a failed transaction used must not keep its id. */
static int
use_and_fail(struct store_tx *tx, void *data, struct err *err)
{
	json_t *doc = doc_of(1);

	store_environment_put(tx, data, doc);
	json_decref(doc);
	return err_set(err, ERR_LIMIT, "no");
}

static int
list_environments(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_each_environment(tx, collect_name, data);
}

static void
test_names_are_undone(void **state)
{
	struct fixture *fixture = *state;
	struct texts names = { 0 };
	char name[] = "ghost";

	assert_int_equal(store_write(fixture->store, use_and_fail, name, NULL),
			 ERR_LIMIT);
	must_read(fixture->store, list_environments, &names);
	assert_int_equal(names.count, 0);
	texts_release(&names);
}

struct look {
	uint64_t of[3]; /* perf/a, perf/b, commit 1 */
	struct texts listed;
};

static int
take_test(void *data, uint32_t id, const char *test, uint64_t generation)
{
	texts_addf(data, "%u %s %d", (unsigned)id, test, generation != 0);
	return 0;
}

static int
look(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1);
	struct look *looked = data;
	uint32_t id;

	(void)err;
	texts_release(&looked->listed);
	assert_int_equal(store_test_find(tx, "perf/c", &id, looked->of),
			 ERR_NOT_FOUND);
	store_test_find(tx, "perf/a", &id, &looked->of[0]);
	store_test_find(tx, "perf/b", &id, &looked->of[1]);
	looked->of[2] = store_commit_generation(tx, &at);
	return store_test_each(tx, take_test, &looked->listed);
}

static int
name_only(struct store_tx *tx, void *data, struct err *err)
{
	const double value = 1;
	const struct store_values values = { "wall", &value, 1 };
	const struct store_sample sample = { .test = "perf/b",
					     .environment = "cpu-a",
					     .session = "s",
					     .commit = commit_of(1),
					     .metrics = &values,
					     .metric_count = 1 };

	(void)data, (void)err;
	return store_sample_put(tx, &sample);
}

static int
put_one_point(struct store_tx *tx, void *data, struct err *err)
{
	const struct store_series series = { data, "wall", "cpu-a" };
	const struct store_point point = { .commit = commit_of(1) };

	(void)err;
	return store_point_put(tx, &series, 1, &point);
}

static int
put_one_verdict(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1);
	json_t *doc = doc_of(1);
	int rc = store_verdict_put(tx, &at, data, "", 10, doc);

	(void)err;
	json_decref(doc);
	return rc;
}

static int
drop_commit(struct store_tx *tx, void *data, struct err *err)
{
	const struct oid at = commit_of(1);

	(void)data, (void)err;
	return store_verdict_delete(tx, &at);
}

/* Who looks again sees what was written since, and nothing else. */
static void
test_changes(void **state)
{
	struct fixture *fixture = *state;
	struct look old = { { 0 }, { 0 } }, now = { { 0 }, { 0 } };
	char a[] = "perf/a", b[] = "perf/b";

	/* As an older pacegate left it: a name without a change. */
	must_write(fixture->store, name_only, NULL);
	must_write(fixture->store, put_one_point, a);
	must_read(fixture->store, look, &old);
	assert_string_equal(old.listed.items[0], "1 perf/b 0");
	assert_string_equal(old.listed.items[1], "2 perf/a 1");
	assert_int_equal(old.of[1], 0);
	must_write(fixture->store, put_one_verdict, b);
	must_read(fixture->store, look, &now);
	assert_int_equal(now.of[0], old.of[0]);
	assert_true(now.of[1] > old.of[0] && now.of[2] == now.of[1]);
	assert_string_equal(now.listed.items[0], "1 perf/b 1");
	must_write(fixture->store, drop_commit, NULL);
	must_read(fixture->store, look, &old);
	assert_true(old.of[1] > now.of[1] && old.of[2] == old.of[1]);
	assert_int_equal(old.of[0], now.of[0]);
	must(store_verify(fixture->store, NULL, NULL, NULL, NULL),
	     &(struct err)ERR_INIT);
	texts_release(&old.listed);
	texts_release(&now.listed);
}

#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, setup_store, teardown_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN(test_environments),     OPEN(test_long_names),
		OPEN(test_samples),          OPEN(test_series),
		OPEN(test_series_list),      OPEN(test_baselines),
		OPEN(test_verdicts),         OPEN(test_ledger),
		OPEN(test_names_are_undone), OPEN(test_changes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store_history", tests, NULL, NULL);
}
