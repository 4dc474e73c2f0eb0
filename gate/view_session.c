/* Sessions: a commit's report names them, so the other way round takes a look
 * at all commits, which is kept. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate.h"
#include "store/store.h"
#include "view.h"

struct head {
	const struct oid *commit;
	char *sessions;
};

static int
read_head(struct store_tx *tx, void *data, struct err *err)
{
	struct head *head = data;
	json_t *doc = NULL;
	int ret = store_verdict_get(tx, head->commit, "", "", &doc);

	(void)err;
	free(head->sessions);
	head->sessions = ret ? NULL
			     : mem_copy_text(json_text_or(doc, "sessions", ""));
	json_decref(doc);
	return ret;
}

char *
view_sessions(struct view *view, const struct oid *commit)
{
	struct head head = { .commit = commit };

	store_read(view->gate->store, read_head, &head, NULL);
	return head.sessions;
}

struct index {
	const json_t *commits;
	json_t *sessions;
};

static void
add(json_t *sessions, const char *id, const json_t *head, json_t *commit)
{
	json_t *session = json_object_get(sessions, id);

	if (!session) {
		session = json_pack(
			"{s:[], s:o}", "commits", "environment",
			json_text(json_text_or(head, "environment", "?")));
		json_object_set_new(sessions, id, session);
	}
	json_array_append(json_object_get(session, "commits"), commit);
}

static void
add_commit(json_t *sessions, const json_t *head, json_t *commit)
{
	const char *at = json_text_or(head, "sessions", "");

	while (*at) {
		size_t len = strcspn(at, " ");
		char *id = mem_copy_bytes(at, len);

		add(sessions, id, head, commit);
		free(id);
		at += len + strspn(at + len, " ");
	}
}

static int
read_index(struct store_tx *tx, void *data, struct err *err)
{
	struct index *index = data;
	const json_t *item;
	size_t i;

	(void)err;
	json_object_clear(index->sessions);
	json_array_foreach(index->commits, i, item)
	{
		struct oid commit;
		json_t *head = NULL;

		if (!json_get_oid(item, "commit", &commit, NULL) &&
		    !store_verdict_get(tx, &commit, "", "", &head))
			add_commit(index->sessions, head,
				   json_object_get(item, "commit"));
		json_decref(head);
	}
	return store_tx_error(tx);
}

/* Of this generation. */
static int
make_index(struct view *view, struct err *err)
{
	uint64_t generation = store_generation(view->gate->store);
	struct index index = { .commits = view_commits(view, err),
			       .sessions = json_object() };
	int ret = !index.commits ? err->code
				 : store_read(view->gate->store, read_index,
					      &index, err);

	if (!ret) {
		json_decref(view->sessions);
		view->sessions = json_incref(index.sessions);
		view->sessions_generation = generation;
	}
	json_decref((json_t *)(uintptr_t)index.commits);
	json_decref(index.sessions);
	return ret;
}

/* Borrowed. What a session measured is complete when it is first seen, so only
 * one that is not known is worth another look. */
static const json_t *
find(struct view *view, const char *id, struct err *err)
{
	const json_t *found = json_object_get(view->sessions, id);

	if (!found &&
	    (!view->sessions || view->sessions_generation !=
					store_generation(view->gate->store)) &&
	    make_index(view, err) < 0)
		return NULL;
	found = json_object_get(view->sessions, id);
	if (!found)
		err_set(err, ERR_NOT_FOUND,
			"no session %s among the newest commits", id);
	return found;
}

struct machine {
	const char *id;
	json_t *doc;
};

static int
read_machine(struct store_tx *tx, void *data, struct err *err)
{
	struct machine *machine = data;

	(void)err;
	return store_environment_get(tx, machine->id, &machine->doc);
}

json_t *
view_session(struct view *view, const char *id, struct err *err)
{
	const json_t *found = find(view, id, err);
	struct machine machine = { 0 };
	json_t *doc;

	if (!found)
		return NULL;
	machine.id = json_text_or(found, "environment", "?");
	store_read(view->gate->store, read_machine, &machine, NULL);
	doc = json_pack("{s:s, s:s, s:O, s:O?}", "repository", view->name,
			"session", id, "commits",
			json_object_get(found, "commits"), "environment",
			machine.doc);
	json_decref(machine.doc);
	return doc;
}
