#ifndef POOL_SLOT_H
#define POOL_SLOT_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Slots of this host, shared by all repositories on it. A slot is a lock on a
 * file in a directory that everybody may use (flock(2): it goes with its
 * holder, however that ends) and a share of the CPUs. A second lock file tells
 * that a push is waiting, so that background sessions give way.
 */
struct slot_rules {
	const char *lock_dir;   /* NULL: /run/lock, else /tmp */
	const char *name;       /* of their locks, NULL: `slot` */
	const char *repository; /* its directory: they take turns; NULL: none */
	const char *cpus;       /* "1-3,5", NULL: all but the first core */
	unsigned count;         /* slots that share them; at least 1 */
};

struct slot {
	unsigned index;
	int fd;         /* holds the lock, -1: none */
	char cpus[256]; /* a list as in cpuset(7), may be empty */
};

enum slot_class { SLOT_BLOCKING, SLOT_BACKGROUND };

#define SLOT_INIT                                                              \
	{                                                                      \
		0, -1, ""                                                      \
	}

/*
 * Take any free slot, waiting until deadline_ms (monotonic, 0: do not wait,
 * -1: no limit). A session in the background waits while any that blocks
 * does; of these the repositories take turns. waiting(data, seconds) is called
 * about once a second, may be NULL, and stops the wait by returning non-zero.
 * ERR_TIMEOUT or ERR_BUSY when there was none, ERR_SYSTEM when the locks cannot
 * be used.
 */
int slot_take(struct slot *slot, const struct slot_rules *rules,
	      enum slot_class class, int64_t deadline_ms,
	      int (*waiting)(void *data, int64_t waited_ms), void *data,
	      struct err *err);

/* For a holder in the background: somebody who blocks is waiting. */
int slot_is_wanted(const struct slot_rules *rules);

void slot_give_back(struct slot *slot);

/* How many of the slots are taken now, for `status`; negative on error. */
int slot_count_taken(const struct slot_rules *rules, struct err *err);

/* The share of slot `index` of `count` in a CPU list, as pool/topology.h has
 * it; list NULL: every CPU of this process but those of the first core, where
 * it has more than one. */
int slot_cpus(const char *list, unsigned index, unsigned count, char *out,
	      size_t size, struct err *err);

#endif
