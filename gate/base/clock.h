#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/*
 * Time comes through this interface where decisions depend on it, so that the
 * simulation and the tests can run the same code under a clock of their own.
 */
struct clock {
	int64_t (*monotonic_ns)(void *data); /* for spans and deadlines */
	int64_t (*wall_s)(void *data); /* seconds since 1970, for records */
	void *data;
};

/* The machine's own clock. */
extern const struct clock clock_real;

int64_t clock_monotonic_ns(const struct clock *clock);
int64_t clock_monotonic_ms(const struct clock *clock);
int64_t clock_wall_s(const struct clock *clock);

/* Sleep that long, through signals too. */
void clock_sleep_ms(int64_t ms);

#endif
