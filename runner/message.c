#include "runner/message.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/names.h"
#include "base/protocol.h"
#include "runner/counting.h"
#include "runner/course.h"
#include "runner/readings.h"
#include "runner/rounds.h"
#include "runner/trial.h"

#include <math.h>
#include <string.h>

static json_t *
wrap(const char *name, json_t *body)
{
	json_t *message = json_object();

	json_object_set_new(message, name, body);
	return message;
}

json_t *
message_hello(const char *node)
{
	json_t *body = json_object();

	json_object_set_new(body, "pacegate", json_integer(PROTOCOL_VERSION));
	json_object_set_new(body, "version", json_text(PACEGATE_VERSION));
	if (node)
		json_object_set_new(body, "node", json_text(node));
	return wrap("hello", body);
}

json_t *
message_environment(const char *id)
{
	return wrap("environment", json_text(id));
}

static json_t *
short_text(const char *text)
{
	struct buf clean = BUF_INIT;
	json_t *value;

	buf_add_clean(&clean, text, strlen(text), PROTOCOL_MAX_TEXT);
	value = json_text(buf_text(&clean));
	buf_release(&clean);
	return value;
}

static void
set_log(json_t *object, const struct buf *log)
{
	struct buf clean = BUF_INIT;

	message_clean_log(buf_text(log), log->len, &clean);
	json_object_set_new(object, "log",
			    json_text_len(buf_text(&clean), clean.len));
	buf_release(&clean);
}

json_t *
message_phase(const struct message_phase *phase)
{
	json_t *message = wrap("phase", json_text(phase->phase));

	json_object_set_new(message, "revision",
			    json_integer((json_int_t)phase->revision));
	json_object_set_new(message, "status", json_text(phase->status));
	json_object_set_new(message, "ms", json_integer(phase->ms));
	json_object_set_new(message, "kept", json_boolean(phase->kept));
	if (phase->why)
		json_object_set_new(message, "why", short_text(phase->why));
	if (phase->log && phase->log->len)
		set_log(message, phase->log);
	return message;
}

/* Counts and times look better without a fraction. */
static json_t *
number(double value)
{
	if (value == floor(value) && fabs(value) < 9e15)
		return json_integer((json_int_t)value);
	return json_num(value);
}

static json_t *
metrics_json(const struct trial_result *result)
{
	json_t *metrics = json_object();

	for (size_t i = 0; i < result->metric_count; i++)
		json_object_set_new(metrics, result->metrics[i].name,
				    number(result->metrics[i].value));
	return metrics;
}

static json_t *
values_json(const struct readings *readings)
{
	json_t *values = json_array();

	for (size_t i = 0; i < readings->count; i++) {
		const struct reading *reading = &readings->items[i];
		json_t *item = json_object();

		json_object_set_new(item, "name", json_text(reading->name));
		json_object_set_new(item, "value",
				    number(reading_median(reading)));
		json_object_set_new(item, "unit", json_text(reading->unit));
		json_object_set_new(item, "better",
				    json_text(reading->better == BETTER_HIGHER
						      ? "higher"
						      : "lower"));
		json_object_set_new(item, "coarse",
				    json_boolean(reading->coarse));
		json_object_set_new(item, "count",
				    json_integer((json_int_t)reading->count));
		json_array_append_new(values, item);
	}
	return values;
}

/* Left out where there are none. */
static void
set_texts(json_t *object, const char *name, const struct texts *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; i < texts->count && i < PROTOCOL_MAX_TEXTS; i++)
		json_array_append_new(array, short_text(texts->items[i]));
	if (json_array_size(array))
		json_object_set(object, name, array);
	json_decref(array);
}

