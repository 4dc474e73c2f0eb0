#include "cmd/detect_row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { MAX_DIGITS = 15, MAX_INDEX_DIGITS = 9 };

int
detect_name_is(const struct detect_name *a, const struct detect_name *b)
{
	return a->text && b->text && a->len == b->len &&
	       (a->text == b->text || !memcmp(a->text, b->text, a->len));
}

/* A plain decimal of few digits, exactly rounded since both its digits and the
 * power of ten are exact. What ends it, or NULL for another kind of number. */
static const char *
read_decimal(const char *at, double *value)
{
	static const double powers[] = { 1e0,  1e1,  1e2,  1e3, 1e4,  1e5,
					 1e6,  1e7,  1e8,  1e9, 1e10, 1e11,
					 1e12, 1e13, 1e14, 1e15 };
	int digits = 0, behind = 0, dot = 0, exponent = 0, negative = 0;
	long number = 0;

	for (;; at++) {
		if (*at == '.' && !dot) {
			dot = 1;
			continue;
		}
		if (*at < '0' || *at > '9')
			break;
		number = number * 10 + (*at - '0');
		behind += dot;
		if (++digits > MAX_DIGITS)
			return NULL;
	}
	if (*at == 'e' && digits) {
		at++;
		negative = *at == '-';
		at += *at == '-' || *at == '+';
		if (*at < '0' || *at > '9')
			return NULL;
		for (; *at >= '0' && *at <= '9' && exponent < 100; at++)
			exponent = exponent * 10 + (*at - '0');
	}
	exponent = (negative ? -exponent : exponent) - behind;
	if (!digits || exponent > MAX_DIGITS || exponent < -MAX_DIGITS)
		return NULL;
	*value = exponent < 0 ? (double)number / powers[-exponent]
			      : (double)number * powers[exponent];
	return at;
}

static int
ends(const char *at, const char *end)
{
	return at == end || *at == '\n' || (*at == '\r' && at[1] == '\n');
}

/* A row of the same series as the one before, all plain. */
static int
read_fast(struct detect_row *row, const char **at, const char *end)
{
	const char *line = *at;
	size_t len = row->name.len;
	int digits = 0;

	if (!row->name.text || (size_t)(end - line) <= len ||
	    line[len] != ',' || memcmp(line, row->name.text, len) != 0)
		return -1;
	line += len + 1;
	row->index = 0;
	for (; *line >= '0' && *line <= '9' && digits < MAX_INDEX_DIGITS;
	     digits++)
		row->index = row->index * 10 + (*line++ - '0');
	if (!digits || *line != ',')
		return -1;
	line = read_decimal(line + 1, &row->value);
	if (!line || !ends(line, end))
		return -1;
	line += *line == '\r';
	*at = line < end ? line : NULL;
	return 0;
}

/* The last two commas divide. */
static int
read_any(struct detect_row *row, const char *line, const char *end)
{
	const char *value = end, *index;
	char *after = NULL;

	while (value > line && value[-1] != ',')
		value--;
	index = value > line ? value - 1 : line;
	while (index > line && index[-1] != ',')
		index--;
	if (index == line || value == end)
		return -1;
	row->name.text = line;
	row->name.len = (size_t)(index - 1 - line);
	row->index = strtol(index, &after, 10);
	if (after == index || after != value - 1 || row->index < 0)
		return -1;
	row->value = strtod(value, &after);
	return after == end ? 0 : -1;
}

int
detect_row_read(struct detect_row *row, const char **at, const char *end,
		struct err *err)
{
	const char *line = *at, *eol, *last;

	if (!read_fast(row, at, end))
		return 0;
	eol = memchr(line, '\n', (size_t)(end - line));
	last = eol ? eol : end;
	*at = eol;
	if (last > line && last[-1] == '\r')
		last--;
	if (last == line)
		return 1;
	if (read_any(row, line, last) < 0)
		return err_set(
			err, ERR_INPUT, "'%.*s': write series,index,value",
			(int)(last - line > 80 ? 80 : last - line), line);
	return 0;
}
