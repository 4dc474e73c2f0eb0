#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

struct buf;
struct err;

/* Append a whole file to buf; larger than max is ERR_LIMIT, a missing one
 * ERR_NOT_FOUND. */
int file_read(const char *path, struct buf *buf, size_t max, struct err *err);

/* Write to a temporary file beside it, fsync, rename. */
int file_write(const char *path, const void *bytes, size_t len, mode_t mode,
	       struct err *err);

/*
 * Open a file that all who serve the repository write to, such as the log; made
 * where it is missing, with mode 0640, or 0660 where its directory is writable
 * for the group (core.sharedRepository), whatever the umask. What root makes
 * belongs to the directory's owner. -1 with errno, and a descriptor to close.
 */
int file_open_shared(const char *path, int flags);

/* mkdir -p; directories that it makes get mode. */
int file_make_dirs(const char *path, mode_t mode, struct err *err);

/*
 * Remove a file or a tree, never following a symbolic link and never leaving
 * path's file system; unreadable directories are opened up first. A missing
 * path is fine.
 */
int file_remove_tree(const char *path, struct err *err);

int file_exists(const char *path);

/* `a/b`, freshly allocated. */
char *file_join(const char *dir, const char *name);

/* Bytes that a tree takes on disk (blocks), without following links. */
off_t file_tree_size(const char *path);

#endif
