#include "job.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate.h"
#include "job_places.h"
#include "plan/schedule.h"
#include "report/culprit.h"
#include "search.h"
#include "search_land.h"
#include "search_weigh.h"

/*
 * One step of a search for the commit that brought a change. A job with a
 * commit weighs it beside another one; one without only looks what is next, or
 * tells of the result. Each ends by queueing what follows from all that is
 * known by then, in the transaction that stores its own answer: so several may
 * be at one search, and whatever ends one of them, no answer is lost.
 */
enum { LOOK_MS = 1000 /* for an answer of others that makes it needless */ };

struct step {
	const char *name; /* of the record, borrowed from the job */
	json_t *record;   /* as it was when the job began */
	struct search search;
	struct search_ask ask;
	int has_ask, is_weighed;
	struct search_weighed weighed;
	size_t free_places; /* when it had ended */
	int is_told;
	int64_t looked_ms;
};

static int
read_record(struct store_tx *tx, void *data, struct err *err)
{
	struct step *step = data;

	(void)err;
	json_decref(step->record);
	step->record = search_record_get(tx, step->name);
	return 0;
}

/* Others may have found by now what this one is to find. */
static int
is_needless(struct job *job)
{
	struct step *step = job->state;
	struct step now = { .name = step->name };
	int needless = 0;

	if (!store_read(job->gate->store, read_record, &now, NULL) &&
	    now.record) {
		step->search.record = now.record;
		needless = !search_is_at(&step->search, now.record) ||
			   !search_wants(&step->search, &step->ask);
		step->search.record = step->record;
	}
	json_decref(now.record);
	return needless;
}

static int
gives_way(void *data)
{
	struct job *job = data;
	struct step *step = job->state;
	int64_t now_ms = clock_monotonic_ms(&clock_real);

	if (job_gives_way(job))
		return 1;
	if (now_ms - step->looked_ms < LOOK_MS)
		return 0;
	step->looked_ms = now_ms;
	return is_needless(job);
}

static void
say_answer(const struct job *job, const struct step *step)
{
	char hex[2][OID_HEX + 1];

	job_say(job, "bisection of %s: %s beside %s: %s%s%s",
		json_text_or(step->record, "test", "?"),
		oid_short(&step->ask.commit, hex[0]),
		oid_short(&step->ask.beside, hex[1]),
		search_found_name(step->weighed.found),
		step->weighed.why ? ": " : "",
		step->weighed.why ? step->weighed.why : "");
}

static int
recall(struct store_tx *tx, void *data, struct err *err)
{
	struct step *step = data;

	(void)err;
	search_weighed_release(&step->weighed);
	return search_recall(tx, step->record, &step->ask, &step->weighed);
}

static int
weigh(struct job *job, struct err *err)
{
	struct step *step = job->state;
	struct gate_run how = job_gate_run(job);
	int ret = store_read(job->gate->store, recall, step, err);

	how.give_way = gives_way;
	step->is_weighed = ret > 0;
	if (ret)
		return ret < 0 ? ret : 0;
	ret = search_weigh(job->gate, step->record, &step->ask, &how,
			   &step->weighed, err);
	if (ret == ERR_BUSY && is_needless(job))
		return 0;
	if (ret < 0 &&
	    (ret == ERR_BUSY || job->item->tries + 1 < JOB_MAX_TRIES))
		return ret;
	/* After so many tries it is as good as one that does not build. */
	if (ret < 0) {
		step->weighed.found = BISECT_UNTESTABLE;
		report_set(&step->weighed.why, err->text);
	}
	step->is_weighed = 1;
	say_answer(job, step);
	return 0;
}

static int
tell(struct job *job, struct err *err)
{
	struct step *step = job->state;
	const json_t *result = json_object_get(step->record, "result");
	struct report_culprit culprit = { 0 };
	struct buf text = BUF_INIT;
	int ret = 0;

	if (!report_culprit_read(&culprit, result, NULL) &&
	    culprit.kind != CULPRIT_NONE) {
		report_add_culprit(&text, &culprit);
		ret = search_tell(job->gate, step->record, err);
	} else {
		buf_adds(&text, json_text_or(result, "why", "nothing"));
	}
	if (!ret)
		job_say(job, "bisection of %s: %s",
			json_text_or(step->record, "test", "?"),
			buf_text(&text));
	step->is_told = !ret;
	buf_release(&text);
	report_culprit_release(&culprit);
	return ret < 0 && job->item->tries + 1 < JOB_MAX_TRIES ? ret : 0;
}

static int
begin(struct job *job, struct err *err)
{
	const json_t *doc = job->item->doc;
	struct step *step = mem_new(1, sizeof(*step));

	job->state = step;
	step->name = json_text_or(doc, "note", "");
	step->has_ask = !json_get_oid(doc, "commit", &step->ask.commit, NULL) &&
			!json_get_oid(doc, "beside", &step->ask.beside, NULL);
	return store_read(job->gate->store, read_record, step, err);
}

