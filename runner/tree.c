#include "runner/tree.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/oid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static void sweep(struct trees *trees);
static int retire(struct trees *trees, const char *name, char **moved);

int
trees_open(const char *cache, struct trees *trees, struct err *err)
{
	char *lock = file_join(cache, "trees.lock");
	int ret;

	*trees = (struct trees){ .dir = file_join(cache, "trees"), .lock = -1 };
	/* Slot users pass through to their own tree, and list nothing. */
	ret = file_make_dirs(trees->dir, 0711, err);
	if (!ret) {
		trees->lock = open(
			lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (trees->lock < 0)
			ret = err_errno(err, "%s", lock);
	}
	if (!ret)
		sweep(trees);
	free(lock);
	return ret;
}

void
trees_close(struct trees *trees)
{
	io_close(&trees->lock);
	free(trees->dir);
	*trees = (struct trees){ .lock = -1 };
}

static void
lock_all(struct trees *trees)
{
	while (flock(trees->lock, LOCK_EX) < 0 && errno == EINTR)
		;
}

static void
unlock_all(struct trees *trees)
{
	flock(trees->lock, LOCK_UN);
}

/* Open and lock an outer directory; 0, or -1 with errno. */
static int
lock_outer(struct tree *tree, int how)
{
	tree->lock = open(tree->outer, OPEN_DIR);
	if (tree->lock < 0 || flock(tree->lock, how | LOCK_NB) < 0) {
		io_close(&tree->lock);
		return -1;
	}
	return 0;
}

static int
open_inner(struct tree *tree, struct err *err)
{
	tree->path = file_join(tree->outer, "t");
	tree->dir = open(tree->path, OPEN_DIR);
	return tree->dir < 0 ? err_errno(err, "%s", tree->path) : 0;
}

static void
forget(struct tree *tree)
{
	io_close(&tree->dir);
	io_close(&tree->lock);
	free(tree->path);
	free(tree->outer);
	*tree = (struct tree)TREE_INIT;
}

int
trees_find(struct trees *trees, const struct oid *key, struct tree *tree,
	   struct err *err)
{
	char hex[OID_HEX + 1];
	int found, ret = 0;

	*tree = (struct tree)TREE_INIT;
	tree->outer = file_join(trees->dir, oid_format(key, hex));
	tree->kept = 1;
	lock_all(trees);
	found = lock_outer(tree, LOCK_SH) == 0;
	if (found) {
		ret = open_inner(tree, err);
		futimens(tree->lock, NULL); /* used now: evicted last */
	} else if (errno != ENOENT && errno != EWOULDBLOCK) {
		ret = err_errno(err, "%s", tree->outer);
	}
	unlock_all(trees);
	if (ret < 0 || !found)
		forget(tree);
	return ret < 0 ? ret : found;
}

int
trees_begin(struct trees *trees, const struct oid *key, struct tree *tree,
	    struct err *err)
{
	char hex[OID_HEX + 1];
	int ret = 0;

	*tree = (struct tree)TREE_INIT;
	tree->outer = mem_text("%s/%s.tmp.%d.%u", trees->dir,
			       oid_format(key, hex), (int)getpid(),
			       trees->made++);
	tree->path = file_join(tree->outer, "t");
	lock_all(trees);
	if (mkdir(tree->outer, 0711) < 0 || lock_outer(tree, LOCK_EX) < 0 ||
	    mkdir(tree->path, 0755) < 0)
		ret = err_errno(err, "%s", tree->outer);
	unlock_all(trees);
	if (!ret) {
		tree->dir = open(tree->path, OPEN_DIR);
		if (tree->dir < 0 || fchmod(tree->dir, 0755) < 0 ||
		    fchmod(tree->lock, 0711) < 0)
			ret = err_errno(err, "%s", tree->path);
	}
	if (ret < 0)
		tree_release(tree);
	return ret;
}

static int
write_size(const struct tree *tree, int64_t size_bytes, struct err *err)
{
	char *path = file_join(tree->outer, "size");
	char *text = mem_text("%lld\n", (long long)size_bytes);
	int ret = file_write(path, text, strlen(text), 0600, err);

	free(text);
	free(path);
	return ret;
}

int
trees_keep(struct trees *trees, const struct oid *key, int64_t size_bytes,
	   struct tree *tree, struct err *err)
{
	char hex[OID_HEX + 1];
	char *kept = file_join(trees->dir, oid_format(key, hex));
	int ret = write_size(tree, size_bytes, err);

	if (ret < 0)
		goto out;
	lock_all(trees);
	if (rename(tree->outer, kept) == 0) {
		/* Nobody else can lock it while we hold the whole. */
		flock(tree->lock, LOCK_SH | LOCK_NB);
		free(tree->outer);
		free(tree->path);
		tree->outer = mem_copy_text(kept);
		tree->path = file_join(kept, "t");
		tree->kept = 1;
	} else if (errno != EEXIST && errno != ENOTEMPTY) {
		ret = err_errno(err, "%s", kept);
	}
	unlock_all(trees);
out:
	free(kept);
	return ret;
}

void
tree_release(struct tree *tree)
{
	struct err err = ERR_INIT;

	if (tree->outer && !tree->kept &&
	    file_remove_tree(tree->outer, &err) < 0)
		log_event(LOG_WARNING, "%s", err.text);
	forget(tree);
}

/* Move an outer directory that nobody uses out of the way; under the lock of
 * the whole. 1 and its new path, 0 when somebody uses it. */
static int
retire(struct trees *trees, const char *name, char **moved)
{
	struct tree tree = TREE_INIT;
	int ret = 0;

	tree.outer = file_join(trees->dir, name);
	if (lock_outer(&tree, LOCK_EX) == 0) {
		*moved = mem_text("%s/%.40s.old.%d.%u", trees->dir, name,
				  (int)getpid(), trees->made++);
		ret = rename(tree.outer, *moved) == 0;
		if (!ret)
			free(*moved);
	}
	forget(&tree);
	return ret;
}

/* What was retired is removed without the lock: that may take a while. */
static void
remove_all(struct texts *paths)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < paths->count; i++)
		if (file_remove_tree(paths->items[i], &err) < 0)
			log_event(LOG_WARNING, "%s", err.text);
	texts_release(paths);
}

