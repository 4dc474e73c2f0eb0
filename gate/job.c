#include "job.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "gate.h"
#include "repo/repo.h"
#include "store/store.h"

enum {
	BUSY_S = 2,      /* until a job that gave way asks again */
	RETRY_S = 5,     /* and after a failure, the longer the more tries */
	RETRY_FACTOR = 6 /* 5 s, 30 s */
};

/* The first is for a job that says nothing else. */
static const struct job_kind *const kinds[] = { &job_push, &job_study,
						&job_bisect };

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
	const char *owner;
	struct store_job *item;
};

static int
take_job(struct store_tx *tx, void *data, struct err *err)
{
	struct take *take = data;

	(void)err;
	return store_queue_take(tx, take->owner, clock_wall_s(&clock_real),
				take->item);
}

struct end {
	const struct job *job;
	int64_t again_s; /* 0: done */
};

static int
end_job(struct store_tx *tx, void *data, struct err *err)
{
	const struct end *end = data;
	int ret;

	if (end->again_s)
		return store_queue_requeue(tx, end->job->item->id,
					   end->again_s);
	ret = store_queue_done(tx, end->job->item->id);
	return ret ? ret : end->job->kind->finish(tx, end->job, err);
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

int
job_next(struct job *job, const char *owner, enum job_end *outcome,
	 struct err *err)
{
	struct store_job item;
	struct take take = { owner, &item };
	struct end end = { .job = job };
	int ret = store_write(job->gate->store, take_job, &take, err);

	*outcome = JOB_NONE;
	if (ret < 0)
		return ret == ERR_NOT_FOUND ? 0 : ret;
	job->item = &item;
	job->kind = job_kind_of(&item);
	ret = job->kind->run(job, err);
	if (ret < 0)
		end.again_s = retry_at(&item, ret);
	*outcome = end.again_s ? JOB_AGAIN : JOB_DONE;
	ret = store_write(job->gate->store, end_job, &end, err);
	if (job->kind->release)
		job->kind->release(job);
	json_decref(item.doc);
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
job_is_stopped(const struct job *job)
{
	/* Of a repository that was removed nothing is left to do. */
	if (!file_exists(repo_gitdir(job->gate->repo)))
		return 1;
	return job->stopped && job->stopped();
}

int
job_gives_way(void *data)
{
	const struct job *job = data;

	return gate_is_wanted(job->gate);
}
