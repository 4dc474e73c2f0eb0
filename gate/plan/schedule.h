#ifndef PLAN_SCHEDULE_H
#define PLAN_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/oid.h"

/*
 * Which jobs of the queue run next, which older ones newer ones overtake, and
 * which give way. Pure: worker and simulation ask the same code.
 */

/* The class of a job in the queue, below STORE_MAX_CLASS; the lower, the
 * sooner. */
enum schedule_class {
	CLASS_FIRST = 0, /* somebody waits, or a test is new */
	CLASS_PUSH = 1,  /* other pushes, in their order */
	CLASS_STUDY = 8, /* from here on: in idle time */
	CLASS_CANARY = 9,
	CLASS_BISECT = 10,
	CLASS_BISECT_BETTER = 11, /* of an improvement: nobody is in need */
	CLASS_BACKFILL = 12
};

enum schedule_step {
	STEP_NONE,      /* it waits, or goes on */
	STEP_START,     /* it waits, and runs now */
	STEP_OVERTAKEN, /* it waits, and is dropped for the newer one `by` */
	STEP_GIVE_WAY   /* it runs, and goes back to the queue */
};

/* Names are numbers here, from 1 on; 0 is none. */
struct schedule_item {
	unsigned class;
	uint64_t number; /* rises from job to job as they come */
	unsigned pusher;
	unsigned branch;     /* that a push has moved, from and to: */
	struct oid from, to; /* the next one of the branch is from here */
	int kept; /* never overtaken; the branch's next one waits for it */
	/* Somebody waits for its end: nothing else holds it up, and others
	 * give way. */
	int blocks;
	int due; /* of one that waits: its time has come */
	int running;
	int leaving;     /* it was told to give way */
	int64_t since_s; /* it runs */

	/* The answer. */
	enum schedule_step step;
	size_t by; /* index of the one that overtakes it */
};

struct schedule_rules {
	size_t capacity;   /* sessions at a time */
	size_t per_pusher; /* of one pusher's pushes; 0: no limit */
	int preempt;       /* who runs in idle time makes room for pushes */
};

/*
 * Decide. Items are in the order of the queue. When some are overtaken, nothing
 * starts: the newer ones have new places then, so ask again.
 */
void schedule_plan(struct schedule_item *items, size_t count,
		   const struct schedule_rules *rules);

#endif
