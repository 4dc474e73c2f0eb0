#include "runner/run.h"
#include "base/err.h"

#include <signal.h>
#include <sys/wait.h>

static int64_t
difference(int64_t after, int64_t before)
{
	return after < 0 || before < 0 ? -1 : after - before;
}

static int64_t
cpu_of(const struct rusage *usage)
{
	return ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		       1000000000 +
	       ((int64_t)usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) *
		       1000;
}

static void
read_counters(struct run *run, struct cgroup_stats *after)
{
	struct sandbox_result *result = run->result;
	struct sandbox_machine *machine = &result->machine;
	struct machine_sample now;

	cgroup_read(run->group, after);
	machine_read(&run->cpus, &now);
	result->cgroup_cpu_ns = difference(after->cpu_ns, run->before.cpu_ns);
	result->has_cgroup_cpu = result->cgroup_cpu_ns >= 0;
	result->peak_bytes = after->peak_bytes;
	result->refused_forks = difference(after->refused_forks,
					   run->before.refused_forks);
	machine->waited_ns = difference(after->waited_ns,
					run->before.waited_ns);
	machine->throttled_ns = difference(after->throttled_ns,
					   run->before.throttled_ns);
	machine->steal_ns = now.steal_ns - run->machine.steal_ns;
	machine->others_ns = now.busy_ns - run->machine.busy_ns -
			     (result->has_cgroup_cpu
				      ? result->cgroup_cpu_ns
				      : cpu_of(&run->last.usage) +
						run->last.strays_cpu_ns);
	if (machine->others_ns < 0)
		machine->others_ns = 0;
	machine->swapped_pages = now.swapped_pages - run->machine.swapped_pages;
	machine->thermal_count = now.thermal_count - run->machine.thermal_count;
}

static void
take_last(struct run *run)
{
	struct sandbox_result *result = run->result;
	const struct shim_message *last = &run->last;

	result->step = last->step;
	result->processes = last->processes;
	if (!run->has_end)
		return;
	result->has_usage = 1;
	result->start_ns = last->start_ns;
	result->end_ns = last->end_ns;
	result->usage = last->usage;
	result->strays = last->strays;
	result->strays_cpu_ns = last->strays_cpu_ns;
	result->tmp_full = !!(last->full & SHIM_FULL_TMP);
	result->shm_full = !!(last->full & SHIM_FULL_SHM);
	result->tree_full = !!(last->full & SHIM_FULL_TREE);
	if (run->is_stopped)
		return;
	result->exec_errno = last->exec_errno;
	if (last->exec_errno) {
		result->end = SANDBOX_NO_START;
	} else if (WIFSIGNALED(last->status)) {
		result->end = SANDBOX_SIGNALED;
		result->signal = WTERMSIG(last->status);
	} else {
		result->end = SANDBOX_EXITED;
		result->status = WEXITSTATUS(last->status);
	}
}

/* CPU time: the kernel's signal, or the sum over all processes. */
static int
used_up_cpu(const struct run *run)
{
	const struct sandbox_result *result = run->result;
	int64_t used_ns = cpu_of(&result->usage) + result->strays_cpu_ns;

	if (result->has_cgroup_cpu && result->cgroup_cpu_ns > used_ns)
		used_ns = result->cgroup_cpu_ns;
	return used_ns / 1000000 > run->limits.cpu_ms ||
	       (result->end == SANDBOX_SIGNALED && result->signal == SIGXCPU);
}

static int
our_fault(const struct run *run, struct err *err)
{
	const struct buf *log = &run->result->log;
	struct buf clean = BUF_INIT;
	int ret;

	buf_add_clean(&clean, buf_text(log), log->len, 400);
	if (run->is_stopped && !run->is_started)
		ret = err_set(err, ERR_TIMEOUT,
			      "the sandbox was not there after %d s: %s",
			      RUN_READY_MS / 1000, buf_text(&clean));
	else
		ret = err_set(err, ERR_SYSTEM, "the sandbox %s: %s",
			      run->is_ready ? "broke off" : "does not start",
			      clean.len ? clean.data : "it gave no reason");
	buf_release(&clean);
	return ret;
}

int
run_conclude(struct run *run, struct err *err)
{
	struct sandbox_result *result = run->result;
	struct cgroup_stats after;

	if (result->log.len > SANDBOX_LOG_BYTES)
		buf_drop(&result->log, result->log.len - SANDBOX_LOG_BYTES);
	read_counters(run, &after);
	counters_read(&run->counters, result->counters);
	run->last.processes = run->is_ready ? run->last.processes : -1;
	take_last(run);
	if (!run->is_started && result->end != SANDBOX_STOPPED)
		return our_fault(run, err);
	if (after.oom_kills > 0 && after.oom_kills > run->before.oom_kills) {
		/* It may have hit any of them, bwrap too. */
		result->end = SANDBOX_MEMORY;
		return 0;
	}
	if (!run->is_stopped && !run->has_end)
		return our_fault(run, err);
	if ((!run->is_stopped || result->end == SANDBOX_TIMEOUT) &&
	    used_up_cpu(run))
		result->end = SANDBOX_CPU;
	return 0;
}
