#ifndef RUNNER_SHIM_H
#define RUNNER_SHIM_H

#include <stdint.h>
#include <sys/resource.h>

/*
 * What passes between the runner and pid 1 of the sandbox over a
 * SOCK_SEQPACKET pair: one struct a message, both built from this header.
 *
 *     shim    READY
 *     runner  one byte: go (end of file: nobody is there, exit)
 *     shim    START  step, start_ns           just before the fork
 *     shim    END    step, status, usage      after wait4()
 *             … START and END for each step that follows an exit 0
 *     shim    DONE   strays, full file systems, processes
 *
 * The command line is
 *     shim PROCESSES FILES CPU_S DATA_BYTES FLAGS STEPS {PACKS ARGC ARG…}…
 * with decimal numbers; 0 sets no limit.
 */
enum {
	SHIM_FD_EVENTS = 3, /* the test inherits it, where there is one */
	SHIM_FD_REPORT = 4,
	SHIM_FD_PACK = 5
};

enum shim_flags {
	SHIM_HAS_EVENTS = 1,
	SHIM_FIXED_LAYOUT = 2,
	SHIM_TREE_IS_TMPFS = 4
};

enum shim_kind { SHIM_READY = 0x70670001, SHIM_START, SHIM_END, SHIM_DONE };

enum shim_full { SHIM_FULL_TMP = 1, SHIM_FULL_SHM = 2, SHIM_FULL_TREE = 4 };

struct shim_message {
	uint32_t kind;
	uint32_t step;
	int32_t status;     /* as wait4() gave it */
	int32_t exec_errno; /* 0: it was started */
	int64_t start_ns, end_ns;
	struct rusage usage;
	int64_t strays_cpu_ns;
	uint32_t strays;
	uint32_t full;     /* enum shim_full */
	int64_t processes; /* clones; -1: unknown */
};

#endif
