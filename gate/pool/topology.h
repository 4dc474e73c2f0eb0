#ifndef POOL_TOPOLOGY_H
#define POOL_TOPOLOGY_H

#include <sched.h>
#include <stddef.h>

/*
 * Cores and nodes of this host, and how slots share them: a slot has one
 * thread of each of its cores, the siblings stay idle, and no slot crosses a
 * NUMA node.
 */
struct topology {
	unsigned core[CPU_SETSIZE]; /* the core's lowest CPU */
	unsigned node[CPU_SETSIZE];
};

/* Read it below sys (`/sys/devices/system`). What is not told there is a core
 * of its own on node 0. */
void topology_read(const char *sys, struct topology *topology);

/* Take the core that holds the lowest CPU out of cpus, whole, where there is
 * more than one: it is left to the gate, the runner and the sampler. */
void topology_leave_first(const struct topology *topology, cpu_set_t *cpus);

/*
 * The share of slot `index` of `count` in cpus. Slots go one after the other
 * to the node with the most cores for each of its slots. More slots than
 * cores take turns. Empty where cpus is.
 */
void topology_share(const struct topology *topology, const cpu_set_t *cpus,
		    unsigned index, unsigned count, cpu_set_t *share);

/* Parse "0-3,7"; 0, or ERR_INPUT. A newline may end it. */
int topology_parse(const char *list, cpu_set_t *cpus);

#endif
