#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/names.h"
#include "store/tables.h"
#include "store/varint.h"

/*
 * Key: test, commit, environment, session's name. Value: time, number of
 * metrics, then each of them.
 *
 * Nearly all that is measured is whole (nanoseconds, bytes, counts), and much
 * of it small, so that a double wastes half of its bytes and more. COMPACT
 * beside the number of metrics says that a metric is its id, its count and
 * whether its values are whole, then the values, all of variable length but for
 * doubles. Without it, from schema 1, id and count are of four bytes, and the
 * values are doubles.
 */
#define COMPACT ((uint32_t)1 << 31)

/* Whole numbers that a double holds exactly. */
#define MAX_WHOLE 9007199254740992.0

/* A sample in memory; the arrays and names are its own. */
struct loaded {
	struct store_sample sample;
	char test[STORE_MAX_NAME + 1];
	char environment[STORE_MAX_NAME + 1];
	char session[STORE_MAX_NAME + 1];
	struct store_values *metrics;
	char (*names)[STORE_MAX_NAME + 1];
	double *values;
};

static int load(struct store_tx *tx, struct record *record,
		struct loaded *loaded);

static void
loaded_release(struct loaded *loaded)
{
	free(loaded->metrics);
	free(loaded->names);
	free(loaded->values);
}

static int
make_key(struct store_tx *tx, const struct store_sample *sample,
	 struct pack *key)
{
	uint32_t test, environment;
	int rc = name_make(tx, NAME_TEST, sample->test, &test);

	if (rc == 0)
		rc = name_make(tx, NAME_ENVIRONMENT, sample->environment,
			       &environment);
	if (rc == 0)
		rc = tx_check_name(tx, "session", sample->session);
	if (rc < 0)
		return rc;
	pack_start(key);
	pack_u32(key, test);
	pack_oid(key, &sample->commit);
	pack_u32(key, environment);
	pack_tail(key, sample->session);
	return 0;
}

/* -0 is not, since it would lose its sign. */
static int
are_whole(const struct store_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		double value = values->values[i];

		if (!(fabs(value) <= MAX_WHOLE) || value != trunc(value) ||
		    (value == 0 && signbit(value)))
			return 0;
	}
	return 1;
}

static void
add_number(struct buf *value, uint64_t number)
{
	unsigned char *at = (unsigned char *)buf_room(value, VARINT_MAX);

	value->len += (size_t)(varint_put(at, number) - at);
}

/* Values may be many: this one is built in memory of its own. */
static void
add_values(struct store_tx *tx, struct buf *value,
	   const struct store_values *values)
{
	int whole = are_whole(values);
	struct pack piece;
	uint32_t metric;

	if (values->count > UINT32_MAX)
		tx_fail(tx, ERR_LIMIT, "too many values of %s", values->metric);
	if (tx_check_name(tx, "metric", values->metric) < 0 ||
	    name_make(tx, NAME_METRIC, values->metric, &metric) < 0)
		return;
	add_number(value, metric);
	add_number(value, (uint64_t)values->count << 1 | (unsigned)whole);
	for (size_t i = 0; i < values->count; i++) {
		if (whole) {
			int64_t number = (int64_t)values->values[i];

			add_number(value, varint_fold((uint64_t)number));
			continue;
		}
		pack_start(&piece);
		pack_double(&piece, values->values[i]);
		buf_add(value, piece.bytes, piece.len);
	}
}

int
store_sample_put(struct store_tx *tx, const struct store_sample *sample)
{
	struct buf value = BUF_INIT;
	struct pack key, head;
	int rc = tx_check_name(tx, "test", sample->test);

	if (rc == 0)
		rc = tx_check_name(tx, "environment", sample->environment);
	if (rc == 0)
		rc = make_key(tx, sample, &key);
	if (rc < 0)
		return rc;
	pack_start(&head);
	pack_s64(&head, sample->time_s);
	pack_u32(&head, COMPACT | (uint32_t)(sample->metric_count +
					     sample->course_count));
	buf_add(&value, head.bytes, head.len);
	for (size_t i = 0; i < sample->metric_count; i++)
		add_values(tx, &value, &sample->metrics[i]);
	for (size_t i = 0; i < sample->course_count; i++)
		add_values(tx, &value, &sample->course[i]);
	rc = tx_put(tx, TABLE_SAMPLES, &key, value.data, value.len);
	buf_release(&value);
	return rc;
}

