#include "job.h"

#include <stdlib.h>

#include "backfill.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate.h"
#include "job_places.h"
#include "plan/schedule.h"

/* One commit of a backfill. */
struct filling {
	json_t *record; /* NULL: none any more */
	const char *test;
	struct oid commit;
	struct backfill backfill;
	size_t free_places;
};

static int
read_record(struct store_tx *tx, void *data, struct err *err)
{
	struct filling *filling = data;

	(void)err;
	json_decref(filling->record);
	filling->record = backfill_get(tx, filling->test);
	return 0;
}

static int
begin(struct job *job, struct err *err)
{
	struct filling *filling = mem_new(1, sizeof(*filling));

	job->state = filling;
	filling->test = json_text_or(job->item->doc, "test", "");
	(void)json_get_oid(job->item->doc, "commit", &filling->commit, NULL);
	filling->backfill.commit = filling->commit;
	return store_read(job->gate->store, read_record, filling, err);
}

static int
run(struct job *job, struct err *err)
{
	const struct gate_run how = job_gate_run(job);
	int ret = begin(job, err);
	struct filling *filling = job->state;
	struct backfill *backfill = &filling->backfill;
	char hex[OID_HEX + 1];

	if (ret || !filling->record)
		return ret;
	ret = backfill_measure(job->gate, filling->record, &filling->commit,
			       &how, backfill, err);
	if (ret < 0 &&
	    (ret == ERR_BUSY || job->item->tries + 1 < JOB_MAX_TRIES))
		return ret;
	if (ret < 0)
		backfill->why = mem_copy_text(err->text);
	job_say(job, "backfill of %s: %s%s%s", filling->test,
		oid_short(&filling->commit, hex),
		backfill->why ? ": left out: " : "",
		backfill->why ? backfill->why : "");
	filling->free_places = job_free_places(job->gate);
	return 0;
}

/* Left out, and the rest goes on. */
static int
give_up(struct job *job, const char *why, struct err *err)
{
	int ret = begin(job, err);
	struct filling *filling = job->state;

	filling->backfill.why = mem_copy_text(why);
	return ret;
}

static int
finish(struct store_tx *tx, const struct job *job, struct err *err)
{
	const struct filling *filling = job->state;
	json_t *record = backfill_get(tx, filling->test);
	size_t places;
	int ret;

	(void)err;
	if (!record || !filling->record) {
		json_decref(record);
		return 0;
	}
	ret = backfill_store(tx, record, &filling->backfill);
	places = job_places(tx, filling->free_places);
	if (!places && !json_array_size(json_object_get(record, "asked")))
		places = 1;
	if (!ret)
		ret = backfill_ask(tx, record, places);
	if (!ret)
		ret = backfill_put(tx, record);
	json_decref(record);
	return ret;
}

static void
release(struct job *job)
{
	struct filling *filling = job->state;

	backfill_release(&filling->backfill);
	json_decref(filling->record);
	free(filling);
}

const struct job_kind job_backfill = { .name = KIND_BACKFILL,
				       .class = CLASS_BACKFILL,
				       .run = run,
				       .finish = finish,
				       .give_up = give_up,
				       .release = release };
