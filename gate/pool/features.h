#ifndef POOL_FEATURES_H
#define POOL_FEATURES_H

struct texts;

/* Features of machines: `x86,fast`. */

/* Add names behind commas, each once: 0, or ERR_INPUT for what is no name.
 * list NULL has none. */
int features_add(struct texts *features, const char *list);

/* Whether every one that is wanted is among them. */
int features_hold(const struct texts *features, const struct texts *wanted);

#endif
