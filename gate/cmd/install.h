#ifndef CMD_INSTALL_H
#define CMD_INSTALL_H

#include <jansson.h>
#include <stddef.h>

struct err;

/*
 * What install changes in a repository and uninstall takes back. It is kept in
 * the store's directory as JSON: {"hooks": [{"path", "moved"}], "config":
 * [{"key", "value"}]}, `moved` being where a hook that was there went.
 */
#define FILE_INSTALLED "pacegate/installed.json"

/* The hooks that are ours. */
extern const char *const install_hooks[]; /* ends with NULL */

/*
 * As root, in somebody's repository: be that user from here on. What is made
 * there is then the user's, git does not refuse the repository as a stranger's,
 * and a link in it leads root nowhere.
 */
int install_become_owner(const char *path, struct err *err);

/* The directory of the repository that path lies in; freed by the caller. */
int install_gitdir(const char *path, char **gitdir, struct err *err);

/* What was installed, or an empty object. */
json_t *install_record_read(const char *gitdir);
int install_record_write(const char *gitdir, const json_t *record,
			 struct err *err);

/* True when the record has a hook at path. */
int install_is_recorded(const json_t *record, const char *path);

/* Run `git -C GITDIR config ARGS...`, on the repository's own file unless args
 * begin with --get; 0, or ERR_NOT_FOUND for exit 1. value
 * (may be NULL) gets the output, freed by the caller. */
int install_git_config(const char *gitdir, const char *const *args,
		       char **value, struct err *err);

/* True when the hook at path is program (a real path), through whatever links:
 * hosts such as gitolite link hooks themselves. */
int install_is_ours(const char *path, const char *program);

/* True when path is a link to the hook of a pacegate installed elsewhere, which
 * may be gone: it gives way to this one. */
int install_is_stale(const char *path, const json_t *record);

#endif
