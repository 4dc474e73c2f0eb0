#ifndef PLAN_SCHEDULE_H
#define PLAN_SCHEDULE_H

/* Which job goes first: the class of a job in the queue, below STORE_MAX_CLASS
 * and the lower the sooner. */
enum schedule_class {
	CLASS_NEW = 0,   /* a push with tests that nobody knows yet */
	CLASS_PUSH = 1,  /* others, in their order */
	CLASS_STUDY = 8, /* from here on: in idle time */
	CLASS_BISECT = 10,
	CLASS_BISECT_BETTER = 11, /* of an improvement: nobody is in need */
	CLASS_BACKFILL = 12
};

#endif
