#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pool/topology.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Planted topologies: what the share of each slot is. */

struct planted {
	char dir[64];
};

static int
setup(void **state)
{
	struct planted *planted = mem_new(1, sizeof(*planted));

	snprintf(planted->dir, sizeof(planted->dir),
		 "/tmp/pacegate-topology.XXXXXX");
	*state = planted;
	return mkdtemp(planted->dir) ? 0 : -1;
}

static int
teardown(void **state)
{
	struct planted *planted = *state;
	int ret = file_remove_tree(planted->dir, NULL);

	free(planted);
	return ret;
}

static void
plant(const struct planted *planted, const char *dir, const char *name,
      const char *text)
{
	char *where = file_join(planted->dir, dir);
	char *path = file_join(where, name);

	assert_int_equal(file_make_dirs(where, 0755, NULL), 0);
	assert_int_equal(file_write(path, text, strlen(text), 0644, NULL), 0);
	free(path);
	free(where);
}

/* CPUs 0 to count - 1 with siblings half the machine away, as Intel numbers
 * them, on that many nodes. */
static void
plant_machine(const struct planted *planted, unsigned count, unsigned threads,
	      unsigned nodes)
{
	unsigned cores = count / threads, each = cores / nodes;

	for (unsigned cpu = 0; cpu < count; cpu++) {
		char *dir = mem_text("cpu/cpu%u/topology", cpu);
		char *list = threads == 2 ? mem_text("%u,%u\n", cpu % cores,
						     cpu % cores + cores)
					  : mem_text("%u\n", cpu);

		plant(planted, dir, "thread_siblings_list", list);
		free(list);
		free(dir);
	}
	for (unsigned node = 0; node < nodes; node++) {
		unsigned first = node * each, last = first + each - 1;
		char *dir = mem_text("node/node%u", node);
		char *list = threads == 2
				     ? mem_text("%u-%u,%u-%u\n", first, last,
						first + cores, last + cores)
				     : mem_text("%u-%u\n", first, last);

		plant(planted, dir, "cpulist", list);
		free(list);
		free(dir);
	}
	plant(planted, "node", "online", nodes == 2 ? "0-1\n" : "0\n");
}

static void
assert_share(const struct topology *topology, const char *list, unsigned index,
	     unsigned count, const char *expected)
{
	cpu_set_t cpus, share, wanted;

	assert_int_equal(topology_parse(list, &cpus), 0);
	assert_int_equal(topology_parse(expected, &wanted), 0);
	topology_share(topology, &cpus, index, count, &share);
	if (!CPU_EQUAL(&share, &wanted))
		for (unsigned cpu = 0; cpu < 64; cpu++)
			if (CPU_ISSET(cpu, &share))
				print_message("# has CPU %u\n", cpu);
	assert_true(CPU_EQUAL(&share, &wanted));
}

static void
test_siblings_stay_idle(void **state)
{
	struct topology topology;

	plant_machine(*state, 16, 2, 1);
	topology_read(((struct planted *)*state)->dir, &topology);
	assert_int_equal(topology.core[9], 1);
	assert_share(&topology, "0-15", 0, 1, "0-7");
	assert_share(&topology, "0-15", 0, 2, "0-3");
	assert_share(&topology, "0-15", 1, 2, "4-7");
	/* Only siblings to choose from. */
	assert_share(&topology, "8-15", 1, 4, "10-11");
	/* A list that holds one thread of a core and two of another. */
	assert_share(&topology, "2,3,11", 0, 1, "2,3");
}

static void
test_no_slot_crosses_a_node(void **state)
{
	struct topology topology;

	plant_machine(*state, 16, 1, 2);
	topology_read(((struct planted *)*state)->dir, &topology);
	assert_int_equal(topology.node[8], 1);
	assert_share(&topology, "0-15", 0, 1, "0-7");
	assert_share(&topology, "0-15", 0, 2, "0-7");
	assert_share(&topology, "0-15", 1, 2, "8-15");
	/* Three on two nodes: one has a node alone. */
	assert_share(&topology, "0-15", 0, 3, "0-3");
	assert_share(&topology, "0-15", 1, 3, "8-15");
	assert_share(&topology, "0-15", 2, 3, "4-7");
	/* The smaller part of a node is left out by the only slot. */
	assert_share(&topology, "6-15", 0, 1, "8-15");
}

static void
test_nodes_of_threads(void **state)
{
	struct topology topology;

	plant_machine(*state, 32, 2, 2);
	topology_read(((struct planted *)*state)->dir, &topology);
	for (unsigned slot = 0; slot < 16; slot++) {
		cpu_set_t all, share;
		int cpu = 0;

		assert_int_equal(topology_parse("0-31", &all), 0);
		topology_share(&topology, &all, slot, 16, &share);
		assert_int_equal(CPU_COUNT(&share), 1);
		while (!CPU_ISSET((unsigned)cpu, &share))
			cpu++;
		assert_in_range(cpu, 0, 15);
	}
}

static void
test_more_slots_than_cores(void **state)
{
	struct topology topology;

	plant_machine(*state, 4, 2, 1);
	topology_read(((struct planted *)*state)->dir, &topology);
	assert_share(&topology, "0-3", 0, 5, "0");
	assert_share(&topology, "0-3", 1, 5, "1");
	assert_share(&topology, "0-3", 4, 5, "0");
	assert_share(&topology, "", 0, 1, "");
}

static void
test_the_first_core_is_left_whole(void **state)
{
	struct topology topology;
	cpu_set_t cpus;

	plant_machine(*state, 8, 2, 1);
	topology_read(((struct planted *)*state)->dir, &topology);
	assert_int_equal(topology_parse("0-7", &cpus), 0);
	topology_leave_first(&topology, &cpus);
	assert_int_equal(CPU_COUNT(&cpus), 6);
	assert_false(CPU_ISSET(0, &cpus) || CPU_ISSET(4, &cpus));
	/* The one core there is: a thread of it. */
	assert_int_equal(topology_parse("3,7", &cpus), 0);
	topology_leave_first(&topology, &cpus);
	assert_int_equal(CPU_COUNT(&cpus), 1);
	assert_true(CPU_ISSET(7, &cpus));
	assert_int_equal(topology_parse("2", &cpus), 0);
	topology_leave_first(&topology, &cpus);
	assert_int_equal(CPU_COUNT(&cpus), 1);
}

static void
test_nothing_is_told(void **state)
{
	struct topology topology;

	topology_read(((struct planted *)*state)->dir, &topology);
	assert_share(&topology, "0-3", 0, 1, "0-3");
	assert_share(&topology, "0-3", 1, 2, "2-3");
	plant(*state, "cpu/cpu0/topology", "thread_siblings_list", "nonsense");
	plant(*state, "cpu/cpu1/topology", "thread_siblings_list", "5,6\n");
	plant(*state, "node", "online", "0-\n");
	topology_read(((struct planted *)*state)->dir, &topology);
	assert_share(&topology, "0-3", 0, 1, "0-3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_siblings_stay_idle, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_slot_crosses_a_node,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_nodes_of_threads, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_more_slots_than_cores,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_the_first_core_is_left_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_told, setup,
						teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("pool_topology", tests, NULL, NULL);
}
