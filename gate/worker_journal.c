#include "worker_journal.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "gate.h"
#include "land.h"
#include "messages.h"
#include "repo/repo.h"

enum {
	GRACE_S = 120, /* from a hook's end until its ref has moved */
	MAX_ENTRIES = 256
};

struct entries {
	struct store_entry items[MAX_ENTRIES];
	size_t count;
};

static int
on_entry(void *data, const struct store_entry *entry)
{
	struct entries *entries = data;

	if (entries->count == MAX_ENTRIES)
		return 1;
	entries->items[entries->count] = *entry;
	json_incref(entry->doc);
	entries->count++;
	return 0;
}

static void
entries_clear(struct entries *entries)
{
	while (entries->count)
		json_decref(entries->items[--entries->count].doc);
}

static int
read_entries(struct store_tx *tx, void *data, struct err *err)
{
	struct entries *entries = data;
	int ret;

	(void)err;
	entries_clear(entries);
	ret = store_journal_each(tx, STORE_LANDED, on_entry, entries);
	return ret < 0 ? ret
		       : store_journal_each(tx, STORE_PENDING, on_entry,
					    entries);
}

/* 1 the ref holds it, 0 it does not. It may have moved on since. */
static int
has_landed(struct gate *gate, const json_t *update)
{
	const struct repo *repo = gate->repo;
	struct oid new, now, commit;

	if (json_get_oid(update, "new", &new, NULL) < 0 ||
	    repo_ref(repo, json_text_or(update, "ref", ""), &now, NULL) < 0)
		return 0;
	if (oid_equal(&new, &now))
		return 1;
	return !repo_peel(repo, &now, &now, NULL) &&
	       !repo_peel(repo, &new, &commit, NULL) &&
	       repo_is_ancestor(repo, &commit, &now, NULL) == 1;
}

struct set_state {
	struct gate *gate;
	const json_t *push;
	uint64_t id;
	enum store_state state;
};

static int
set_state(struct store_tx *tx, void *data, struct err *err)
{
	const struct set_state *set = data;
	int ret = store_journal_set(tx, set->id, set->state,
				    clock_wall_s(&clock_real));

	if (!ret && set->state == STORE_DONE)
		ret = messages_end_push(tx, set->gate, set->push, err);
	return ret;
}

static void
say_unsettled(const struct store_entry *entry, const struct err *err,
	      void (*tell)(const char *line))
{
	const char *pusher = json_text_or(entry->doc, "pusher", "");
	struct buf text = BUF_INIT;

	buf_addf(&text, "a push of %s cannot be settled: %s",
		 *pusher ? pusher : "somebody", err->text);
	log_event(LOG_INFO, "%s", buf_text(&text));
	if (tell)
		tell(buf_text(&text));
	buf_release(&text);
}

/* 1 settled, 0 not yet. */
static int
settle_entry(struct gate *gate, const struct store_entry *entry,
	     void (*tell)(const char *line), struct err *err)
{
	struct set_state set = { gate, entry->doc, entry->id, STORE_DROPPED };
	int64_t age_s = clock_wall_s(&clock_real) - entry->changed_s;
	json_t *update;
	size_t i;
	int ret = 0;

	json_object_set_new(entry->doc, "push",
			    json_integer((json_int_t)entry->id));
	json_array_foreach(json_object_get(entry->doc, "updates"), i, update)
	{
		if (!has_landed(gate, update))
			continue;
		set.state = STORE_DONE;
		ret = land_update(gate, update, entry->doc, err);
		if (ret < 0)
			break;
	}
	if (ret < 0) {
		say_unsettled(entry, err, tell);
		/* What cannot be read today cannot be read tomorrow. */
		set.state = age_s > GRACE_S ? STORE_DROPPED : STORE_PENDING;
	}
	if (set.state == STORE_DROPPED && entry->state == STORE_PENDING &&
	    (age_s < GRACE_S ||
	     proc_is_alive(json_text_or(entry->doc, "process", ""))))
		return 0;
	if (set.state == STORE_PENDING)
		return 0;
	ret = store_write(gate->store, set_state, &set, err);
	if (ret == ERR_NOT_FOUND)
		ret = 0;
	return ret < 0 ? ret : 1;
}

int
worker_settle(struct gate *gate, void (*tell)(const char *line), size_t *count,
	      struct err *err)
{
	struct entries *entries = mem_new(1, sizeof(*entries));
	int ret = store_read(gate->store, read_entries, entries, err);

	for (size_t i = 0; ret >= 0 && i < entries->count; i++) {
		ret = settle_entry(gate, &entries->items[i], tell, err);
		*count += ret > 0;
	}
	entries_clear(entries);
	free(entries);
	return ret < 0 ? ret : 0;
}
