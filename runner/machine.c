#include "runner/machine.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_STAT = 4 << 20, MAX_VMSTAT = 64 << 10 };

static int64_t
tick_ns(void)
{
	long ticks = sysconf(_SC_CLK_TCK);

	return 1000000000 / (ticks > 0 ? ticks : 100);
}

void
machine_parse_stat(const char *text, const cpu_set_t *cpus,
		   struct machine_sample *sample)
{
	int64_t tick = tick_ns();

	sample->steal_ns = sample->busy_ns = 0;
	for (const char *line = text; line && *line;) {
		long long user, nice, sys, idle, wait, irq, soft, steal;
		unsigned cpu;

		if (sscanf(line,
			   "cpu%u %lld %lld %lld %lld %lld %lld %lld %lld",
			   &cpu, &user, &nice, &sys, &idle, &wait, &irq, &soft,
			   &steal) == 9 &&
		    cpu < CPU_SETSIZE && CPU_ISSET(cpu, cpus)) {
			sample->busy_ns += tick *
					   (user + nice + sys + irq + soft);
			sample->steal_ns += tick * steal;
		} else if (strncmp(line, "cpu", 3)) {
			break;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static int64_t
number_behind(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) : 0;
}

/* Throttlings of the package, which is hot or not as a whole. */
static int64_t
thermal_count(void)
{
	struct buf text = BUF_INIT;
	int64_t count = 0;

	if (file_read("/sys/devices/system/cpu/cpu0/thermal_throttle/"
		      "package_throttle_count",
		      &text, 64, NULL) == 0)
		count = strtoll(buf_text(&text), NULL, 10);
	buf_release(&text);
	return count;
}

void
machine_read(const cpu_set_t *cpus, struct machine_sample *sample)
{
	struct buf text = BUF_INIT;

	memset(sample, 0, sizeof(*sample));
	if (file_read("/proc/stat", &text, MAX_STAT, NULL) == 0)
		machine_parse_stat(buf_text(&text), cpus, sample);
	buf_clear(&text);
	if (file_read("/proc/vmstat", &text, MAX_VMSTAT, NULL) == 0)
		sample->swapped_pages =
			number_behind(buf_text(&text), "\npswpin ") +
			number_behind(buf_text(&text), "\npswpout ");
	buf_release(&text);
	sample->thermal_count = thermal_count();
}

void
machine_read_memory(int64_t *available_bytes, int64_t *total_bytes)
{
	struct buf text = BUF_INIT;

	*available_bytes = *total_bytes = 0;
	if (file_read("/proc/meminfo", &text, MAX_VMSTAT, NULL) == 0) {
		*available_bytes =
			number_behind(buf_text(&text), "MemAvailable:") * 1024;
		*total_bytes = number_behind(buf_text(&text), "MemTotal:") *
			       1024;
	}
	buf_release(&text);
}

static int
parse_number(const char **at, long *value)
{
	char *end;

	if (**at < '0' || **at > '9')
		return -1;
	*value = strtol(*at, &end, 10);
	*at = end;
	return *value < CPU_SETSIZE ? 0 : -1;
}

int
machine_parse_cpus(const char *text, cpu_set_t *cpus)
{
	const char *at = text;

	CPU_ZERO(cpus);
	for (;;) {
		long first, last;

		if (parse_number(&at, &first) < 0)
			return ERR_INPUT;
		last = first;
		if (*at == '-' && (at++, parse_number(&at, &last) < 0))
			return ERR_INPUT;
		if (last < first)
			return ERR_INPUT;
		for (long cpu = first; cpu <= last; cpu++)
			CPU_SET((size_t)cpu, cpus);
		if (*at != ',')
			break;
		at++;
	}
	return !*at || !strcmp(at, "\n") ? 0 : ERR_INPUT;
}

char *
machine_format_cpus(const cpu_set_t *cpus)
{
	struct buf text = BUF_INIT;

	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		size_t last = cpu;

		if (!CPU_ISSET(cpu, cpus))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		buf_addf(&text, "%s%zu", text.len ? "," : "", cpu);
		if (last > cpu)
			buf_addf(&text, "-%zu", last);
		cpu = last;
	}
	return buf_take(&text);
}
