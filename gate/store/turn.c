#include "store/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/env.h"

/*
 * Two locks of POSIX on bytes of data.mdb that no data.mdb is long enough for.
 * They die with their process, tell who holds them, and no fork inherits them.
 * Who wants to write takes ENTRY, then TURN, and gives ENTRY back as soon as it
 * has TURN: so one that waits for its turn keeps whoever would write again from
 * overtaking it.
 */
#define ENTRY ((off_t)1 << 61)
#define TURN (ENTRY + 1)

enum { LONGEST_SLEEP_MS = 8 };

static int
lock(int fd, int command, short type, off_t byte, pid_t *holder)
{
	struct flock want = { .l_type = type,
			      .l_whence = SEEK_SET,
			      .l_start = byte,
			      .l_len = 1 };
	int rc;

	do
		rc = fcntl(fd, command, &want);
	while (rc < 0 && errno == EINTR);
	if (holder)
		*holder = want.l_type == F_UNLCK ? 0 : want.l_pid;
	return rc;
}

/* Who it is, as far as it can be seen from here. */
static int
fail_busy(const struct store *store, pid_t holder, struct err *err)
{
	struct buf name = BUF_INIT;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)holder);
	if (holder <= 0 || file_read(path, &name, 64, NULL) < 0)
		buf_adds(&name, "not seen from here");
	while (name.len > 0 && name.data[name.len - 1] == '\n')
		name.data[--name.len] = '\0';
	err_set(err, ERR_BUSY,
		"store %s: process %d (%s) has kept others from writing for "
		"%d s: if it is stopped, continue or end it",
		store->dir, (int)holder, buf_text(&name),
		(int)(store->patience_ms / 1000));
	buf_release(&name);
	return ERR_BUSY;
}

static int
wait_for(const struct store *store, int fd, off_t byte, struct err *err)
{
	int64_t since_ms = clock_monotonic_ms(&clock_real), sleep_ms = 1;
	pid_t holder = -1, now;

	while (lock(fd, F_SETLK, F_WRLCK, byte, NULL) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			return err_errno(err, "store %s: lock", store->dir);
		if (lock(fd, F_GETLK, F_WRLCK, byte, &now) < 0)
			return err_errno(err, "store %s: lock", store->dir);
		if (now != holder) {
			holder = now;
			since_ms = clock_monotonic_ms(&clock_real);
		}
		if (clock_monotonic_ms(&clock_real) - since_ms >=
		    store->patience_ms)
			return fail_busy(store, holder, err);
		clock_sleep_ms(sleep_ms);
		/* Whoever waits at the head of all is awake when it is due. */
		if (byte == ENTRY && sleep_ms < LONGEST_SLEEP_MS)
			sleep_ms *= 2;
	}
	return 0;
}

int
turn_take(const struct store *store, struct err *err)
{
	int fd, rc;

	mdb_env_get_fd(store->env, &fd);
	rc = wait_for(store, fd, ENTRY, err);
	if (rc < 0)
		return rc;
	rc = wait_for(store, fd, TURN, err);
	lock(fd, F_SETLK, F_UNLCK, ENTRY, NULL);
	return rc;
}

void
turn_give(const struct store *store)
{
	int fd;

	mdb_env_get_fd(store->env, &fd);
	lock(fd, F_SETLK, F_UNLCK, TURN, NULL);
}
