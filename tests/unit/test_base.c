#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/oid.h"
#include "base/options.h"
#include "base/proc.h"
#include "base/units.h"

static void
errors_gather_context(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, ERR_LIMIT, "map %s", "full"), ERR_LIMIT);
	assert_int_equal(err_context(&err, "baseline %s", "perf/ssl"),
			 ERR_LIMIT);
	assert_string_equal(err.text, "baseline perf/ssl: map full");
	assert_int_equal(err.fault, FAULT_OURS);
	err_blame(&err, FAULT_TEST);
	assert_int_equal(err.fault, FAULT_TEST);
	/* A long chain is cut, not overrun. */
	for (int i = 0; i < 100; i++)
		err_context(&err, "a good deal of context in front");
	assert_true(strlen(err.text) < sizeof(err.text));
}

static void
check_clean(const char *text, size_t len, size_t max, const char *wanted)
{
	struct buf buf = BUF_INIT;

	buf_add_clean(&buf, text, len, max);
	assert_string_equal(buf_text(&buf), wanted);
	buf_release(&buf);
}

static void
strangers_text_is_cleaned(void **state)
{
	(void)state;
	check_clean("plain", 5, 99, "plain");
	check_clean("a\033[2Jb\n", 7, 99, "a\\x1b[2Jb\\x0a");
	check_clean("\xff\xc0\x80", 3, 99, "\\xff\\xc0\\x80");
	check_clean("z\xc3\xbc", 3, 99, "z\xc3\xbc");
	/* U+202E turns text around. */
	check_clean("\xe2\x80\xae"
		    "x",
		    4, 99, "\\xe2\\x80\\xaex");
	check_clean("\0x", 2, 99, "\\x00x");
	check_clean("abcdefghij", 10, 8, "abcde...");
	check_clean("\xed\xa0\x80", 3, 99, "\\xed\\xa0\\x80");
}

static void
durations_and_sizes_are_read(void **state)
{
	int64_t value = 0;
	double fraction = 0;

	(void)state;
	assert_int_equal(units_parse_duration("250ms", &value), 0);
	assert_int_equal(value, 250);
	assert_int_equal(units_parse_duration("1.5h", &value), 0);
	assert_int_equal(value, 5400000);
	assert_int_equal(units_parse_duration("30", &value), 0);
	assert_int_equal(value, 30000);
	assert_int_equal(units_parse_duration("5 parsecs", &value), ERR_INPUT);
	assert_int_equal(units_parse_duration("-1s", &value), ERR_INPUT);
	assert_int_equal(units_parse_duration("0x10s", &value), ERR_INPUT);
	assert_int_equal(units_parse_duration("infs", &value), ERR_INPUT);
	assert_int_equal(units_parse_duration("1e300d", &value), ERR_INPUT);
	assert_int_equal(units_parse_size("512M", &value), 0);
	assert_int_equal(value, 512 << 20);
	assert_int_equal(units_parse_size("2GiB", &value), 0);
	assert_int_equal(value, 2LL << 30);
	assert_int_equal(units_parse_percent("+12%", &fraction), 0);
	assert_true(fabs(fraction - 0.12) < 1e-12);
	assert_int_equal(units_parse_percent("-0.5 %", &fraction), 0);
	assert_true(fabs(fraction + 0.005) < 1e-12);
	assert_int_equal(units_parse_percent("12", &fraction), ERR_INPUT);
	assert_int_equal(units_parse_percent("nan%", &fraction), ERR_INPUT);
	assert_int_equal(units_parse_count("7", 1, 10, &value), 0);
	assert_int_equal(units_parse_count("11", 1, 10, &value), ERR_INPUT);
	assert_int_equal(units_parse_count("7x", 1, 10, &value), ERR_INPUT);
}

static void
check_value(double value, const char *unit, const char *wanted)
{
	struct buf buf = BUF_INIT;

	units_add_value(&buf, value, unit);
	assert_string_equal(buf_text(&buf), wanted);
	buf_release(&buf);
}

static void
values_read_well(void **state)
{
	struct buf buf = BUF_INIT;

	(void)state;
	check_value(61200000, "ns", "61.2 ms");
	check_value(3.4e9, "ns", "3.40 s");
	check_value(12500000, "B", "12.5 MB");
	check_value(900, "1", "900");
	check_value(17.25, "items/s", "17.2 items/s");
	units_add_change(&buf, 1.123);
	assert_string_equal(buf_text(&buf), "+12.3 %");
	buf_clear(&buf);
	units_add_change(&buf, 0.99999999);
	assert_string_equal(buf_text(&buf), "+0.00 %");
	buf_clear(&buf);
	units_add_change(&buf, NAN);
	assert_string_equal(buf_text(&buf), "?");
	buf_clear(&buf);
	units_add_duration(&buf, 125000);
	assert_string_equal(buf_text(&buf), "2 min 05 s");
	buf_release(&buf);
}

