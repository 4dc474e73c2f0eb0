/*
 * detect: change points of series on stdin, a CSV with the header
 * `series,index,value`; rows of one series together, index ascending. A
 * repeated index is several runs of one commit. Prints a line a change:
 * `series,index,+|-`, + for a value that rose.
 *
 * Runs cost time in the world, so of several runs of a commit no more are
 * looked at than a gate would make: the median of three, and of eight close to
 * a suspected change, after which the series is judged again. --runs says how
 * many that were.
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
#include "cmd/detect_row.h"
#include "judge/series.h"

enum { MAX_INPUT = 1 << 30, FEW_RUNS = 3, MORE_RUNS = 8, NEAR = 2 };

/* One commit's runs, a piece of the series' values. */
struct runs {
	long index;
	size_t first, count;
	size_t looked; /* at so many of them */
};

struct detect {
	struct detect_name name; /* of the series at hand, in the input */
	double *values;
	size_t count, cap;
	struct runs *commits;
	size_t commit_count, commit_cap;
	double *medians; /* one a commit */
	size_t median_cap;
	size_t looked, judged; /* runs and commits, of all series */
	int passing;           /* show excursions too */
	json_t *all;           /* with --json */
};

/* Of the runs that are sound; the judge leaves out a commit that has none. */
static double
median(const struct detect *d, const struct runs *commit)
{
	double w[MORE_RUNS];
	size_t n = 0;

	if (commit->looked == 1)
		return d->values[commit->first];
	for (size_t i = 0; i < commit->looked; i++) {
		double x = d->values[commit->first + i];
		size_t at = n;

		if (!(x > 0) || !isfinite(x))
			continue;
		for (; at && w[at - 1] > x; at--)
			w[at] = w[at - 1];
		w[at] = x;
		n++;
	}
	if (!n)
		return NAN;
	return n % 2 ? w[n / 2] : (w[n / 2 - 1] + w[n / 2]) / 2;
}

/* Look at up to so many runs of a commit; whether that is news. */
static int
look(struct detect *d, size_t at, size_t most)
{
	struct runs *commit = &d->commits[at];
	size_t n = commit->count < most ? commit->count : most;

	if (n <= commit->looked)
		return 0;
	commit->looked = n;
	d->medians[at] = median(d, commit);
	return 1;
}

/* More runs where a change may lie. */
static int
look_closer(struct detect *d, const struct changes *changes)
{
	int news = 0;

	for (size_t i = 0; i < changes->count; i++) {
		size_t at = changes->items[i].at;
		size_t from = at > NEAR ? at - NEAR : 0;
		size_t to = at + NEAR < d->commit_count ? at + NEAR
							: d->commit_count;

		for (size_t k = from; k < to; k++)
			news |= look(d, k, MORE_RUNS);
	}
	return news;
}

static void
print_change(const struct detect *d, const struct change *change)
{
	long at = d->commits[change->at].index;

	if (!d->all) {
		printf("%.*s,%ld,%c\n", (int)d->name.len, d->name.text, at,
		       change->ratio > 1 ? '+' : '-');
		return;
	}
	json_array_append_new(
		d->all,
		json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, "
			  "s:b}",
			  "series", json_text_len(d->name.text, d->name.len),
			  "index", (json_int_t)at, "first",
			  (json_int_t)d->commits[change->first].index, "last",
			  (json_int_t)d->commits[change->last].index, "ratio",
			  json_num(change->ratio), "low", json_num(change->low),
			  "high", json_num(change->high), "before",
			  json_num(change->before), "after",
			  json_num(change->after), "score",
			  json_num(change->score), "passing", change->passing));
}

static void
end_series(struct detect *d)
{
	struct changes changes;

	if (!d->commit_count)
		return;
	if (d->median_cap < d->commit_count) {
		free(d->medians);
		d->median_cap = d->commit_count * 2;
		d->medians = mem_new(d->median_cap, sizeof(double));
	}
	for (size_t i = 0; i < d->commit_count; i++)
		look(d, i, FEW_RUNS);
	changes_find(d->medians, d->commit_count, &changes);
	if (look_closer(d, &changes)) {
		changes_release(&changes);
		changes_find(d->medians, d->commit_count, &changes);
	}
	for (size_t i = 0; i < changes.count; i++)
		if (d->passing || !changes.items[i].passing)
			print_change(d, &changes.items[i]);
	changes_release(&changes);
	for (size_t i = 0; i < d->commit_count; i++)
		d->looked += d->commits[i].looked;
	d->judged += d->commit_count;
	d->count = d->commit_count = 0;
}

static int
add_row(struct detect *d, const struct detect_row *row, struct err *err)
{
	const struct runs *last = NULL;

	if (!detect_name_is(&d->name, &row->name)) {
		end_series(d);
		d->name = row->name;
	}
	if (d->commit_count)
		last = &d->commits[d->commit_count - 1];
	if (last && row->index < last->index)
		return err_set(err, ERR_INPUT,
			       "index %ld after %ld: sort each series by index",
			       row->index, last->index);
	if (!last || row->index > last->index) {
		MEM_GROW(d->commits, d->commit_count, d->commit_cap);
		d->commits[d->commit_count++] =
			(struct runs){ .index = row->index, .first = d->count };
	}
	MEM_GROW(d->values, d->count, d->cap);
	d->values[d->count++] = row->value;
	d->commits[d->commit_count - 1].count++;
	return 0;
}

/* The first line is the header. */
static int
detect_all(struct detect *d, const struct buf *input, struct err *err)
{
	const char *at = buf_text(input), *end = at + input->len;
	size_t number = 1;

	at = memchr(at, '\n', input->len);
	while (at && ++at < end) {
		struct detect_row row = { .name = d->name };
		int ret = detect_row_read(&row, &at, end, err);

		number++;
		if (ret > 0)
			continue;
		if (!ret)
			ret = add_row(d, &row, err);
		if (ret < 0)
			return err_context(err, "line %zu", number);
	}
	end_series(d);
	return 0;
}

int
cmd_detect(int argc, char **argv)
{
	struct detect d = { 0 };
	struct buf input = BUF_INIT;
	struct err err = ERR_INIT;
	int json = 0, runs = 0, ret;
	const struct option_row rows[] = {
		{ "json", 0, OPTION_FLAG, NULL,
		  "as JSON, with interval, size and score", &json },
		{ "passing", 0, OPTION_FLAG, NULL,
		  "show excursions of up to ten commits too", &d.passing },
		{ "runs", 0, OPTION_FLAG, NULL,
		  "say how many runs a commit were looked at", &runs },
		{ 0 }
	};

	ret = cmd_begin("detect", rows, &argc, argv, 0);
	if (ret >= 0)
		return ret;
	if (json)
		d.all = json_array();
	ret = io_read_all(STDIN_FILENO, &input, MAX_INPUT, &err);
	if (!ret && !input.len)
		ret = err_set(&err, ERR_INPUT,
			      "stdin is empty: give it series,index,value, see "
			      "`pacegate help detect`");
	if (!ret)
		ret = detect_all(&d, &input, &err);
	if (json)
		json_print(d.all);
	if (runs && d.judged)
		fprintf(stderr, "%.2f runs a commit\n",
			(double)d.looked / (double)d.judged);
	json_decref(d.all);
	free(d.values);
	free(d.commits);
	free(d.medians);
	buf_release(&input);
	return ret < 0 ? cmd_fail(&err) : EXIT_FINE;
}
