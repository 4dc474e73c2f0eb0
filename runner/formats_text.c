#include "base/err.h"
#include "runner/formats_read.h"
#include "runner/readings.h"
#include "runner/slice.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Formats that are lines of words: Go, Criterion and libtest, Racket. */

enum { MAX_WORDS = 64 };

/* Split at blanks; words beyond MAX_WORDS are left out. */
static size_t
split(const char *line, size_t len, struct slice words[MAX_WORDS])
{
	size_t count = 0, at = 0;

	while (count < MAX_WORDS) {
		while (at < len && isblank((unsigned char)line[at]))
			at++;
		if (at >= len)
			break;
		words[count].text = line + at;
		while (at < len && !isblank((unsigned char)line[at]))
			at++;
		words[count].len = (size_t)(line + at - words[count].text);
		count++;
	}
	return count;
}

/* Units of which more is better: those of a rate, and what a `Unit` line of
 * the output says (golang.org/design/14313-benchmark-format). */
struct go_units {
	struct texts higher, lower;
};

static enum better
go_direction(const struct go_units *units, const char *unit)
{
	size_t len = strlen(unit);

	if (texts_has(&units->higher, unit))
		return BETTER_HIGHER;
	if (texts_has(&units->lower, unit))
		return BETTER_LOWER;
	return len > 2 && !strcmp(unit + len - 2, "/s") ? BETTER_HIGHER
							: BETTER_LOWER;
}

static void
go_unit_line(struct go_units *units, const struct slice *words, size_t count)
{
	for (size_t i = 2; i < count; i++) {
		struct texts *list = slice_is(&words[i], "better=higher")
					     ? &units->higher
				     : slice_is(&words[i], "better=lower")
					     ? &units->lower
					     : NULL;

		if (list)
			texts_addf(list, "%.*s", (int)words[1].len,
				   words[1].text);
	}
}

/* `NUMBER UNIT` of a benchmark; ns/op carries the bare name. */
static void
go_pair(const struct go_units *units, const struct slice *pair,
	const struct slice *name, const char *where, struct readings *to)
{
	char unit[READING_MAX_UNIT + 1], suffix[READING_MAX_UNIT + 2];
	struct named_value value = { .where = where,
				     .name = name->text,
				     .name_len = name->len,
				     .suffix = suffix,
				     .unit = unit };

	if (formats_number(pair[0].text, pair[0].len, 0, &value.value) < 0) {
		readings_problem(to, "%s: '%.*s' is no number", where,
				 (int)pair[0].len, pair[0].text);
		return;
	}
	if (!reading_unit_is_valid(pair[1].text, pair[1].len)) {
		readings_problem(to, "%s: '%.*s' is no unit", where,
				 (int)pair[1].len, pair[1].text);
		return;
	}
	snprintf(unit, sizeof(unit), "%.*s", (int)pair[1].len, pair[1].text);
	value.better = go_direction(units, unit);
	snprintf(suffix, sizeof(suffix), ".%s", unit);
	if (!strcmp(unit, "ns/op")) {
		suffix[0] = '\0';
		snprintf(unit, sizeof(unit), "ns");
	} else if (!strcmp(unit, "B/op")) {
		snprintf(unit, sizeof(unit), "B");
	}
	formats_add(to, &value);
}

/* Drop `Benchmark` in front of a name. */
static struct slice
go_name(const struct slice *word)
{
	const size_t front = strlen("Benchmark");
	struct slice name = *word;

	if (name.len > front) {
		name.text += front;
		name.len -= front;
	}
	return name;
}

void
read_go(const char *text, size_t len, struct readings *to)
{
	struct text_lines lines = { .text = text, .len = len };
	struct go_units units = { { 0 }, { 0 } };
	const char *line = NULL;
	size_t line_len = 0;

	while (text_lines_next(&lines, &line, &line_len)) {
		struct slice words[MAX_WORDS], name;
		size_t count = split(line, line_len, words);
		double ignored = 0;
		char where[32];

		snprintf(where, sizeof(where), "line %zu", lines.number);
		if (count > 2 && slice_is(&words[0], "---") &&
		    slice_is(&words[1], "FAIL:"))
			readings_problem(to, "%s: %.*s failed", where,
					 (int)words[2].len, words[2].text);
		if (count > 2 && slice_is(&words[0], "Unit"))
			go_unit_line(&units, words, count);
		if (count < 4 || !slice_begins(&words[0], "Benchmark") ||
		    formats_number(words[1].text, words[1].len, 0, &ignored) <
			    0)
			continue;
		name = go_name(&words[0]);
		for (size_t i = 2; i + 1 < count; i += 2)
			go_pair(&units, &words[i], &name, where, to);
	}
	texts_release(&units.higher);
	texts_release(&units.lower);
}

