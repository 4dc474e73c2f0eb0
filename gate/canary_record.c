#include "canary_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "canary.h"
#include "gate.h"
#include "judge/rate.h"

#define CANARY_NOTE "canary"

static json_t *
read_note(struct store_tx *tx)
{
	char *text = NULL;
	json_t *record = NULL;

	if (!store_note_get(tx, CANARY_NOTE, &text))
		record = json_parse(text, strlen(text), NULL);
	free(text);
	if (json_is_array(json_object_get(record, "rows")))
		return record;
	json_decref(record);
	return json_pack("{s:i, s:[]}", "last", 0, "rows");
}

static int
is_near(const json_t *row, const char *name, double value)
{
	return fabs(json_number_or(row, name, -1) - value) < 1e-9;
}

static json_t *
find_row(json_t *rows, const struct canary_pair *pair)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (!strcmp(json_text_or(row, "test", ""), pair->test) &&
		    is_near(row, "size", pair->size) &&
		    is_near(row, "threshold", pair->threshold))
			return row;
	}
	row = json_pack("{s:o, s:f, s:f}", "test", json_text(pair->test),
			"size", pair->size, "threshold", pair->threshold);
	json_array_append_new(rows, row);
	return row;
}

static void
count(json_t *row, const char *name, int64_t more)
{
	json_object_set_new(row, name,
			    json_integer(json_int_or(row, name, 0) + more));
}

static int
add_pair(struct store_tx *tx, void *data, struct err *err)
{
	const struct canary_pair *pair = data;
	json_t *record = read_note(tx), *row;
	struct buf text = BUF_INIT;

	(void)err;
	row = find_row(json_object_get(record, "rows"), pair);
	json_object_set_new(record, "last",
			    json_integer(clock_wall_s(&clock_real)));
	count(row, "pairs", 1);
	count(row, "candidates", pair->candidate);
	count(row, "alarms", pair->alarm);
	count(row, "undecided", pair->verdict == VERDICT_UNDECIDED);
	count(row, "sessions", pair->sessions);
	count(row, "trials", pair->trials);
	count(row, "ms", pair->ms);
	json_append(&text, record);
	store_note_put(tx, CANARY_NOTE, text.data);
	buf_release(&text);
	json_decref(record);
	return store_tx_error(tx);
}

int
canary_record_add(struct store *store, const struct canary_pair *pair,
		  struct err *err)
{
	return store_write(store, add_pair, (void *)(uintptr_t)pair, err);
}

static int
set_last(struct store_tx *tx, void *data, struct err *err)
{
	json_t *record = read_note(tx);
	struct buf text = BUF_INIT;

	(void)data;
	(void)err;
	json_object_set_new(record, "last",
			    json_integer(clock_wall_s(&clock_real)));
	json_append(&text, record);
	store_note_put(tx, CANARY_NOTE, text.data);
	buf_release(&text);
	json_decref(record);
	return store_tx_error(tx);
}

void
canary_record_failure(struct store *store)
{
	store_write(store, set_last, NULL, NULL);
}

static int
read_record(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	json_decref(*(json_t **)data);
	*(json_t **)data = read_note(tx);
	return 0;
}

json_t *
canary_record(struct gate *gate)
{
	json_t *record = NULL, *row;
	size_t i;

	if (store_read(gate->store, read_record, &record, NULL) < 0)
		return json_pack("{s:i, s:[]}", "last", 0, "rows");
	json_array_foreach(json_object_get(record, "rows"), i, row)
	{
		struct rate rate = rate_of(
			(unsigned)json_int_or(row, "alarms", 0),
			(unsigned)json_int_or(row, "pairs", 0));

		json_object_set_new(row, "rate", json_num(rate.value));
		json_object_set_new(row, "low", json_num(rate.low));
		json_object_set_new(row, "high", json_num(rate.high));
	}
	return record;
}
