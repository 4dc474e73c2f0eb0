#include "cmd/install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/exit.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/programs.h"
#include "base/units.h"
#include "cmd/commands.h"
#include "cmd/common.h"
#include "cmd/install_layout.h"
#include "gate.h"

#define PROGRAM_SLOT_USERS "slot-users"
#define ROOT_CACHE "/var/cache/pacegate"

struct install {
	char *gitdir;
	struct layout layout;
	json_t *record, *did;
	int changed;
};

static void tell(struct install *install, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void
tell(struct install *install, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(install->did, json_text(text));
	install->changed = 1;
}

static void
note_hook(struct install *install, const char *path, const char *moved)
{
	if (!moved && install_is_recorded(install->record, path))
		return;
	json_array_append_new(json_object_get(install->record, "hooks"),
			      json_pack("{s:s, s:s}", "path", path, "moved",
					moved ? moved : ""));
}

/* The hook that was there goes on living as the first of NAME.d/. */
static int
move_aside(struct install *install, const char *path, char **moved,
	   struct err *err)
{
	char *dir = mem_text("%s.d", path);
	int ret = 0;

	*moved = file_join(dir, "00-previous");
	if (file_exists(*moved))
		ret = err_set(err, ERR_INPUT,
			      "%s and %s are both there: put one of them away",
			      path, *moved);
	else
		ret = file_make_dirs(dir, 0755, err);
	if (!ret && rename(path, *moved) < 0)
		ret = err_errno(err, "move %s", path);
	if (!ret)
		tell(install, "moved %s to %s; it runs first", path, *moved);
	free(dir);
	return ret;
}

/* A hook of others is there. */
static int
make_way(struct install *install, const char *path, const char *name,
	 char **moved, struct err *err)
{
	/* The driver would run the one aside no more. */
	if (install->layout.drop_in)
		return err_set(err, ERR_INPUT,
			       "%s is there and not ours: choose another name "
			       "with --drop-in",
			       path);
	if (layout_check(&install->layout, name, err) < 0)
		return err->code;
	return move_aside(install, path, moved, err);
}

static int
install_hook(struct install *install, const char *name, struct err *err)
{
	const struct layout *layout = &install->layout;
	char *program = programs_find(name), *moved = NULL, *path;
	int ret = 0;

	path = layout->drop_in ? mem_text("%s/%s.d/%s", layout->hooks, name,
					  layout->drop_in)
			       : file_join(layout->hooks, name);
	if (!program) {
		ret = err_set(err, ERR_NOT_FOUND,
			      "the hook %s is not installed beside this "
			      "program: run `make install`",
			      name);
		goto out;
	}
	if (install_is_ours(path, program))
		goto out;
	if (layout->drop_in) {
		char *dir = mem_text("%s/%s.d", layout->hooks, name);

		ret = file_make_dirs(dir, 0755, err);
		free(dir);
	}
	if (!ret && install_is_stale(path, install->record))
		ret = file_remove_tree(path, err); /* a link */
	else if (!ret && file_exists(path))
		ret = make_way(install, path, name, &moved, err);
	if (!ret && symlink(program, path) < 0)
		ret = err_errno(err, "hook %s", path);
	if (!ret) {
		note_hook(install, path, moved);
		tell(install, "hook %s -> %s", path, program);
	}
out:
	free(path);
	free(moved);
	free(program);
	return ret;
}

static int
install_hooks_all(struct install *install, struct err *err)
{
	int ret = file_make_dirs(install->layout.hooks, 0755, err);

	for (size_t i = 0; !ret && install_hooks[i]; i++)
		ret = install_hook(install, install_hooks[i], err);
	return ret;
}

/* Set a key that is not set to this yet, here or for all repositories; what an
 * admin set otherwise stays where `keep` says so. */
static int
set_key(struct install *install, const char *key, const char *value, int keep,
	struct err *err)
{
	const char *get[] = { "--get", key, NULL };
	const char *set[] = { key, value, NULL };
	char *now = NULL;
	int ret = 0;

	if (!install_git_config(install->gitdir, get, &now, NULL) &&
	    (keep || !strcmp(now, value))) {
		free(now);
		return 0;
	}
	ret = install_git_config(install->gitdir, set, NULL, err);
	if (!ret) {
		json_array_append_new(
			json_object_get(install->record, "config"),
			json_pack("{s:s, s:s, s:s}", "key", key, "value", value,
				  "before", now ? now : ""));
		tell(install, "git config %s %s", key, value);
	}
	free(now);
	return ret;
}

static int
gate_ref(struct install *install, const char *ref, struct err *err)
{
	char *full = strncmp(ref, "refs/", 5) ? mem_text("refs/heads/%s", ref)
					      : mem_copy_text(ref);
	char *key = mem_text("pacegate.%s.mode", full);
	int ret = set_key(install, key, "wait", 0, err);

	free(key);
	free(full);
	return ret;
}

static int
make_store(struct install *install, struct err *err)
{
	char *dir = file_join(install->gitdir, DIR_STORE);
	struct store *store = NULL;
	int there = file_exists(dir), ret;

	ret = store_open(&store, dir, STORE_CREATE, err);
	store_close(store);
	if (!ret && !there)
		tell(install, "store %s", dir);
	free(dir);
	return ret;
}

/*
 * Tests never run as root. Where the hooks do (the repository is root's), each
 * slot gets a user of its own, and the cache lies where those can reach it.
 */
static int
make_slot_users(struct install *install, struct err *err)
{
	char *program = programs_find(PROGRAM_SLOT_USERS), *count = NULL;
	const char *get[] = { "--get", "pacegate-pool.slots", NULL };
	const char *argv[] = { program, NULL, NULL };
	struct buf out = BUF_INIT;
	int ret = 0;

	if (geteuid())
		goto out;
	if (install_git_config(install->gitdir, get, &count, NULL) < 0)
		count = mem_copy_text("1");
	argv[1] = count;
	if (!program)
		ret = err_set(err, ERR_NOT_FOUND, "%s is not installed",
			      PROGRAM_SLOT_USERS);
	else
		ret = proc_capture(argv, NULL, &out, 65536, err);
	if (!ret && out.len)
		tell(install, "%.*s", (int)strcspn(out.data, "\n"), out.data);
	if (!ret)
		ret = file_make_dirs(ROOT_CACHE, 0711, err);
out:
	buf_release(&out);
	free(program);
	free(count);
	return ret;
}

static int
install_all(struct install *install, const struct texts *gates, struct err *err)
{
	int ret = make_store(install, err);

	if (!ret)
		ret = make_slot_users(install, err);
	if (!ret)
		ret = set_key(install, "receive.advertisePushOptions", "true",
			      1, err);
	if (!ret && install->layout.type)
		ret = set_key(install, "pacegate-host.type",
			      install->layout.type, 1, err);
	for (size_t i = 0; !ret && i < gates->count; i++)
		ret = gate_ref(install, gates->items[i], err);
	if (!ret)
		ret = install_hooks_all(install, err);
	if (install->changed) {
		int wrote = install_record_write(install->gitdir,
						 install->record, err);

		ret = ret ? ret : wrote;
	}
	return ret;
}

static void
print_did(const struct install *install, int json)
{
	json_t *line;
	size_t i;

	if (json) {
		json_print(install->did);
		return;
	}
	json_array_foreach(install->did, i, line) puts(json_string_value(line));
	if (!install->changed)
		puts("nothing to change: pacegate is installed here");
	else
		puts("pacegate is installed; `pacegate doctor` tells what it "
		     "makes of this machine");
}

int
cmd_install(int argc, char **argv)
{
	struct install install = { .did = json_array() };
	struct texts gates = { 0 };
	struct err err = ERR_INIT;
	int json = 0, ret;
	const char *drop_in = NULL;
	const struct option_row rows[] = {
		{ "gate", 'g', OPTION_TEXTS, "REF",
		  "pushes to this branch are weighed while they wait", &gates },
		{ "drop-in", 0, OPTION_TEXT, "NAME",
		  "link the hooks as NAME into pre-receive.d/ and "
		  "post-receive.d/, for hosts with a driver of their own",
		  &drop_in },
		{ "json", 0, OPTION_FLAG, NULL, "as JSON", &json },
		{ 0 }
	};

	ret = cmd_begin("install", rows, &argc, argv, 1);
	if (ret < 0) {
		const char *path = argc > 1 ? argv[1] : ".";

		ret = install_become_owner(path, &err);
		if (!ret)
			ret = install_gitdir(path, &install.gitdir, &err);
		if (!ret)
			ret = layout_find(&install.layout, install.gitdir,
					  &err);
		if (drop_in)
			install.layout.drop_in = drop_in;
		if (!ret)
			install.record = install_record_read(install.gitdir);
		if (!ret)
			ret = install_all(&install, &gates, &err);
		if (!ret)
			print_did(&install, json);
		ret = ret < 0 ? cmd_fail(&err) : EXIT_FINE;
	}
	json_decref(install.did);
	json_decref(install.record);
	texts_release(&gates);
	layout_release(&install.layout);
	free(install.gitdir);
	return ret;
}
