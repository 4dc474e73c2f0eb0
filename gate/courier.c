#include "courier.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/programs.h"
#include "deliver.h"
#include "gate.h"
#include "repo/repo.h"

enum { END_MS = 90 * 1000, LOOK_MS = 100 };

/* 1 a message waits, and *next_s is when it is due; 0 none. */
static int
is_waiting(const struct courier *courier, int64_t *next_s)
{
	return deliver_next(courier->gate, next_s, NULL) > 0;
}

static int
is_due(const struct courier *courier)
{
	int64_t next_s = 0;

	return is_waiting(courier, &next_s) &&
	       next_s <= clock_wall_s(&clock_real);
}

/* Somebody else may be at it already. */
static int
is_taken(const struct courier *courier, const char *lock)
{
	int fd = -1;
	int taken = !gate_lock(courier->gate, lock, &fd, NULL);

	io_close(&fd);
	return taken;
}

static void
start(struct courier *courier, int stays)
{
	char *program = programs_find(PROGRAM_GATE);
	const char *argv[] = { program,
			       "deliver",
			       "--repo",
			       repo_gitdir(courier->gate->repo),
			       stays ? "--wait" : NULL,
			       NULL };
	struct proc_options options = {
		.argv = argv, .in = -1, .out = -1, .err = -1, .detach = stays
	};
	struct err err = ERR_INIT;

	if (!program || proc_start(&options, &courier->pid, &err) < 0) {
		log_event(LOG_ERROR, "delivery: %s",
			  program ? err.text
				  : PROGRAM_GATE " is not installed beside "
						 "this program");
		courier->failed = 1;
		courier->pid = 0;
	}
	free(program);
}

/* Whether ours runs still; the end of it is noticed here. */
static int
is_running(struct courier *courier)
{
	int status = 0;

	if (!courier->pid)
		return 0;
	if (proc_wait(courier->pid, 0, &status, NULL) == ERR_TIMEOUT)
		return 1;
	courier->pid = 0;
	courier->failed |= status != 0;
	return 0;
}

void
courier_poke(struct courier *courier)
{
	if (!is_running(courier) && !courier->failed && is_due(courier) &&
	    !is_taken(courier, FILE_DELIVER_LOCK))
		start(courier, 0);
}

void
courier_end(struct courier *courier, int (*stopped)(void))
{
	int64_t until_ms = clock_monotonic_ms(&clock_real) + END_MS;
	int64_t next_s = 0;

	while (clock_monotonic_ms(&clock_real) < until_ms &&
	       !(stopped && stopped())) {
		courier_poke(courier);
		if (!courier->pid && (courier->failed || !is_due(courier)))
			break;
		clock_sleep_ms(LOOK_MS);
	}
	if (!courier->pid && !courier->failed && is_waiting(courier, &next_s) &&
	    !is_taken(courier, FILE_DELIVER_WAIT))
		start(courier, 1);
}
