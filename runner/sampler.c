#include "runner/sampler.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "runner/cgroup.h"
#include "runner/course.h"
#include "runner/processes.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/*
 * The thread and its starter share nothing while it runs but the eventfd that
 * ends it: the course is the thread's until it is joined.
 */

enum { DUTY = 10 }; /* it rests so many times as long as a sample takes */

struct sampler {
	struct sampler_setup setup;
	cpu_set_t cpus;      /* the thread's */
	int64_t base_cpu_ns; /* of the group before the trial, or -1 */
	struct processes_usage base;
	pthread_t thread;
	int stop;
};

static void
take(struct sampler *sampler, struct course_point *point)
{
	const struct cgroup *group = sampler->setup.group;
	struct processes_usage usage;
	int64_t memory_bytes = group ? cgroup_memory_bytes(group) : -1;
	int64_t cpu_ns = sampler->base_cpu_ns >= 0 ? cgroup_cpu_ns(group) : -1;

	point->at_ns = clock_monotonic_ns(&clock_real);
	processes_read(sampler->setup.root, &usage);
	sampler->setup.course->by_group = memory_bytes >= 0;
	point->memory_bytes = memory_bytes >= 0 ? memory_bytes
						: usage.memory_bytes;
	point->cpu_ns = cpu_ns >= 0 ? cpu_ns - sampler->base_cpu_ns
				    : usage.cpu_ns - sampler->base.cpu_ns;
	point->threads = usage.threads;
	point->read_bytes = usage.read_bytes - sampler->base.read_bytes;
	point->written_bytes = usage.written_bytes -
			       sampler->base.written_bytes;
}

/* 1 when it is over, 0 after the time. */
static int
rest(const struct sampler *sampler, int64_t pause_ns)
{
	struct pollfd stop = { .fd = sampler->stop, .events = POLLIN };
	const struct timespec pause = { pause_ns / 1000000000,
					pause_ns % 1000000000 };

	return ppoll(&stop, 1, &pause, NULL) != 0;
}

static void *
run(void *data)
{
	struct sampler *sampler = data;
	struct course *course = sampler->setup.course;
	int64_t pause_ns = course->interval_ns;

	/* Where it may not, it runs where it is. */
	if (CPU_COUNT(&sampler->cpus))
		(void)sched_setaffinity(0, sizeof(sampler->cpus),
					&sampler->cpus);
	while (!rest(sampler, pause_ns)) {
		struct course_point point;
		int64_t spent_ns;

		take(sampler, &point);
		spent_ns = clock_monotonic_ns(&clock_real) - point.at_ns;
		course_add(course, &point);
		pause_ns = course->interval_ns - spent_ns;
		if (pause_ns < DUTY * spent_ns)
			pause_ns = DUTY * spent_ns;
	}
	return NULL;
}

static void
choose_cpus(struct sampler *sampler)
{
	cpu_set_t usable, shared;

	CPU_ZERO(&sampler->cpus);
	if (sched_getaffinity(0, sizeof(usable), &usable) < 0)
		return;
	CPU_AND(&shared, &usable, sampler->setup.slot);
	CPU_XOR(&sampler->cpus, &usable, &shared);
}

struct sampler *
sampler_start(const struct sampler_setup *setup, struct err *err)
{
	struct sampler *sampler = mem_new(1, sizeof(*sampler));

	sampler->setup = *setup;
	choose_cpus(sampler);
	sampler->base_cpu_ns = setup->group ? cgroup_cpu_ns(setup->group) : -1;
	processes_read(setup->root, &sampler->base);
	sampler->stop = eventfd(0, EFD_CLOEXEC);
	if (sampler->stop < 0) {
		err_errno(err, "eventfd");
	} else {
		errno = pthread_create(&sampler->thread, NULL, run, sampler);
		if (!errno)
			return sampler;
		err_errno(err, "no thread for the sampler");
	}
	io_close(&sampler->stop);
	free(sampler);
	return NULL;
}

void
sampler_stop(struct sampler *sampler)
{
	const uint64_t one = 1;

	if (!sampler)
		return;
	(void)io_write_all(sampler->stop, &one, sizeof(one));
	pthread_join(sampler->thread, NULL);
	io_close(&sampler->stop);
	free(sampler);
}
