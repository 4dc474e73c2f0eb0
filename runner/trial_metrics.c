#include "runner/trial.h"
#include "base/buf.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of a trial, and what was unquiet about it. No effects. */

enum {
	MIN_MARK_NS = 20000000, /* counters of the kernel step by 10 ms */
	MIN_LEFT_NS = 2000000
};

static int64_t
time_ns(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000000 +
	       (int64_t)time->tv_usec * 1000;
}

static void
add(struct trial_result *result, const char *name, double value)
{
	if (result->metric_count < TRIAL_MAX_METRICS)
		result->metrics[result->metric_count++] =
			(struct trial_metric){ name, value };
}

/* What was counted, unless it is known already. */
static void
add_counted(struct trial_result *result)
{
	for (int i = 0; i < COUNTERS_MAX; i++) {
		const struct counter_value *value = &result->run.counters[i];

		if (value->metric && trial_metric(result, value->metric) < 0)
			add(result, value->metric, value->value);
	}
}

void
trial_measure(struct trial_result *result)
{
	const struct sandbox_result *run = &result->run;
	const struct rusage *usage = &run->usage;
	int64_t user_ns = time_ns(&usage->ru_utime);
	int64_t sys_ns = time_ns(&usage->ru_stime);

	if (!run->has_usage || run->end == SANDBOX_NO_START)
		return;
	add(result, "wall", (double)(run->end_ns - run->start_ns));
	add(result, "cpu", (double)(user_ns + sys_ns));
	add(result, "user", (double)user_ns);
	add(result, "sys", (double)sys_ns);
	add(result, "maxrss", (double)usage->ru_maxrss * 1024);
	if (run->peak_bytes >= 0)
		add(result, "peak", (double)run->peak_bytes);
	add(result, "minflt", (double)usage->ru_minflt);
	add(result, "majflt", (double)usage->ru_majflt);
	add(result, "nvcsw", (double)usage->ru_nvcsw);
	add(result, "nivcsw", (double)usage->ru_nivcsw);
	add(result, "inblock", (double)usage->ru_inblock);
	add(result, "oublock", (double)usage->ru_oublock);
	if (run->processes > 0)
		add(result, "processes", (double)run->processes);
	add_counted(result);
}

double
trial_metric(const struct trial_result *result, const char *name)
{
	for (size_t i = 0; i < result->metric_count; i++)
		if (!strcmp(result->metrics[i].name, name))
			return result->metrics[i].value;
	return -1;
}

/* `steal 12 %`: a part of the trial's wall time worth telling. */
static void
mark_part(struct trial_result *result, const char *what, int64_t part_ns,
	  double wall_ns, double least)
{
	if (part_ns >= MIN_MARK_NS && (double)part_ns > least * wall_ns)
		texts_addf(&result->marks, "%s %.0f %%", what,
			   100 * (double)part_ns / wall_ns);
}

/* A test that computes was kept waiting: the wall clock says so, and the
 * kernel that it was not the test's own wish. */
static void
mark_stutter(struct trial_result *result, double wall_ns, double cpu_ns)
{
	const struct sandbox_result *run = &result->run;
	double waited_ns = (double)run->machine.waited_ns;

	if (wall_ns < 1.03 * cpu_ns || cpu_ns < 0.5 * wall_ns)
		return;
	if (waited_ns > 0.03 * wall_ns)
		texts_addf(&result->marks, "waited for a CPU %.0f %%",
			   100 * waited_ns / wall_ns);
	else if (run->machine.waited_ns < 0 &&
		 run->usage.ru_nivcsw > run->usage.ru_nvcsw)
		texts_addf(&result->marks,
			   "wall %.2f of cpu, %ld times preempted",
			   wall_ns / cpu_ns, run->usage.ru_nivcsw);
}

/* CPU time that wait4() did not see: the test's figure is too small. */
static void
mark_left(struct trial_result *result, double cpu_ns)
{
	const struct sandbox_result *run = &result->run;
	int64_t left_ns = run->strays_cpu_ns;

	/* The group also holds the shim: a small constant. */
	if (run->has_cgroup_cpu &&
	    run->cgroup_cpu_ns - (int64_t)cpu_ns > left_ns)
		left_ns = run->cgroup_cpu_ns - (int64_t)cpu_ns;
	if (left_ns > MIN_LEFT_NS && (double)left_ns > 0.05 * cpu_ns)
		texts_addf(&result->marks,
			   "%.1f ms of CPU in processes it did not wait for",
			   (double)left_ns / 1e6);
	if (run->strays)
		texts_addf(&result->marks, "left %zu process%s behind",
			   run->strays, run->strays == 1 ? "" : "es");
}

/* The least share of the time that one of the counters ran. */
static void
mark_scaled(struct trial_result *result)
{
	double share = 1;

	for (int i = 0; i < COUNTERS_MAX; i++)
		if (result->run.counters[i].metric &&
		    result->run.counters[i].share < share)
			share = result->run.counters[i].share;
	if (share < 1)
		texts_addf(&result->marks,
			   "counters took turns: scaled from %.0f %% of the "
			   "time",
			   100 * share);
}

void
trial_mark(struct trial_result *result)
{
	const struct sandbox_machine *machine = &result->run.machine;
	double wall_ns = trial_metric(result, "wall");
	double cpu_ns = trial_metric(result, "cpu");

	if (wall_ns <= 0)
		return;
	mark_part(result, "steal", machine->steal_ns, wall_ns, 0.02);
	mark_part(result, "throttled", machine->throttled_ns, wall_ns, 0.02);
	mark_part(result, "others on its CPUs", machine->others_ns, wall_ns,
		  0.2);
	mark_stutter(result, wall_ns, cpu_ns);
	mark_left(result, cpu_ns);
	if (machine->swapped_pages > 0)
		texts_addf(&result->marks, "machine swapped %lld pages",
			   (long long)machine->swapped_pages);
	if (machine->thermal_count > 0)
		texts_add(&result->marks, "CPU throttled by heat");
	mark_scaled(result);
	if (result->run.refused_forks > 0)
		texts_add(&result->marks, "met the limit of processes");
}
