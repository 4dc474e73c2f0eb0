#include "hooks/journal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/units.h"
#include "hooks/receive.h"
#include "land.h"
#include "policy/hosts.h"

static int
add_entry(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_journal_add(tx, clock_wall_s(&clock_real), data, NULL);
}

/* A host may wait for a status of what is not weighed too. */
static int
has_to_land(enum gather_outcome outcome, int posts)
{
	switch (outcome) {
	case GATHER_WEIGH:
	case GATHER_SKIPPED:
		return 1;
	case GATHER_NO_TESTS:
	case GATHER_UNTOUCHED:
		return posts;
	case GATHER_NOTHING:
		break;
	}
	return 0;
}

static json_t *
notes(const struct receive *receive)
{
	json_t *list = json_array();
	struct host_policy *hosts = NULL;
	int posts = policy_hosts(receive->gate.policy, &hosts) > 0;

	free(hosts);
	for (size_t i = 0; i < receive->count; i++) {
		const struct update *update = &receive->updates[i];
		char old[OID_HEX + 1], new[OID_HEX + 1];

		if (!has_to_land(update->gather.outcome, posts))
			continue;
		oid_format(&update->line->old, old);
		oid_format(&update->line->new, new);
		json_array_append_new(list, land_note(&update->gather, old, new,
						      update->decided));
	}
	return list;
}

/* What the host says of the push, for those who are told of it. */
static json_t *
host_facts(const struct pusher *pusher)
{
	json_t *facts = json_object();
	int64_t number = 0;

	if (*pusher->email)
		json_object_set_new(facts, "email", json_text(pusher->email));
	if (*pusher->project) {
		char *project = mem_text("%s%s%s", pusher->owner,
					 *pusher->owner ? "/" : "",
					 pusher->project);

		json_object_set_new(facts, "project", json_text(project));
		free(project);
	}
	if (!units_parse_count(pusher->number, 1, INT32_MAX, &number))
		json_object_set_new(facts, "number", json_integer(number));
	return facts;
}

int
journal_write(struct receive *receive, struct err *err)
{
	char process[PROC_ID_SIZE];
	json_t *list = notes(receive), *doc;
	int ret = 0;

	if (!json_array_size(list)) {
		json_decref(list);
		return 0;
	}
	proc_identify(process);
	doc = json_pack("{s:o, s:s, s:o, s:o}", "pusher",
			json_text(receive->pusher.name), "process", process,
			"updates", list, "host", host_facts(&receive->pusher));
	if (!receive->gate.store)
		ret = gate_open_store(&receive->gate, STORE_WRITE, err);
	if (!ret)
		ret = store_write(receive->gate.store, add_entry, doc, err);
	json_decref(doc);
	return ret < 0 ? ret : 1;
}
