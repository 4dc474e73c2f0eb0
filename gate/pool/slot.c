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

enum { POLL_MS = 40, TELL_MS = 1000 };

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

int
slot_try(struct slot *slot, const struct slot_rules *rules, struct err *err)
{
	for (unsigned i = 0; i < rules->count; i++) {
		int got = try_one(slot, rules, i, err);

		if (got)
			return got;
	}
	return 0;
}

int
slot_take(struct slot *slot, const struct slot_rules *rules,
	  enum slot_class class, int64_t deadline_ms,
	  int (*waiting)(void *data, int64_t waited_ms), void *data,
	  struct err *err)
{
	int64_t start = clock_monotonic_ms(&clock_real), told = start;
	int wanted = -1, got;

	while (!(got = slot_try(slot, rules, err))) {
		int64_t now = clock_monotonic_ms(&clock_real);

		if (class == SLOT_BLOCKING && wanted < 0) {
			wanted = open_lock(rules, "wanted", NULL);
			if (wanted >= 0)
				(void)flock(wanted, LOCK_SH | LOCK_NB);
		}
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
		clock_sleep_ms(POLL_MS);
	}
	io_close(&wanted);
	if (got < 0)
		return got;
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
