#include "base/json.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/oid.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* jansson has no limit of its own below 2048; ours are flat documents. */
enum { JSON_MAX_DEPTH = 32 };

static int
is_too_deep(const char *text, size_t len)
{
	int depth = 0, in_text = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_text && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_text = !in_text;
		else if (!in_text && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!in_text && (text[i] == '}' || text[i] == ']'))
			depth--;
		if (depth > JSON_MAX_DEPTH)
			return 1;
	}
	return 0;
}

json_t *
json_parse(const char *text, size_t len, struct err *err)
{
	json_error_t error;
	json_t *value;

	if (is_too_deep(text, len)) {
		err_set(err, ERR_INPUT, "JSON nested too deeply");
		return NULL;
	}
	value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!value)
		err_set(err, ERR_INPUT, "bad JSON at byte %d: %s",
			error.position, error.text);
	return value;
}

static int
append_bytes(const char *bytes, size_t len, void *data)
{
	buf_add(data, bytes, len);
	return 0;
}

void
json_append(struct buf *buf, const json_t *value)
{
	json_dump_callback(value, append_bytes, buf,
			   JSON_COMPACT | JSON_ENCODE_ANY);
}

int
json_write_line(int fd, const json_t *value, struct err *err)
{
	struct buf line = BUF_INIT;
	int ret = 0;

	json_append(&line, value);
	buf_addc(&line, '\n');
	if (io_write_all(fd, line.data, line.len) < 0)
		ret = err_errno(err, "write");
	buf_release(&line);
	return ret;
}

void
json_print(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

static int
wrong(const char *name, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INPUT, "member '%s' is not %s", name, wanted);
}

int
json_get_text(const json_t *object, const char *name, const char **text,
	      struct err *err)
{
	*text = json_string_value(json_object_get(object, name));
	return *text ? 0 : wrong(name, "a text", err);
}

int
json_get_int(const json_t *object, const char *name, int64_t min, int64_t max,
	     int64_t *value, struct err *err)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_integer(member))
		return wrong(name, "a whole number", err);
	*value = json_integer_value(member);
	if (*value < min || *value > max)
		return wrong(name, "in its range", err);
	return 0;
}

int
json_get_number(const json_t *object, const char *name, double *value,
		struct err *err)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_number(member))
		return wrong(name, "a number", err);
	*value = json_number_value(member);
	return isfinite(*value) ? 0 : wrong(name, "finite", err);
}

int
json_get_oid(const json_t *object, const char *name, struct oid *oid,
	     struct err *err)
{
	const char *hex = json_string_value(json_object_get(object, name));

	if (!hex || strlen(hex) != OID_HEX || oid_parse(oid, hex) < 0)
		return wrong(name, "an object id", err);
	return 0;
}

int
json_get_array(const json_t *object, const char *name, size_t max,
	       json_t **array, struct err *err)
{
	*array = json_object_get(object, name);
	if (!json_is_array(*array))
		return wrong(name, "an array", err);
	if (json_array_size(*array) > max)
		return wrong(name, "short enough", err);
	return 0;
}

int
json_get_object(const json_t *object, const char *name, json_t **member,
		struct err *err)
{
	*member = json_object_get(object, name);
	return json_is_object(*member) ? 0 : wrong(name, "an object", err);
}

const char *
json_text_or(const json_t *object, const char *name, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : fallback;
}

int64_t
json_int_or(const json_t *object, const char *name, int64_t fallback)
{
	const json_t *member = json_object_get(object, name);

	return json_is_integer(member) ? json_integer_value(member) : fallback;
}

double
json_number_or(const json_t *object, const char *name, double fallback)
{
	const json_t *member = json_object_get(object, name);

	return json_is_number(member) ? json_number_value(member) : fallback;
}

int
json_bool_or(const json_t *object, const char *name, int fallback)
{
	const json_t *member = json_object_get(object, name);

	return json_is_boolean(member) ? json_is_true(member) : fallback;
}

json_t *
json_text(const char *text)
{
	return json_text_len(text, strlen(text));
}

json_t *
json_text_len(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);
	struct buf clean = BUF_INIT;

	if (value)
		return value;
	buf_add_clean(&clean, text, len, len * 4 + 4);
	value = json_stringn(buf_text(&clean), clean.len);
	buf_release(&clean);
	return value;
}

json_t *
json_oid(const struct oid *oid)
{
	char hex[OID_HEX + 1];

	return json_string(oid_format(oid, hex));
}

json_t *
json_num(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}
