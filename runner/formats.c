#include "runner/formats.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/units.h"
#include "runner/events.h"
#include "runner/formats_read.h"
#include "runner/readings.h"
#include "runner/slice.h"

#include <ctype.h>
#include <string.h>

static void read_events(const char *text, size_t len, struct readings *to);

const struct format_row format_rows[] = {
	{ "events", "lines that begin with `##perf `", read_events },
	{ "google-benchmark", "--benchmark_format=json",
	  read_google_benchmark },
	{ "go", "go test -bench", read_go },
	{ "hyperfine", "--export-json /dev/stdout", read_hyperfine },
	{ "criterion", "its text, cargo-criterion's JSON messages, libtest's",
	  read_criterion },
	{ "pytest-benchmark", "--benchmark-json=/dev/stdout",
	  read_pytest_benchmark },
	{ "customSmallerIsBetter", "[{\"name\", \"unit\", \"value\"}]",
	  read_custom_smaller },
	{ "customBiggerIsBetter", "[{\"name\", \"unit\", \"value\"}]",
	  read_custom_bigger },
	{ "tap", "durations of bats, node, prove --timer", read_tap },
	{ "junit", "times of test cases", read_junit },
	{ "racket", "cpu time: N real time: N gc time: N", read_racket },
	{ NULL, NULL, NULL },
};

const struct format_row *
format_find(const char *name)
{
	for (const struct format_row *row = format_rows; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

void
format_read(const struct format_row *format, const char *text, size_t len,
	    struct readings *readings)
{
	format->read(text, len, readings);
	if (!readings->count && !readings->problems.count && !readings->skip &&
	    !readings->fail)
		readings_problem(readings,
				 "format=%s: no value in what the test "
				 "printed, expected: %s",
				 format->name, format->help);
}

/* Nobody saw when these lines came, so spans need stamps of their own. */
static void
read_events(const char *text, size_t len, struct readings *to)
{
	const size_t prefix = strlen(EVENTS_STDOUT_PREFIX);
	struct text_lines lines = { .text = text, .len = len };
	struct events events;
	const char *line = NULL;
	size_t line_len = 0;

	events_init(&events, to, 0);
	while (text_lines_next(&lines, &line, &line_len))
		if (line_len >= prefix &&
		    !memcmp(line, EVENTS_STDOUT_PREFIX, prefix))
			events_line(&events, line + prefix, line_len - prefix,
				    EVENTS_NO_RECEIPT);
	events_finish(&events);
	events_release(&events);
}

int
text_lines_next(struct text_lines *lines, const char **line, size_t *len)
{
	const char *end;

	if (lines->at >= lines->len)
		return 0;
	*line = lines->text + lines->at;
	end = memchr(*line, '\n', lines->len - lines->at);
	*len = end ? (size_t)(end - *line) : lines->len - lines->at;
	lines->at += *len + 1;
	lines->number++;
	if (*len && (*line)[*len - 1] == '\r')
		(*len)--;
	return 1;
}

void
formats_add(struct readings *readings, const struct named_value *value)
{
	struct buf name = BUF_INIT;

	buf_add(&name, value->name, value->name_len);
	buf_adds(&name, value->suffix);
	readings_add(readings, value->where,
		     &(struct reading_value){ .raw = buf_text(&name),
					      .raw_len = name.len,
					      .value = value->value,
					      .unit = value->unit,
					      .better = value->better });
	buf_release(&name);
}

void
formats_add_ns(struct readings *readings, const char *where,
	       const struct slice *name, double ns)
{
	formats_add(readings, &(struct named_value){ .where = where,
						     .name = name->text,
						     .name_len = name->len,
						     .suffix = "",
						     .value = ns,
						     .unit = "ns",
						     .better = BETTER_LOWER });
}

static const struct {
	const char *name;
	double ns;
} time_units[] = {
	{ "ns", 1 },          { "us", 1e3 },     { "\xc2\xb5s", 1e3 },
	{ "\xce\xbcs", 1e3 }, { "ms", 1e6 },     { "s", 1e9 },
	{ "sec", 1e9 },       { "second", 1e9 }, { "seconds", 1e9 },
	{ "min", 60e9 },      { "ps", 1e-3 },    { "h", 3600e9 },
};

double
formats_unit_ns(const char *unit, size_t len)
{
	for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++)
		if (strlen(time_units[i].name) == len &&
		    !memcmp(time_units[i].name, unit, len))
			return time_units[i].ns;
	return 0;
}

int
formats_number(const char *text, size_t len, int commas, double *number)
{
	char plain[64];
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ',' && commas && i &&
		    isdigit((unsigned char)text[i - 1]))
			continue;
		if (!text[i] || used + 1 >= sizeof(plain))
			return ERR_INPUT;
		plain[used++] = text[i];
	}
	plain[used] = '\0';
	return units_parse_number(plain, number);
}
