#include "pool/slot.h"
#include "pool/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"

enum {
	POLL_MS = 40,  /* of the one whose turn it is */
	LINE_MS = 150, /* of the others, who may be hundreds */
	TELL_MS = 1000
};

static const char *
lock_dir(const struct slot_rules *rules)
{
	if (rules->lock_dir)
		return rules->lock_dir;
	return access("/run/lock", W_OK) ? "/tmp" : "/run/lock";
}

/*
 * The directory is shared and sticky: an existing file may be another user's,
 * where the kernel refuses O_CREAT (fs.protected_regular), while flock(2)
 * works on a descriptor that can only be read.
 */
static int
open_lock(const struct slot_rules *rules, const char *name, struct err *err)
{
	char *path = mem_text("%s/pacegate.%s", lock_dir(rules), name);
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = open(path, flags);

	if (fd < 0 && errno == ENOENT) {
		fd = open(path, flags | O_CREAT | O_EXCL, 0644);
		if (fd < 0 && errno == EEXIST)
			fd = open(path, flags);
	}
	if (fd < 0)
		err_errno(err, "slot lock %s", path);
	free(path);
	return fd;
}

/* 1 taken, 0 somebody else has it, negative on error. */
static int
try_one(struct slot *slot, const struct slot_rules *rules, unsigned index,
	struct err *err)
{
	char name[48];

	snprintf(name, sizeof(name), "%s.%u",
		 rules->name ? rules->name : "slot", index);
	slot->fd = open_lock(rules, name, err);
	if (slot->fd < 0)
		return ERR_SYSTEM;
	if (flock(slot->fd, LOCK_EX | LOCK_NB) < 0) {
		int busy = errno == EWOULDBLOCK;

		if (!busy)
			err_errno(err, "lock slot %u", index);
		io_close(&slot->fd);
		return busy ? 0 : ERR_SYSTEM;
	}
	slot->index = index;
	return 1;
}

static int
try_all(struct slot *slot, const struct slot_rules *rules, struct err *err)
{
	for (unsigned i = 0; i < rules->count; i++) {
		int got = try_one(slot, rules, i, err);

		if (got)
			return got;
	}
	return 0;
}

/* Where somebody who waits stands: locks again, -1 while not held. */
struct line {
	int head;   /* the first in line of his repository */
	int turn;   /* the one who tries, of all that are such */
	int wanted; /* somebody blocks */
};

/* 1 with the lock, 0 while another has it. */
static int
step_up(int *held, int fd, int how)
{
	if (fd < 0)
		return ERR_SYSTEM;
	if (flock(fd, how | LOCK_NB) < 0) {
		io_close(&fd);
		return errno == EWOULDBLOCK ? 0 : ERR_SYSTEM;
	}
	*held = fd;
	return 1;
}

/*
 * Whoever gives a slot back and wants the next one would always be the first
 * to see it free. So one at a time may try, of each repository one at a time
 * stands in line for that, and nobody in the background while somebody blocks.
 */
static int
may_try(struct line *line, const struct slot_rules *rules,
	enum slot_class class, struct err *err)
{
	int got = 1;
	char turn[48];

	if (rules->name) {
		snprintf(turn, sizeof(turn), "%s.turn", rules->name);
		if (line->turn < 0)
			got = step_up(&line->turn, open_lock(rules, turn, err),
				      LOCK_EX);
		return got;
	}
	if (class == SLOT_BLOCKING && line->turn < 0)
		return step_up(&line->turn,
			       open_lock(rules, "turn.blocking", err), LOCK_EX);
	if (class == SLOT_BLOCKING)
		return 1;
	if (slot_is_wanted(rules))
		return 0;
	/* One that cannot be opened has nobody who stands in line. */
	if (rules->repository && line->head < 0)
		got = step_up(&line->head,
			      open(rules->repository,
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			      LOCK_EX) != 0;
	if (got && line->turn < 0)
		got = step_up(&line->turn, open_lock(rules, "turn", err),
			      LOCK_EX);
	return got;
}

static void
leave(struct line *line)
{
	io_close(&line->head);
	io_close(&line->turn);
	io_close(&line->wanted);
}

int
slot_take(struct slot *slot, const struct slot_rules *rules,
	  enum slot_class class, int64_t deadline_ms,
	  int (*waiting)(void *data, int64_t waited_ms), void *data,
	  struct err *err)
{
	int64_t start = clock_monotonic_ms(&clock_real), told = start;
	struct line line = { -1, -1, -1 };
	int got;

	for (;;) {
		int64_t now = clock_monotonic_ms(&clock_real);

		got = may_try(&line, rules, class, err);
		if (got > 0)
			got = try_all(slot, rules, err);
		if (got)
			break;
		if (class == SLOT_BLOCKING && !rules->name && line.wanted < 0)
			(void)step_up(&line.wanted,
				      open_lock(rules, "wanted", NULL),
				      LOCK_SH);
		if (deadline_ms >= 0 && now >= deadline_ms) {
			got = err_set(err, ERR_TIMEOUT,
				      "no slot became free in time");
			break;
		}
		if (waiting && now - told >= TELL_MS) {
			told = now;
			if (waiting(data, now - start)) {
				got = err_set(err, ERR_BUSY, "not waited for");
				break;
			}
		}
		clock_sleep_ms(line.turn < 0 ? LINE_MS : POLL_MS);
	}
	leave(&line);
	if (got < 0 || rules->name)
		return got < 0 ? got : 0;
	return slot_cpus(rules->cpus, slot->index, rules->count, slot->cpus,
			 sizeof(slot->cpus), err);
}

int
slot_is_wanted(const struct slot_rules *rules)
{
	int fd = open_lock(rules, "wanted", NULL), wanted;

	if (fd < 0)
		return 0;
	wanted = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	io_close(&fd);
	return wanted;
}

void
slot_give_back(struct slot *slot)
{
	io_close(&slot->fd);
}

int
slot_count_taken(const struct slot_rules *rules, struct err *err)
{
	int taken = 0;

	for (unsigned i = 0; i < rules->count; i++) {
		struct slot slot = SLOT_INIT;
		int got = try_one(&slot, rules, i, err);

		if (got < 0)
			return got;
		taken += !got;
		slot_give_back(&slot);
	}
	return taken;
}

int
slot_cpus(const char *list, unsigned index, unsigned count, char *out,
	  size_t size, struct err *err)
{
	struct topology topology;
	cpu_set_t cpus, share;
	size_t len = 0;

	out[0] = '\0';
	topology_read("/sys/devices/system", &topology);
	if (list && topology_parse(list, &cpus) < 0)
		return err_set(err, ERR_INPUT,
			       "bad CPU list '%s', write it like 1-3,5", list);
	if (!list && sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return err_errno(err, "which CPUs there are");
	if (!list)
		topology_leave_first(&topology, &cpus);
	topology_share(&topology, &cpus, index, count, &share);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int wrote;

		if (!CPU_ISSET(cpu, &share))
			continue;
		wrote = snprintf(out + len, size - len, "%s%zu", len ? "," : "",
				 cpu);
		if (wrote < 0 || (size_t)wrote >= size - len)
			return err_set(err, ERR_LIMIT, "CPU list too long");
		len += (size_t)wrote;
	}
	return 0;
}
