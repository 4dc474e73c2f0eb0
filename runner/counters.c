#include "runner/counters.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HARDWARE(metric, event)                                                \
	{                                                                      \
		metric, PERF_TYPE_HARDWARE, PERF_COUNT_HW_##event              \
	}
#define SOFTWARE(metric, event)                                                \
	{                                                                      \
		metric, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##event              \
	}

const struct counter_event counters_hardware[] = {
	HARDWARE("instructions", INSTRUCTIONS),
	HARDWARE("cycles", CPU_CYCLES),
	HARDWARE("branch-misses", BRANCH_MISSES),
	HARDWARE("cache-misses", CACHE_MISSES),
	{ NULL, 0, 0 },
};

const struct counter_event counters_software[] = {
	SOFTWARE("cpu", TASK_CLOCK),
	SOFTWARE("minflt", PAGE_FAULTS_MIN),
	{ NULL, 0, 0 },
};

void
counter_scale(const struct counter_event *event, const struct counter_raw *raw,
	      struct counter_value *value)
{
	*value = (struct counter_value){ .share = 1 };
	/* A program that ended before its turn came. */
	if (!raw->running_ns && raw->enabled_ns)
		return;
	value->metric = event->metric;
	value->value = (double)raw->value;
	if (raw->running_ns < raw->enabled_ns) {
		value->share = (double)raw->running_ns /
			       (double)raw->enabled_ns;
		value->value /= value->share;
	}
}

const char *
counters_explain(int error, int paranoid)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		return "this processor offers none (a virtual machine that is "
		       "not given any: on KVM `-cpu host,pmu=on`)";
	case EACCES:
	case EPERM:
		if (paranoid > 2)
			return "kernel.perf_event_paranoid forbids them to "
			       "all but root: `sysctl "
			       "kernel.perf_event_paranoid=2`";
		return "not permitted here: give the runner CAP_PERFMON, or "
		       "let the container call perf_event_open";
	case ENOSYS:
		return "this kernel is built without perf events, or a filter "
		       "denies the call";
	case EBUSY:
		return "another program holds them: the NMI watchdog takes one "
		       "(`sysctl kernel.nmi_watchdog=0`)";
	case EMFILE:
	case ENFILE:
		return "no descriptors are left: raise the limit of open files";
	}
	return "perf_event_open failed";
}

static int
read_paranoid(void)
{
	struct buf text = BUF_INIT;
	int paranoid = -2;

	if (!file_read("/proc/sys/kernel/perf_event_paranoid", &text, 64, NULL))
		paranoid = (int)strtol(buf_text(&text), NULL, 10);
	buf_release(&text);
	return paranoid;
}

static int
open_event(const struct counter_event *event, pid_t pid)
{
	struct perf_event_attr attr = {
		.type = event->type,
		.size = sizeof(attr),
		.config = event->config,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = 1,
		.inherit = 1,
		.enable_on_exec = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static int
cannot(struct err *err)
{
	int error = errno;

	return err_set(err, ERR_UNSUPPORTED, "%s",
		       counters_explain(error, read_paranoid()));
}

int
counters_probe(const struct counter_event *events, struct err *err)
{
	int fd = open_event(&events[0], 0);

	if (fd < 0)
		return cannot(err);
	io_close(&fd);
	return 0;
}

int
counters_attach(struct counters *counters, const struct counter_event *events,
		pid_t pid, struct err *err)
{
	*counters = (struct counters)COUNTERS_INIT;
	counters->events = events;
	for (int i = 0; i < COUNTERS_MAX && events[i].metric; i++) {
		counters->fds[i] = open_event(&events[i], pid);
		if (!i && counters->fds[i] < 0)
			return cannot(err);
	}
	return 0;
}

void
counters_read(const struct counters *counters,
	      struct counter_value values[COUNTERS_MAX])
{
	for (int i = 0; i < COUNTERS_MAX; i++) {
		struct counter_raw raw;

		values[i] = (struct counter_value){ .share = 1 };
		if (counters->fds[i] >= 0 &&
		    io_read(counters->fds[i], &raw, sizeof(raw)) ==
			    (ssize_t)sizeof(raw))
			counter_scale(&counters->events[i], &raw, &values[i]);
	}
}

void
counters_close(struct counters *counters)
{
	for (int i = 0; i < COUNTERS_MAX; i++)
		io_close(&counters->fds[i]);
}
