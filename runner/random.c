#include "runner/random.h"

void
random_init(struct random *random, uint64_t seed)
{
	random->state = seed;
}

uint64_t
random_next(struct random *random)
{
	uint64_t mixed = random->state += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

uint64_t
random_below(struct random *random, uint64_t bound)
{
	/* Values below this would make the small remainders likelier. */
	uint64_t uneven = -bound % bound, value;

	do {
		value = random_next(random);
	} while (value < uneven);
	return value % bound;
}

void
random_shuffle(struct random *random, size_t *items, size_t count)
{
	for (size_t left = count; left > 1; left--) {
		size_t other = (size_t)random_below(random, left);
		size_t item = items[left - 1];

		items[left - 1] = items[other];
		items[other] = item;
	}
}
