#include "base/units.h"
#include "base/buf.h"
#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
	{ "", 1000 },     { "ms", 1 },      { "s", 1000 },     { "m", 60000 },
	{ "min", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};

static const struct unit sizes[] = {
	{ "", 1 },           { "b", 1 },           { "k", 1 << 10 },
	{ "kb", 1 << 10 },   { "kib", 1 << 10 },   { "m", 1 << 20 },
	{ "mb", 1 << 20 },   { "mib", 1 << 20 },   { "g", 1 << 30 },
	{ "gb", 1 << 30 },   { "gib", 1 << 30 },   { "t", 1LL << 40 },
	{ "tb", 1LL << 40 }, { "tib", 1LL << 40 }, { NULL, 0 },
};

/* strtod(3) reads hexadecimal, `inf` and white space too: not wanted here. */
static int
parse_leading(const char *text, double *number, const char **rest)
{
	char *end = NULL;
	const char *digits = text + (*text == '+' || *text == '-');

	if (!isdigit((unsigned char)*digits) && *digits != '.')
		return ERR_INPUT;
	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		return ERR_INPUT;
	errno = 0;
	*number = strtod(text, &end);
	if (end == text || errno == ERANGE || !isfinite(*number))
		return ERR_INPUT;
	*rest = end;
	return 0;
}

static int
parse_with(const struct unit *units, const char *text, int64_t *result)
{
	const char *rest = NULL;
	double number = 0;

	if (parse_leading(text, &number, &rest) < 0 || number < 0)
		return ERR_INPUT;
	while (*rest == ' ')
		rest++;
	for (; units->name; units++) {
		double scaled = number * (double)units->factor;

		if (strcasecmp(rest, units->name))
			continue;
		if (scaled > 9e15)
			return ERR_INPUT;
		*result = (int64_t)llround(scaled);
		return 0;
	}
	return ERR_INPUT;
}

int
units_parse_duration(const char *text, int64_t *ms)
{
	return parse_with(durations, text, ms);
}

int
units_parse_size(const char *text, int64_t *bytes)
{
	return parse_with(sizes, text, bytes);
}

int
units_parse_percent(const char *text, double *fraction)
{
	const char *rest = NULL;
	double number = 0;

	if (parse_leading(text, &number, &rest) < 0)
		return ERR_INPUT;
	while (*rest == ' ')
		rest++;
	if (strcmp(rest, "%"))
		return ERR_INPUT;
	*fraction = number / 100;
	return 0;
}

int
units_parse_count(const char *text, int64_t min, int64_t max, int64_t *count)
{
	char *end = NULL;
	long long value;

	if (!isdigit((unsigned char)text[text[0] == '-']))
		return ERR_INPUT;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return ERR_INPUT;
	*count = value;
	return 0;
}

int
units_parse_number(const char *text, double *number)
{
	const char *rest = NULL;

	if (parse_leading(text, number, &rest) < 0 || *rest)
		return ERR_INPUT;
	return 0;
}

struct scale {
	const char *unit, *shown;
	double from; /* smallest value that is shown so */
	double divide;
};

static const struct scale scales[] = {
	{ "ns", "h", 3600e9, 3600e9 }, { "ns", "min", 120e9, 60e9 },
	{ "ns", "s", 1e9, 1e9 },       { "ns", "ms", 1e6, 1e6 },
	{ "ns", "us", 1e3, 1e3 },      { "ns", "ns", 0, 1 },
	{ "B", "GB", 1e9, 1e9 },       { "B", "MB", 1e6, 1e6 },
	{ "B", "kB", 1e3, 1e3 },       { "B", "B", 0, 1 },
	{ NULL, NULL, 0, 0 },
};

static void
add_three_digits(struct buf *buf, double value)
{
	double size = fabs(value);

	if (size >= 1e15 || (size > 0 && size < 1e-3))
		buf_addf(buf, "%.2e", value);
	else if (size >= 100 || value == floor(value))
		buf_addf(buf, "%.0f", value);
	else
		buf_addf(buf, "%.*f", size >= 10 ? 1 : 2, value);
}

void
units_add_value(struct buf *buf, double value, const char *unit)
{
	static const struct scale plain = { "", "", 0, 1 };
	const struct scale *found = &plain;

	for (const struct scale *at = scales; at->unit; at++) {
		if (!strcmp(at->unit, unit) && fabs(value) >= at->from) {
			found = at;
			break;
		}
	}
	add_three_digits(buf, value / found->divide);
	if (found != &plain)
		buf_addf(buf, " %s", found->shown);
	else if (*unit && strcmp(unit, "1"))
		buf_addf(buf, " %s", unit);
}

void
units_add_change(struct buf *buf, double ratio)
{
	double percent = (ratio - 1) * 100;

	if (!isfinite(percent)) {
		buf_adds(buf, "?");
		return;
	}
	if (fabs(percent) < 0.005)
		percent = 0;
	buf_addf(buf, "%+.*f %%", fabs(percent) < 1 ? 2 : 1, percent);
}

void
units_add_duration(struct buf *buf, int64_t ms)
{
	int64_t s = (ms + 500) / 1000;

	if (s < 60)
		buf_addf(buf, "%lld s", (long long)s);
	else if (s < 3600)
		buf_addf(buf, "%lld min %02lld s", (long long)s / 60,
			 (long long)s % 60);
	else
		buf_addf(buf, "%lld h %02lld min", (long long)s / 3600,
			 (long long)s / 60 % 60);
}