static int
run(struct job *job, struct err *err)
{
	int ret = begin(job, err);
	struct step *step = job->state;

	if (ret || !step->record)
		return ret;
	if (json_object_get(step->record, "result"))
		return json_bool_or(step->record, "told", 0) || step->has_ask
			       ? 0
			       : tell(job, err);
	ret = search_open(&step->search, job->gate->repo, step->record, err);
	if (!ret && step->has_ask && search_wants(&step->search, &step->ask))
		ret = weigh(job, err);
	/* A history that was rewritten, and what it was found in has gone. */
	if (ret < 0 && ret != ERR_BUSY &&
	    job->item->tries + 1 >= JOB_MAX_TRIES) {
		job_say(job, "bisection of %s: %s",
			json_text_or(step->record, "test", "?"), err->text);
		search_release(&step->search);
		ret = 0;
	}
	step->free_places = job_free_places(job->gate);
	return ret;
}

/* The commit kills what weighs it: it is left out, like one that does not
 * build. */
static int
give_up(struct job *job, const char *why, struct err *err)
{
	int ret = begin(job, err);
	struct step *step = job->state;

	if (ret || !step->record || json_object_get(step->record, "result"))
		return ret;
	ret = search_open(&step->search, job->gate->repo, step->record, err);
	step->is_weighed = step->has_ask;
	step->weighed.ask = step->ask;
	step->weighed.found = BISECT_UNTESTABLE;
	step->weighed.why = mem_copy_text(why);
	return ret;
}

/* The search itself needs one. */
static size_t
places_of(struct store_tx *tx, const struct step *step, const json_t *record)
{
	size_t places = job_places(tx, step->free_places);

	if (!places && !json_array_size(json_object_get(record, "asked")))
		places = 1;
	return places;
}

static int
queue_asks(struct store_tx *tx, const struct step *step, json_t *record,
	   const struct search_ask *asks, size_t count)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i++) {
		search_record_set_asked(record, &asks[i], 1);
		ret = search_queue(tx, record, step->name, &asks[i]);
	}
	return ret;
}

/* Its line cannot be read: history was rewritten, and some of it has gone. */
static enum search_next
end_in_vain(json_t *record)
{
	json_object_set_new(record, "result",
			    json_pack("{s:s, s:s}", "kind", "none", "why",
				      "its commits cannot be read any more"));
	return SEARCH_DONE;
}

/* What is known by now, also by others, and what is to be done. */
static int
go_on(struct store_tx *tx, const struct job *job, json_t *record,
      struct err *err)
{
	const struct step *step = job->state;
	size_t places = places_of(tx, step, record), count = 0;
	struct search_ask *asks = mem_new(places + 1, sizeof(*asks));
	struct search search = step->search;
	enum search_next next = SEARCH_WAITS;
	int ret = 0;

	search.record = record;
	if (search.line && search_is_at(&search, record))
		ret = search_step(&search, job->gate->repo, places, asks,
				  &count, &next, err);
	else if (search.line)
		next = SEARCH_TURNED;
	else
		next = end_in_vain(record);
	switch (next) {
	case SEARCH_WAITS:
		break;
	case SEARCH_ASKS:
		ret = queue_asks(tx, step, record, asks, count);
		break;
	case SEARCH_TURNED:
		ret = search_queue(tx, record, step->name, NULL);
		break;
	case SEARCH_DONE:
		ret = search_conclude(tx, record, err);
		if (!ret)
			ret = search_queue(tx, record, step->name, NULL);
		break;
	}
	free(asks);
	return ret;
}

static int
finish(struct store_tx *tx, const struct job *job, struct err *err)
{
	const struct step *step = job->state;
	json_t *record = search_record_get(tx, step->name);
	int ret = 0;

	if (!record)
		return 0;
	if (step->is_weighed)
		ret = search_weighed_store(tx, record, &step->weighed, err);
	else if (step->has_ask)
		search_record_set_asked(record, &step->ask, 0);
	if (step->is_told)
		json_object_set_new(record, "told", json_true());
	if (!ret && !json_object_get(record, "result"))
		ret = go_on(tx, job, record, err);
	if (!ret)
		ret = search_record_put(tx, step->name, record);
	json_decref(record);
	return ret;
}

static void
release(struct job *job)
{
	struct step *step = job->state;

	search_weighed_release(&step->weighed);
	search_release(&step->search);
	json_decref(step->record);
	free(step);
}

const struct job_kind job_bisect = { .name = KIND_BISECT,
				     .class = CLASS_BISECT,
				     .run = run,
				     .finish = finish,
				     .give_up = give_up,
				     .release = release };
