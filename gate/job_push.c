#include "job.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "gate.h"
#include "gather.h"
#include "land.h"
#include "messages.h"
#include "plan/schedule.h"
#include "report/accept.h"
#include "report/text.h"
#include "search_land.h"

/* An update that has landed and was not weighed in its push. */

static int
put_all(struct store_tx *tx, void *data, struct err *err)
{
	const struct weigh_result *result = data;

	(void)err;
	for (size_t i = 0; i < result->count; i++)
		gate_put_report(tx, &result->reports[i]);
	return store_tx_error(tx);
}

static int
weigh(struct job *job, struct gather *gather, struct err *err)
{
	struct gate_run run = job_gate_run(job);
	struct weigh_result result;
	struct texts lines = { 0 };
	struct buf text = BUF_INIT;
	int ret = gate_weigh(job->gate, gather, &run, &result, err);

	for (size_t i = 0; !ret && i < result.count; i++)
		report_accept(&result.reports[i], &gather->trailers, &lines);
	if (!ret) {
		ret = store_write(job->gate->store, put_all, &result, err);
		report_add_summary(&text, &result.reports[result.count - 1]);
		job_say(job, "%s: %s", gather->ref, buf_text(&text));
	}
	for (size_t i = 0; i < lines.count; i++)
		job_say(job, "%s: %s", gather->ref, lines.items[i]);
	buf_release(&text);
	texts_release(&lines);
	weigh_release(&result);
	return ret;
}

/* Our own failure, after as many tries as make sense: a verdict of its own. */
static int
note_failure(const struct job *job, const struct gather *gather,
	     const char *why, struct err *err)
{
	struct weigh_result result = { .count = 1 };
	int ret;

	/* What could not even be read has no commit to say it of. */
	if (oid_is_zero(&gather->update.tip))
		return 0;
	result.reports = mem_new(1, sizeof(*result.reports));
	report_init(&result.reports[0], &gather->update.tip);
	result.reports[0].verdict = VERDICT_FAILURE;
	result.reports[0].time_s = clock_wall_s(&clock_real);
	report_set(&result.reports[0].why, why);
	gather_describe(gather, &result.reports[0]);
	ret = store_write(job->gate->store, put_all, &result, err);
	weigh_release(&result);
	return ret ? ret
		   : messages_tell(job->gate, gather, job->item->doc, 1, err);
}

static int
run(struct job *job, struct err *err)
{
	const json_t *doc = job->item->doc;
	const json_t *update = json_object_get(doc, "update");
	const char *pusher = json_text_or(doc, "pusher", "");
	struct gather gather;
	struct err why = ERR_INIT;
	int ret = land_gather(job->gate, update, 0, &gather, &why);

	if (!ret && gather.outcome == GATHER_WEIGH)
		ret = weigh(job, &gather, &why);
	if (!ret)
		ret = land_record(job->gate, &gather, pusher, &why);
	if (!ret)
		ret = search_begin(job->gate, &gather, doc, &why);
	if (!ret)
		ret = messages_tell(job->gate, &gather, doc, 1, &why);
	if (ret < 0) {
		job_say(job, "%s: %s", json_text_or(update, "ref", "?"),
			why.text);
		*err = why;
		if (ret != ERR_BUSY && job->item->tries + 1 >= JOB_MAX_TRIES) {
			note_failure(job, &gather, why.text, &why);
			ret = 0;
		}
	}
	gather_release(&gather);
	return ret;
}

static int
finish(struct store_tx *tx, const struct job *job, struct err *err)
{
	return messages_end_push(tx, job->gate, job->item->doc, err);
}

static int
give_up(struct job *job, const char *why, struct err *err)
{
	const json_t *update = json_object_get(job->item->doc, "update");
	struct gather gather;
	int ret = land_gather(job->gate, update, 1, &gather, err);

	if (!ret)
		ret = note_failure(job, &gather, why, err);
	gather_release(&gather);
	return ret;
}

const struct job_kind job_push = { .name = "push",
				   .class = CLASS_PUSH,
				   .run = run,
				   .finish = finish,
				   .give_up = give_up };
