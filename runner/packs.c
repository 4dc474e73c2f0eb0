#include "runner/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Bounding the store of objects: whole packs go, oldest first. */

enum { LEFTOVER_AGE_S = 3600 };

struct pack_file {
	char *name; /* without `.pack` */
	time_t age;
	off_t size;
};

struct pack_list {
	struct pack_file *items;
	size_t count, cap;
	off_t size;
};

static off_t
size_of(int dir, const char *name, time_t *changed)
{
	struct stat info;

	if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	*changed = info.st_mtime;
	return info.st_size;
}

static int
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && !strcmp(name + len - tail, end);
}

static void
note_pack(struct pack_list *packs, int dir, const char *file)
{
	struct pack_file pack = { .age = 0 };
	time_t ignored = 0;
	char *index;

	pack.name = mem_copy_bytes(file, strlen(file) - strlen(".pack"));
	index = mem_text("%s.idx", pack.name);
	pack.size = size_of(dir, file, &pack.age) +
		    size_of(dir, index, &ignored);
	free(index);
	packs->size += pack.size;
	MEM_GROW(packs->items, packs->count, packs->cap);
	packs->items[packs->count++] = pack;
}

static void
scan(DIR *dir, struct pack_list *packs)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;
		time_t changed = time(NULL);

		if (!strncmp(name, "pack-", 5)) {
			if (ends_in(name, ".pack"))
				note_pack(packs, dirfd(dir), name);
			continue;
		}
		/* Half a pack of a runner that was killed. */
		if (name[0] != '.' &&
		    size_of(dirfd(dir), name, &changed) >= 0 &&
		    time(NULL) - changed > LEFTOVER_AGE_S)
			unlinkat(dirfd(dir), name, 0);
	}
}

static int
older_first(const void *left, const void *right)
{
	const struct pack_file *a = left, *b = right;

	return (a->age > b->age) - (a->age < b->age);
}

static void
remove_pack(int dir, const struct pack_file *pack)
{
	static const char *const ends[] = { "idx", "pack", "rev", "bitmap" };

	/* The index first: without it nobody looks for the pack. */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *name = mem_text("%s.%s", pack->name, ends[i]);

		unlinkat(dir, name, 0);
		free(name);
	}
	log_event(LOG_INFO, "evicted %s, %lld bytes", pack->name,
		  (long long)pack->size);
}

static void
evict_from(const char *path, int64_t max_bytes)
{
	struct pack_list packs = { 0 };
	DIR *dir = opendir(path);

	if (!dir)
		return;
	scan(dir, &packs);
	if (packs.count)
		qsort(packs.items, packs.count, sizeof(*packs.items),
		      older_first);
	for (size_t i = 0; i < packs.count; i++) {
		if (packs.size > max_bytes) {
			remove_pack(dirfd(dir), &packs.items[i]);
			packs.size -= packs.items[i].size;
		}
		free(packs.items[i].name);
	}
	free(packs.items);
	closedir(dir);
}

void
objects_evict(const char *cache, int64_t max_bytes)
{
	char *lock_path = file_join(cache, "objects.lock");
	char *path = file_join(cache, "objects/pack");
	int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			0600);

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		evict_from(path, max_bytes);
	io_close(&lock);
	free(path);
	free(lock_path);
}
