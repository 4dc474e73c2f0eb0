#ifndef RUNNER_FORMATS_READ_H
#define RUNNER_FORMATS_READ_H

#include <stddef.h>

#include "base/metrics.h"

struct readings;
struct slice;

/* What the readers of the formats share; for runner/formats*.c alone. */

/* Lines of a text, without their ends (`\r` too); start from a zeroed one. */
struct text_lines {
	const char *text;
	size_t len, at;
	size_t number; /* of the line in hand, from 1 */
};

/* 1 and the next line, borrowed from the text; 0 at the end. */
int text_lines_next(struct text_lines *lines, const char **line, size_t *len);

/* Where a value came from, what it is called and what it means. */
struct named_value {
	const char *where;
	const char *name;
	size_t name_len;
	const char *suffix; /* appended to the name; "" for none */
	double value;
	const char *unit;
	enum better better;
};

void formats_add(struct readings *readings, const struct named_value *value);

/* A time, of which less is better. */
void formats_add_ns(struct readings *readings, const char *where,
		    const struct slice *name, double ns);

/* Nanoseconds in one of a unit of time (`ns`, `us`, `µs`, `ms`, `s`, `min`,
 * also `second`, ...), 0 for any other text. */
double formats_unit_ns(const char *unit, size_t len);

/* A finite number that takes up all of the text; 0 or ERR_INPUT. Commas
 * between digits are allowed where asked for. */
int formats_number(const char *text, size_t len, int commas, double *number);

/* One line of cargo-criterion's --message-format=json. */
void read_criterion_message(const char *line, size_t len, size_t number,
			    struct readings *to);

void read_google_benchmark(const char *text, size_t len, struct readings *to);
void read_hyperfine(const char *text, size_t len, struct readings *to);
void read_pytest_benchmark(const char *text, size_t len, struct readings *to);
void read_custom_smaller(const char *text, size_t len, struct readings *to);
void read_custom_bigger(const char *text, size_t len, struct readings *to);
void read_go(const char *text, size_t len, struct readings *to);
void read_criterion(const char *text, size_t len, struct readings *to);
void read_racket(const char *text, size_t len, struct readings *to);
void read_tap(const char *text, size_t len, struct readings *to);
void read_junit(const char *text, size_t len, struct readings *to);

#endif
