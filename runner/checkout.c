#include "runner/checkout.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/oid.h"
#include "runner/objects.h"
#include "runner/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MAX_TREE_BYTES = 64 << 20,
	MAX_LINK = 4095,
	STOP_EVERY = 256,
	OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

struct checkout {
	struct objects *objects;
	const struct checkout_limits *limits;
	int64_t bytes;
	size_t entries;
	struct buf path; /* of the entry in hand, for messages */
	struct buf blob;
	struct err *err;
};

static int export_tree(struct checkout *checkout, const struct oid *oid,
		       int dir, int depth);
static int apply_overlay(struct checkout *checkout, int root,
			 const struct spec_overlay *overlay);

int
checkout_export(struct objects *objects, const struct spec_revision *revision,
		int dir, const struct checkout_limits *limits, struct err *err)
{
	struct err unwanted = ERR_INIT;
	struct checkout checkout = { .objects = objects,
				     .limits = limits,
				     .path = BUF_INIT,
				     .blob = BUF_INIT,
				     .err = err ? err : &unwanted };
	int ret = export_tree(&checkout, &revision->tree, dir, 0);

	for (size_t i = 0; i < revision->overlay_count && !ret; i++)
		ret = apply_overlay(&checkout, dir, &revision->overlay[i]);
	buf_release(&checkout.path);
	buf_release(&checkout.blob);
	return ret;
}

int
checkout_next_entry(const char **at, const char *end, struct tree_entry *entry)
{
	const char *here = *at, *nul;
	unsigned mode = 0;
	int digits = 0;

	if (here == end)
		return 0;
	for (; here < end && *here >= '0' && *here <= '7'; here++, digits++)
		mode = mode << 3 | (unsigned)(*here - '0');
	if (!digits || digits > 7 || here == end || *here != ' ')
		return ERR_INPUT;
	here++;
	nul = memchr(here, '\0', (size_t)(end - here));
	if (!nul || end - nul - 1 < OID_BYTES)
		return ERR_INPUT;
	entry->mode = mode;
	entry->name = here;
	entry->oid = (const unsigned char *)nul + 1;
	*at = nul + 1 + OID_BYTES;
	return 1;
}

/* The pusher's fault, with the path in hand. */
static int
refuse(struct checkout *checkout, int code, const char *why)
{
	struct buf shown = BUF_INIT;

	buf_add_clean(&shown, buf_text(&checkout->path), checkout->path.len,
		      256);
	err_set(checkout->err, code, "%s: %s", buf_text(&shown), why);
	buf_release(&shown);
	return err_blame(checkout->err, FAULT_PUSHER);
}

static int
failed(struct checkout *checkout)
{
	int twice = errno == EEXIST;

	if (twice)
		return refuse(checkout, ERR_INPUT, "the tree holds it twice");
	return err_errno(checkout->err, "%s", buf_text(&checkout->path));
}

/* Count one more entry of that many bytes against the limits. */
static int
charge(struct checkout *checkout, size_t bytes)
{
	const struct checkout_limits *limits = checkout->limits;
	int64_t blocks = (int64_t)(bytes / CHECKOUT_BLOCK) + 1;

	checkout->bytes += blocks * CHECKOUT_BLOCK;
	if (checkout->bytes > limits->max_bytes)
		return refuse(checkout, ERR_LIMIT,
			      "the tree is larger than the disk limit");
	if (++checkout->entries > CHECKOUT_MAX_ENTRIES)
		return refuse(checkout, ERR_LIMIT,
			      "the tree has more than a million entries");
	if (checkout->entries % STOP_EVERY == 0 && limits->stop &&
	    limits->stop(limits->stop_data))
		return err_set(checkout->err, ERR_TIMEOUT, "stopped");
	return 0;
}

static int
set_time(int dir, const char *name)
{
	const struct timespec times[2] = { { .tv_sec = CHECKOUT_TIME_S },
					   { .tv_sec = CHECKOUT_TIME_S } };

	return name ? utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW)
		    : futimens(dir, times);
}

static int
read_blob(struct checkout *checkout, const struct oid *oid, size_t max)
{
	int ret;

	buf_clear(&checkout->blob);
	ret = objects_read(checkout->objects, oid, OBJECT_BLOB, max,
			   &checkout->blob, checkout->err);
	if (ret < 0) {
		err_context(checkout->err, "%s", buf_text(&checkout->path));
		return ret;
	}
	return charge(checkout, checkout->blob.len);
}

static size_t
bytes_left(const struct checkout *checkout)
{
	int64_t left = checkout->limits->max_bytes - checkout->bytes;

	return left > 0 ? (size_t)left : 0;
}

static int
write_file(struct checkout *checkout, const struct oid *oid, int dir,
	   const char *name, unsigned mode)
{
	int ret = read_blob(checkout, oid, bytes_left(checkout)), fd;

	if (ret < 0)
		return ret;
	fd = openat(dir, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    mode & 0100 ? 0755 : 0644);
	if (fd < 0 ||
	    io_write_all(fd, checkout->blob.data, checkout->blob.len) < 0 ||
	    fchmod(fd, mode & 0100 ? 0755 : 0644) < 0 || set_time(fd, NULL) < 0)
		ret = failed(checkout);
	io_close(&fd);
	return ret;
}

