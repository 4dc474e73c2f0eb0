#include "host/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/names.h"

enum { MAX_SECRET = 4000, PAGE_BYTES = 4096 };

struct secret {
	char *page; /* PAGE_BYTES of its own */
	size_t len;
};

/* Where it is; systemd's credentials are in a directory that it guards. */
static char *
find_path(const char *path, int *is_credential, struct err *err)
{
	const char *dir = getenv(ENV_CREDENTIALS);
	size_t len = dir ? strlen(dir) : 0;

	*is_credential = len > 0 && !strncmp(path, dir, len) &&
			 path[len] == '/';
	if (strchr(path, '/'))
		return mem_copy_text(path);
	*is_credential = 1;
	if (len > 0)
		return file_join(dir, path);
	err_set(err, ERR_NOT_FOUND,
		"no credential '%s': $" ENV_CREDENTIALS " is not set; give an "
		"absolute path, or LoadCredential= in the systemd unit",
		path);
	return NULL;
}

static int
check_guarded(int fd, const char *path, int is_credential, struct err *err)
{
	/* systemd lets the unit's user in by an ACL, whose mask stat(2) shows
	 * as the group's bits. */
	mode_t forbidden = is_credential ? 07 : 077;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, "%s is not a regular file",
			       path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, ERR_INPUT,
			       "%s belongs to another user: chown it to uid %u",
			       path, (unsigned)geteuid());
	if (st.st_mode & forbidden)
		return err_set(
			err, ERR_INPUT,
			"%s may be read by others (mode %04o): chmod 600 "
			"it, and make a new token if they did",
			path, (unsigned)st.st_mode & 07777u);
	return 0;
}

/* A page that no core dump and no child has. */
static char *
new_page(struct err *err)
{
	char *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		err_errno(err, "memory for a token");
		return NULL;
	}
	if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    madvise(page, PAGE_BYTES, MADV_DONTDUMP) < 0 ||
	    madvise(page, PAGE_BYTES, MADV_WIPEONFORK) < 0) {
		err_errno(err, "keep a token out of core dumps");
		munmap(page, PAGE_BYTES);
		return NULL;
	}
	/* Kept from the swap where the limit allows it. */
	(void)mlock(page, PAGE_BYTES);
	return page;
}

static int
read_page(struct secret *secret, int fd, const char *path, struct err *err)
{
	char *text = secret->page;
	ssize_t got = 0;

	while (secret->len <= MAX_SECRET &&
	       (got = io_read(fd, text + secret->len,
			      MAX_SECRET + 1 - secret->len)) > 0)
		secret->len += (size_t)got;
	if (got < 0)
		return err_errno(err, "read %s", path);
	if (secret->len > MAX_SECRET)
		return err_set(err, ERR_LIMIT,
			       "%s is longer than %d bytes: is it a token?",
			       path, MAX_SECRET);
	while (secret->len > 0 && strchr(" \t\r\n", text[secret->len - 1]))
		secret->len--;
	text[secret->len] = '\0';
	if (secret->len == 0)
		return err_set(err, ERR_INPUT, "%s is empty", path);
	/* Such bytes could end a header and begin another. */
	for (size_t i = 0; i < secret->len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return err_set(err, ERR_INPUT,
				       "%s must hold one word, without blanks "
				       "and controls",
				       path);
	return 0;
}

int
secret_load(struct secret **secret, const char *path, struct err *err)
{
	struct secret *fresh = NULL;
	int fd = -1, ret, is_credential;
	char *where = find_path(path, &is_credential, err);

	*secret = NULL;
	if (!where)
		return ERR_NOT_FOUND;
	/* Never waits, should it be a FIFO. */
	fd = open(where, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		ret = errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM;
		err_errno(err, "token %s", where);
		if (err)
			err->code = ret;
		goto out;
	}
	ret = check_guarded(fd, where, is_credential, err);
	if (ret < 0)
		goto out;
	fresh = mem_new(1, sizeof(*fresh));
	fresh->page = new_page(err);
	ret = fresh->page ? read_page(fresh, fd, where, err) : ERR_SYSTEM;
	if (ret == 0) {
		*secret = fresh;
		fresh = NULL;
	}
out:
	secret_free(fresh);
	io_close(&fd);
	free(where);
	return ret;
}

void
secret_free(struct secret *secret)
{
	if (!secret)
		return;
	if (secret->page) {
		explicit_bzero(secret->page, PAGE_BYTES);
		munmap(secret->page, PAGE_BYTES);
	}
	free(secret);
}

const char *
secret_text(const struct secret *secret)
{
	return secret ? secret->page : "";
}
