#include "report/culprit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"

enum { MAX_NAME = 60, MAX_SUBJECT = 72, MAX_WHY = 200 };

/* By kind. */
static const char *const names[] = { "none", "commit", "merge", "stretch",
				     "spread" };

void
report_culprit_release(struct report_culprit *culprit)
{
	free(culprit->metric);
	free(culprit->author);
	free(culprit->subject);
	free(culprit->why);
	*culprit = (struct report_culprit){ 0 };
}

static void
set_text(json_t *json, const char *name, const char *text)
{
	if (text)
		json_object_set_new(json, name, json_text(text));
}

json_t *
report_culprit_json(const struct report_culprit *culprit)
{
	json_t *json;

	if (culprit->kind == CULPRIT_NONE)
		return NULL;
	json = json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:i}", "kind",
		names[culprit->kind], "good", json_oid(&culprit->good), "bad",
		json_oid(&culprit->bad), "ratio", json_num(culprit->ratio),
		"low", json_num(culprit->low), "high", json_num(culprit->high),
		"commits", (int)culprit->commits, "untestable",
		(int)culprit->untestable, "weighed", (int)culprit->weighed);
	if (!oid_is_zero(&culprit->commit))
		json_object_set_new(json, "commit", json_oid(&culprit->commit));
	set_text(json, "metric", culprit->metric);
	set_text(json, "author", culprit->author);
	set_text(json, "subject", culprit->subject);
	set_text(json, "why", culprit->why);
	return json;
}

int
report_culprit_read(struct report_culprit *culprit, const json_t *json,
		    struct err *err)
{
	const char *kind = json_text_or(json, "kind", names[CULPRIT_NONE]);

	report_culprit_release(culprit);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(kind, names[i]))
			culprit->kind = (enum culprit_kind)i;
	if (culprit->kind == CULPRIT_NONE)
		return 0;
	if (json_get_oid(json, "good", &culprit->good, err) < 0 ||
	    json_get_oid(json, "bad", &culprit->bad, err) < 0)
		return err_context(err, "culprit");
	json_get_oid(json, "commit", &culprit->commit, NULL);
	culprit->ratio = json_number_or(json, "ratio", NAN);
	culprit->low = json_number_or(json, "low", 0);
	culprit->high = json_number_or(json, "high", INFINITY);
	culprit->commits = (unsigned)json_int_or(json, "commits", 0);
	culprit->untestable = (unsigned)json_int_or(json, "untestable", 0);
	culprit->weighed = (unsigned)json_int_or(json, "weighed", 0);
	culprit->metric = mem_copy_text(json_text_or(json, "metric", NULL));
	culprit->author = mem_copy_text(json_text_or(json, "author", NULL));
	culprit->subject = mem_copy_text(json_text_or(json, "subject", NULL));
	culprit->why = mem_copy_text(json_text_or(json, "why", NULL));
	return 0;
}

static void
add_clean(struct buf *buf, const char *text, size_t max)
{
	if (text)
		buf_add_clean(buf, text, strlen(text), max);
}

static void
add_commit(struct buf *buf, const struct report_culprit *culprit)
{
	char hex[OID_HEX + 1];

	buf_adds(buf, oid_short(&culprit->commit, hex));
	if (culprit->author) {
		buf_adds(buf, " (");
		add_clean(buf, culprit->author, MAX_NAME);
		buf_adds(buf, ": ");
		add_clean(buf, culprit->subject, MAX_SUBJECT);
		buf_addc(buf, ')');
	}
	if (isfinite(culprit->ratio)) {
		buf_adds(buf, ": ");
		units_add_change(buf, culprit->ratio);
		buf_addc(buf, ' ');
		add_clean(buf, culprit->metric, MAX_NAME);
	}
}

static void
add_ends(struct buf *buf, const struct report_culprit *culprit)
{
	char hex[OID_HEX + 1];

	buf_addf(buf, "%s and ", oid_short(&culprit->good, hex));
	buf_addf(buf, "%s: ", oid_short(&culprit->bad, hex));
}

void
report_add_culprit(struct buf *buf, const struct report_culprit *culprit)
{
	switch (culprit->kind) {
	case CULPRIT_NONE:
		return;
	case CULPRIT_COMMIT:
		buf_adds(buf, "brought by ");
		add_commit(buf, culprit);
		return;
	case CULPRIT_MERGE:
		buf_adds(buf, "brought by the merge ");
		add_commit(buf, culprit);
		buf_adds(buf, ", while what it merges does not have it");
		return;
	case CULPRIT_STRETCH:
		buf_adds(buf, "brought between ");
		add_ends(buf, culprit);
		add_clean(buf, culprit->why, MAX_WHY);
		return;
	case CULPRIT_SPREAD:
		buf_adds(buf, "built up between ");
		add_ends(buf, culprit);
		add_clean(buf, culprit->why, MAX_WHY);
		return;
	}
}
