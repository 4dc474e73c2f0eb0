#ifndef GATE_GATHER_BESIDE_H
#define GATE_GATHER_BESIDE_H

#include "gather.h"

/*
 * One commit beside another, by one test alone and as that test is at a third:
 * for what is asked of old commits (bisection, backfill). Where a commit holds
 * another definition of the test, or none, the files of that one are laid over
 * it.
 */
struct gather_beside {
	const char *test;
	struct oid definition; /* the commit whose test it is */
	struct oid commit;     /* what is weighed */
	struct oid baseline;   /* and what it is held against */
};

/*
 * As gather_update(): input gives repo, policy and ref, and the rest of it is
 * not looked at. ERR_NOT_FOUND where there is no such test. The update is then
 * the commit alone, with the baseline as its base.
 */
int gather_beside(struct gather *gather, const struct gather_input *input,
		  const struct gather_beside *beside, struct err *err);

#endif
