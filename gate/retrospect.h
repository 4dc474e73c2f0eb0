#ifndef GATE_RETROSPECT_H
#define GATE_RETROSPECT_H

struct err;
struct gate;
struct report;

/*
 * What the history says of a commit by now: of each metric that was let through
 * at the time, within its threshold or too noisy to say, whether a new level
 * began with it or with one of a few commits that it is among. Fills the
 * metrics' `later`. Reads the store by itself.
 */
int retrospect(struct gate *gate, struct report *report, struct err *err);

#endif
