#include "base/buf.h"
#include "base/err.h"
#include "runner/formats_read.h"
#include "runner/readings.h"
#include "runner/slice.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* TAP, with the durations that its producers write in several ways. */

/* The last place of a needle in the slice, NULL for none. */
static const char *
find_last(const struct slice *slice, const char *needle)
{
	size_t len = strlen(needle);

	for (size_t at = slice->len; at-- > 0;)
		if (slice->len - at >= len &&
		    !strncasecmp(slice->text + at, needle, len))
			return slice->text + at;
	return NULL;
}

/* `12.3ms`, `0.5s`, `19ms`; 0 or ERR_INPUT. */
static int
parse_duration(struct slice text, double *ns)
{
	size_t digits = 0;
	double factor;

	slice_trim(&text);
	while (digits < text.len &&
	       (isdigit((unsigned char)text.text[digits]) ||
		text.text[digits] == '.'))
		digits++;
	factor = formats_unit_ns(text.text + digits, text.len - digits);
	if (factor <= 0 || formats_number(text.text, digits, 0, ns) < 0)
		return ERR_INPUT;
	*ns *= factor;
	return 0;
}

/* One TAP case while its lines are read. */
struct tap_case {
	struct slice name;
	int counts; /* it ran and was ok */
};

/* Cut the directive off a description; TODO and SKIP cases do not count. */
static void
tap_directive(struct slice *name, struct tap_case *now, double *ns)
{
	static const char *const words[] = { "# time=", "# duration=", " in " };
	const char *mark;

	if (find_last(name, "# SKIP") || find_last(name, "# TODO"))
		now->counts = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t front;
		struct slice rest;

		mark = find_last(name, words[i]);
		if (!mark)
			continue;
		front = (size_t)(mark - name->text);
		rest = (struct slice){ mark + strlen(words[i]),
				       name->len - front - strlen(words[i]) };
		if (parse_duration(rest, ns) < 0)
			continue;
		name->len = front;
		break;
	}
	slice_trim(name);
}

/* `ok 12 - name # time=3ms`, after the `ok`. */
static void
tap_result(struct slice rest, int ok, const char *where, struct tap_case *now,
	   struct readings *to)
{
	double ns = -1;

	slice_trim(&rest);
	while (rest.len && isdigit((unsigned char)rest.text[0]))
		slice_advance(&rest, 1);
	slice_trim(&rest);
	if (slice_begins(&rest, "- "))
		slice_advance(&rest, 2);
	now->name = rest;
	now->counts = ok;
	if (!ok && !find_last(&rest, "# TODO") && !find_last(&rest, "# SKIP"))
		readings_set_reason(&to->fail, rest.text, rest.len);
	tap_directive(&now->name, now, &ns);
	if (now->counts && ns >= 0)
		formats_add_ns(to, where, &now->name, ns);
}

/* Of a YAML block below a result, two blanks deep (four are a subtest's). */
static void
tap_yaml(struct slice line, const char *where, struct tap_case *now,
	 struct readings *to)
{
	static const char key[] = "  duration_ms:";
	double ms = 0;

	if (!slice_begins(&line, key) || !now->counts)
		return;
	slice_advance(&line, strlen(key));
	slice_trim(&line);
	if (formats_number(line.text, line.len, 0, &ms) < 0)
		readings_problem(to, "%s: '%.*s' is no number", where,
				 (int)line.len, line.text);
	else
		formats_add_ns(to, where, &now->name, ms * 1e6);
}

/* `ok     1179 ms ( 0.00 usr …`, what `prove --timer` says of a file. */
static int
prove_duration(struct slice rest, double *ns)
{
	size_t digits = 0;

	if (!slice_begins(&rest, "ok "))
		return ERR_INPUT;
	slice_advance(&rest, 3);
	slice_trim(&rest);
	while (digits < rest.len && isdigit((unsigned char)rest.text[digits]))
		digits++;
	if (formats_number(rest.text, digits, 0, ns) < 0)
		return ERR_INPUT;
	slice_advance(&rest, digits);
	*ns *= 1e6;
	return slice_begins(&rest, " ms (") ? 0 : ERR_INPUT;
}

/*
 * `[12:31:28] t/a.t .. ok     1179 ms (…`. With -v the file's name stands
 * alone, and the rest of it below the file's own lines. True for a line of
 * prove.
 */
static int
prove_line(struct slice line, const char *where, struct slice *file,
	   struct readings *to)
{
	static const char dots[] = " ..";
	double ns = 0;

	if (line.len > 11 && line.text[0] == '[' && line.text[3] == ':' &&
	    line.text[6] == ':' && line.text[9] == ']') {
		const char *end = memmem(line.text, line.len, dots,
					 sizeof(dots) - 1);

		if (!end)
			return 0;
		*file = (struct slice){ line.text + 11,
					(size_t)(end - line.text) - 11 };
		slice_advance(&line, (size_t)(end - line.text) + 1);
		while (line.len && line.text[0] == '.')
			slice_advance(&line, 1);
		slice_trim(&line);
	} else if (!file->len) {
		return 0;
	}
	if (prove_duration(line, &ns) < 0)
		return 0;
	formats_add_ns(to, where, file, ns);
	*file = (struct slice){ "", 0 };
	return 1;
}

void
read_tap(const char *text, size_t len, struct readings *to)
{
	struct text_lines lines = { .text = text, .len = len };
	struct tap_case now = { { "", 0 }, 0 };
	struct slice line = { NULL, 0 }, file = { "", 0 };
	char where[32];

	while (text_lines_next(&lines, &line.text, &line.len)) {
		struct slice rest = line;
		int ok = slice_begins(&line, "ok"),
		    not_ok = slice_begins(&line, "not ok");

		snprintf(where, sizeof(where), "line %zu", lines.number);
		if (prove_line(line, where, &file, to))
			continue;
		if (slice_begins(&line, "Bail out!"))
			readings_set_reason(&to->fail, line.text, line.len);
		tap_yaml(line, where, &now, to);
		if (!ok && !not_ok)
			continue;
		slice_advance(&rest, ok ? 2 : 6);
		if (!rest.len || rest.text[0] == ' ')
			tap_result(rest, ok, where, &now, to);
	}
}
