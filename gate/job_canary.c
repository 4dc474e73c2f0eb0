#include "job.h"

#include "base/err.h"
#include "base/log.h"
#include "canary.h"
#include "canary_record.h"
#include "gate.h"
#include "plan/schedule.h"

/* The canary in idle time: a push with a plant, and one without. */

static int
run(struct job *job, struct err *err)
{
	struct canary canary = { .kinds = CANARY_ALL,
				 .pairs = 1,
				 .size = CANARY_SIZE,
				 .give_way = job_gives_way,
				 .stopped = job_is_stopped,
				 .placed = job_is_placed,
				 .data = job };
	int ret = canary_run(job->gate, &canary, err);

	canary.size = 0;
	if (!ret)
		ret = canary_run(job->gate, &canary, err);
	/* The next worker finds that it is due still. */
	if (ret == ERR_BUSY)
		return 0;
	if (ret < 0) {
		log_event(LOG_WARNING, "%s", err->text);
		canary_record_failure(job->gate->store);
	}
	return 0;
}

const struct job_kind job_canary = { .name = "canary",
				     .class = CLASS_CANARY,
				     .run = run };
