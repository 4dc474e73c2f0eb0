#include "cmd/install.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"

const char *const install_hooks[] = { "pre-receive", "post-receive", NULL };

static int
become(uid_t uid, gid_t gid, const char *path, struct err *err)
{
	const struct passwd *user = getpwuid(uid);

	gid = user ? user->pw_gid : gid;
	if ((user ? initgroups(user->pw_name, gid) : setgroups(0, NULL)) < 0 ||
	    setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_errno(err, "become the owner of %s", path);
	/* git reads the configuration of whose home this is. */
	if (setenv("HOME", user ? user->pw_dir : "/", 1) < 0 ||
	    unsetenv("XDG_CONFIG_HOME") < 0)
		return err_errno(err, "environment");
	return 0;
}

int
install_become_owner(const char *path, struct err *err)
{
	struct stat info;

	if (geteuid())
		return 0;
	if (stat(path, &info) < 0)
		return err_set(err, ERR_INPUT, "%s is no git repository", path);
	return info.st_uid ? become(info.st_uid, info.st_gid, path, err) : 0;
}

int
install_gitdir(const char *path, char **gitdir, struct err *err)
{
	const char *argv[] = {
		"git", "-C", path, "rev-parse", "--absolute-git-dir", NULL
	};
	struct buf out = BUF_INIT;
	int ret = proc_capture(argv, NULL, &out, 1 << 16, err);

	*gitdir = NULL;
	if (ret < 0)
		err_set(err, ERR_INPUT, "%s is no git repository", path);
	else
		*gitdir = mem_copy_bytes(buf_text(&out),
					 strcspn(buf_text(&out), "\n"));
	buf_release(&out);
	return ret < 0 ? ERR_INPUT : 0;
}

json_t *
install_record_read(const char *gitdir)
{
	char *path = file_join(gitdir, FILE_INSTALLED);
	struct buf text = BUF_INIT;
	json_t *record = NULL;

	if (!file_read(path, &text, 1 << 20, NULL))
		record = json_parse(buf_text(&text), text.len, NULL);
	buf_release(&text);
	free(path);
	return record ? record : json_pack("{s:[], s:[]}", "hooks", "config");
}

int
install_record_write(const char *gitdir, const json_t *record, struct err *err)
{
	char *path = file_join(gitdir, FILE_INSTALLED);
	struct buf text = BUF_INIT;
	int ret;

	json_append(&text, record);
	buf_addc(&text, '\n');
	ret = file_write(path, text.data, text.len, 0640, err);
	buf_release(&text);
	free(path);
	return ret;
}

int
install_git_config(const char *gitdir, const char *const *args, char **value,
		   struct err *err)
{
	struct texts words = { 0 };
	struct buf out = BUF_INIT;
	int ret;

	texts_add(&words, "git");
	texts_add(&words, "-C");
	texts_add(&words, gitdir);
	texts_add(&words, "config");
	/* What is set may be set for all repositories; what is changed is this
	 * one's. */
	if (strcmp(*args, "--get"))
		texts_add(&words, "--local");
	for (; *args; args++)
		texts_add(&words, *args);
	texts_add(&words, NULL);
	ret = proc_capture((const char *const *)words.items, NULL, &out,
			   1 << 20, err);
	if (value && !ret)
		*value = mem_copy_bytes(buf_text(&out),
					strcspn(buf_text(&out), "\n"));
	buf_release(&out);
	texts_release(&words);
	return ret;
}

int
install_is_ours(const char *path, const char *program)
{
	char *real = realpath(path, NULL);
	int ours = real && !strcmp(real, program);

	free(real);
	return ours;
}

int
install_is_recorded(const json_t *record, const char *path)
{
	const json_t *hook;
	size_t i;

	json_array_foreach(json_object_get(record, "hooks"), i, hook)
	{
		if (!strcmp(json_text_or(hook, "path", ""), path))
			return 1;
	}
	return 0;
}

int
install_is_stale(const char *path, const json_t *record)
{
	char target[PATH_MAX], *shim, *slash;
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	int stale;

	if (len < 0)
		return 0;
	target[len] = '\0';
	slash = strrchr(target, '/');
	/* What we linked, and its program is gone: nobody else's hook. */
	if (!slash || access(path, F_OK) < 0)
		return install_is_recorded(record, path);
	*slash = '\0';
	shim = file_join(target, PROGRAM_SHIM);
	stale = file_exists(shim);
	free(shim);
	return stale;
}
