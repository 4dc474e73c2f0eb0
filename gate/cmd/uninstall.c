#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/install.h"

static int
take_out_hook(const json_t *hook, json_t *did, struct err *err)
{
	const char *path = json_text_or(hook, "path", "");
	const char *moved = json_text_or(hook, "moved", "");
	char target[4096];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	/* Somebody put another hook there since: it stays. */
	if (len < 0 && errno != ENOENT) {
		json_array_append_new(did, json_sprintf("left %s alone: it is "
							"not ours any more",
							path));
		return 0;
	}
	if (len >= 0 && unlink(path) < 0)
		return err_errno(err, "%s", path);
	if (*moved && rename(moved, path) < 0 && errno != ENOENT)
		return err_errno(err, "put back %s", moved);
	if (*moved) {
		char *dir = mem_copy_bytes(
			moved, (size_t)(strrchr(moved, '/') - moved));

		rmdir(dir); /* it stays when others use it */
		free(dir);
		json_array_append_new(did, json_sprintf("put back %s", path));
	} else {
		json_array_append_new(did, json_sprintf("removed %s", path));
	}
	return 0;
}

static int
take_out_key(const char *gitdir, const json_t *key, json_t *did,
	     struct err *err)
{
	const char *name = json_text_or(key, "key", "");
	const char *before = json_text_or(key, "before", "");
	const char *get[] = { "--local", "--get", name, NULL };
	const char *set[] = { name, before, NULL };
	const char *unset[] = { "--unset", name, NULL };
	char *now = NULL;
	int ret = 0;

	if (!install_git_config(gitdir, get, &now, NULL) &&
	    !strcmp(now, json_text_or(key, "value", ""))) {
		ret = install_git_config(gitdir, *before ? set : unset, NULL,
					 err);
		if (!ret)
			json_array_append_new(
				did, json_sprintf("git config %s %s",
						  *before ? name : "--unset",
						  *before ? before : name));
	}
	free(now);
	return ret;
}

static int
take_out(const char *gitdir, int purge, json_t *did, struct err *err)
{
	json_t *record = install_record_read(gitdir), *item;
	char *path;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(record, "hooks"), i, item) if (!ret)
		ret = take_out_hook(item, did, err);
	json_array_foreach(json_object_get(record, "config"), i, item) if (!ret)
		ret = take_out_key(gitdir, item, did, err);
	path = file_join(gitdir, purge ? DIR_STORE : FILE_INSTALLED);
	if (!ret)
		ret = file_remove_tree(path, err);
	if (!ret && purge)
		json_array_append_new(did, json_sprintf("removed %s", path));
	free(path);
	json_decref(record);
	return ret;
}

int
cmd_uninstall(int argc, char **argv)
{
	json_t *did = json_array(), *line;
	struct err err = ERR_INIT;
	char *gitdir = NULL;
	int json = 0, purge = 0, ret;
	size_t i;
	const struct option_row rows[] = {
		{ "purge", 0, OPTION_FLAG, NULL,
		  "remove the store too, with all verdicts and baselines",
		  &purge },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("uninstall", rows, &argc, argv, 1);
	if (ret < 0) {
		const char *path = argc > 1 ? argv[1] : ".";

		ret = install_become_owner(path, &err);
		if (!ret)
			ret = install_gitdir(path, &gitdir, &err);
		if (!ret)
			ret = take_out(gitdir, purge, did, &err);
		if (json)
			json_print(did);
		else
			json_array_foreach(did, i, line)
				puts(json_string_value(line));
		ret = ret < 0 ? cmd_fail(&err) : EXIT_FINE;
	}
	free(gitdir);
	json_decref(did);
	return ret;
}
