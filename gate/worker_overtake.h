#ifndef GATE_WORKER_OVERTAKE_H
#define GATE_WORKER_OVERTAKE_H

struct err;
struct gate;
struct store_job;

/*
 * A push that waits is dropped for a newer one of its branch. Its commits are
 * noted as not weighed, and by which they were overtaken; the newer one takes
 * its place in the queue and is held against what was before both, so that no
 * test is left out that the older one would have run. 1 overtaken; 0 not: it
 * is no more as it was.
 */
int worker_overtake(struct gate *gate, const struct store_job *old,
		    const struct store_job *new, struct err *err);

#endif
