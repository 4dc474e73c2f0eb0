#ifndef RUNNER_PROCESSES_H
#define RUNNER_PROCESSES_H

#include <stdint.h>
#include <sys/types.h>

/* What a tree of processes uses now, from /proc. */

struct processes_usage {
	int64_t memory_bytes; /* sum of the resident sets */
	int64_t cpu_ns;       /* with that of children that were waited for,
				 which the kernel tells in steps of 10 ms */
	int64_t threads;
	int64_t read_bytes, written_bytes; /* by system calls of any kind */
};

/* Of all that descend from root. Of root itself count only the children that it
 * has waited for. What ends meanwhile is left out, and so is what is beyond 256
 * processes. */
void processes_read(pid_t root, struct processes_usage *usage);

/* Pure: the parts of /proc/PID/stat that are needed. The name in it is the
 * process's own choice. 0 or ERR_INPUT. */
struct process_stat {
	int64_t threads, pages, children_ticks;
};

int process_parse_stat(const char *text, struct process_stat *stat);

#endif