int
store_sample_each(struct store_tx *tx, const char *test,
		  const struct oid *commit, store_sample_fn *fn, void *data)
{
	struct walk walk;
	struct pack prefix;
	uint32_t id;
	int rc = name_find(tx, NAME_TEST, test, &id);

	if (rc < 0)
		return rc == ERR_NOT_FOUND ? 0 : rc;
	pack_start(&prefix);
	pack_u32(&prefix, id);
	pack_oid(&prefix, commit);
	walk_start(&walk, tx, TABLE_SAMPLES, &prefix);
	while ((rc = walk_next(&walk)) == 1) {
		struct loaded loaded;

		rc = load(tx, &walk.record, &loaded);
		if (rc == 0)
			rc = fn(data, &loaded.sample);
		loaded_release(&loaded);
		if (rc != 0)
			break;
	}
	walk_end(&walk);
	return rc < 0 ? rc : store_tx_error(tx);
}

/* The course stands behind the metrics. */
static void
split_course(struct store_sample *sample)
{
	size_t all = sample->metric_count, count = 0;

	while (count < all && sample->metrics[count].metric[0] != STORE_COURSE)
		count++;
	sample->metric_count = count;
	sample->course = sample->metrics + count;
	sample->course_count = all - count;
}

/* A number of the compact form; what is no such sets bad. */
static uint64_t
take_number(struct fields *value, uint64_t max)
{
	const unsigned char *end = value->at + value->left, *at;
	uint64_t number = 0;

	at = value->bad ? NULL : varint_get(value->at, end, &number);
	if (!at || number > max) {
		value->bad = 1;
		return 0;
	}
	value->left = (size_t)(end - at);
	value->at = at;
	return number;
}

/* What stands before a metric's values. */
struct metric_head {
	uint32_t metric, count;
	int whole;
};

static struct metric_head
take_head(struct fields *value, int compact)
{
	struct metric_head head = { 0 };
	uint64_t number;

	if (!compact) {
		head.metric = fields_u32(value);
		head.count = fields_u32(value);
	} else {
		head.metric = (uint32_t)take_number(value, UINT32_MAX);
		number = take_number(value, (uint64_t)UINT32_MAX << 1 | 1);
		head.count = (uint32_t)(number >> 1);
		head.whole = number & 1;
	}
	if (head.count > value->left / (head.whole ? 1 : 8))
		value->bad = 1;
	return head;
}

static double
take_value(struct fields *value, int whole)
{
	if (!whole)
		return fields_double(value);
	return (double)(int64_t)varint_unfold(take_number(value, UINT64_MAX));
}

/* Metrics and values one after the other; counts are checked against what is
 * left before anything is allocated. */
static int
load_metrics(struct store_tx *tx, struct record *record, struct loaded *loaded,
	     uint32_t count)
{
	struct fields *value = &record->value;
	int compact = (count & COMPACT) != 0;
	size_t smallest = compact ? 1 : 8; /* of a value */
	double *next;

	count &= ~COMPACT;
	if (count > value->left / 2)
		return tx_bad(tx, record, "%u metrics in %zu bytes", count,
			      value->left);
	loaded->metrics = mem_new(count, sizeof(*loaded->metrics));
	loaded->names = mem_new(count, sizeof(*loaded->names));
	loaded->values = mem_new(value->left / smallest, sizeof(double));
	next = loaded->values;
	for (uint32_t i = 0; i < count; i++) {
		struct metric_head head = take_head(value, compact);

		if (value->bad)
			return tx_bad(tx, record, "value cut short");
		if (name_of(tx, record, NAME_METRIC, head.metric,
			    loaded->names[i]) < 0)
			return store_tx_error(tx);
		loaded->metrics[i].metric = loaded->names[i];
		loaded->metrics[i].values = next;
		loaded->metrics[i].count = head.count;
		for (uint32_t k = 0; k < head.count; k++)
			*next++ = take_value(value, head.whole);
	}
	if (!fields_are_done(value))
		return tx_bad(tx, record, "value of a wrong length");
	loaded->sample.metrics = loaded->metrics;
	loaded->sample.metric_count = count;
	split_course(&loaded->sample);
	return 0;
}

