#include "hooks/journal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/proc.h"
#include "hooks/receive.h"
#include "land.h"

static int
add_entry(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_journal_add(tx, clock_wall_s(&clock_real), data, NULL);
}

static json_t *
notes(const struct receive *receive)
{
	json_t *list = json_array();

	for (size_t i = 0; i < receive->count; i++) {
		const struct update *update = &receive->updates[i];
		char old[OID_HEX + 1], new[OID_HEX + 1];

		if (update->gather.outcome != GATHER_WEIGH &&
		    update->gather.outcome != GATHER_SKIPPED)
			continue;
		oid_format(&update->line->old, old);
		oid_format(&update->line->new, new);
		json_array_append_new(list, land_note(&update->gather, old, new,
						      update->decided));
	}
	return list;
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
	doc = json_pack("{s:o, s:s, s:o}", "pusher",
			json_text(receive->pusher.name), "process", process,
			"updates", list);
	if (!receive->gate.store)
		ret = gate_open_store(&receive->gate, STORE_WRITE, err);
	if (!ret)
		ret = store_write(receive->gate.store, add_entry, doc, err);
	json_decref(doc);
	return ret;
}
