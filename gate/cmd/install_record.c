#include "cmd/install.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"

const char *const install_hooks[] = { "pre-receive", "post-receive", NULL };

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
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len < 0)
		return 0;
	target[len] = '\0';
	return !strcmp(target, program);
}
