/* A small program to weigh: sorts numbers of a fixed sequence, WORK times. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef WORK
#define WORK 100
#endif

enum { COUNT = 4000 };

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int
main(void)
{
	static uint32_t numbers[COUNT];
	uint32_t state = 1, sum = 0;

	for (int i = 0; i < WORK; i++) {
		for (int j = 0; j < COUNT; j++) {
			state = state * 1664525u + 1013904223u;
			numbers[j] = state;
		}
		qsort(numbers, COUNT, sizeof(*numbers), compare);
		sum += numbers[COUNT / 2];
	}
	printf("%u\n", sum);
	return 0;
}
