#ifndef RUNNER_SLOTUSER_H
#define RUNNER_SLOTUSER_H

#include <sys/types.h>

struct err;

/*
 * The user that a slot's tests run as. A runner that is root becomes
 * SLOTUSER_PREFIX and the slot's number (contrib/slot-users makes them), one
 * session at a time: the kernel counts processes by user. Any other runner
 * stays who it is.
 */
#define SLOTUSER_PREFIX "_pacegate"

/* Of root: the locks of the slots' users, and where its mounts go. */
#define SLOTUSER_DIR "/run/pacegate"

enum { SLOTUSER_MAX = 1024 };

struct slotuser {
	int drops; /* the runner is root and must become uid, gid */
	int slot;  /* -1 where it does not drop */
	uid_t uid; /* otherwise the runner's own */
	gid_t gid;
	int lock;
	char name[32];
};

#define SLOTUSER_INIT                                                          \
	{                                                                      \
		.slot = -1, .lock = -1                                         \
	}

/*
 * Find and lock the user of a slot, -1: the first free one. ERR_UNSUPPORTED
 * when root has none, ERR_BUSY when another runner holds it for a minute.
 */
int slotuser_take(int slot, struct slotuser *user, struct err *err);
void slotuser_release(struct slotuser *user);

/* The user of slot N, without taking it; ERR_NOT_FOUND. */
int slotuser_find(int slot, struct slotuser *user, struct err *err);

/*
 * In a child before exec: give up root for good. 0, or -1 with errno: then
 * exit. Also -1 where the process would stay uid 0.
 */
int slotuser_become(const struct slotuser *user);

#endif
