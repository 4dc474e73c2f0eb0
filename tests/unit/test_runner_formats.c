#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "runner/formats.h"
#include "runner/readings.h"

static void
read_text(const char *format, const char *text, struct readings *readings)
{
	const struct format_row *row = format_find(format);

	assert_non_null(row);
	format_read(row, text, strlen(text), readings);
}

/* What a real tool printed, from the directory beside this file. */
static void
read_recorded(const char *format, const char *name, struct readings *readings)
{
	const char *slash = strrchr(__FILE__, '/');
	char *path = mem_text("%.*s/data/formats/%s", (int)(slash - __FILE__),
			      __FILE__, name);
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	if (file_read(path, &text, 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
	read_text(format, buf_text(&text), readings);
	buf_release(&text);
	free(path);
}

static const struct reading *
find(const struct readings *readings, const char *name)
{
	for (size_t i = 0; i < readings->count; i++)
		if (!strcmp(readings->items[i].name, name))
			return &readings->items[i];
	fail_msg("no reading '%s' (%zu, problem '%s')", name, readings->count,
		 readings->problems.count ? readings->problems.items[0] : "");
	return NULL;
}

static void
assert_value(const struct readings *readings, const char *name, double value,
	     const char *unit)
{
	const struct reading *reading = find(readings, name);
	double median = reading_median(reading);

	if (fabs(median - value) > 1e-9 * fabs(value))
		fail_msg("%s is %.17g, not %.17g", name, median, value);
	assert_string_equal(reading->unit, unit);
}

static void
assert_problem(const struct readings *readings, const char *part)
{
	assert_true(readings->problems.count > 0);
	if (!strstr(readings->problems.items[0], part))
		fail_msg("'%s' lacks '%s'", readings->problems.items[0], part);
}

static void
test_google(void **state)
{
	struct readings readings = READINGS_INIT;

	(void)state;
	read_recorded("google-benchmark", "google-benchmark-1.7.1.json",
		      &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 6);
	assert_int_equal(find(&readings, "BM_fill/8")->count, 2);
	assert_string_equal(find(&readings, "BM_fill/8.cpu")->unit, "ns");
	assert_int_equal(
		find(&readings, "BM_fill/4096.bytes_per_second")->better,
		BETTER_HIGHER);
	readings_release(&readings);

	read_recorded("google-benchmark",
		      "google-benchmark-1.7.1-aggregates.json", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(find(&readings, "BM_fill/8")->count, 1);
	readings_release(&readings);

	read_text("google-benchmark",
		  "{\"benchmarks\":[{\"name\":\"a\",\"real_time\":2,"
		  "\"cpu_time\":1,\"time_unit\":\"ms\"},{\"name\":\"b\","
		  "\"error_occurred\":true,\"error_message\":\"boom\"}]}",
		  &readings);
	assert_value(&readings, "a", 2e6, "ns");
	assert_problem(&readings, "b: boom");
	readings_release(&readings);
}

static void
test_hyperfine(void **state)
{
	struct readings readings = READINGS_INIT;

	(void)state;
	/* It prints a document after each command; the last one has all. */
	read_recorded("hyperfine", "hyperfine-1.15.0.txt", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_value(&readings, "sleep_0.01", 11330909, "ns");
	assert_value(&readings, "true", 927919, "ns");
	assert_value(&readings, "true.user", 930666.6666666668, "ns");
	assert_int_equal(find(&readings, "true")->count, 3);
	readings_release(&readings);

	read_text("hyperfine",
		  "{\"results\":[{\"command\":\"x\",\"median\":1,"
		  "\"times\":[1],\"exit_codes\":[1]}]}",
		  &readings);
	assert_problem(&readings, "x: run 1 did not exit with 0");
	assert_int_equal(readings.count, 0);
	readings_release(&readings);
}

/* The format of golang.org/design/14313-benchmark-format. */
static void
test_go(void **state)
{
	static const char text[] =
		"goos: linux\ngoarch: amd64\npkg: example.org/x\n"
		"cpu: Intel(R) Xeon(R)\nUnit widgets better=higher\n"
		"BenchmarkFib/n=10-8   \t 5000000\t       259 ns/op\t"
		"      56 B/op\t       2 allocs/op\t 12.5 MB/s\t 3 widgets\n"
		"BenchmarkFib/n=10-8   \t 5000000\t       261 ns/op\n"
		"BenchmarkSkipped\n"
		"PASS\nok  \texample.org/x\t3.214s\n";
	struct readings readings = READINGS_INIT;

	(void)state;
	read_text("go", text, &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_value(&readings, "Fib/n=10-8", 260, "ns");
	assert_value(&readings, "Fib/n=10-8.B/op", 56, "B");
	assert_value(&readings, "Fib/n=10-8.allocs/op", 2, "allocs/op");
	assert_int_equal(find(&readings, "Fib/n=10-8.MB/s")->better,
			 BETTER_HIGHER);
	assert_int_equal(find(&readings, "Fib/n=10-8.widgets")->better,
			 BETTER_HIGHER);
	assert_int_equal(readings.count, 5);
	readings_release(&readings);

	read_recorded("go", "go-1.19.8.txt", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 12);
	assert_int_equal(find(&readings, "Fill/n=64-2")->count, 2);
	assert_value(&readings, "Fill/n=4096-2", 7543, "ns");
	assert_value(&readings, "Fill/n=4096-2.B/op", 4096, "B");
	assert_int_equal(find(&readings, "Custom-2.fills/s")->better,
			 BETTER_HIGHER);
	assert_value(&readings, "Custom-2.widgets/op", 3.5, "widgets/op");
	assert_int_equal(find(&readings, "Logs-2")->count, 2);
	readings_release(&readings);

	/* Its exit status may be lost in a pipe. */
	read_recorded("go", "go-1.19.8-failed.txt", &readings);
	assert_problem(&readings, "line 1: BenchmarkFails failed");
	readings_release(&readings);

	read_text("go", "BenchmarkX 10 zz ns/op\n", &readings);
	assert_problem(&readings, "line 1: 'zz' is no number");
	readings_release(&readings);
}

/* Criterion's terminal text, cargo-criterion 1.1's messages as its documents
 * print them, and libtest. */
static void
test_criterion(void **state)
{
	static const char text[] =
		"Benchmarking fib 20\nBenchmarking fib 20: Warming up\n"
		"fib 20                  time:   [26.029 \xc2\xb5s 26.251 "
		"\xc2\xb5s 26.505 \xc2\xb5s]\n"
		"                        change: [-3.5% -0.4% +2.1%] (p = 0.80 "
		"> 0.05)\n"
		"a group with a long name/and a function\n"
		"                        time:   [1.1 ms 1.2 ms 1.3 ms]\n"
		"{\"reason\":\"benchmark-complete\",\"id\":\"msg/1\","
		"\"typical\":{\"estimate\":419.5,\"lower_bound\":1,"
		"\"upper_bound\":2,\"unit\":\"ns\"}}\n"
		"{\"reason\":\"group-complete\",\"group_name\":\"msg\"}\n"
		"test tests::bench_add ... bench:       1,234 ns/iter (+/- "
		"56)\n";
	struct readings readings = READINGS_INIT;

	(void)state;
	read_text("criterion", text, &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_value(&readings, "fib_20", 26251, "ns");
	assert_value(&readings, "a_group_with_a_long_name/and_a_function",
		     1.2e6, "ns");
	assert_value(&readings, "msg/1", 419.5, "ns");
	assert_value(&readings, "tests::bench_add", 1234, "ns");
	assert_int_equal(readings.count, 4);
	readings_release(&readings);

	read_recorded("criterion", "criterion-0.3.6.txt", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 3);
	assert_value(&readings, "fill_64", 11.882, "ns");
	assert_value(&readings, "a_group_with_a_name_that_is_rather_long/4096",
		     107.16, "ns");
	readings_release(&readings);

	read_recorded("criterion", "libtest-1.63.txt", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 2);
	assert_value(&readings, "tests::bench_fill_4096", 88, "ns");
	readings_release(&readings);
}

static void
test_pytest_benchmark(void **state)
{
	static const char text[] =
		"..   [100%]\n{\n  \"machine_info\": {\"node\": \"x\"},\n"
		"  \"benchmarks\": [\n    {\"group\": null, "
		"\"name\": \"test_sum[10]\", \"fullname\": \"t.py::x\","
		" \"stats\": {\"min\": 1e-6, \"median\": 2.5e-6}}\n  ]\n}\n"
		"[1 passed]\n";
	struct readings readings = READINGS_INIT;

	(void)state;
	read_text("pytest-benchmark", text, &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_value(&readings, "test_sum_10", 2500, "ns");
	readings_release(&readings);
	read_text("pytest-benchmark", "{\"benchmarks\":[{\"name\":\"a\"}]}",
		  &readings);
	assert_problem(&readings, "a: member 'median' is not a number");
	readings_release(&readings);

	/* The document begins behind the dots of the progress. */
	read_recorded("pytest-benchmark", "pytest-benchmark-3.2.2.txt",
		      &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 3);
	assert_value(&readings, "test_fill_8", 590.9987522, "ns");
	readings_release(&readings);
	/* Cut short, its inside is no document. */
	read_text("pytest-benchmark", "..{\n\"benchmarks\": [\n\"x\": {\n}\n",
		  &readings);
	assert_problem(&readings, "no JSON on stdout");
	readings_release(&readings);
}

static void
test_custom(void **state)
{
	static const char text[] =
		"[{\"name\":\"Load time\",\"unit\":\"ms\",\"value\":1.5,"
		"\"range\":\"3\",\"extra\":\"x\"},"
		"{\"name\":\"heap\",\"unit\":\"Megabytes per one\","
		"\"value\":\"1,024\"},{\"name\":\"bad\",\"value\":[]}]";
	struct readings readings = READINGS_INIT;

	(void)state;
	read_text("customSmallerIsBetter", text, &readings);
	assert_value(&readings, "Load_time", 1.5e6, "ns");
	assert_value(&readings, "heap", 1024, "1");
	assert_problem(&readings, "bad: member 'value' is not a number");
	readings_release(&readings);
	read_text("customBiggerIsBetter", text, &readings);
	assert_int_equal(find(&readings, "heap")->better, BETTER_HIGHER);
	readings_release(&readings);
}

static void
test_tap(void **state)
{
	static const char text[] =
		"1..6\nok 1 - plain without a time\n"
		"ok 2 - fast # time=1.5ms\n"
		"ok 3 - later # TODO not yet # time=2ms\n"
		"not ok 4 - known # TODO broken\n"
		"ok 5 - one in 3 parts # time=2s\nokay, not a result\n";
	struct readings readings = READINGS_INIT;

	(void)state;
	read_recorded("tap", "bats-1.8.tap", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 1);
	assert_value(&readings, "one_thing", 16e6, "ns");
	readings_release(&readings);

	read_recorded("tap", "node-20.20.tap", &readings);
	assert_int_equal(readings.count, 2);
	assert_value(&readings, "alpha", 1070962, "ns");
	assert_value(&readings, "beta_#_x", 506833, "ns");
	readings_release(&readings);

	read_recorded("tap", "prove-3.44.txt", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 2);
	assert_value(&readings, "t/a.t", 1179e6, "ns");
	readings_release(&readings);

	read_recorded("tap", "prove-3.44-verbose.txt", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 2);
	assert_value(&readings, "t/b.t", 146e6, "ns");
	readings_release(&readings);

	read_text("tap", text, &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_null(readings.fail);
	assert_int_equal(readings.count, 2);
	assert_value(&readings, "fast", 1.5e6, "ns");
	assert_value(&readings, "one_in_3_parts", 2e9, "ns");
	readings_release(&readings);

	read_text("tap", "1..1\nnot ok 1 - broken\n", &readings);
	assert_string_equal(readings.fail, "broken");
	readings_release(&readings);
}

static void
test_junit(void **state)
{
	struct readings readings = READINGS_INIT;

	(void)state;
	read_recorded("junit", "bats-1.8.xml", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 1);
	assert_value(&readings, "t.bats.one_thing", 16e6, "ns");
	readings_release(&readings);

	read_recorded("junit", "node-20.20-failed.xml", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_string_equal(readings.fail, "alpha");
	assert_int_equal(readings.count, 1);
	assert_value(&readings, "test.beta_quot_q_quot_s", 153000, "ns");
	readings_release(&readings);

	read_recorded("junit", "pytest-7.2.1.xml", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 4);
	assert_value(&readings, "test_fill.test_fill_512", 1648e6, "ns");
	readings_release(&readings);

	read_text("junit", "<testcase name=\"a\" time=\"x\"/>", &readings);
	assert_problem(&readings, "testcase a: 'x' is no number");
	readings_release(&readings);
	read_text("junit", "<testcase name=\"a", &readings);
	assert_problem(&readings, "a tag does not end");
	readings_release(&readings);
}

static void
test_racket(void **state)
{
	struct readings readings = READINGS_INIT;

	(void)state;
	read_text("racket",
		  "hello\ncpu time: 12 real time: 13 gc time: 0\n"
		  "cpu time: 14 real time: 17 gc time: 2\n"
		  "fib: cpu time: 5 real time: 6 gc time: 1\n",
		  &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_value(&readings, "cpu-time", 13e6, "ns");
	assert_value(&readings, "real-time", 15e6, "ns");
	assert_value(&readings, "fib.gc-time", 1e6, "ns");
	assert_int_equal(readings.count, 6);
	readings_release(&readings);

	read_recorded("racket", "racket-8.7.txt", &readings);
	assert_int_equal(readings.problems.count, 0);
	assert_int_equal(readings.count, 6);
	assert_value(&readings, "real-time", 0, "ns");
	assert_value(&readings, "fill.real-time", 12e6, "ns");
	readings_release(&readings);

	read_text("racket", "cpu time: x real time: 13 gc time: 0\n",
		  &readings);
	assert_problem(&readings, "line 1: expected 'cpu time:");
	readings_release(&readings);
}

static void
test_events_on_stdout(void **state)
{
	struct readings readings = READINGS_INIT;

	(void)state;
	read_text("events",
		  "talk\n##perf value a 3 unit=B\n"
		  " ##perf value b 3\n##perf start s t=10\n##perf end s "
		  "t=30\n##perf start t\n",
		  &readings);
	assert_value(&readings, "a", 3, "B");
	assert_value(&readings, "s", 20, "ns");
	assert_int_equal(readings.count, 2);
	assert_problem(&readings, "event 4: no stamp");
	readings_release(&readings);
}

/* No format passes when there is nothing, or anything else. */
static void
test_nothing_never_passes(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n\n",
		"{",
		"{}",
		"[]",
		"null",
		"hello",
		"[1,2,3]",
		"{\"benchmarks\":[],\"results\":[]}",
		"{\"benchmarks\":[1],\"results\":[null]}",
		"{\"benchmarks\":7,\"results\":{}}",
		"<",
		"<a",
		"<!--",
		"<![CDATA[",
		"&&&&&&&",
		"ok",
		"not",
		"Benchmark",
		"BenchmarkX 1 2",
		"time: [",
		"test x ... bench: 1 ns",
		"cpu time:",
		"##perf",
		"\xff\xfe\xfd",
		"[[[[[[[[[[",
		"[{\"name\":\"\",\"value\":1}]",
		"[{\"name\":\"\\u0000\",\"value\":1}]",
	};

	(void)state;
	for (const struct format_row *row = format_rows; row->name; row++)
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			struct readings readings = READINGS_INIT;

			format_read(row, texts[i], strlen(texts[i]), &readings);
			if (readings.count ||
			    (!readings.problems.count && !readings.fail))
				fail_msg("%s took '%s'", row->name, texts[i]);
			readings_release(&readings);
		}
	assert_null(format_find("Go"));
	assert_null(format_find(""));
}

static void
test_names_that_meet(void **state)
{
	struct readings readings = READINGS_INIT;

	(void)state;
	read_text("customSmallerIsBetter",
		  "[{\"name\":\"a b\",\"value\":1},"
		  "{\"name\":\"a_b\",\"value\":2}]",
		  &readings);
	assert_problem(&readings, "two names become 'a_b'");
	assert_int_equal(readings.count, 1);
	readings_release(&readings);
}

/* Long text of what looks like beginnings must not take for ever. */
static void
test_hostile_sizes(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_adds(&text, "[\n");
	for (int i = 0; i < 100000; i++)
		buf_adds(&text, "&<testcase name='&' cpu time: \n");
	for (const struct format_row *row = format_rows; row->name; row++) {
		struct readings readings = READINGS_INIT;

		format_read(row, text.data, text.len, &readings);
		assert_int_equal(readings.count, 0);
		readings_release(&readings);
	}
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_google),
		cmocka_unit_test(test_hyperfine),
		cmocka_unit_test(test_go),
		cmocka_unit_test(test_criterion),
		cmocka_unit_test(test_pytest_benchmark),
		cmocka_unit_test(test_custom),
		cmocka_unit_test(test_tap),
		cmocka_unit_test(test_junit),
		cmocka_unit_test(test_racket),
		cmocka_unit_test(test_events_on_stdout),
		cmocka_unit_test(test_nothing_never_passes),
		cmocka_unit_test(test_names_that_meet),
		cmocka_unit_test(test_hostile_sizes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_formats", tests, NULL, NULL);
}
