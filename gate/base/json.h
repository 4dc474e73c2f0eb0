#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdint.h>

struct buf;
struct err;
struct oid;

/*
 * JSON with jansson: one document a line where it travels. The getters take
 * what another program wrote and trust nothing: a missing or mistyped member
 * is ERR_INPUT with its name in err, unless a fallback is given. Borrowed
 * results live as long as the object.
 */

/* At most JSON_MAX_DEPTH deep, duplicate keys refused. NULL and err on bad
 * text; the caller json_decref()s. */
json_t *json_parse(const char *text, size_t len, struct err *err);

/* Append compact text, keys in order of insertion, without a newline. */
void json_append(struct buf *buf, const json_t *value);

/* Write one line (compact, newline added) to fd, waiting. 0 or ERR_SYSTEM. */
int json_write_line(int fd, const json_t *value, struct err *err);

/* Print on stdout, indented: what --json gives. */
void json_print(const json_t *value);

/* Demanded members. */
int json_get_text(const json_t *object, const char *name, const char **text,
		  struct err *err);
int json_get_int(const json_t *object, const char *name, int64_t min,
		 int64_t max, int64_t *value, struct err *err);
int json_get_number(const json_t *object, const char *name, double *value,
		    struct err *err); /* finite */
int json_get_oid(const json_t *object, const char *name, struct oid *oid,
		 struct err *err);
int json_get_array(const json_t *object, const char *name, size_t max,
		   json_t **array, struct err *err);
int json_get_object(const json_t *object, const char *name, json_t **member,
		    struct err *err);

/* Optional members. */
const char *json_text_or(const json_t *object, const char *name,
			 const char *fallback);
int64_t json_int_or(const json_t *object, const char *name, int64_t fallback);
double json_number_or(const json_t *object, const char *name, double fallback);
int json_bool_or(const json_t *object, const char *name, int fallback);

/* A string value; bytes that are not UTF-8 become `\xNN`. Never NULL. */
json_t *json_text(const char *text);
json_t *json_text_len(const char *text, size_t len);
json_t *json_oid(const struct oid *oid);

/* A number; NaN and infinities, which JSON cannot say, become null. */
json_t *json_num(double value);

#endif