json_t *
message_trial(const struct rounds_step *step, const char *outcome,
	      const char *why, const struct trial_result *result,
	      const struct readings *readings)
{
	int ok = !strcmp(outcome, OUTCOME_OK);
	json_t *body = json_object();

	json_object_set_new(body, "revision",
			    json_integer((json_int_t)step->revision));
	json_object_set_new(body, "test", json_integer((json_int_t)step->test));
	json_object_set_new(body, "round", json_integer(step->round));
	json_object_set_new(body, "warmup", json_boolean(step->warmup));
	json_object_set_new(body, "outcome", json_text(outcome));
	json_object_set_new(body, "status", json_integer(result->status));
	json_object_set_new(body, "why", short_text(why));
	json_object_set_new(body, "metrics", metrics_json(result));
	json_object_set_new(body, "values", values_json(readings));
	set_texts(body, "problems", &readings->problems);
	set_texts(body, "notes", &readings->notes);
	if (!ok && result->run.log.len)
		set_log(body, &result->run.log);
	set_texts(body, "marks", &result->marks);
	if (result->run.strays)
		json_object_set_new(
			body, "left",
			json_integer((json_int_t)result->run.strays));
	return wrap("trial", body);
}

static void
append(json_t *body, const char *name, int64_t value)
{
	json_t *array = json_object_get(body, name);

	if (!array) {
		array = json_array();
		json_object_set_new(body, name, array);
	}
	json_array_append_new(array, json_integer(value));
}

json_t *
message_course(size_t test, size_t revision, const struct course *course)
{
	const char *const memory = course->by_group ? "memory" : "rss";
	json_t *body = json_object();

	json_object_set_new(body, "revision",
			    json_integer((json_int_t)revision));
	json_object_set_new(body, "test", json_integer((json_int_t)test));
	for (size_t i = 0; i < course->count; i++) {
		const struct course_point *point = &course->points[i];

		append(body, "time", point->at_ns);
		append(body, memory, point->memory_bytes);
		append(body, "cpu", point->cpu_ns);
		append(body, "threads", point->threads);
		append(body, "read", point->read_bytes);
		append(body, "written", point->written_bytes);
	}
	return wrap("course", body);
}

json_t *
message_count(size_t test, size_t revision, const struct tally *tally)
{
	json_t *body = json_object();

	json_object_set_new(body, "revision",
			    json_integer((json_int_t)revision));
	json_object_set_new(body, "test", json_integer((json_int_t)test));
	if (*tally->why)
		json_object_set_new(body, "why", short_text(tally->why));
	else
		json_object_set_new(body, "instructions",
				    json_num(tally->first));
	return wrap("count", body);
}

json_t *
message_round(int round)
{
	return wrap("round", json_integer(round));
}

json_t *
message_error(enum fault fault, const char *text)
{
	static const char *const whose[] = { [FAULT_OURS] = "ours",
					     [FAULT_PUSHER] = "pusher",
					     [FAULT_TEST] = "test" };
	json_t *body = json_object();

	json_object_set_new(body, "whose", json_text(whose[fault]));
	json_object_set_new(body, "text", short_text(text));
	return wrap("error", body);
}

json_t *
message_end(json_t *environment, const char *sandbox, const char *counter,
	    const char *counter_why)
{
	json_t *body = json_object();

	json_object_set_new(body, "environment",
			    environment ? environment : json_object());
	json_object_set_new(body, "sandbox", json_text(sandbox));
	json_object_set_new(body, "counter", json_text(counter));
	if (*counter_why)
		json_object_set_new(body, "counter_why",
				    short_text(counter_why));
	return wrap("end", body);
}

void
message_clean_log(const char *text, size_t len, struct buf *clean)
{
	struct buf all = BUF_INIT;
	size_t skip = 0;

	/* Cleaning only makes it longer: what is too long stays too long. */
	if (len > PROTOCOL_MAX_LOG) {
		text += len - PROTOCOL_MAX_LOG;
		len = PROTOCOL_MAX_LOG;
	}
	for (size_t at = 0, start = 0; at <= len; at++) {
		if (at < len && text[at] != '\n' && text[at] != '\t')
			continue;
		buf_add_clean(&all, text + start, at - start,
			      4 * (at - start) + 4);
		if (at < len)
			buf_adds(&all, text[at] == '\n' ? "\n" : "    ");
		start = at + 1;
	}
	if (all.len > PROTOCOL_MAX_LOG) {
		const char *line;

		skip = all.len - PROTOCOL_MAX_LOG;
		line = memchr(all.data + skip, '\n', all.len - skip);
		if (line && line + 1 < all.data + all.len)
			skip = (size_t)(line + 1 - all.data);
	}
	buf_add(clean, buf_text(&all) + skip, all.len - skip);
	buf_release(&all);
}
