#include "runner/tree.h"
#include "base/err.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Handing a tree to and fro between the user that builds and the one that
 * owns the cache. Nothing of the build runs while this does, so that names do
 * not change under it; links are still never followed.
 */

enum {
	MAX_DEPTH = 512,
	OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

struct walk {
	const struct tree_owner *owner;
	int sealing;
	int64_t max_bytes, bytes;
	struct err *err;
};

static int walk_entry(struct walk *walk, int dir, const char *name, int depth);

static int
walk_entries(struct walk *walk, int fd, int depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int ret = 0;

	if (!dir) {
		io_close(&fd);
		return err_errno(walk->err, "cannot list a directory");
	}
	while (!ret && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = walk_entry(walk, dirfd(dir), entry->d_name,
					 depth);
	closedir(dir);
	return ret;
}

static int
too_much(struct walk *walk, const char *what)
{
	err_set(walk->err, ERR_LIMIT, "the built tree %s", what);
	return err_blame(walk->err, FAULT_TEST);
}

/* The owner, and the mode for a file or directory that is open. */
static int
settle(struct walk *walk, int fd, const struct stat *info)
{
	mode_t mode = info->st_mode & 0755;
	int ret;

	if (walk->owner->change &&
	    fchown(fd, walk->owner->uid, walk->owner->gid) < 0)
		return err_errno(walk->err, "chown");
	if (!walk->sealing)
		return 0;
	mode |= 0644;
	if (S_ISDIR(info->st_mode) || (mode & 0111))
		mode |= 0111;
	ret = fchmod(fd, mode);
	return ret < 0 ? err_errno(walk->err, "chmod") : 0;
}

static int
walk_dir(struct walk *walk, int dir, const char *name, const struct stat *info,
	 int depth)
{
	int fd = openat(dir, name, OPEN_DIR), ret;

	if (depth >= MAX_DEPTH) {
		io_close(&fd);
		return too_much(walk, "is more than 512 directories deep");
	}
	/* A plain user cannot look into what the build has closed. */
	if (fd < 0 && errno == EACCES && !fchmodat(dir, name, 0755, 0))
		fd = openat(dir, name, OPEN_DIR);
	if (fd < 0)
		return err_errno(walk->err, "%s", name);
	ret = settle(walk, fd, info);
	if (ret < 0) {
		io_close(&fd);
		return ret;
	}
	return walk_entries(walk, fd, depth + 1);
}

static int
walk_file(struct walk *walk, int dir, const char *name, const struct stat *info)
{
	int fd = openat(dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int ret;

	if (fd < 0 && errno == EACCES && !fchmodat(dir, name, 0644, 0))
		fd = openat(dir, name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_errno(walk->err, "%s", name);
	ret = settle(walk, fd, info);
	io_close(&fd);
	return ret;
}

static int
walk_entry(struct walk *walk, int dir, const char *name, int depth)
{
	const struct tree_owner *owner = walk->owner;
	struct stat info;

	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(walk->err, "%s", name);
	walk->bytes += (int64_t)info.st_blocks * 512;
	if (walk->max_bytes && walk->bytes > walk->max_bytes)
		return too_much(walk, "is larger than the disk limit");
	if (S_ISDIR(info.st_mode))
		return walk_dir(walk, dir, name, &info, depth);
	if (S_ISREG(info.st_mode))
		return walk_file(walk, dir, name, &info);
	if (!S_ISLNK(info.st_mode)) /* sockets, fifos, devices */
		return unlinkat(dir, name, 0) < 0
			       ? err_errno(walk->err, "%s", name)
			       : 0;
	if (owner->change && fchownat(dir, name, owner->uid, owner->gid,
				      AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(walk->err, "%s", name);
	return 0;
}

static int
walk_root(struct walk *walk, int dir)
{
	/* A descriptor of its own: closedir() takes it. */
	int fd = openat(dir, ".", OPEN_DIR), ret;
	struct stat info;

	if (fd < 0 || fstat(fd, &info) < 0) {
		io_close(&fd);
		return err_errno(walk->err, "cannot open the tree");
	}
	ret = settle(walk, fd, &info);
	if (ret < 0) {
		io_close(&fd);
		return ret;
	}
	return walk_entries(walk, fd, 0);
}

int
tree_seal(int dir, const struct tree_owner *owner, int64_t max_bytes,
	  int64_t *size_bytes, struct err *err)
{
	struct err unwanted = ERR_INIT;
	struct walk walk = { .owner = owner,
			     .sealing = 1,
			     .max_bytes = max_bytes,
			     .err = err ? err : &unwanted };
	int ret = walk_root(&walk, dir);

	*size_bytes = walk.bytes;
	return ret;
}

int
tree_give(int dir, const struct tree_owner *owner, struct err *err)
{
	struct err unwanted = ERR_INIT;
	struct walk walk = { .owner = owner, .err = err ? err : &unwanted };

	return owner->change ? walk_root(&walk, dir) : 0;
}
