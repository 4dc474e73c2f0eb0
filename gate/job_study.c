#include "job.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "gate.h"
#include "study.h"

/* A session of a study of young tests. */

enum {
	LOOK_MS = 500,       /* for pushes that came meanwhile */
	MAX_STUDY_TRIES = 20 /* of a session that always gives way */
};

/* What a study has to make room for. */
struct urgent {
	int64_t now_s;
	size_t count;
};

static int
on_urgent_job(void *data, const struct store_job *item)
{
	struct urgent *urgent = data;

	urgent->count += item->class < CLASS_STUDY && !item->owner[0] &&
			 item->not_before_s <= urgent->now_s;
	return 0;
}

static int
on_urgent_push(void *data, const struct store_entry *entry)
{
	(void)entry;
	((struct urgent *)data)->count++;
	return 0;
}

static int
count_urgent(struct store_tx *tx, void *data, struct err *err)
{
	struct urgent *urgent = data;

	(void)err;
	*urgent = (struct urgent){ clock_wall_s(&clock_real), 0 };
	store_queue_each(tx, on_urgent_job, urgent);
	store_journal_each(tx, STORE_LANDED, on_urgent_push, urgent);
	return store_tx_error(tx);
}

struct studying {
	struct job *job;
	int64_t looked_ms;
};

/* To whoever waits for a slot, like all that runs in the background, and to
 * pushes that this worker itself is to weigh. */
static int
gives_way(void *data)
{
	struct studying *studying = data;
	struct job *job = studying->job;
	int64_t now_ms = clock_monotonic_ms(&clock_real);
	struct urgent urgent = { 0 };

	if (job_gives_way(job) || job_is_stopped(job))
		return 1;
	if (now_ms - studying->looked_ms < LOOK_MS)
		return 0;
	studying->looked_ms = now_ms;
	return !store_read(job->gate->store, count_urgent, &urgent, NULL) &&
	       urgent.count;
}

static int
run(struct job *job, struct err *err)
{
	struct studying studying = { job, 0 };
	const struct gate_run how = { .class = SLOT_BACKGROUND,
				      .deadline_ms = -1,
				      .give_way = gives_way,
				      .data = &studying };
	struct study *study = mem_new(1, sizeof(*study));
	char *text = study_text(job->item);
	int ret = study_run(study, job->gate, job->item, &how, err);

	job->state = study;
	if (!ret)
		job_say(job, "%s", text);
	else
		job_say(job, "%s: %s", text, err->text);
	free(text);
	if (ret == ERR_BUSY && job->item->tries < MAX_STUDY_TRIES)
		return ret;
	/* Nobody waits for it, and pushes will tell the noise as well. */
	study->is_over = ret < 0 && ret != ERR_BUSY;
	return ret < 0 && job->item->tries + 1 < JOB_MAX_TRIES ? ret : 0;
}

static int
finish(struct store_tx *tx, const struct job *job, struct err *err)
{
	(void)err;
	return study_finish(tx, job->state);
}

static void
release(struct job *job)
{
	study_release(job->state);
	free(job->state);
}

const struct job_kind job_study = { .name = KIND_STUDY,
				    .class = CLASS_STUDY,
				    .run = run,
				    .finish = finish,
				    .release = release };