static void
sweep(struct trees *trees)
{
	struct texts retired = { 0 };
	struct dirent *entry;
	DIR *dir;

	lock_all(trees);
	dir = opendir(trees->dir);
	while (dir && (entry = readdir(dir))) {
		char *moved = NULL;

		/* Kept ones have no dot in their name. */
		if (entry->d_name[0] == '.' || !strchr(entry->d_name, '.') ||
		    !retire(trees, entry->d_name, &moved))
			continue;
		texts_add(&retired, moved);
		free(moved);
	}
	if (dir)
		closedir(dir);
	unlock_all(trees);
	remove_all(&retired);
}

struct kept_tree {
	char *name;
	time_t used;
	int64_t size;
};

struct kept_list {
	struct kept_tree *items;
	size_t count, cap;
	int64_t size;
};

static int64_t
size_of(const char *outer)
{
	char *path = file_join(outer, "size");
	struct buf text = BUF_INIT;
	int64_t size = 0;

	if (file_read(path, &text, 64, NULL) < 0)
		size = file_tree_size(outer);
	else
		size = strtoll(buf_text(&text), NULL, 10);
	buf_release(&text);
	free(path);
	return size;
}

static void
list_kept(const struct trees *trees, struct kept_list *list)
{
	DIR *dir = opendir(trees->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct kept_tree kept = { .used = 0 };
		struct stat info;
		char *outer;

		if (strchr(entry->d_name, '.') ||
		    fstatat(dirfd(dir), entry->d_name, &info,
			    AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		outer = file_join(trees->dir, entry->d_name);
		kept.name = mem_copy_text(entry->d_name);
		kept.used = info.st_mtime;
		kept.size = size_of(outer);
		free(outer);
		list->size += kept.size;
		MEM_GROW(list->items, list->count, list->cap);
		list->items[list->count++] = kept;
	}
	if (dir)
		closedir(dir);
}

static int
unused_first(const void *left, const void *right)
{
	const struct kept_tree *a = left, *b = right;

	if (a->used != b->used)
		return a->used > b->used ? 1 : -1;
	return strcmp(a->name, b->name);
}

void
trees_evict(struct trees *trees, int64_t max_bytes, int64_t oldest_s)
{
	struct texts retired = { 0 };
	struct kept_list list = { 0 };

	lock_all(trees);
	list_kept(trees, &list);
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items),
		      unused_first);
	for (size_t i = 0; i < list.count; i++) {
		char *moved = NULL;

		if ((list.size > max_bytes || list.items[i].used < oldest_s) &&
		    retire(trees, list.items[i].name, &moved)) {
			list.size -= list.items[i].size;
			texts_add(&retired, moved);
			free(moved);
		}
		free(list.items[i].name);
	}
	unlock_all(trees);
	free(list.items);
	remove_all(&retired);
}
