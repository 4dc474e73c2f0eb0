#include "job.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "gate.h"
#include "job_length.h"
#include "repo/repo.h"
#include "store/store.h"

enum {
	BUSY_S = 2,       /* until a job that gave way asks again */
	RETRY_S = 5,      /* and after a failure, the longer the more tries */
	RETRY_FACTOR = 6, /* 5 s, 30 s */
	MAX_LOST = 6      /* tries that left no word */
};

/* The first is for a job that says nothing else. */
static const struct job_kind *const kinds[] = { &job_push, &job_study,
						&job_canary, &job_bisect,
						&job_backfill };

const struct job_kind *
job_kind_of(const struct store_job *item)
{
	const char *name = json_text_or(item->doc, "kind", "");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return kinds[0];
}

struct take {
	uint64_t id;
	char owner[PROC_ID_SIZE];
	struct store_job item;
};

static int
take_job(struct store_tx *tx, void *data, struct err *err)
{
	struct take *take = data;

	(void)err;
	return store_queue_take(tx, take->id, take->owner,
				clock_wall_s(&clock_real), &take->item);
}

struct end {
	const struct job *job;
	enum job_end outcome;
	int64_t again_s; /* when it is due again, unless it is done */
	int dropped;
};

static int
end_job(struct store_tx *tx, void *data, struct err *err)
{
	const struct end *end = data;
	const struct job *job = end->job;
	int ret;

	if (end->outcome != JOB_DONE)
		return store_queue_requeue(tx, job->item->id, end->again_s,
					   end->outcome == JOB_AGAIN);
	ret = store_queue_done(tx, job->item->id);
	if (!ret && job->placed_s)
		ret = job_length_add(tx, job->kind->name,
				     clock_wall_s(&clock_real) - job->placed_s);
	return ret || !job->kind->finish || end->dropped
		       ? ret
		       : job->kind->finish(tx, job, err);
}

/* When a job is due again that ended with this. */
static int64_t
retry_at(const struct store_job *item, int error)
{
	int64_t wait_s = error == ERR_BUSY ? BUSY_S : RETRY_S;

	for (unsigned i = 0; error != ERR_BUSY && i < item->tries; i++)
		wait_s *= RETRY_FACTOR;
	return clock_wall_s(&clock_real) + wait_s;
}

/* Its processes died again and again; it may be what kills them. */
static int
give_up(struct job *job, struct end *end, struct err *err)
{
	char *why = mem_text("its process died %u times",
			     (unsigned)job->item->tries);
	int ret = 0;

	job_say(job, "%s is given up: %s", job->item->key, why);
	if (job->kind->give_up)
		ret = job->kind->give_up(job, why, err);
	else
		end->dropped = 1;
	free(why);
	return ret;
}

int
job_run(struct job *job, uint64_t id, enum job_end *outcome, struct err *err)
{
	struct take take = { .id = id };
	struct end end = { .job = job };
	int ret;

	proc_identify(take.owner);
	ret = store_write(job->gate->store, take_job, &take, err);
	*outcome = JOB_NONE;
	if (ret < 0)
		return ret == ERR_NOT_FOUND ? 0 : ret;
	job->item = &take.item;
	job->kind = job_kind_of(&take.item);
	ret = take.item.tries >= MAX_LOST ? give_up(job, &end, err)
					  : job->kind->run(job, err);
	if (ret < 0) {
		end.again_s = retry_at(&take.item, ret);
		end.outcome = ret == ERR_BUSY ? JOB_GAVE_WAY : JOB_AGAIN;
	}
	*outcome = end.outcome;
	ret = store_write(job->gate->store, end_job, &end, err);
	if (job->kind->release)
		job->kind->release(job);
	json_decref(take.item.doc);
	job->item = NULL;
	job->state = NULL;
	return ret < 0 ? ret : 0;
}

void
job_say(const struct job *job, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	log_event(LOG_INFO, "%s", buf_text(&text));
	if (job->tell)
		job->tell(buf_text(&text));
	buf_release(&text);
}

int
job_is_stopped(void *data)
{
	const struct job *job = data;

	/* Of a repository that was removed nothing is left to do. */
	if (!file_exists(repo_gitdir(job->gate->repo)))
		return 1;
	return job->stopped && job->stopped();
}

int
job_gives_way(void *data)
{
	const struct job *job = data;

	return job_is_stopped(data) || gate_is_wanted(job->gate);
}

struct placed {
	const struct job *job;
	const char *where;
};

static int
note_place(struct store_tx *tx, void *data, struct err *err)
{
	const struct placed *placed = data;
	const struct job *job = placed->job;
	json_t *doc = json_copy(job->item->doc);
	int ret;

	(void)err;
	json_object_set_new(doc, "where", json_text(placed->where));
	json_object_set_new(doc, "placed", json_integer(job->placed_s));
	ret = store_queue_note(tx, job->item->id, doc);
	json_decref(doc);
	return ret;
}

void
job_is_placed(void *data, const char *where)
{
	struct job *job = data;
	struct placed placed = { job, where };

	/* What the plan took is of no use any more, and a session is long. */
	malloc_trim(0);
	/* The second session of a job is a part of its time. */
	if (!job->placed_s)
		job->placed_s = clock_wall_s(&clock_real);
	/* For who looks at the queue; the job goes on without. */
	store_write(job->gate->store, note_place, &placed, NULL);
}

struct gate_run
job_gate_run(struct job *job)
{
	return (struct gate_run){ .class = SLOT_BACKGROUND,
				  .deadline_ms = -1,
				  .give_way = job_gives_way,
				  .stopped = job_is_stopped,
				  .placed = job_is_placed,
				  .data = job };
}