/* `time:   [26.029 us 26.251 us 26.505 us]`: the middle one is the estimate.
 * words begin at `time:`. */
static int
criterion_estimate(const struct slice *words, size_t count, double *ns)
{
	double factor;

	if (count < 7 || !slice_is(&words[0], "time:") ||
	    words[1].text[0] != '[')
		return ERR_INPUT;
	factor = formats_unit_ns(words[4].text, words[4].len);
	if (factor <= 0 ||
	    formats_number(words[3].text, words[3].len, 0, ns) < 0)
		return ERR_INPUT;
	*ns *= factor;
	return 0;
}

/* `test NAME ... bench:       1,234 ns/iter (+/- 56)`, of libtest. */
static int
libtest_estimate(const struct slice *words, size_t count, double *ns)
{
	const char *slash;
	double factor;

	if (count < 6 || !slice_is(&words[0], "test") ||
	    !slice_is(&words[2], "...") || !slice_is(&words[3], "bench:"))
		return ERR_INPUT;
	slash = memchr(words[5].text, '/', words[5].len);
	if (!slash)
		return ERR_INPUT;
	factor = formats_unit_ns(words[5].text,
				 (size_t)(slash - words[5].text));
	if (factor <= 0 ||
	    formats_number(words[4].text, words[4].len, 1, ns) < 0)
		return ERR_INPUT;
	*ns *= factor;
	return 0;
}

static void
criterion_line(const struct text_lines *lines, const struct slice *words,
	       size_t count, struct slice *name, struct readings *to)
{
	char where[32];
	double ns = 0;

	snprintf(where, sizeof(where), "line %zu", lines->number);
	if (!libtest_estimate(words, count, &ns)) {
		formats_add_ns(to, where, &words[1], ns);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct slice *last = i ? &words[i - 1] : name;

		if (criterion_estimate(words + i, count - i, &ns) < 0)
			continue;
		/* A long name stands on the line before. */
		if (i)
			*name = (struct slice){
				words[0].text,
				(size_t)(last->text + last->len - words[0].text)
			};
		if (name->len)
			formats_add_ns(to, where, name, ns);
		else
			readings_problem(to, "%s: a time without a name",
					 where);
		return;
	}
}

void
read_criterion(const char *text, size_t len, struct readings *to)
{
	struct text_lines lines = { .text = text, .len = len };
	struct slice name = { "", 0 };
	const char *line = NULL;
	size_t line_len = 0;

	while (text_lines_next(&lines, &line, &line_len)) {
		struct slice words[MAX_WORDS];
		size_t count = split(line, line_len, words);

		if (line_len && line[0] == '{') {
			read_criterion_message(line, line_len, lines.number,
					       to);
			continue;
		}
		criterion_line(&lines, words, count, &name, to);
		name = (struct slice){ line, line_len };
	}
}

/* `LABEL: cpu time: 12 real time: 13 gc time: 0`, the label is optional. */
static void
racket_line(const char *line, size_t len, const char *where,
	    struct readings *to)
{
	static const struct {
		const char *word, *name;
	} parts[] = { { "cpu", "cpu-time" },
		      { "real", "real-time" },
		      { "gc", "gc-time" } };
	struct slice words[MAX_WORDS];
	size_t count = split(line, len, words), first = 0;

	while (first + 9 <= count && !(slice_is(&words[first], "cpu") &&
				       slice_is(&words[first + 1], "time:")))
		first++;
	if (first + 9 > count)
		return;
	for (size_t i = 0; i < 3; i++) {
		const struct slice *at = &words[first + 3 * i];
		struct named_value value = { .where = where,
					     .name = words[0].text,
					     .unit = "ns",
					     .better = BETTER_LOWER };
		char suffix[16];

		if (!slice_is(&at[0], parts[i].word) ||
		    !slice_is(&at[1], "time:") ||
		    formats_number(at[2].text, at[2].len, 0, &value.value) <
			    0) {
			readings_problem(to,
					 "%s: expected 'cpu time: N real time: "
					 "N gc time: N'",
					 where);
			return;
		}
		if (first)
			value.name_len = (size_t)(words[first - 1].text +
						  words[first - 1].len -
						  words[0].text);
		if (value.name_len && value.name[value.name_len - 1] == ':')
			value.name_len--;
		snprintf(suffix, sizeof(suffix), "%s%s",
			 value.name_len ? "." : "", parts[i].name);
		value.suffix = suffix;
		value.value *= 1e6;
		formats_add(to, &value);
	}
}

void
read_racket(const char *text, size_t len, struct readings *to)
{
	struct text_lines lines = { .text = text, .len = len };
	const char *line = NULL;
	size_t line_len = 0;
	char where[32];

	while (text_lines_next(&lines, &line, &line_len)) {
		snprintf(where, sizeof(where), "line %zu", lines.number);
		racket_line(line, line_len, where, to);
	}
}
