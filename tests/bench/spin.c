/*
 * The programs that the measures run; -DMODE= and -DNUMBER= say which. WALL
 * ends after so many ns, whatever the machine does; CPU and MEMORY do the same
 * work each time, in registers or all over 32 MB.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WALL, CPU, MEMORY, WORDS = 4 << 20 };

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t
next(uint64_t state)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^ state << 17;
}

static uint64_t
compute(int64_t loops)
{
	uint64_t state = 88172645463325252u;

	while (loops-- > 0)
		state = next(state);
	return state;
}

/* Reads where the last read says. */
static uint64_t
wander(int64_t loops)
{
	uint64_t *words = calloc(WORDS, sizeof(*words));
	uint64_t state = 88172645463325252u;

	if (!words)
		return 0;
	for (size_t i = 0; i < WORDS; i += 512)
		words[i] = i;
	while (loops-- > 0) {
		state = next(state);
		state += ++words[state % WORDS] & 1;
	}
	free(words);
	return state;
}

int
main(void)
{
	int64_t start_ns = now_ns();
	uint64_t state = 0;

	switch (MODE) {
	case WALL:
		while (now_ns() - start_ns < NUMBER)
			continue;
		break;
	case CPU:
		state = compute(NUMBER);
		break;
	case MEMORY:
		state = wander(NUMBER);
		break;
	}
	printf("%llx\n", (unsigned long long)state);
	return 0;
}
