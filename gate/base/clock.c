#include "base/clock.h"

#include <errno.h>
#include <time.h>

static int64_t
real_monotonic_ns(void *data)
{
	struct timespec now;

	(void)data;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
real_wall_s(void *data)
{
	(void)data;
	return (int64_t)time(NULL);
}

const struct clock clock_real = { real_monotonic_ns, real_wall_s, NULL };

int64_t
clock_monotonic_ns(const struct clock *clock)
{
	return clock->monotonic_ns(clock->data);
}

int64_t
clock_monotonic_ms(const struct clock *clock)
{
	return clock_monotonic_ns(clock) / 1000000;
}

int64_t
clock_wall_s(const struct clock *clock)
{
	return clock->wall_s(clock->data);
}

void
clock_sleep_ms(int64_t ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (ms > 0 && nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}
