#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "runner/environment.h"
#include "runner/machine.h"
#include "base/err.h"
#include "base/json.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

static const char cpuinfo[] = "processor\t: 0\n"
			      "vendor_id\t: GenuineIntel\n"
			      "cpu family\t: 6\n"
			      "model\t\t: 85\n"
			      "model name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\n"
			      "stepping\t: 7\n"
			      "microcode\t: 0x5003901\n"
			      "cpu MHz\t\t: 2199.998\n"
			      "cache size\t: 39424 KB\n"
			      "flags\t\t: fpu vme hypervisor avx\n"
			      "bogomips\t: 4399.99\n\n"
			      "processor\t: 1\n"
			      "model name\t: Intel(R) Xeon(R) CPU @ 2.20GHz\n";

static void
id_of(const char *text, const char *memory, char id[ENVIRONMENT_ID_SIZE])
{
	struct environment environment = ENVIRONMENT_INIT;

	environment_add_cpuinfo(&environment, text);
	environment_add_meminfo(&environment, memory);
	environment_seal(&environment);
	memcpy(id, environment.id, ENVIRONMENT_ID_SIZE);
	environment_release(&environment);
}

static char *
replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return mem_text("%.*s%s%s", (int)(at - text), text, to,
			at + strlen(from));
}

static void
check_changes(const char *from, const char *to, int changes)
{
	char before[ENVIRONMENT_ID_SIZE], after[ENVIRONMENT_ID_SIZE];
	char *other = replaced(cpuinfo, from, to);

	id_of(cpuinfo, "MemTotal: 24684084 kB\n", before);
	id_of(other, "MemTotal: 24684084 kB\n", after);
	assert_int_equal(!!strcmp(before, after), changes);
	free(other);
}

static void
test_id_changes_with_the_processor_and_not_with_drift(void **state)
{
	(void)state;
	check_changes("0x5003901", "0x5003902", 1);
	check_changes("2.20GHz", "2.30GHz", 1);
	check_changes("hypervisor", "hyper", 1);
	check_changes("processor\t: 1", "other\t: 1", 1);
	check_changes("2199.998", "2350.112", 0);
	check_changes("4399.99", "4399.02", 0);
}

static void
test_memory_is_rounded(void **state)
{
	char a[ENVIRONMENT_ID_SIZE], b[ENVIRONMENT_ID_SIZE];

	(void)state;
	/* Another kernel configuration keeps some more for itself. */
	id_of(cpuinfo, "MemTotal:       24684084 kB\n", a);
	id_of(cpuinfo, "MemTotal:       24690000 kB\n", b);
	assert_string_equal(a, b);
	id_of(cpuinfo, "MemTotal:       32684084 kB\n", b);
	assert_string_not_equal(a, b);
}

static void
test_id_is_sixteen_digits_known_and_of_all_facts(void **state)
{
	struct environment environment = ENVIRONMENT_INIT;
	json_t *json;

	(void)state;
	environment_seal(&environment);
	assert_int_equal(strlen(environment.id), 16);
	environment_add(&environment, "a", "b");
	environment_add(&environment, "c", "x\033y");
	environment_seal(&environment);
	json = environment_json(&environment);
	assert_string_equal(json_text_or(json, "id", ""), environment.id);
	assert_string_equal(json_text_or(json, "c", ""), "x\\x1by");
	json_decref(json);
	environment_release(&environment);
}

static void
test_garbage_is_no_crash(void **state)
{
	char id[ENVIRONMENT_ID_SIZE];

	(void)state;
	id_of("", "", id);
	id_of("model name", "MemTotal", id);
	id_of("model name:", "MemTotal: x", id);
	assert_int_equal(strlen(id), 16);
}

static void
test_cpus_are_parsed_and_written(void **state)
{
	static const char *const good[][2] = {
		{ "0", "0" },       { "0-3", "0-3" },
		{ "0,1,2", "0-2" }, { "5,0-1,3\n", "0-1,3,5" },
		{ "1023", "1023" },
	};
	static const char *const bad[] = {
		"",   "-",    "a",      "1-",  "3-1",
		"1,", "1024", "0-9999", "1 2", "999999999999999999999"
	};
	cpu_set_t cpus;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		char *text;

		assert_int_equal(machine_parse_cpus(good[i][0], &cpus), 0);
		text = machine_format_cpus(&cpus);
		assert_string_equal(text, good[i][1]);
		free(text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(machine_parse_cpus(bad[i], &cpus), ERR_INPUT);
}

static void
test_stat_counts_only_the_slot(void **state)
{
	static const char text[] = "cpu  9 9 9 9 9 9 9 9 0 0\n"
				   "cpu0 10 1 5 1000 7 2 3 4 0 0\n"
				   "cpu1 100 0 0 0 0 0 0 50 0 0\n"
				   "intr 1 2 3\n"
				   "cpu2 100 0 0 0 0 0 0 50 0 0\n";
	struct machine_sample sample;
	cpu_set_t cpus;

	(void)state;
	assert_int_equal(machine_parse_cpus("0", &cpus), 0);
	machine_parse_stat(text, &cpus, &sample);
	assert_true(sample.busy_ns == 210000000);
	assert_true(sample.steal_ns == 40000000);
	assert_int_equal(machine_parse_cpus("0-2", &cpus), 0);
	machine_parse_stat(text, &cpus, &sample);
	assert_true(sample.busy_ns == 1210000000);
	machine_parse_stat("", &cpus, &sample);
	assert_true(sample.busy_ns == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_id_changes_with_the_processor_and_not_with_drift),
		cmocka_unit_test(test_memory_is_rounded),
		cmocka_unit_test(
			test_id_is_sixteen_digits_known_and_of_all_facts),
		cmocka_unit_test(test_garbage_is_no_crash),
		cmocka_unit_test(test_cpus_are_parsed_and_written),
		cmocka_unit_test(test_stat_counts_only_the_slot),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_environment", tests, NULL,
					   NULL);
}
