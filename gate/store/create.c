#include "store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/*
 * The files of a new store, made before LMDB opens them. Not after: POSIX
 * drops all locks that a process has on a file when it closes any descriptor
 * of it, and LMDB relies on its locks.
 */

/*
 * LMDB maps lock.mdb and writes to it through memory, where a full disk is a
 * SIGBUS. So its blocks are taken here, where a full disk is an error.
 */
enum { LOCK_BYTES = 65536 };

/* Root may do this in a directory of somebody else, hence O_NOFOLLOW. A file
 * that is there already stays as it is. */
static int
make_one(int dir_fd, const char *name, off_t bytes, mode_t mode,
	 const struct stat *above, struct err *err)
{
	int fd = openat(dir_fd, name,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	int failure = 0, rc = 0;

	if (fd < 0 && errno == EEXIST)
		return 0;
	if (fd < 0)
		return err_errno(err, "%s", name);
	if (bytes > 0)
		failure = posix_fallocate(fd, 0, bytes);
	if (failure != 0)
		rc = store_explain(err, name, failure, "create");
	if (rc == 0 && geteuid() == 0 &&
	    fchown(fd, above->st_uid, above->st_gid) < 0)
		rc = err_errno(err, "owner of %s", name);
	if (rc == 0 && fchmod(fd, mode) < 0)
		rc = err_errno(err, "mode of %s", name);
	io_close(&fd);
	if (rc < 0)
		unlinkat(dir_fd, name, 0);
	return rc;
}

static int
set_dir(int dir_fd, mode_t mode, const struct stat *above, struct err *err)
{
	if (geteuid() == 0 && fchown(dir_fd, above->st_uid, above->st_gid) < 0)
		return err_errno(err, "owner of the store's directory");
	if (fchmod(dir_fd, mode) < 0)
		return err_errno(err, "mode of the store's directory");
	return 0;
}

/* A new store belongs to whom the repository belongs to, whoever runs
 * `pacegate install`, and is shared with its group where that is. */
int
store_make_files(const char *dir, struct err *err)
{
	int made = mkdir(dir, 0750) == 0;
	int dir_fd = -1, rc = 0;
	struct stat above;
	mode_t group;

	if (!made && errno != EEXIST)
		return store_explain(err, dir, errno, "mkdir");
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || fstatat(dir_fd, "..", &above, 0) < 0) {
		rc = err_errno(err, "%s", dir);
		goto out;
	}
	group = above.st_mode & S_IWGRP;
	rc = make_one(dir_fd, STORE_LOCK, LOCK_BYTES, 0640 | group, &above,
		      err);
	if (rc == 0)
		rc = make_one(dir_fd, STORE_DATA, 0, 0640 | group, &above, err);
	if (rc == 0 && made)
		rc = set_dir(dir_fd, 0750 | group | (above.st_mode & S_ISGID),
			     &above, err);
	if (rc < 0)
		err_context(err, "store %s", dir);
out:
	io_close(&dir_fd);
	return rc;
}
