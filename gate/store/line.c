#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "store/tables.h"

/* Pieces of exported lines. */

json_t *
line_bytes(const void *bytes, size_t len)
{
	json_t *text = json_stringn(bytes, len);
	struct buf hex = BUF_INIT;
	const unsigned char *at = bytes;
	json_t *object;

	/* jansson takes a NUL, but refuses to read it again. */
	if (text && (len == 0 || !memchr(bytes, '\0', len)))
		return text;
	json_decref(text);
	for (size_t i = 0; i < len; i++)
		buf_addf(&hex, "%02x", at[i]);
	object = json_object();
	json_object_set_new(object, "hex", json_string(buf_text(&hex)));
	buf_release(&hex);
	return object;
}

json_t *
line_name(const char *name)
{
	return line_bytes(name, strlen(name));
}

json_t *
line_double(double value)
{
	if (isnan(value))
		return json_string("nan");
	if (isinf(value))
		return json_string(value > 0 ? "inf" : "-inf");
	return json_real(value);
}

static int
wrong(const char *member, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INPUT, "member '%s' is not %s", member, wanted);
}

static int
digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int
line_get_bytes(const json_t *line, const char *member, struct buf *bytes,
	       struct err *err)
{
	const json_t *value = json_object_get(line, member);
	const char *hex = json_string_value(json_object_get(value, "hex"));

	if (json_is_string(value)) {
		buf_add(bytes, json_string_value(value),
			json_string_length(value));
		return 0;
	}
	if (!hex)
		return wrong(member, "a text", err);
	for (; hex[0]; hex += 2) {
		if (digit(hex[0]) < 0 || digit(hex[1]) < 0)
			return wrong(member, "pairs of hex digits", err);
		buf_addc(bytes, (char)(digit(hex[0]) << 4 | digit(hex[1])));
	}
	return 0;
}

int
line_double_of(const json_t *value, double *number)
{
	const char *text = json_string_value(value);

	*number = NAN;
	if (json_is_number(value))
		*number = json_number_value(value);
	else if (text && !strcmp(text, "inf"))
		*number = INFINITY;
	else if (text && !strcmp(text, "-inf"))
		*number = -INFINITY;
	else if (!text || strcmp(text, "nan") != 0)
		return ERR_INPUT;
	return 0;
}

int
line_get_double(const json_t *line, const char *member, double *value,
		struct err *err)
{
	if (line_double_of(json_object_get(line, member), value) < 0)
		return wrong(member, "a number", err);
	return 0;
}

int
line_get_text(const json_t *line, const char *member, int empty, char *text,
	      size_t size, struct err *err)
{
	struct buf bytes = BUF_INIT;
	int rc = line_get_bytes(line, member, &bytes, err);

	if (rc == 0 && (bytes.len >= size || (bytes.len == 0 && !empty) ||
			strlen(buf_text(&bytes)) != bytes.len))
		rc = wrong(member, "a text of proper length", err);
	if (rc == 0)
		memcpy(text, buf_text(&bytes), bytes.len + 1);
	buf_release(&bytes);
	return rc;
}

int
line_get_name(const json_t *line, const char *member, int empty,
	      char name[STORE_MAX_NAME + 1], struct err *err)
{
	return line_get_text(line, member, empty, name, STORE_MAX_NAME + 1,
			     err);
}

int
line_get_id(const json_t *line, const char *member, uint64_t *id,
	    struct err *err)
{
	int64_t number;
	int rc = json_get_int(line, member, 0, INT64_MAX, &number, err);

	if (rc == 0)
		*id = (uint64_t)number;
	return rc;
}

int
line_get_time(const json_t *line, const char *member, int64_t *time_s,
	      struct err *err)
{
	return json_get_int(line, member, INT64_MIN, INT64_MAX, time_s, err);
}

int
line_get_u32(const json_t *line, const char *member, uint32_t *number,
	     struct err *err)
{
	int64_t wide;
	int rc = json_get_int(line, member, 0, UINT32_MAX, &wide, err);

	if (rc == 0)
		*number = (uint32_t)wide;
	return rc;
}
