#ifndef HOST_SECRET_H
#define HOST_SECRET_H

#include <stddef.h>

struct err;

/*
 * A token or a password. It is kept in a page of its own that no core dump
 * holds, and wiped at the end. Its first use makes this process undumpable
 * (prctl(2)), since libcurl keeps copies while it sends: call secret_load()
 * in the program that posts and nowhere else.
 */
struct secret;

/*
 * Read a file, or where path has no `/` the systemd credential of that name
 * below $CREDENTIALS_DIRECTORY. The file must be a regular one that belongs to
 * this user or root and that nobody else may read (systemd's own may be read by
 * its group, by ACL): ERR_INPUT says the chmod. The white space at its end is
 * cut; controls and an empty secret are ERR_INPUT, a missing file is
 * ERR_NOT_FOUND. No message holds any of it.
 */
int secret_load(struct secret **secret, const char *path, struct err *err);

void secret_free(struct secret *secret);

/* Borrowed until secret_free(); NULL gives "". For host/ alone. */
const char *secret_text(const struct secret *secret);

#endif
