#ifndef HOOKS_JOURNAL_H
#define HOOKS_JOURNAL_H

struct err;
struct push;
struct receive;
struct store;

/*
 * The journal: what pre-receive leaves for after the push. The worker
 * reconciles it with the refs; post-receive only tells it sooner.
 */

/* Note a push that is let through: 1 where anything follows from it, else 0.
 * Opens the store when need be. */
int journal_write(struct receive *receive, struct err *err);

/* post-receive: mark the entries of these refs as landed. 1 when the worker
 * has something to do, 0 when not. */
int journal_mark(struct store *store, const struct push *push, struct err *err);

#endif
