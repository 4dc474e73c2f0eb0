#include "repo/repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "policy/config.h"
#include "policy/problem.h"
#include "repo/internal.h"

enum { MAX_CONFIG = 16 << 20, MAX_INCLUDES = 10 };

static int
is_ours(const char *key)
{
	return !strncmp(key, "pacegate", 8);
}

static char *
level_file(const struct repo *repo, git_config_level_t level)
{
	git_buf path = GIT_BUF_INIT;
	char *file = NULL;
	int code = -1;

	if (level == GIT_CONFIG_LEVEL_LOCAL)
		return file_join(repo->commondir, "config");
	if (level == GIT_CONFIG_LEVEL_APP)
		return file_join(repo->gitdir, "config.worktree");
	if (level == GIT_CONFIG_LEVEL_SYSTEM)
		code = git_config_find_system(&path);
	else if (level == GIT_CONFIG_LEVEL_GLOBAL)
		code = git_config_find_global(&path);
	else if (level == GIT_CONFIG_LEVEL_XDG)
		code = git_config_find_xdg(&path);
	if (!code)
		file = mem_copy_text(path.ptr);
	git_buf_dispose(&path);
	return file;
}

/* Where a setting stands: the skip-th of those with this key and value. */
struct place {
	const char *key, *value;
	size_t skip;
	char *file;
	int line;
};

static void find_place(struct place *place, const char *file, int depth);

static char *
included_file(const char *from, const char *path)
{
	const char *slash = strrchr(from, '/'), *home = getenv("HOME");
	char *dir, *file;

	if (!strncmp(path, "~/", 2) && home)
		return file_join(home, path + 2);
	if (*path == '/' || !slash)
		return mem_copy_text(path);
	dir = mem_copy_bytes(from, (size_t)(slash - from));
	file = file_join(dir, path);
	free(dir);
	return file;
}

static void
look_at(struct place *place, const struct config_entry *entry, int depth)
{
	size_t len = strlen(entry->key);

	if (!strcmp(entry->key, place->key) &&
	    !strcmp(entry->value, place->value)) {
		if (place->skip--)
			return;
		place->file = mem_copy_text(entry->file);
		place->line = entry->line;
	} else if (!strncmp(entry->key, "include", 7) && len > 5 &&
		   !strcmp(entry->key + len - 5, ".path") &&
		   depth < MAX_INCLUDES) {
		char *file = included_file(entry->file, entry->value);

		find_place(place, file, depth + 1);
		free(file);
	}
}

static void
find_place(struct place *place, const char *file, int depth)
{
	struct config config = { 0 };
	struct problems problems = { 0 };
	struct buf text = BUF_INIT;

	if (!file_read(file, &text, MAX_CONFIG, NULL))
		config_parse(&config, buf_text(&text), text.len, file,
			     &problems);
	for (size_t i = 0; i < config.count && !place->file; i++)
		look_at(place, &config.items[i], depth);
	problems_release(&problems);
	config_release(&config);
	buf_release(&text);
}

/* The same key and value may stand there several times; those of this level
 * that came before are passed over. */
static void
locate(const struct repo *repo, const git_config_entry *entry, size_t before,
       struct place *place)
{
	char *file = level_file(repo, entry->level);

	*place = (struct place){ .key = entry->name,
				 .value = entry->value ? entry->value : "true",
				 .skip = before };
	if (file)
		find_place(place, file, 0);
	if (!place->file) {
		place->file = file;
		file = NULL;
	}
	free(file);
}

/* How often the configuration has an entry since the index `from`. */
static size_t
count_equal(const struct config *config, size_t from,
	    const git_config_entry *entry)
{
	const char *value = entry->value ? entry->value : "true";
	size_t count = 0;

	for (size_t i = from; i < config->count; i++)
		count += !strcmp(config->items[i].key, entry->name) &&
			 !strcmp(config->items[i].value, value);
	return count;
}

static int
read_entries(const struct repo *repo, git_config_iterator *iterator,
	     struct config *config, int wants_places)
{
	git_config_level_t level = GIT_CONFIG_HIGHEST_LEVEL;
	git_config_entry *entry;
	size_t level_from = config->count;
	int code;

	while (!(code = git_config_next(&entry, iterator))) {
		struct place place = { 0 };

		if (!is_ours(entry->name))
			continue;
		if (entry->level != level) {
			level = entry->level;
			level_from = config->count;
		}
		if (wants_places)
			locate(repo, entry,
			       count_equal(config, level_from, entry), &place);
		config_add(config, entry->name, entry->value, place.file,
			   place.line);
		free(place.file);
	}
	return code == GIT_ITEROVER ? 0 : code;
}

/* libgit2 knows nothing of a work tree's own file, which git reads last. */
static void
add_worktree_file(const struct repo *repo, git_config *git)
{
	char *path = file_join(repo->gitdir, "config.worktree");
	int wanted = 0;

	if (!git_config_get_bool(&wanted, git, "extensions.worktreeconfig") &&
	    wanted && file_exists(path))
		git_config_add_file_ondisk(git, path, GIT_CONFIG_LEVEL_APP,
					   repo->git, 1);
	free(path);
}

char *
repo_config_text(const struct repo *repo, const char *key)
{
	git_buf value = GIT_BUF_INIT;
	git_config *git = NULL;
	char *text = NULL;

	if (!git_repository_config(&git, repo->git)) {
		add_worktree_file(repo, git);
		if (!git_config_get_string_buf(&value, git, key))
			text = mem_copy_text(value.ptr);
	}
	git_buf_dispose(&value);
	git_config_free(git);
	return text;
}

int
repo_config(const struct repo *repo, struct config *config, int wants_places,
	    struct err *err)
{
	git_config *git = NULL, *snapshot = NULL;
	git_config_iterator *iterator = NULL;
	int code = git_repository_config(&git, repo->git);

	if (!code) {
		add_worktree_file(repo, git);
		code = git_config_snapshot(&snapshot, git);
	}
	if (!code)
		code = git_config_iterator_new(&iterator, snapshot);
	if (!code)
		code = read_entries(repo, iterator, config, wants_places);
	git_config_iterator_free(iterator);
	git_config_free(snapshot);
	git_config_free(git);
	return code ? repo_fail(code, err, "git configuration") : 0;
}
