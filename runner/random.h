#ifndef RUNNER_RANDOM_H
#define RUNNER_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * The order of trials comes from the session's seed alone, so that it can be
 * repeated: splitmix64 (Steele, Lea, Flood 2014), one word of state.
 */
struct random {
	uint64_t state;
};

void random_init(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);

/* Evenly from [0, bound), bound > 0. */
uint64_t random_below(struct random *random, uint64_t bound);

/* Put items in a random order (Fisher-Yates). */
void random_shuffle(struct random *random, size_t *items, size_t count);

#endif
