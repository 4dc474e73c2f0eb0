#include "runner/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/oid.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <git2.h>

enum { MAX_ALTERNATE_DEPTH = 5, MAX_ALTERNATES_FILE = 65536 };

struct objects {
	git_odb *odb;
	char *dir; /* of the cache's own store */
	int lock;
};

struct objects_pack {
	git_indexer *indexer;
	git_indexer_progress progress;
};

static int
git_failed(struct err *err, const char *what)
{
	const git_error *error = git_error_last();

	return err_set(err, ERR_SYSTEM, "%s: %s", what,
		       error ? error->message : "libgit2 gave no reason");
}

static int add_alternate(git_odb *odb, const char *dir, int depth,
			 struct err *err);

/* `info/alternates` of an object directory, a path a line; relative ones
 * begin at the directory. */
static int
add_alternates_of(git_odb *odb, const char *dir, int depth, struct err *err)
{
	char *path = file_join(dir, "info/alternates"), *line, *rest = NULL;
	struct buf text = BUF_INIT;
	int ret = file_read(path, &text, MAX_ALTERNATES_FILE, err);

	if (ret == ERR_NOT_FOUND)
		ret = 0;
	else if (!ret && text.len)
		for (line = strtok_r(text.data, "\n", &rest); line && !ret;
		     line = strtok_r(NULL, "\n", &rest)) {
			char *full = line[0] == '/' ? mem_copy_text(line)
						    : file_join(dir, line);

			if (line[0] != '#')
				ret = add_alternate(odb, full, depth + 1, err);
			free(full);
		}
	buf_release(&text);
	free(path);
	return ret;
}

static int
add_alternate(git_odb *odb, const char *dir, int depth, struct err *err)
{
	if (depth > MAX_ALTERNATE_DEPTH)
		return 0;
	if (access(dir, R_OK | X_OK) < 0)
		return err_errno(err, "object directory %s", dir);
	if (git_odb_add_disk_alternate(odb, dir) < 0)
		return git_failed(err, dir);
	return add_alternates_of(odb, dir, depth, err);
}

static int
open_lock(const char *cache, int how, int *fd, struct err *err)
{
	char *path = file_join(cache, "objects.lock");
	int ret = 0;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0 || flock(*fd, how) < 0)
		ret = err_errno(err, "%s", path);
	if (ret < 0)
		io_close(fd);
	free(path);
	return ret;
}

int
objects_open(const char *cache, const struct texts *alternates,
	     struct objects **result, struct err *err)
{
	struct objects *objects = mem_new(1, sizeof(*objects));
	char *packs = file_join(cache, "objects/pack");
	int ret;

	objects->lock = -1;
	objects->dir = file_join(cache, "objects");
	git_libgit2_init();
	ret = file_make_dirs(packs, 0700, err);
	if (!ret)
		ret = open_lock(cache, LOCK_SH, &objects->lock, err);
	if (!ret && git_odb_open(&objects->odb, objects->dir) < 0)
		ret = git_failed(err, objects->dir);
	for (size_t i = 0; i < alternates->count && !ret; i++)
		ret = add_alternate(objects->odb, alternates->items[i], 0, err);
	if (ret < 0) {
		objects_free(objects);
		objects = NULL;
	}
	*result = objects;
	free(packs);
	return ret;
}

void
objects_free(struct objects *objects)
{
	if (!objects)
		return;
	git_odb_free(objects->odb);
	io_close(&objects->lock);
	free(objects->dir);
	free(objects);
	git_libgit2_shutdown();
}

static void
to_git(const struct oid *from, git_oid *to)
{
	git_oid_fromraw(to, from->bytes);
}

int
objects_has(struct objects *objects, const struct oid *oid)
{
	git_oid id;

	to_git(oid, &id);
	return git_odb_exists(objects->odb, &id);
}

/* Kind and size come first, so that a huge object is never unpacked. */
static int
check_header(struct objects *objects, const git_oid *id, const char *hex,
	     git_object_t kind, size_t max, struct err *err)
{
	git_object_t found;
	size_t size = 0;
	int got = git_odb_read_header(&size, &found, objects->odb, id);

	if (got == GIT_ENOTFOUND)
		return err_set(err, ERR_NOT_FOUND, "object %s is missing", hex);
	if (got < 0)
		return git_failed(err, hex);
	if (found != kind) {
		err_set(err, ERR_INPUT, "object %s is a %s, not a %s", hex,
			git_object_type2string(found),
			git_object_type2string(kind));
		return err_blame(err, FAULT_PUSHER);
	}
	if (size > max) {
		err_set(err, ERR_LIMIT, "object %s has %zu bytes, %zu allowed",
			hex, size, max);
		return err_blame(err, FAULT_PUSHER);
	}
	return 0;
}

int
objects_read(struct objects *objects, const struct oid *oid,
	     enum object_kind kind, size_t max, struct buf *buf,
	     struct err *err)
{
	git_odb_object *object = NULL;
	char hex[OID_HEX + 1];
	struct err unwanted = ERR_INIT;
	git_oid id;
	int ret;

	err = err ? err : &unwanted;
	to_git(oid, &id);
	oid_format(oid, hex);
	ret = check_header(objects, &id, hex,
			   kind == OBJECT_TREE ? GIT_OBJECT_TREE
					       : GIT_OBJECT_BLOB,
			   max, err);
	if (ret < 0)
		return ret;
	if (git_odb_read(&object, objects->odb, &id) < 0)
		return git_failed(err, hex);
	buf_add(buf, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return 0;
}

int
objects_pack_begin(struct objects *objects, struct objects_pack **result,
		   struct err *err)
{
	struct objects_pack *pack = mem_new(1, sizeof(*pack));
	char *dir = file_join(objects->dir, "pack");
	int ret = 0;

	if (git_indexer_new(&pack->indexer, dir, 0, objects->odb, NULL) < 0) {
		ret = git_failed(err, "cannot take a pack");
		free(pack);
		pack = NULL;
	}
	*result = pack;
	free(dir);
	return ret;
}

int
objects_pack_add(struct objects_pack *pack, const void *bytes, size_t len,
		 struct err *err)
{
	if (git_indexer_append(pack->indexer, bytes, len, &pack->progress) < 0)
		return git_failed(err, "bad pack");
	return 0;
}

int
objects_pack_commit(struct objects_pack *pack, struct err *err)
{
	if (git_indexer_commit(pack->indexer, &pack->progress) < 0)
		return git_failed(err, "bad pack");
	return 0;
}

void
objects_pack_free(struct objects_pack *pack)
{
	if (pack)
		git_indexer_free(pack->indexer);
	free(pack);
}

int
objects_hash(const void *bytes, size_t len, struct oid *oid, struct err *err)
{
	git_oid id;
	int ret = 0;

	git_libgit2_init();
	if (git_odb_hash(&id, bytes, len, GIT_OBJECT_BLOB) < 0)
		ret = git_failed(err, "hash");
	else
		memcpy(oid->bytes, id.id, sizeof(oid->bytes));
	git_libgit2_shutdown();
	return ret;
}
