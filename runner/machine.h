#ifndef RUNNER_MACHINE_H
#define RUNNER_MACHINE_H

#include <sched.h>
#include <stdint.h>

/* What the whole machine counted so far, to take differences of. */
struct machine_sample {
	int64_t steal_ns, busy_ns; /* of the given CPUs, in steps of 10 ms */
	int64_t swapped_pages;
	int64_t thermal_count;
};

/* Memory that the machine has left and in all; 0 where it does not say. */
void machine_read_memory(int64_t *available_bytes, int64_t *total_bytes);

void machine_read(const cpu_set_t *cpus, struct machine_sample *sample);

/* Parse /proc/stat; for tests. */
void machine_parse_stat(const char *text, const cpu_set_t *cpus,
			struct machine_sample *sample);

/* `0-2,5` to a set and back; 0 or ERR_INPUT. */
int machine_parse_cpus(const char *text, cpu_set_t *cpus);
char *machine_format_cpus(const cpu_set_t *cpus);

#endif
