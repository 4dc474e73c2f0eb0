#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "hooks/sideband.h"

/* The client's end of the pipe: everything that waits there. */
static size_t
drain(int fd, char *last, size_t size)
{
	static char bytes[1 << 17];
	ssize_t got = read(fd, bytes, sizeof(bytes));
	size_t len = got > 0 ? (size_t)got : 0, tail;

	tail = len < size - 1 ? len : size - 1;
	memcpy(last, bytes + len - tail, tail);
	last[tail] = '\0';
	return len;
}

static void
a_dead_client_hangs_nobody(void **state)
{
	struct sideband sideband;
	char line[1001], last[64];
	int fds[2];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(io_pipe(fds), 0);
	sideband_init(&sideband, fds[1]);
	/* Ten times what the pipe holds; one wait, not one a line. */
	for (int i = 0; i < 640; i++)
		sideband_say(&sideband, line);
	assert_true(sideband.stalled);
	assert_in_range(drain(fds[0], last, sizeof(last)), 4096, 32768);
	io_close(&fds[0]);
	io_close(&fds[1]);
}

static void
a_slow_client_gets_the_end(void **state)
{
	struct sideband sideband;
	char line[1001], last[64];
	int fds[2];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(io_pipe(fds), 0);
	sideband_init(&sideband, fds[1]);
	for (int i = 0; i < 100; i++)
		sideband_say(&sideband, line);
	drain(fds[0], last, sizeof(last));
	sideband_say(&sideband, "pacegate: refused");
	assert_false(sideband.stalled);
	drain(fds[0], last, sizeof(last));
	assert_string_equal(last, "pacegate: refused\n");
	io_close(&fds[0]);
	io_close(&fds[1]);
}

/* A reader that has closed its end is an error, not a signal: the hooks ignore
 * SIGPIPE, and so does this test's main. */
static void
a_closed_pipe_is_given_up(void **state)
{
	struct sideband sideband;
	int fds[2];

	(void)state;
	assert_int_equal(io_pipe(fds), 0);
	io_close(&fds[0]);
	sideband_init(&sideband, fds[1]);
	sideband_say(&sideband, "pacegate: anybody?");
	assert_true(sideband.stalled);
	io_close(&fds[1]);
}

static void
what_nobody_reads_is_seen(void **state)
{
	struct sideband sideband;
	char last[64];
	int fds[2];

	(void)state;
	assert_int_equal(io_pipe(fds), 0);
	sideband_init(&sideband, fds[1]);
	assert_false(sideband_is_unread(&sideband));
	sideband_say(&sideband, "pacegate: hello");
	assert_true(sideband_is_unread(&sideband));
	drain(fds[0], last, sizeof(last));
	assert_false(sideband_is_unread(&sideband));
	io_close(&fds[0]);
	io_close(&fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_client_hangs_nobody),
		cmocka_unit_test(a_slow_client_gets_the_end),
		cmocka_unit_test(what_nobody_reads_is_seen),
		cmocka_unit_test(a_closed_pipe_is_given_up),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("hooks_sideband", tests, NULL, NULL);
}
