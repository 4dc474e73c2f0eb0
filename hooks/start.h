#ifndef HOOKS_START_H
#define HOOKS_START_H

struct err;

/*
 * Start a worker of the repository that the hook works in, in the background,
 * with nothing of git's environment. later: after some seconds, when the refs
 * of a push that is let through have moved.
 */
int start_worker(int later, struct err *err);

#endif
