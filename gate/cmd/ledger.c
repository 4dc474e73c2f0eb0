#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/json.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/pager.h"

struct listing {
	const char *test;
	int json;
	json_t *all;
	struct buf text; /* printed once the store is closed: a pager takes its
			    time */
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
	struct listing *listing = data;
	time_t when = (time_t)json_int_or(doc, "time", 0);
	struct buf *line = &listing->text;
	char stamp[32] = "";
	struct tm parts;
	const char *text;

	(void)id;
	if (listing->json) {
		json_array_append(listing->all, doc);
		return 0;
	}
	if (gmtime_r(&when, &parts))
		strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M", &parts);
	buf_addf(line, "%s  %.10s  %-6s  ", stamp,
		 json_text_or(doc, "commit", ""),
		 json_text_or(doc, "what", ""));
	buf_add_clean(line, test, strlen(test), 60);
	add_measured(line, json_object_get(doc, "measured"));
	buf_adds(line, "  ");
	text = json_text_or(doc, "who", "");
	buf_add_clean(line, text, strlen(text), 40);
	buf_adds(line, ": ");
	text = json_text_or(doc, "why", "");
	buf_add_clean(line, text, strlen(text), 200);
	buf_addc(line, '\n');
	return 0;
}

static int
list_entries(struct store_tx *tx, void *data, struct err *err)
{
	struct listing *listing = data;

	(void)err;
	buf_release(&listing->text);
	json_array_clear(listing->all);
	return store_ledger_each(tx, listing->test, 0, on_entry, listing);
}

static void
print_all(struct listing *listing)
{
	if (listing->json) {
		json_print(listing->all);
		return;
	}
	if (!listing->text.len) {
		puts("nothing yet: it grows with trailers and admins' acts");
		return;
	}
	pager_start();
	fputs(buf_text(&listing->text), stdout);
}

int
cmd_ledger(int argc, char **argv)
{
	struct listing listing = { .all = json_array() };
	struct store *store = NULL;
	struct err err = ERR_INIT;
	const char *repo = NULL;
	int ret;
	const struct option_row rows[] = {
		{ "repo", 0, OPTION_TEXT, "DIR", "the repository", &repo },
		{ "test", 't', OPTION_TEXT, "TEST", "of this test alone",
		  &listing.test },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &listing.json },
		{ 0 }
	};

	ret = cmd_begin("ledger", rows, &argc, argv, 0);
	if (ret < 0) {
		ret = cmd_open_store(repo, STORE_READ, &store, &err);
		if (!ret)
			ret = store_read(store, list_entries, &listing, &err);
		store_close(store);
		if (!ret)
			print_all(&listing);
		ret = ret ? cmd_fail(&err) : EXIT_FINE;
	}
	buf_release(&listing.text);
	json_decref(listing.all);
	return ret;
}
