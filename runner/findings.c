#include "runner/environment.h"
#include "runner/machine.h"
#include "runner/sandbox.h"
#include "base/buf.h"
#include "base/file.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What an administrator could make quieter, and how. */

static void
read_text(const char *path, struct buf *text)
{
	buf_clear(text);
	if (file_read(path, text, 1 << 20, NULL) < 0)
		buf_clear(text);
}

static void
find_frequency(struct texts *findings, struct buf *text)
{
	read_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
		  text);
	if (text->len && strncmp(text->data, "performance", 11))
		texts_addf(findings,
			   "frequency governor is %.*s: `cpupower "
			   "frequency-set -g performance`",
			   (int)strcspn(text->data, "\n"), text->data);
	read_text("/sys/devices/system/cpu/intel_pstate/no_turbo", text);
	if (text->len && text->data[0] == '0')
		texts_add(findings,
			  "turbo is on, speed depends on heat: `echo 1 > "
			  "/sys/devices/system/cpu/intel_pstate/no_turbo`");
	read_text("/sys/devices/system/cpu/cpufreq/boost", text);
	if (text->len && text->data[0] == '1')
		texts_add(findings,
			  "boost is on, speed depends on heat: `echo 0 > "
			  "/sys/devices/system/cpu/cpufreq/boost`");
}

/* A sibling thread of the slot's CPUs that is not of the slot. */
static void
find_siblings(const cpu_set_t *cpus, struct texts *findings, struct buf *text)
{
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t siblings, outside;
		char path[128];

		if (!CPU_ISSET(cpu, cpus))
			continue;
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%zu/topology/"
			 "thread_siblings_list",
			 cpu);
		read_text(path, text);
		if (machine_parse_cpus(buf_text(text), &siblings) < 0)
			continue;
		CPU_AND(&outside, &siblings, cpus);
		if (!CPU_EQUAL(&outside, &siblings)) {
			texts_addf(findings,
				   "CPU %zu shares its core with others (%.*s) "
				   "that other work may use: `echo off > "
				   "/sys/devices/system/cpu/smt/control`, or "
				   "keep them idle (isolcpus=)",
				   cpu, (int)strcspn(text->data, "\n"),
				   text->data);
			return;
		}
	}
}

static void
find_memory(struct texts *findings, struct buf *text)
{
	const char *at;

	read_text("/sys/kernel/mm/transparent_hugepage/enabled", text);
	if (strstr(buf_text(text), "[always]"))
		texts_add(findings,
			  "transparent huge pages are always on, which varies "
			  "with free memory: `echo madvise > "
			  "/sys/kernel/mm/transparent_hugepage/enabled`");
	read_text("/proc/meminfo", text);
	at = strstr(buf_text(text), "SwapTotal:");
	if (at && strtoll(at + 10, NULL, 10) > 0)
		texts_add(findings, "swap is on: `swapoff -a`, or memory "
				    "enough");
}

static void
find_company(const cpu_set_t *cpus, struct texts *findings, struct buf *text)
{
	struct machine_sample before, after;
	double load[1];

	read_text("/proc/cpuinfo", text);
	if (strstr(buf_text(text), " hypervisor"))
		texts_add(findings,
			  "a virtual machine: others share its processors; "
			  "judge CPU time, or use a machine of your own");
	if (CPU_COUNT(cpus) == sysconf(_SC_NPROCESSORS_ONLN))
		texts_add(findings,
			  "the slot has every CPU of the machine: leave one "
			  "to the runner and the rest of the system");
	if (getloadavg(load, 1) == 1 && load[0] > 0.5)
		texts_addf(findings,
			   "load is %.2f: other work runs on this machine",
			   load[0]);
	machine_read(cpus, &before);
	usleep(100000);
	machine_read(cpus, &after);
	if (after.busy_ns - before.busy_ns > 5000000)
		texts_addf(findings,
			   "other work used %lld %% of a CPU on those of the "
			   "slot: keep it off them (isolcpus=, or a cpuset for "
			   "the rest of the system)",
			   (long long)(after.busy_ns - before.busy_ns) /
				   1000000);
	if (after.thermal_count > 0)
		texts_addf(findings,
			   "the processor was throttled by heat %lld times "
			   "since the start: cool it better, or lower its "
			   "highest frequency",
			   (long long)after.thermal_count);
	if (after.steal_ns > before.steal_ns)
		texts_add(findings, "the hypervisor takes time from the "
				    "slot's CPUs (steal)");
}

void
environment_findings(const struct sandbox *sandbox, struct texts *findings)
{
	struct buf text = BUF_INIT;
	cpu_set_t cpus;

	if (machine_parse_cpus(sandbox->cpus, &cpus) < 0)
		return;
	find_frequency(findings, &text);
	find_siblings(&cpus, findings, &text);
	find_memory(findings, &text);
	find_company(&cpus, findings, &text);
	buf_release(&text);
}
