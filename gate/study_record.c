#include "study_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/store.h"

static char *
note_name(const char *environment, const char *test)
{
	return mem_text("study %s %s", environment, test);
}

json_t *
study_record_get(struct store_tx *tx, const char *environment, const char *test)
{
	char *name = note_name(environment, test), *text = NULL;
	json_t *record = NULL;

	if (!store_note_get(tx, name, &text))
		record = json_parse(text, strlen(text), NULL);
	free(text);
	free(name);
	return record;
}

json_t *
study_record_of(struct store_tx *tx, const char *environment, const char *test,
		const char *definition)
{
	json_t *record = study_record_get(tx, environment, test);

	if (record &&
	    !strcmp(json_text_or(record, "definition", ""), definition))
		return record;
	json_decref(record);
	return json_pack("{s:s, s:[]}", "definition", definition, "sessions");
}

int
study_record_put(struct store_tx *tx, const char *environment, const char *test,
		 const json_t *record)
{
	char *name = note_name(environment, test);
	struct buf text = BUF_INIT;
	int ret;

	json_append(&text, record);
	ret = store_note_put(tx, name, buf_text(&text));
	if (!ret)
		ret = store_test_changed(tx, test);
	buf_release(&text);
	free(name);
	return ret;
}

void
study_record_add(json_t *record, const char *session, int64_t now_s,
		 json_t *metrics)
{
	json_t *sessions = json_object_get(record, "sessions");

	json_array_append_new(
		sessions, json_pack("{s:s, s:I, s:o}", "id", session, "time",
				    (json_int_t)now_s, "metrics", metrics));
	while (json_array_size(sessions) > STUDY_KEPT)
		json_array_remove(sessions, 0);
}

json_t *
study_metric_json(const struct noise_session *session, double spread)
{
	return json_pack("{s:o, s:o, s:o}", "ratio", json_num(session->ratio),
			 "width", json_num(session->width), "spread",
			 json_num(spread));
}

size_t
study_record_sessions(const json_t *record, const char *metric,
		      struct noise_session *sessions, double *spreads)
{
	json_t *session;
	size_t n = 0, i;

	json_array_foreach(json_object_get(record, "sessions"), i, session)
	{
		const json_t *found = json_object_get(
			json_object_get(session, "metrics"), metric);

		if (!found || n == STUDY_KEPT)
			continue;
		spreads[n] = json_number_or(found, "spread", NAN);
		sessions[n++] = (struct noise_session){
			json_number_or(found, "ratio", NAN),
			json_number_or(found, "width", NAN)
		};
	}
	return n;
}
