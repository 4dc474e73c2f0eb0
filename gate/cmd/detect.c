/*
 * detect: change points of series on stdin, a CSV with the header
 * `series,index,value`; rows of one series together, index ascending. A
 * repeated index is several runs of one commit. Prints a line a change:
 * `series,index,+|-`, + for a value that rose.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "judge/series.h"

enum { MAX_INPUT = 1 << 30, RUNS = 3, MAX_RUNS = 64 };

struct detect {
	const char *name; /* of the series at hand, in the input */
	size_t name_len;
	double *values; /* one a commit */
	size_t count, cap;
	double runs[MAX_RUNS]; /* of the commit at hand */
	size_t run_count;
	long index;
	json_t *all; /* with --json */
};

/* A plain decimal as benchmarks write it; anything else goes to strtod(3). */
static double
parse_value(const char *at, const char *end)
{
	static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
					 1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
					 1e12, 1e13, 1e14, 1e15, 1e16, 1e17 };
	const char *start = at;
	double number = 0;
	int digits = 0, behind = -1;

	for (; at < end && digits < 16; at++) {
		if (*at == '.' && behind < 0) {
			behind = 0;
			continue;
		}
		if (*at < '0' || *at > '9')
			break;
		number = number * 10 + (*at - '0');
		digits++;
		behind += behind >= 0;
	}
	if (at == end && digits)
		return number / powers[behind > 0 ? behind : 0];
	return strtod(start, NULL);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A commit's value: the median of its first few runs. */
static void
end_commit(struct detect *d)
{
	size_t n = d->run_count < RUNS ? d->run_count : RUNS;

	if (!n)
		return;
	if (n > 1)
		qsort(d->runs, n, sizeof(double), compare);
	MEM_GROW(d->values, d->count, d->cap);
	d->values[d->count++] = d->runs[n / 2];
	d->run_count = 0;
}

static void
print_change(const struct detect *d, const struct change *change)
{
	if (d->all) {
		json_array_append_new(
			d->all,
			json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
				  "series", json_text_len(d->name, d->name_len),
				  "index", (json_int_t)change->at, "first",
				  (json_int_t)change->first, "last",
				  (json_int_t)change->last, "ratio",
				  json_num(change->ratio), "low",
				  json_num(change->low), "high",
				  json_num(change->high), "score",
				  json_num(change->score)));
		return;
	}
	printf("%.*s,%zu,%c\n", (int)d->name_len, d->name, change->at,
	       change->ratio > 1 ? '+' : '-');
}

static void
end_series(struct detect *d)
{
	struct changes changes;

	end_commit(d);
	if (d->count) {
		changes_find(d->values, d->count, &changes);
		for (size_t i = 0; i < changes.count; i++)
			print_change(d, &changes.items[i]);
		changes_release(&changes);
	}
	d->count = 0;
}

/* NAME,INDEX,VALUE; the name may hold commas. */
static int
read_row(struct detect *d, const char *line, const char *end, struct err *err)
{
	const char *value = end, *index;
	char *after = NULL;
	long at;

	while (value > line && value[-1] != ',')
		value--;
	index = value > line ? value - 1 : line;
	while (index > line && index[-1] != ',')
		index--;
	at = index > line ? strtol(index, &after, 10) : -1;
	if (index <= line || after != value - 1 || value == end)
		return err_set(err, ERR_INPUT,
			       "'%.*s': write series,index,value",
			       (int)(end - line > 80 ? 80 : end - line), line);
	if (!d->name || d->name_len != (size_t)(index - 1 - line) ||
	    memcmp(d->name, line, d->name_len)) {
		end_series(d);
		d->name = line;
		d->name_len = (size_t)(index - 1 - line);
		d->index = at;
	} else if (at != d->index) {
		end_commit(d);
		d->index = at;
	}
	if (d->run_count < MAX_RUNS)
		d->runs[d->run_count++] = parse_value(value, end);
	return 0;
}

static int
detect_all(struct detect *d, const struct buf *input, struct err *err)
{
	const char *at = buf_text(input), *end = at + input->len;
	int number = 0, ret = 0;

	while (at < end && !ret) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		const char *last = eol ? eol : end;

		if (last > at && last[-1] == '\r')
			last--;
		if (number++ && last > at)
			ret = read_row(d, at, last, err);
		at = eol ? eol + 1 : end;
	}
	if (ret < 0)
		return err_context(err, "line %d", number);
	end_series(d);
	return 0;
}

int
cmd_detect(int argc, char **argv)
{
	struct detect d = { 0 };
	struct buf input = BUF_INIT;
	struct err err = ERR_INIT;
	int json = 0, ret;
	const struct option_row rows[] = {
		{ "json", 0, OPTION_FLAG, NULL,
		  "as JSON, with interval, size and score", &json },
		{ 0 }
	};

	ret = cmd_begin("detect", rows, &argc, argv, 0);
	if (ret >= 0)
		return ret;
	if (json)
		d.all = json_array();
	ret = io_read_all(STDIN_FILENO, &input, MAX_INPUT, &err);
	if (!ret)
		ret = detect_all(&d, &input, &err);
	if (json)
		json_print(d.all);
	json_decref(d.all);
	free(d.values);
	buf_release(&input);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
