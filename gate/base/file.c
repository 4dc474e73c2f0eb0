#include "base/file.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 4096 };

int
file_read(const char *path, struct buf *buf, size_t max, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0) {
		ret = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND
							  : ERR_SYSTEM;
		err_errno(err, "%s", path);
		if (err)
			err->code = ret;
		return ret;
	}
	ret = io_read_all(fd, buf, max, err);
	if (ret < 0)
		err_context(err, "%s", path);
	io_close(&fd);
	return ret;
}

int
file_write(const char *path, const void *bytes, size_t len, mode_t mode,
	   struct err *err)
{
	char *temporary = mem_text("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC), ret = 0;

	if (fd < 0) {
		ret = err_errno(err, "%s", temporary);
		goto out;
	}
	if (io_write_all(fd, bytes, len) < 0 || fchmod(fd, mode) < 0 ||
	    fsync(fd) < 0 || rename(temporary, path) < 0) {
		ret = err_errno(err, "%s", path);
		unlink(temporary);
	}
out:
	io_close(&fd);
	free(temporary);
	return ret;
}

/* As its directory is shared, so is the new file. */
static int
share(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_copy_bytes(path, (size_t)(slash - path) + 1)
			  : mem_copy_text(".");
	struct stat above;
	int ret = stat(dir, &above);

	if (!ret)
		ret = fchmod(fd, 0640 | (above.st_mode & S_IWGRP));
	if (!ret && !geteuid())
		ret = fchown(fd, above.st_uid, above.st_gid);
	free(dir);
	return ret;
}

int
file_open_shared(const char *path, int flags)
{
	int fd;

	flags |= O_CLOEXEC | O_NOFOLLOW;
	fd = open(path, flags);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, flags | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return errno == EEXIST ? open(path, flags) : -1;
	if (share(fd, path) < 0)
		io_close(&fd);
	return fd;
}

int
file_make_dirs(const char *path, mode_t mode, struct err *err)
{
	char *copy = mem_copy_text(path);
	int ret = 0;

	for (char *at = copy + 1; !ret; at++) {
		char was = *at;

		if (was && was != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			ret = err_errno(err, "%s", copy);
		*at = was;
		if (!was)
			break;
	}
	free(copy);
	return ret;
}

static int remove_at(int dir, const char *name, dev_t device, int depth);

static int
remove_entries(int fd, dev_t device, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int failed = 0;

	if (!dir) {
		io_close(&fd);
		return -1;
	}
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (remove_at(dirfd(dir), entry->d_name, device, depth) < 0)
			failed = -1;
	}
	closedir(dir);
	return failed;
}

static int
remove_at(int dir, const char *name, dev_t device, int depth)
{
	struct stat info;
	int fd;

	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(info.st_mode))
		return unlinkat(dir, name, 0);
	if (depth >= MAX_DEPTH || (device && info.st_dev != device)) {
		errno = depth >= MAX_DEPTH ? ELOOP : EXDEV;
		return -1;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && !fchmodat(dir, name, 0700, 0))
		fd = openat(dir, name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!(info.st_mode & S_IWUSR) || !(info.st_mode & S_IXUSR))
		fchmod(fd, 0700);
	remove_entries(fd, info.st_dev, depth + 1);
	return unlinkat(dir, name, AT_REMOVEDIR);
}

int
file_remove_tree(const char *path, struct err *err)
{
	if (remove_at(AT_FDCWD, path, 0, 0) < 0)
		return err_errno(err, "cannot remove %s", path);
	return 0;
}

int
file_exists(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

char *
file_join(const char *dir, const char *name)
{
	return mem_text("%s/%s", dir, name);
}

static off_t
size_at(int dir, const char *name, int depth)
{
	struct stat info;
	struct dirent *entry;
	off_t sum;
	DIR *inner;
	int fd;

	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	sum = (off_t)info.st_blocks * 512;
	if (!S_ISDIR(info.st_mode) || depth >= MAX_DEPTH)
		return sum;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return sum;
	inner = fdopendir(fd);
	if (!inner) {
		io_close(&fd);
		return sum;
	}
	while ((entry = readdir(inner)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			sum += size_at(dirfd(inner), entry->d_name, depth + 1);
	closedir(inner);
	return sum;
}

off_t
file_tree_size(const char *path)
{
	return size_at(AT_FDCWD, path, 0);
}
