#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "runner/formats_read.h"
#include "runner/readings.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/*
 * Formats that are one JSON document. Tools print other lines around it, and
 * hyperfine prints a longer document after each command: the last one that
 * begins on a line of its own counts. pytest's begins behind its dots, at the
 * end of their line.
 */

/* Bytes that may be read in vain, so that no text takes for ever. */
enum { MAX_IN_VAIN = 2 << 20 };

/* A document at the beginning of text; *used is how far it was read. */
static json_t *
load_document(const char *text, size_t len, size_t *used, struct err *err)
{
	json_error_t error;
	json_t *document;

	document = json_loadb(text, len,
			      JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK,
			      &error);
	*used = error.position > 0 ? (size_t)error.position : 0;
	if (!document)
		err_set(err, ERR_INPUT, "line %d: %s", error.line, error.text);
	return document;
}

/* Where on this line a document may begin, or NULL. What has a quote before its
 * brace is the inside of one. */
static const char *
document_start(const char *line, size_t len)
{
	const char *last = len ? line + len - 1 : line;

	if (!len)
		return NULL;
	if (line[0] == '{' || line[0] == '[')
		return line;
	if (isspace((unsigned char)line[0]) || memchr(line, '"', len) ||
	    (*last != '{' && *last != '['))
		return NULL;
	return last;
}

static json_t *
last_document(const char *text, size_t len, struct readings *to)
{
	struct text_lines lines = { .text = text, .len = len };
	struct err err = ERR_INIT;
	json_t *last = NULL;
	const char *line = NULL, *start;
	size_t line_len = 0, used = 0, skip = 0, in_vain = 0;

	while (text_lines_next(&lines, &line, &line_len)) {
		json_t *next;

		start = document_start(line, line_len);
		if (!start || line < text + skip)
			continue;
		next = load_document(start, len - (size_t)(start - text), &used,
				     &err);
		if (!next && (in_vain += used) > MAX_IN_VAIN)
			break;
		if (!next)
			continue;
		json_decref(last);
		last = next;
		skip = (size_t)(start - text) + used;
	}
	if (!last)
		readings_problem(to, "no JSON on stdout%s%s",
				 err.code ? ", " : "", err.text);
	return last;
}

/* The array of that name in the document, borrowed from it. */
static const json_t *
find_array(const json_t *document, const char *name, struct readings *to)
{
	const json_t *array = json_object_get(document, name);

	if (json_is_array(array))
		return array;
	readings_problem(to, "no array \"%s\" in the JSON", name);
	return NULL;
}

/* Add a demanded number of an item in the unit given; 0 or ERR_INPUT. */
struct field {
	const char *name;
	const char *suffix;
	double factor;
	const char *unit;
	enum better better;
};

static int
add_field(const json_t *item, const char *name, const struct field *field,
	  struct readings *to)
{
	struct err err = ERR_INIT;
	double number = 0;

	if (json_get_number(item, field->name, &number, &err) < 0) {
		readings_problem(to, "%s: %s", name, err.text);
		return ERR_INPUT;
	}
	formats_add(to, &(struct named_value){ .where = name,
					       .name = name,
					       .name_len = strlen(name),
					       .suffix = field->suffix,
					       .value = number * field->factor,
					       .unit = field->unit,
					       .better = field->better });
	return 0;
}

/* The name of an item; a problem and NULL when it has none. */
static const char *
item_name(const json_t *item, const char *member, size_t index,
	  struct readings *to)
{
	const char *name = json_text_or(item, member, NULL);

	if (!name)
		readings_problem(to, "result %zu: no text \"%s\"", index + 1,
				 member);
	return name;
}

static void
add_google_row(const json_t *item, const char *name, struct readings *to)
{
	const char *unit = json_text_or(item, "time_unit", "ns");
	double ns = formats_unit_ns(unit, strlen(unit));
	const struct field optional[] = {
		{ "bytes_per_second", ".bytes_per_second", 1, "B/s",
		  BETTER_HIGHER },
		{ "items_per_second", ".items_per_second", 1, "1/s",
		  BETTER_HIGHER },
	};
	const struct field real = { "real_time", "", ns, "ns", BETTER_LOWER };
	const struct field cpu = { "cpu_time", ".cpu", ns, "ns", BETTER_LOWER };

	if (json_bool_or(item, "error_occurred", 0)) {
		readings_problem(to, "%s: %s", name,
				 json_text_or(item, "error_message", "failed"));
		return;
	}
	if (ns <= 0) {
		readings_problem(to, "%s: unknown time_unit '%s'", name, unit);
		return;
	}
	if (add_field(item, name, &real, to) < 0 ||
	    add_field(item, name, &cpu, to) < 0)
		return;
	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
		if (json_object_get(item, optional[i].name))
			add_field(item, name, &optional[i], to);
}

/* Aggregates repeat the iterations; the medians stand in where the tool was
 * told to print nothing else. */
static int
google_wants(const json_t *item, int medians)
{
	const char *type = json_text_or(item, "run_type", "iteration");

	if (strcmp(type, "aggregate") != 0)
		return !medians;
	return medians &&
	       !strcmp(json_text_or(item, "aggregate_name", ""), "median");
}

void
read_google_benchmark(const char *text, size_t len, struct readings *to)
{
	json_t *document = last_document(text, len, to);
	const json_t *rows = NULL;

	if (document)
		rows = find_array(document, "benchmarks", to);
	for (int medians = 0; rows && medians < 2 && !to->count; medians++) {
		for (size_t i = 0; i < json_array_size(rows); i++) {
			const json_t *item = json_array_get(rows, i);
			const char *name;

			if (!google_wants(item, medians))
				continue;
			name = item_name(item, medians ? "run_name" : "name", i,
					 to);
			if (name)
				add_google_row(item, name, to);
		}
	}
	json_decref(document);
}