static void
object_ids_round_trip(void **state)
{
	const char *hex = "0123456789abcdef0123456789abcdef01234567";
	char again[OID_HEX + 1];
	struct oid oid, other;

	(void)state;
	assert_int_equal(oid_parse(&oid, hex), 0);
	assert_string_equal(oid_format(&oid, again), hex);
	assert_false(oid_is_zero(&oid));
	assert_int_equal(oid_parse(&other, "0123"), ERR_INPUT);
	assert_int_equal(oid_parse(&other, "g123456789abcdef0123456789abcdef"
					   "01234567"),
			 ERR_INPUT);
}

static void
lines_are_bounded(void **state)
{
	struct err err = ERR_INIT;
	struct lines lines;
	char *line = NULL, raw[8];
	size_t len = 0;
	int fds[2];

	(void)state;
	assert_int_equal(io_pipe(fds), 0);
	assert_int_equal(io_write_all(fds[1], "one\ntwo\nRAWthree", 16), 0);
	lines_init(&lines, fds[0], 10);
	assert_int_equal(lines_next(&lines, -1, &line, &len, &err), 1);
	assert_string_equal(line, "one");
	assert_true(lines_has_one(&lines));
	assert_int_equal(lines_next(&lines, -1, &line, &len, &err), 1);
	assert_string_equal(line, "two");
	assert_int_equal(lines_take_bytes(&lines, raw, 3), 3);
	assert_memory_equal(raw, "RAW", 3);
	assert_int_equal(lines_next(&lines, 0, &line, &len, &err), ERR_TIMEOUT);
	assert_int_equal(io_write_all(fds[1], "\n0123456789abc\n", 15), 0);
	assert_int_equal(lines_next(&lines, -1, &line, &len, &err), 1);
	assert_string_equal(line, "three");
	assert_int_equal(lines_next(&lines, -1, &line, &len, &err), ERR_LIMIT);
	lines_release(&lines);
	io_close(&fds[0]);
	io_close(&fds[1]);
}

static void
a_last_line_needs_no_newline(void **state)
{
	struct lines lines;
	char *line = NULL;
	size_t len = 0;
	int fds[2];

	(void)state;
	assert_int_equal(io_pipe(fds), 0);
	assert_int_equal(io_write_all(fds[1], "end", 3), 0);
	io_close(&fds[1]);
	lines_init(&lines, fds[0], 10);
	assert_int_equal(lines_next(&lines, -1, &line, &len, NULL), 1);
	assert_string_equal(line, "end");
	assert_int_equal(lines_next(&lines, -1, &line, &len, NULL), 0);
	lines_release(&lines);
	io_close(&fds[0]);
}

static void
json_trusts_nothing(void **state)
{
	struct err err = ERR_INIT;
	struct buf deep = BUF_INIT;
	json_t *value;
	int64_t number = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_addc(&deep, '[');
	assert_null(json_parse(deep.data, deep.len, &err));
	buf_release(&deep);
	assert_null(json_parse("{\"a\":1,\"a\":2}", 13, &err));
	assert_null(json_parse("{\"a\":", 5, &err));
	value = json_parse("{\"n\":5,\"t\":\"x\"}", 15, &err);
	assert_non_null(value);
	assert_int_equal(json_get_int(value, "n", 0, 9, &number, &err), 0);
	assert_int_equal(json_get_int(value, "n", 0, 4, &number, &err),
			 ERR_INPUT);
	assert_int_equal(json_get_int(value, "t", 0, 9, &number, &err),
			 ERR_INPUT);
	assert_non_null(strstr(err.text, "'t'"));
	json_decref(value);
	value = json_text("\xff");
	assert_string_equal(json_string_value(value), "\\xff");
	json_decref(value);
	value = json_num(NAN);
	assert_true(json_is_null(value));
	json_decref(value);
}

