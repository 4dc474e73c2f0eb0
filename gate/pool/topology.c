#include "pool/topology.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>

enum { MAX_LIST = 65536 };

int
topology_parse(const char *list, cpu_set_t *cpus)
{
	const char *at = list;

	CPU_ZERO(cpus);
	while (*at && *at != '\n') {
		char *end = NULL;
		long first = strtol(at, &end, 10), last = first;

		if (end != at && *end == '-') {
			at = end + 1;
			last = strtol(at, &end, 10);
		}
		if (end == at || first < 0 || last < first ||
		    last >= CPU_SETSIZE ||
		    (*end && *end != ',' && *end != '\n'))
			return ERR_INPUT;
		for (; first <= last; first++)
			CPU_SET((size_t)first, cpus);
		at = *end == ',' ? end + 1 : end;
	}
	return 0;
}

static int
read_list(const char *path, cpu_set_t *cpus)
{
	struct buf text = BUF_INIT;
	int ret = file_read(path, &text, MAX_LIST, NULL);

	if (!ret)
		ret = topology_parse(buf_text(&text), cpus);
	buf_release(&text);
	return ret;
}

static unsigned
lowest(const cpu_set_t *cpus)
{
	unsigned cpu = 0;

	while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, cpus))
		cpu++;
	return cpu;
}

void
topology_read(const char *sys, struct topology *topology)
{
	cpu_set_t list, nodes;
	char *path;

	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		path = mem_text("%s/cpu/cpu%u/topology/thread_siblings_list",
				sys, cpu);
		topology->node[cpu] = 0;
		topology->core[cpu] = !read_list(path, &list) &&
						      CPU_ISSET(cpu, &list)
					      ? lowest(&list)
					      : cpu;
		free(path);
	}
	path = mem_text("%s/node/online", sys);
	if (read_list(path, &nodes) < 0)
		CPU_ZERO(&nodes);
	free(path);
	for (unsigned node = 0; node < CPU_SETSIZE; node++) {
		if (!CPU_ISSET(node, &nodes))
			continue;
		path = mem_text("%s/node/node%u/cpulist", sys, node);
		if (!read_list(path, &list))
			for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
				if (CPU_ISSET(cpu, &list))
					topology->node[cpu] = node;
		free(path);
	}
}

/* The first thread of each core. */
static void
thin(const struct topology *topology, cpu_set_t *cpus)
{
	cpu_set_t seen;

	CPU_ZERO(&seen);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, cpus))
			continue;
		if (CPU_ISSET(topology->core[cpu], &seen))
			CPU_CLR(cpu, cpus);
		CPU_SET(topology->core[cpu], &seen);
	}
}

void
topology_leave_first(const struct topology *topology, cpu_set_t *cpus)
{
	cpu_set_t cores = *cpus;
	unsigned first = lowest(cpus);

	thin(topology, &cores);
	/* One core of two threads: better a sibling than to share a CPU. */
	if (CPU_COUNT(&cores) < 2) {
		if (CPU_COUNT(cpus) > 1)
			CPU_CLR(first, cpus);
		return;
	}
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (topology->core[cpu] == topology->core[first])
			CPU_CLR(cpu, cpus);
}

/* Cores of each node. */
static void
count_cores(const struct topology *topology, const cpu_set_t *cores,
	    unsigned counts[CPU_SETSIZE])
{
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		counts[cpu] = 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, cores))
			counts[topology->node[cpu]]++;
}

/* The node that has the most cores for each slot, were it given one more. */
static unsigned
roomiest(const unsigned cores[CPU_SETSIZE], const unsigned slots[CPU_SETSIZE])
{
	unsigned best = 0;

	for (unsigned node = 1; node < CPU_SETSIZE; node++)
		if ((unsigned long)cores[node] * (slots[best] + 1) >
		    (unsigned long)cores[best] * (slots[node] + 1))
			best = node;
	return best;
}

void
topology_share(const struct topology *topology, const cpu_set_t *cpus,
	       unsigned index, unsigned count, cpu_set_t *share)
{
	unsigned cores[CPU_SETSIZE], slots[CPU_SETSIZE] = { 0 };
	unsigned total, node = 0, here = 0, seen = 0, first, last;
	cpu_set_t left = *cpus;

	CPU_ZERO(share);
	thin(topology, &left);
	count_cores(topology, &left, cores);
	total = (unsigned)CPU_COUNT(&left);
	if (!total)
		return;
	if (count > total) {
		count = total;
		index %= total;
	}
	for (unsigned slot = 0; slot < count; slot++) {
		unsigned to = roomiest(cores, slots);

		if (slot == index) {
			node = to;
			here = slots[to];
		}
		slots[to]++;
	}
	first = cores[node] * here / slots[node];
	last = cores[node] * (here + 1) / slots[node];
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &left) && topology->node[cpu] == node) {
			if (seen >= first && seen < last)
				CPU_SET(cpu, share);
			seen++;
		}
}
