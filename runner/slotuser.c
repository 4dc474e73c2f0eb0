#include "runner/slotuser.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static int take_lock(struct slotuser *user, struct err *err);
static int wait_for_lock(struct slotuser *user, struct err *err);
static int take_free_one(struct slotuser *user, struct err *err);

int
slotuser_take(int slot, struct slotuser *user, struct err *err)
{
	int ret;

	*user = (struct slotuser)SLOTUSER_INIT;
	if (geteuid() != 0) {
		user->uid = geteuid();
		user->gid = getegid();
		/* Real and effective ids must agree, or bwrap would switch. */
		if (getuid() != user->uid || getgid() != user->gid)
			return err_set(err, ERR_UNSUPPORTED,
				       "the runner must not be setuid");
		return 0;
	}
	ret = file_make_dirs(SLOTUSER_DIR, 0755, err);
	if (ret < 0)
		return ret;
	if (slot < 0)
		return take_free_one(user, err);
	ret = slotuser_find(slot, user, err);
	return ret < 0 ? ret : wait_for_lock(user, err);
}

void
slotuser_release(struct slotuser *user)
{
	io_close(&user->lock);
	*user = (struct slotuser)SLOTUSER_INIT;
}

int
slotuser_find(int slot, struct slotuser *user, struct err *err)
{
	const struct passwd *entry;

	if (slot < 0 || slot >= SLOTUSER_MAX)
		return err_set(err, ERR_INPUT, "no slot has number %d", slot);
	*user = (struct slotuser)SLOTUSER_INIT;
	snprintf(user->name, sizeof(user->name), SLOTUSER_PREFIX "%d", slot);
	errno = 0;
	entry = getpwnam(user->name);
	if (!entry)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no user %s: root runs no test itself; "
			       "make the slots' users with contrib/slot-users "
			       "%d, or run pacegate as another user",
			       user->name, slot + 1);
	if (entry->pw_uid == 0 || entry->pw_gid == 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "the user %s is root or of group root: make "
			       "another one",
			       user->name);
	user->drops = 1;
	user->slot = slot;
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	return 0;
}

int
slotuser_become(const struct slotuser *user)
{
	if (user->drops) {
		if (setgroups(0, NULL) < 0 ||
		    setresgid(user->gid, user->gid, user->gid) < 0 ||
		    setresuid(user->uid, user->uid, user->uid) < 0)
			return -1;
		/* There must be no way back. */
		if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0) {
			errno = EPERM;
			return -1;
		}
	}
	if (getuid() == 0 || geteuid() == 0 || getuid() != user->uid) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

static int
take_lock(struct slotuser *user, struct err *err)
{
	char path[sizeof(SLOTUSER_DIR) + 64];

	snprintf(path, sizeof(path), SLOTUSER_DIR "/%s.lock", user->name);
	user->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			  0600);
	if (user->lock < 0)
		return err_errno(err, "%s", path);
	if (flock(user->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	io_close(&user->lock);
	if (errno != EWOULDBLOCK)
		return err_errno(err, "%s", path);
	return err_set(err, ERR_BUSY, "another runner has slot %d (%s)",
		       user->slot, user->name);
}

/* A runner whose gate was killed needs some seconds to clean up; the slot's
 * next one waits for it rather than fail a push that did nothing wrong. */
static int
wait_for_lock(struct slotuser *user, struct err *err)
{
	int64_t until = clock_monotonic_ms(&clock_real) + PATIENCE_MS;
	int ret;

	while ((ret = take_lock(user, err)) == ERR_BUSY &&
	       clock_monotonic_ms(&clock_real) < until)
		clock_sleep_ms(50);
	return ret;
}

static int
take_free_one(struct slotuser *user, struct err *err)
{
	int ret = 0;

	for (int slot = 0; slot < SLOTUSER_MAX; slot++) {
		ret = slotuser_find(slot, user, err);
		if (ret == ERR_NOT_FOUND && slot > 0)
			return err_set(err, ERR_BUSY,
				       "all %d slot users are taken: make more "
				       "with contrib/slot-users",
				       slot);
		if (ret < 0)
			return ret;
		ret = take_lock(user, err);
		if (ret != ERR_BUSY)
			return ret;
	}
	return ret;
}