static int
load(struct store_tx *tx, struct record *record, struct loaded *loaded)
{
	struct store_sample *sample = &loaded->sample;
	uint32_t test, environment, count;

	memset(loaded, 0, sizeof(*loaded));
	test = fields_u32(&record->key);
	fields_oid(&record->key, &sample->commit);
	environment = fields_u32(&record->key);
	fields_tail(&record->key, loaded->session, sizeof(loaded->session));
	sample->time_s = fields_s64(&record->value);
	count = fields_u32(&record->value);
	if (!fields_are_done(&record->key) || test == 0 || environment == 0)
		return tx_bad(tx, record, "key of a wrong form");
	if (record->value.bad)
		return tx_bad(tx, record, "value cut short");
	name_of(tx, record, NAME_TEST, test, loaded->test);
	if (name_of(tx, record, NAME_ENVIRONMENT, environment,
		    loaded->environment) < 0)
		return store_tx_error(tx);
	sample->test = loaded->test;
	sample->environment = loaded->environment;
	sample->session = loaded->session;
	return load_metrics(tx, record, loaded, count);
}

static json_t *
show_values(const struct store_values *values)
{
	json_t *object = json_object(), *array = json_array();

	for (size_t i = 0; i < values->count; i++)
		json_array_append_new(array, line_double(values->values[i]));
	json_object_set_new(object, "metric", line_name(values->metric));
	json_object_set_new(object, "values", array);
	return object;
}

json_t *
sample_show(struct store_tx *tx, struct record *record)
{
	struct loaded loaded;
	const struct store_sample *sample = &loaded.sample;
	json_t *line = NULL, *metrics;

	if (load(tx, record, &loaded) < 0)
		goto out;
	line = json_object();
	json_object_set_new(line, "test", line_name(sample->test));
	json_object_set_new(line, "commit", json_oid(&sample->commit));
	json_object_set_new(line, "environment",
			    line_name(sample->environment));
	json_object_set_new(line, "session", line_name(sample->session));
	json_object_set_new(line, "time_s", json_integer(sample->time_s));
	metrics = json_array();
	for (size_t i = 0; i < sample->metric_count; i++)
		json_array_append_new(metrics,
				      show_values(&sample->metrics[i]));
	for (size_t i = 0; i < sample->course_count; i++)
		json_array_append_new(metrics, show_values(&sample->course[i]));
	json_object_set_new(line, "metrics", metrics);
out:
	loaded_release(&loaded);
	return line;
}

static int
restore_values(const json_t *object, struct store_values *values,
	       char name[STORE_MAX_NAME + 1], struct err *err)
{
	json_t *array;
	double *numbers;
	size_t count;
	int rc = line_get_name(object, "metric", 0, name, err);

	if (rc == 0)
		rc = json_get_array(object, "values", UINT32_MAX, &array, err);
	if (rc < 0)
		return rc;
	count = json_array_size(array);
	numbers = mem_new(count + 1, sizeof(*numbers));
	values->metric = name;
	values->values = numbers;
	values->count = count;
	for (size_t i = 0; i < count; i++)
		if (line_double_of(json_array_get(array, i), &numbers[i]) < 0)
			return err_set(err, ERR_INPUT,
				       "values[%zu] is not a number", i);
	return 0;
}

static int
restore_metrics(struct store_tx *tx, struct loaded *loaded,
		const json_t *metrics, struct err *err)
{
	size_t count = json_array_size(metrics);
	int rc = 0;

	loaded->metrics = mem_new(count + 1, sizeof(*loaded->metrics));
	loaded->names = mem_new(count + 1, sizeof(*loaded->names));
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = restore_values(json_array_get(metrics, i),
				    &loaded->metrics[i], loaded->names[i], err);
	loaded->sample.metrics = loaded->metrics;
	loaded->sample.metric_count = count;
	if (rc == 0)
		rc = store_sample_put(tx, &loaded->sample);
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)loaded->metrics[i].values);
	return rc;
}

int
sample_restore(struct store_tx *tx, const json_t *line, struct err *err)
{
	struct loaded loaded = { 0 };
	struct store_sample *sample = &loaded.sample;
	json_t *metrics;
	int rc = line_get_name(line, "test", 0, loaded.test, err);

	sample->test = loaded.test;
	sample->environment = loaded.environment;
	sample->session = loaded.session;
	if (rc == 0)
		rc = line_get_name(line, "environment", 0, loaded.environment,
				   err);
	if (rc == 0)
		rc = line_get_name(line, "session", 0, loaded.session, err);
	if (rc == 0)
		rc = json_get_oid(line, "commit", &sample->commit, err);
	if (rc == 0)
		rc = line_get_time(line, "time_s", &sample->time_s, err);
	if (rc == 0)
		rc = json_get_array(line, "metrics", 100000, &metrics, err);
	if (rc == 0)
		rc = restore_metrics(tx, &loaded, metrics, err);
	loaded_release(&loaded);
	return rc;
}
