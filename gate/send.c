#include "send.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "plan/plan.h"
#include "pool/session.h"
#include "repo/repo.h"

enum { IDS_A_LINE = 1000, ANSWER_MS = 120000, MAX_OBJECTS = 5000000 };

struct need {
	struct session *session;
	json_t *line;
	struct oid *lacks;
	size_t count, cap;
	struct err *err;
	int failed;
};

static void
send_line(struct need *need)
{
	json_t *message = json_pack("{s:O}", "need", need->line);

	if (!need->failed &&
	    session_send(need->session, message, need->err) < 0)
		need->failed = 1;
	json_decref(message);
	json_array_clear(need->line);
}

static int
on_object(void *data, const struct oid *oid)
{
	struct need *need = data;

	json_array_append_new(need->line, json_oid(oid));
	if (json_array_size(need->line) >= IDS_A_LINE)
		send_line(need);
	return need->failed;
}

static int
tell_needs(struct need *need, const struct repo *repo, const struct plan *plan)
{
	struct oid *trees = mem_new(plan->revision_count, sizeof(*trees));
	int ret;

	for (size_t i = 0; i < plan->revision_count; i++)
		trees[i] = plan->revisions[i].commit->tree;
	ret = repo_each_object_of(repo, trees, plan->revision_count, on_object,
				  need, need->err);
	free(trees);
	for (size_t i = 0; !ret && i < plan->overlay_count; i++)
		on_object(need, &plan->overlay[i].blob);
	if (!ret && json_array_size(need->line))
		send_line(need);
	if (!ret)
		send_line(need); /* the empty list ends it */
	return ret < 0 ? ret : need->failed ? ERR_SYSTEM : 0;
}

static int
add_lacks(struct need *need, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *hex = json_string_value(item);
		struct oid oid;

		if (!hex || strlen(hex) != OID_HEX ||
		    oid_parse(&oid, hex) < 0 || need->count >= MAX_OBJECTS)
			return err_set(need->err, ERR_PROTOCOL,
				       "the runner lacks no object id");
		MEM_GROW(need->lacks, need->count, need->cap);
		need->lacks[need->count++] = oid;
	}
	return 0;
}

static int
hear_lacks(struct need *need)
{
	for (;;) {
		int64_t until = clock_monotonic_ms(&clock_real) + ANSWER_MS;
		json_t *message = NULL;
		const json_t *list;
		int ended = 0, ret;

		ret = session_next(need->session, until, &message, need->err);
		if (ret == 0)
			return err_set(need->err, ERR_SYSTEM,
				       "the runner ended too early");
		list = json_object_get(message, "lack");
		if (ret > 0 && json_is_array(list)) {
			ended = !json_array_size(list);
			ret = add_lacks(need, list);
		} else if (ret > 0 && json_object_get(message, "error")) {
			ret = err_set(
				need->err, ERR_SYSTEM, "runner: %s",
				json_text_or(json_object_get(message, "error"),
					     "text", "unknown error"));
		}
		json_decref(message);
		if (ret < 0 || ended)
			return ret < 0 ? ret : 0;
	}
}

static int
send_pack(struct need *need, const struct repo *repo)
{
	struct buf pack = BUF_INIT;
	json_t *message;
	int ret = 0;

	if (need->count)
		ret = repo_pack(repo, need->lacks, need->count, &pack,
				need->err);
	message = json_pack("{s:I}", "pack", (json_int_t)pack.len);
	if (!ret)
		ret = session_send(need->session, message, need->err);
	if (!ret && pack.len)
		ret = session_send_bytes(need->session, pack.data, pack.len,
					 need->err);
	json_decref(message);
	buf_release(&pack);
	return ret;
}

int
send_objects(void *data, struct session *session, const struct plan *plan,
	     struct err *err)
{
	const struct send_data *from = data;
	struct need need = { .session = session,
			     .line = json_array(),
			     .err = err };
	int ret = tell_needs(&need, from->repo, plan);

	if (!ret)
		ret = hear_lacks(&need);
	if (!ret)
		ret = send_pack(&need, from->repo);
	json_decref(need.line);
	free(need.lacks);
	return ret;
}