static int
write_link(struct checkout *checkout, const struct oid *oid, int dir,
	   const char *name)
{
	int ret = read_blob(checkout, oid, MAX_LINK);

	if (ret < 0)
		return ret;
	if (!checkout->blob.len ||
	    memchr(checkout->blob.data, '\0', checkout->blob.len))
		return refuse(checkout, ERR_INPUT,
			      "a symbolic link without a target");
	if (symlinkat(checkout->blob.data, dir, name) < 0 ||
	    set_time(dir, name) < 0)
		return failed(checkout);
	return 0;
}

/* Make a directory; *fd is opened if it is not NULL. */
static int
make_dir(struct checkout *checkout, int dir, const char *name, int *fd)
{
	int made, ret = charge(checkout, 0);

	if (ret < 0)
		return ret;
	if (mkdirat(dir, name, 0755) < 0)
		return failed(checkout);
	made = openat(dir, name, OPEN_DIR);
	if (made < 0 || fchmod(made, 0755) < 0 || set_time(made, NULL) < 0)
		ret = failed(checkout);
	if (fd && !ret)
		*fd = made;
	else
		io_close(&made);
	return ret;
}

static int
export_subtree(struct checkout *checkout, const struct oid *oid, int dir,
	       const char *name, int depth)
{
	int fd = -1, ret = make_dir(checkout, dir, name, &fd);

	if (!ret)
		ret = export_tree(checkout, oid, fd, depth + 1);
	io_close(&fd);
	return ret;
}

static int
export_entry(struct checkout *checkout, const struct tree_entry *entry, int dir,
	     int depth)
{
	const char *fault = spec_name_fault(entry->name, strlen(entry->name));
	struct oid oid;

	memcpy(oid.bytes, entry->oid, sizeof(oid.bytes));
	if (fault)
		return refuse(checkout, ERR_INPUT, fault);
	switch (entry->mode & S_IFMT) {
	case S_IFDIR:
		return export_subtree(checkout, &oid, dir, entry->name, depth);
	case S_IFREG:
		return write_file(checkout, &oid, dir, entry->name,
				  entry->mode);
	case S_IFLNK:
		return write_link(checkout, &oid, dir, entry->name);
	case 0160000: /* a submodule */
		return make_dir(checkout, dir, entry->name, NULL);
	default:
		return refuse(checkout, ERR_INPUT, "an entry of no known kind");
	}
}

static int
export_entries(struct checkout *checkout, const struct buf *tree, int dir,
	       int depth)
{
	const char *at = buf_text(tree), *end = at + tree->len;
	size_t outer = checkout->path.len;
	struct tree_entry entry;
	int ret;

	while ((ret = checkout_next_entry(&at, end, &entry)) > 0) {
		if (outer)
			buf_addc(&checkout->path, '/');
		buf_adds(&checkout->path, entry.name);
		ret = export_entry(checkout, &entry, dir, depth);
		if (ret < 0)
			return ret;
		checkout->path.len = outer;
		if (checkout->path.data)
			checkout->path.data[outer] = '\0';
	}
	return ret < 0 ? refuse(checkout, ERR_INPUT, "a broken tree object")
		       : 0;
}

static int
export_tree(struct checkout *checkout, const struct oid *oid, int dir,
	    int depth)
{
	struct buf tree = BUF_INIT;
	int ret;

	if (depth > SPEC_MAX_DEPTH)
		return refuse(checkout, ERR_LIMIT,
			      "more than 128 directories deep");
	ret = objects_read(checkout->objects, oid, OBJECT_TREE, MAX_TREE_BYTES,
			   &tree, checkout->err);
	if (!ret)
		ret = export_entries(checkout, &tree, dir, depth);
	/* Its entries have moved the directory's own time. */
	if (!ret && set_time(dir, NULL) < 0)
		ret = failed(checkout);
	buf_release(&tree);
	return ret;
}

/* Open the directory that an overlaid file goes to, making what is missing.
 * *name is the last component. */
static int
open_parent(struct checkout *checkout, int root, const char *path, int *parent,
	    const char **name)
{
	int dir = fcntl(root, F_DUPFD_CLOEXEC, 0), ret = 0;
	const char *slash;

	if (dir < 0)
		return err_errno(checkout->err, "dup");
	while (!ret && (slash = strchr(path, '/'))) {
		char part[256];
		int next;

		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		next = openat(dir, part, OPEN_DIR);
		if (next < 0 && errno == ENOENT)
			ret = make_dir(checkout, dir, part, &next);
		else if (next < 0 && (errno == ENOTDIR || errno == ELOOP))
			ret = refuse(checkout, ERR_INPUT,
				     "a test cannot be laid there: a parent is "
				     "no directory");
		else if (next < 0)
			ret = failed(checkout);
		io_close(&dir);
		dir = next;
		path = slash + 1;
	}
	*parent = dir;
	*name = path;
	return ret;
}

static int
apply_overlay(struct checkout *checkout, int root,
	      const struct spec_overlay *overlay)
{
	const char *name = overlay->path;
	int dir = -1, ret;

	buf_clear(&checkout->path);
	buf_adds(&checkout->path, overlay->path);
	ret = open_parent(checkout, root, overlay->path, &dir, &name);
	if (!ret && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		ret = errno == EISDIR
			      ? refuse(checkout, ERR_INPUT,
				       "a test cannot be laid there: it is a "
				       "directory")
			      : failed(checkout);
	if (!ret && S_ISLNK(overlay->mode))
		ret = write_link(checkout, &overlay->blob, dir, name);
	else if (!ret)
		ret = write_file(checkout, &overlay->blob, dir, name,
				 overlay->mode);
	if (!ret && set_time(dir, NULL) < 0)
		ret = failed(checkout);
	io_close(&dir);
	return ret;
}