static char *
scratch_dir(void)
{
	char *dir = mem_copy_text("/tmp/pacegate-base.XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void
files_are_replaced_whole(void **state)
{
	char *dir = scratch_dir(), *path = file_join(dir, "a");
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(file_write(path, "first", 5, 0600, &err), 0);
	assert_int_equal(file_write(path, "second", 6, 0640, &err), 0);
	assert_int_equal(file_read(path, &text, 100, &err), 0);
	assert_string_equal(text.data, "second");
	assert_int_equal(file_read(path, &text, 3, &err), ERR_LIMIT);
	assert_int_equal(file_read("/nowhere/x", &text, 3, &err),
			 ERR_NOT_FOUND);
	buf_release(&text);
	assert_int_equal(file_remove_tree(dir, &err), 0);
	assert_false(file_exists(dir));
	free(path);
	free(dir);
}

static void
shared_files_are_as_their_directory(void **state)
{
	char *dir = scratch_dir(), *path = file_join(dir, "log");
	const mode_t modes[] = { 0700, 0770 }, wanted[] = { 0640, 0660 };
	mode_t mask = umask(0077);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stat info;
		int fd;

		assert_int_equal(chmod(dir, modes[i]), 0);
		fd = file_open_shared(path, O_WRONLY | O_APPEND);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(info.st_mode & 07777, wanted[i]);
		assert_int_equal(write(fd, "x", 1), 1);
		close(fd);
		/* One that is there stays as it is. */
		assert_int_equal(chmod(path, 0600), 0);
		fd = file_open_shared(path, O_WRONLY | O_APPEND);
		assert_int_equal(write(fd, "x", 1), 1);
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(info.st_size, 2);
		assert_int_equal(info.st_mode & 07777, 0600);
		close(fd);
		unlink(path);
	}
	assert_true(file_open_shared("/nowhere/x", O_WRONLY) < 0);
	umask(mask);
	assert_int_equal(file_remove_tree(dir, NULL), 0);
	free(path);
	free(dir);
}

static void
removal_follows_no_link(void **state)
{
	char *dir = scratch_dir(), *kept = scratch_dir();
	char *inner = file_join(dir, "a/b/c"), *link = file_join(dir, "a/out");
	char *file = file_join(kept, "precious");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(file_make_dirs(inner, 0755, &err), 0);
	assert_int_equal(file_write(file, "x", 1, 0600, &err), 0);
	assert_int_equal(symlink(kept, link), 0);
	chmod(inner, 0);
	assert_int_equal(file_remove_tree(dir, &err), 0);
	assert_false(file_exists(dir));
	assert_true(file_exists(file));
	assert_int_equal(file_remove_tree(kept, &err), 0);
	free(inner);
	free(link);
	free(file);
	free(dir);
	free(kept);
}

static void
children_say_why_they_do_not_start(void **state)
{
	const char *missing[] = { "/nowhere/program", NULL };
	const char *sleeper[] = { "sleep", "60", NULL };
	const char *echo[] = { "echo", "hello", NULL };
	struct proc_options options = {
		.argv = missing, .in = -1, .out = -1, .err = -1
	};
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	pid_t pid = 0;
	int status = 0;

	(void)state;
	assert_int_equal(proc_start(&options, &pid, &err), ERR_SYSTEM);
	assert_non_null(strstr(err.text, "/nowhere/program"));
	assert_int_equal(proc_capture(echo, "/", &out, 100, &err), 0);
	assert_string_equal(out.data, "hello\n");
	buf_release(&out);
	options.argv = sleeper;
	assert_int_equal(proc_start(&options, &pid, &err), 0);
	assert_int_equal(proc_wait(pid, clock_monotonic_ms(&clock_real) + 20,
				   &status, &err),
			 ERR_TIMEOUT);
	kill(pid, 9);
	assert_int_equal(proc_wait(pid, -1, &status, &err), 0);
}

static void
processes_are_told_apart(void **state)
{
	char id[PROC_ID_SIZE], other[PROC_ID_SIZE + 8];

	(void)state;
	proc_identify(id);
	assert_true(proc_is_alive(id));
	snprintf(other, sizeof(other), "%d.1.%s", (int)getpid(),
		 strrchr(id, '.') + 1);
	assert_false(proc_is_alive(other));
	assert_false(proc_is_alive("nonsense"));
	assert_false(proc_is_alive(""));
}

static void
options_come_from_a_table(void **state)
{
	int flag = 0, help = 0, argc = 7;
	const char *text = NULL;
	struct texts many = { 0 };
	struct err err = ERR_INIT;
	const struct option_row rows[] = {
		{ "flag", 'f', OPTION_FLAG, NULL, "", &flag },
		{ "text", 0, OPTION_TEXT, "T", "", &text },
		{ "many", 'm', OPTION_TEXTS, "M", "", &many },
		{ 0 }
	};
	char *argv[] = {
		(char *)(uintptr_t) "x",     (char *)(uintptr_t) "-f",
		(char *)(uintptr_t) "word",  (char *)(uintptr_t) "--text=a b",
		(char *)(uintptr_t) "-mone", (char *)(uintptr_t) "--many",
		(char *)(uintptr_t) "two",   NULL
	};
	char *wrong[] = { (char *)(uintptr_t) "x", (char *)(uintptr_t) "--flog",
			  NULL };

	(void)state;
	assert_int_equal(options_parse(rows, &argc, argv, &help, &err), 0);
	assert_int_equal(argc, 2);
	assert_string_equal(argv[1], "word");
	assert_true(flag);
	assert_string_equal(text, "a b");
	assert_int_equal(many.count, 2);
	texts_release(&many);
	argc = 2;
	assert_int_equal(options_parse(rows, &argc, wrong, &help, &err),
			 ERR_INPUT);
	assert_non_null(strstr(err.text, "--flog"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_gather_context),
		cmocka_unit_test(strangers_text_is_cleaned),
		cmocka_unit_test(durations_and_sizes_are_read),
		cmocka_unit_test(values_read_well),
		cmocka_unit_test(object_ids_round_trip),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(a_last_line_needs_no_newline),
		cmocka_unit_test(json_trusts_nothing),
		cmocka_unit_test(files_are_replaced_whole),
		cmocka_unit_test(shared_files_are_as_their_directory),
		cmocka_unit_test(removal_follows_no_link),
		cmocka_unit_test(children_say_why_they_do_not_start),
		cmocka_unit_test(processes_are_told_apart),
		cmocka_unit_test(options_come_from_a_table),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
