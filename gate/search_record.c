#include "search_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "report/report.h"
#include "store/store.h"

enum { MAX_TEST = STORE_MAX_NAME - 60 };

char *
search_name(const struct oid *bad, const char *test)
{
	char hex[OID_HEX + 1];

	return strlen(test) <= MAX_TEST
		       ? mem_text("bisect %s %s", oid_format(bad, hex), test)
		       : NULL;
}

json_t *
search_record_get(struct store_tx *tx, const char *name)
{
	json_t *record = NULL;
	char *text = NULL;

	if (!store_note_get(tx, name, &text))
		record = json_parse(text, strlen(text), NULL);
	free(text);
	return record;
}

int
search_record_put(struct store_tx *tx, const char *name, const json_t *record)
{
	struct buf text = BUF_INIT;
	int ret;

	json_append(&text, record);
	ret = store_note_put(tx, name, buf_text(&text));
	buf_release(&text);
	return ret;
}

json_t *
search_record_new(const struct search_seed *seed)
{
	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:[], "
			 "s:{s:o, s:o}, s:[], s:[]}",
			 "test", json_text(seed->test), "metric",
			 json_text(seed->metric), "worse", seed->worse, "ref",
			 json_text(seed->ref), "definition",
			 json_oid(&seed->definition), "good",
			 json_oid(&seed->good), "bad", json_oid(&seed->bad),
			 "tips", "line", "good", json_oid(&seed->good), "bad",
			 json_oid(&seed->bad), "asked", "answers");
}

static int
is_about(const json_t *item, const struct search_ask *ask)
{
	struct oid commit, beside;

	return !json_get_oid(item, "commit", &commit, NULL) &&
	       !json_get_oid(item, "beside", &beside, NULL) &&
	       oid_equal(&commit, &ask->commit) &&
	       oid_equal(&beside, &ask->beside);
}

const json_t *
search_record_answer(const json_t *record, const struct search_ask *ask)
{
	const json_t *answers = json_object_get(record, "answers");

	for (size_t i = json_array_size(answers); i-- > 0;)
		if (is_about(json_array_get(answers, i), ask))
			return json_array_get(answers, i);
	return NULL;
}

json_t *
search_record_add(json_t *record, const struct search_ask *ask,
		  const char *found, const char *why,
		  const struct report_metric *metric)
{
	json_t *answer = json_pack(
		"{s:o, s:o, s:s, s:o, s:o, s:o}", "commit",
		json_oid(&ask->commit), "beside", json_oid(&ask->beside),
		"found", found, "ratio", json_num(metric ? metric->ratio : NAN),
		"low", json_num(metric ? metric->low : NAN), "high",
		json_num(metric ? metric->high : NAN));

	if (why)
		json_object_set_new(answer, "why", json_text(why));
	json_array_append_new(json_object_get(record, "answers"), answer);
	return answer;
}

static size_t
asked_place(const json_t *asked, const struct search_ask *ask)
{
	size_t i = 0;

	while (i < json_array_size(asked) &&
	       !is_about(json_array_get(asked, i), ask))
		i++;
	return i;
}

int
search_record_is_asked(const json_t *record, const struct search_ask *ask)
{
	const json_t *asked = json_object_get(record, "asked");

	return asked_place(asked, ask) < json_array_size(asked);
}

void
search_record_set_asked(json_t *record, const struct search_ask *ask,
			int is_asked)
{
	json_t *asked = json_object_get(record, "asked");
	size_t place = asked_place(asked, ask);

	if (place < json_array_size(asked))
		json_array_remove(asked, place);
	if (is_asked)
		json_array_append_new(asked, json_pack("{s:o, s:o}", "commit",
						       json_oid(&ask->commit),
						       "beside",
						       json_oid(&ask->beside)));
}

void
search_record_add_tip(json_t *record, const struct oid *tip)
{
	json_t *tips = json_object_get(record, "tips"), *item;
	char hex[OID_HEX + 1];
	size_t i;

	oid_format(tip, hex);
	json_array_foreach(tips, i, item)
	{
		const char *text = json_string_value(item);

		if (text && !strcmp(text, hex))
			return;
	}
	json_array_append_new(tips, json_string(hex));
}
