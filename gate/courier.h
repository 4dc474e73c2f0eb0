#ifndef GATE_COURIER_H
#define GATE_COURIER_H

#include <sys/types.h>

struct gate;

/*
 * The worker's hand on delivery, which is a process of its own, `pacegate
 * deliver`: a host that is slow holds up no measurement, and the process that
 * starts runners never holds a token.
 */
struct courier {
	const struct gate *gate;
	pid_t pid;  /* of one that runs, 0: none */
	int failed; /* one has failed: no other until the next worker */
};

/* Start one where a message is due and none is at it. */
void courier_poke(struct courier *courier);

/*
 * Wait until what is due is delivered, but not for long. Where messages wait
 * for a later time, a process stays behind to send them then.
 */
void courier_end(struct courier *courier, int (*stopped)(void));

#endif
