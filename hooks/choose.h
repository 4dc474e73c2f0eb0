#ifndef HOOKS_CHOOSE_H
#define HOOKS_CHOOSE_H

#include <stddef.h>

struct receive;

/*
 * Which refs of a push are looked at. A mirror may bring a hundred thousand:
 * those that are gated come first, then the branch of HEAD, then the others in
 * git's order, and what is too many is let through unweighed, or refused where
 * the policy of a gated one says so. Either is said.
 */

/* Fill receive->updates. */
void choose_updates(struct receive *receive);

/* Whether the push was so much work already that the updates from this one on
 * are to be let go. */
int choose_is_enough(const struct receive *receive, size_t update);

/* Leave out the updates from this one on. */
void choose_end(struct receive *receive, size_t update);

#endif