/* An array of seconds, each a repetition. */
static int
add_seconds(const json_t *times, const char *name, struct readings *to)
{
	for (size_t i = 0; i < json_array_size(times); i++) {
		const json_t *time = json_array_get(times, i);

		if (!json_is_number(time)) {
			readings_problem(to, "%s: time %zu is no number", name,
					 i + 1);
			return ERR_INPUT;
		}
		formats_add(to, &(struct named_value){
					.where = name,
					.name = name,
					.name_len = strlen(name),
					.suffix = "",
					.value = json_number_value(time) * 1e9,
					.unit = "ns",
					.better = BETTER_LOWER });
	}
	return json_array_size(times) > 0;
}

static void
add_hyperfine_row(const json_t *item, const char *name, struct readings *to)
{
	static const struct field user = { "user", ".user", 1e9, "ns",
					   BETTER_LOWER };
	static const struct field sys = { "system", ".sys", 1e9, "ns",
					  BETTER_LOWER };
	static const struct field median = { "median", "", 1e9, "ns",
					     BETTER_LOWER };
	const json_t *codes = json_object_get(item, "exit_codes");

	for (size_t i = 0; i < json_array_size(codes); i++)
		if (json_integer_value(json_array_get(codes, i))) {
			readings_problem(to, "%s: run %zu did not exit with 0",
					 name, i + 1);
			return;
		}
	if (!add_seconds(json_object_get(item, "times"), name, to))
		add_field(item, name, &median, to);
	if (json_is_number(json_object_get(item, "user")))
		add_field(item, name, &user, to);
	if (json_is_number(json_object_get(item, "system")))
		add_field(item, name, &sys, to);
}

void
read_hyperfine(const char *text, size_t len, struct readings *to)
{
	json_t *document = last_document(text, len, to);
	const json_t *rows = NULL;

	if (document)
		rows = find_array(document, "results", to);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *item = json_array_get(rows, i);
		const char *name = item_name(item, "command", i, to);

		if (name)
			add_hyperfine_row(item, name, to);
	}
	json_decref(document);
}

void
read_pytest_benchmark(const char *text, size_t len, struct readings *to)
{
	static const struct field median = { "median", "", 1e9, "ns",
					     BETTER_LOWER };
	json_t *document = last_document(text, len, to);
	const json_t *rows = NULL;

	if (document)
		rows = find_array(document, "benchmarks", to);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *item = json_array_get(rows, i);
		const char *name = item_name(item, "name", i, to);

		if (name)
			add_field(json_object_get(item, "stats"), name, &median,
				  to);
	}
	json_decref(document);
}

/* A number, or what some tools write: a number in a text. */
static int
custom_value(const json_t *item, double *value)
{
	const json_t *member = json_object_get(item, "value");
	const char *text = json_string_value(member);

	if (text)
		return formats_number(text, strlen(text), 1, value);
	if (!json_is_number(member))
		return ERR_INPUT;
	*value = json_number_value(member);
	return 0;
}

static void
add_custom_row(const json_t *item, const char *name, enum better better,
	       struct readings *to)
{
	const char *unit = json_text_or(item, "unit", "1");
	double ns = formats_unit_ns(unit, strlen(unit)), number = 0;
	struct named_value value = { .where = name,
				     .name = name,
				     .name_len = strlen(name),
				     .suffix = "",
				     .unit = unit,
				     .better = better };

	if (custom_value(item, &number) < 0) {
		readings_problem(to, "%s: member 'value' is not a number",
				 name);
		return;
	}
	value.value = ns > 0 ? number * ns : number;
	if (ns > 0)
		value.unit = "ns";
	else if (!reading_unit_is_valid(unit, strlen(unit)))
		value.unit = "1";
	formats_add(to, &value);
}

static void
read_custom(const char *text, size_t len, enum better better,
	    struct readings *to)
{
	json_t *document = last_document(text, len, to);

	if (document && !json_is_array(document))
		readings_problem(to, "the JSON is no array");
	for (size_t i = 0; i < json_array_size(document); i++) {
		const json_t *item = json_array_get(document, i);
		const char *name = item_name(item, "name", i, to);

		if (name)
			add_custom_row(item, name, better, to);
	}
	json_decref(document);
}

void
read_custom_smaller(const char *text, size_t len, struct readings *to)
{
	read_custom(text, len, BETTER_LOWER, to);
}

void
read_custom_bigger(const char *text, size_t len, struct readings *to)
{
	read_custom(text, len, BETTER_HIGHER, to);
}

void
read_criterion_message(const char *line, size_t len, size_t number,
		       struct readings *to)
{
	struct err err = ERR_INIT;
	json_t *message = json_parse(line, len, &err);
	const json_t *typical = json_object_get(message, "typical");
	const char *name, *unit;
	struct field estimate = { "estimate", "", 0, "ns", BETTER_LOWER };

	if (!message) {
		readings_problem(to, "line %zu: %s", number, err.text);
		return;
	}
	if (!strcmp(json_text_or(message, "reason", ""),
		    "benchmark-complete") &&
	    (name = item_name(message, "id", number - 1, to))) {
		unit = json_text_or(typical, "unit", "");
		estimate.factor = formats_unit_ns(unit, strlen(unit));
		if (estimate.factor > 0)
			add_field(typical, name, &estimate, to);
		else
			readings_problem(to, "%s: unknown unit '%s'", name,
					 unit);
	}
	json_decref(message);
}
