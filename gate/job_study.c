#include "job.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "gate.h"
#include "study.h"

/* A session of a study of young tests. */

static int
run(struct job *job, struct err *err)
{
	const struct gate_run how = job_gate_run(job);
	struct study *study = mem_new(1, sizeof(*study));
	char *text = study_text(job->item);
	int ret = study_run(study, job->gate, job->item, &how, err);

	job->state = study;
	if (!ret)
		job_say(job, "%s", text);
	else
		job_say(job, "%s: %s", text, err->text);
	free(text);
	if (ret == ERR_BUSY)
		return ret;
	/* Nobody waits for it, and pushes will tell the noise as well. */
	study->is_over = ret < 0;
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
