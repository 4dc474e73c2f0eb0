#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/columns.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"
#include "gate.h"
#include "known.h"

struct listing {
	const char *test;
	json_t *all;
};

/* The change that was accepted: of the metric that moved most. */
static void
add_measured(struct buf *line, const json_t *measured)
{
	double most = 1;
	json_t *metric;
	size_t i;

	json_array_foreach(json_object_get(measured, "metrics"), i, metric)
	{
		double ratio = json_number_or(metric, "ratio", 1);

		if (!strcmp(json_text_or(metric, "verdict", ""), "accepted") &&
		    fabs(ratio - 1) > fabs(most - 1))
			most = ratio;
	}
	if (most < 1 || most > 1) {
		buf_addc(line, ' ');
		units_add_change(line, most);
	}
}

static int
on_entry(void *data, uint64_t id, const char *test, json_t *doc)
{
	(void)id;
	(void)test;
	json_array_append(((struct listing *)data)->all, doc);
	return 0;
}

static int
list_entries(struct store_tx *tx, void *data, struct err *err)
{
	struct listing *listing = data;

	(void)err;
	json_array_clear(listing->all);
	return store_ledger_each(tx, listing->test, 0, on_entry, listing);
}

/* The test and what it changed by, which share a column. */
static char *
subject_of(const json_t *doc)
{
	const char *test = json_text_or(doc, "test", "");
	struct buf text = BUF_INIT;

	buf_add_clean(&text, test, strlen(test), 60);
	add_measured(&text, json_object_get(doc, "measured"));
	return buf_take(&text);
}

static void
print_entry(const json_t *doc, const char *subject, size_t width)
{
	time_t when = (time_t)json_int_or(doc, "time", 0);
	const char *who = json_text_or(doc, "who", "");
	const char *why = json_text_or(doc, "why", "");
	const char *on = pager_color() ? "\033[33m" : "";
	struct buf line = BUF_INIT;
	char stamp[32] = "";
	struct tm parts;

	if (gmtime_r(&when, &parts))
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M", &parts);
	buf_addf(&line, "%s  %s%.10s%s  %-6s  ", stamp, on,
		 json_text_or(doc, "commit", ""), *on ? "\033[0m" : "",
		 json_text_or(doc, "what", ""));
	columns_add(&line, subject, width, COLUMNS_LEFT);
	buf_adds(&line, "  ");
	buf_add_clean(&line, who, strlen(who), 40);
	buf_adds(&line, ": ");
	buf_add_clean(&line, why, strlen(why), 200);
	puts(line.data);
	buf_release(&line);
}

static void
print_all(const json_t *all)
{
	size_t count = json_array_size(all), width = 0;
	char **subjects = mem_new(count + 1, sizeof(*subjects));

	if (!count)
		puts("nothing yet: it grows with trailers and admins' acts");
	else
		pager_start();
	for (size_t i = 0; i < count; i++) {
		size_t columns;

		subjects[i] = subject_of(json_array_get(all, i));
		columns = columns_of(subjects[i]);
		width = columns > width ? columns : width;
	}
	for (size_t i = 0; i < count; i++) {
		print_entry(json_array_get(all, i), subjects[i], width);
		free(subjects[i]);
	}
	free(subjects);
}

int
cmd_ledger(int argc, char **argv)
{
	struct listing listing = { .all = json_array() };
	struct gate gate = GATE_INIT;
	struct err err = ERR_INIT;
	const char *repo = NULL;
	int json = 0, ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "test", 't', OPTION_TEXT, "TEST", "of this test alone",
		  &listing.test },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("ledger", rows, &argc, argv, 0);
	if (ret < 0) {
		ret = cmd_open(&gate, repo, STORE_READ, &err);
		if (!ret && listing.test)
			ret = known_check(&gate, listing.test, &err);
		if (!ret)
			ret = store_read(gate.store, list_entries, &listing,
					 &err);
		/* A pager takes its time, and the store is others' too. */
		gate_close(&gate);
		if (!ret && json)
			json_print(listing.all);
		else if (!ret)
			print_all(listing.all);
		ret = ret ? cmd_fail(&err) : EXIT_FINE;
	}
	json_decref(listing.all);
	return ret;
}
