#include "runner/readings.h"
#include "base/buf.h"
#include "base/protocol.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_text(struct readings *readings, struct texts *texts,
		     const char *text, size_t len);
static struct reading *find_reading(const struct readings *readings,
				    const char *name);

void
readings_release(struct readings *readings)
{
	for (size_t i = 0; i < readings->count; i++) {
		free(readings->items[i].raw);
		free(readings->items[i].values);
	}
	free(readings->items);
	texts_release(&readings->problems);
	texts_release(&readings->notes);
	free(readings->skip);
	free(readings->fail);
	*readings = (struct readings)READINGS_INIT;
}

void
readings_problem(struct readings *readings, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	add_text(readings, &readings->problems, buf_text(&text), text.len);
	buf_release(&text);
}

void
readings_note(struct readings *readings, const char *text, size_t len)
{
	add_text(readings, &readings->notes, text, len);
}

void
readings_set_reason(char **reason, const char *text, size_t len)
{
	struct buf clean = BUF_INIT;

	if (*reason)
		return;
	buf_add_clean(&clean, text, len, PROTOCOL_MAX_TEXT);
	*reason = buf_take(&clean);
}

static int
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("_./:+=@#-", c));
}

int
reading_name_is_valid(const char *name, size_t len)
{
	if (!len || len > READING_MAX_NAME ||
	    (strchr("./:+=@#-", name[0]) && name[0]))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!is_name_byte(name[i]))
			return 0;
	return 1;
}

int
reading_unit_is_valid(const char *unit, size_t len)
{
	if (!len || len > READING_MAX_UNIT)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (unit[i] != '%' && !is_name_byte(unit[i]))
			return 0;
	return 1;
}

/* What a metric's name cannot hold becomes `_`, a run of it one. */
static void
clean_name(const char *raw, size_t len, char name[READING_MAX_NAME + 1])
{
	size_t used = 0;

	for (size_t i = 0; i < len && used < READING_MAX_NAME; i++) {
		if (is_name_byte(raw[i]) &&
		    (used || reading_name_is_valid(raw + i, 1)))
			name[used++] = raw[i];
		else if (used && name[used - 1] != '_')
			name[used++] = '_';
	}
	while (used > 1 && name[used - 1] == '_' &&
	       !(len && raw[len - 1] == '_'))
		used--;
	name[used] = '\0';
}

static struct reading *
new_reading(struct readings *readings, const char *where, const char *name,
	    const struct reading_value *value)
{
	struct reading *reading;

	if (!name[0]) {
		readings_problem(readings,
				 "%s: the name holds no letter or digit",
				 where);
		return NULL;
	}
	if (metric_find(name)) {
		readings_problem(readings,
				 "%s: the runner measures '%s' itself, use "
				 "another name",
				 where, name);
		return NULL;
	}
	if (readings->count >= PROTOCOL_MAX_VALUES) {
		readings_problem(readings,
				 "%s: '%s' is more than the %d values that a "
				 "test may declare",
				 where, name, (int)PROTOCOL_MAX_VALUES);
		return NULL;
	}
	MEM_GROW(readings->items, readings->count, readings->cap);
	reading = &readings->items[readings->count++];
	*reading = (struct reading){ .better = value->better };
	memcpy(reading->name, name, strlen(name) + 1);
	snprintf(reading->unit, sizeof(reading->unit), "%s", value->unit);
	reading->raw = mem_copy_bytes(value->raw, value->raw_len);
	return reading;
}

/* 1 when value fits what was said of this name before. */
static int
fits(struct readings *readings, const struct reading *reading,
     const char *where, const struct reading_value *value)
{
	if (strlen(reading->raw) != value->raw_len ||
	    memcmp(reading->raw, value->raw, value->raw_len) != 0) {
		readings_problem(readings,
				 "%s: two names become '%s', use letters, "
				 "digits and ._/-",
				 where, reading->name);
		return 0;
	}
	if (strcmp(reading->unit, value->unit) != 0 ||
	    reading->better != value->better) {
		readings_problem(readings,
				 "%s: '%s' had another unit or direction "
				 "before, give it a name of its own",
				 where, reading->name);
		return 0;
	}
	return 1;
}

void
readings_add(struct readings *readings, const char *where,
	     const struct reading_value *value)
{
	char name[READING_MAX_NAME + 1];
	struct reading *reading;

	if (!isfinite(value->value)) {
		readings_problem(readings, "%s: not a finite number", where);
		return;
	}
	if (memchr(value->raw, '\0', value->raw_len)) {
		readings_problem(readings, "%s: a NUL in the name", where);
		return;
	}
	clean_name(value->raw, value->raw_len, name);
	reading = find_reading(readings, name);
	if (reading && !fits(readings, reading, where, value))
		return;
	if (!reading)
		reading = new_reading(readings, where, name, value);
	if (!reading)
		return;
	MEM_GROW(reading->values, reading->count, reading->cap);
	reading->values[reading->count++] = value->value;
	reading->coarse |= value->coarse;
}

static int
compare_numbers(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

double
reading_median(const struct reading *reading)
{
	size_t count = reading->count, half = count / 2;
	double *sorted, median;

	if (!count)
		return NAN;
	sorted = mem_new(count, sizeof(*sorted));
	memcpy(sorted, reading->values, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_numbers);
	median = sorted[half];
	if (count % 2 == 0) /* halves first: the sum may overflow */
		median = sorted[half - 1] / 2 + sorted[half] / 2;
	free(sorted);
	return median;
}

void
readings_keep(struct readings *readings, const struct texts *metrics)
{
	size_t kept = 0, declared = 0;

	for (size_t i = 0; i < metrics->count; i++) {
		const char *name = metrics->items[i];

		if (metric_find(name))
			continue;
		declared++;
		if (!find_reading(readings, name))
			readings_problem(readings,
					 "metrics=%s: the test gave no value "
					 "of that name",
					 name);
	}
	if (!declared)
		return;
	for (size_t i = 0; i < readings->count; i++) {
		struct reading reading = readings->items[i];

		if (texts_has(metrics, reading.name)) {
			readings->items[kept++] = reading;
			continue;
		}
		free(reading.raw);
		free(reading.values);
	}
	readings->count = kept;
}

static void
add_text(struct readings *readings, struct texts *texts, const char *text,
	 size_t len)
{
	struct buf clean = BUF_INIT;

	if (texts->count >= PROTOCOL_MAX_TEXTS) {
		readings->unsaid++;
		return;
	}
	buf_add_clean(&clean, text, len, PROTOCOL_MAX_TEXT);
	texts_add(texts, buf_text(&clean));
	buf_release(&clean);
}

static struct reading *
find_reading(const struct readings *readings, const char *name)
{
	for (size_t i = 0; i < readings->count; i++)
		if (!strcmp(readings->items[i].name, name))
			return &readings->items[i];
	return NULL;
}
