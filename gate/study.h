#ifndef GATE_STUDY_H
#define GATE_STUDY_H

#include <jansson.h>
#include <stddef.h>

#include "gather.h"
#include "plan/schedule.h"
#include "weigh.h"

struct err;
struct gate;
struct gate_run;
struct store_job;
struct store_tx;

/*
 * The study of young tests. When a test has landed that is new, has a new
 * definition, or was measured where its noise is not known yet, the worker runs
 * some sessions of the commit against itself, both sides built afresh: their
 * estimates are the noise between sessions (study_record.h), and no verdicts.
 *
 * One job of the queue is one session, behind all pushes; when it is done, the
 * transaction that stores what it showed queues the next one. So whatever ends
 * the worker, at most one session has to be run again.
 */
#define KIND_STUDY "study" /* `kind` of a job */

/* What was gathered has landed and is recorded: queue a study of those tests
 * that need one. */
int study_queue(struct gate *gate, const struct gather *gather,
		struct err *err);

/* One job, from its session to what is to be stored. Release it in any case. */
struct study {
	const struct store_job *job;
	struct gather gather;
	struct plan_request_test *tests;
	struct plan_request request;
	struct weigh_session session;
	int has_session;
	int is_over; /* set by the caller: no use in another one */
};

int study_run(struct study *study, struct gate *gate,
	      const struct store_job *job, const struct gate_run *run,
	      struct err *err);
/*
 * The same at once, of all tests that were gathered to run: until what is known
 * of them in the environment is as much as a study shows, and no longer than
 * one takes. For tests that no push brings.
 */
int study_ahead(struct gate *gate, struct gather *gather,
		const char *environment, const struct gate_run *run,
		struct err *err);

void study_release(struct study *study);

/* Which one of how many, for people. */
char *study_text(const struct store_job *job);

/* Store what a session showed and queue the next one, when its job is done. A
 * session that could not be run is passed over, or was the last. */
int study_finish(struct store_tx *tx, const struct study *study);

#endif
