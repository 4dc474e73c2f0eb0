#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/units.h"
#include "policy/config.h"
#include "policy/problem.h"
#include "repo/internal.h"

enum { MAX_CONFIG = 4 << 20 };

static int
check_extension(const char *dir, const char *name, const char *value,
		struct err *err)
{
	if (!strcmp(name, "objectformat") && strcasecmp(value, "sha1"))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s has %.40s object ids, and libgit2 reads "
			       "SHA-1 alone",
			       dir, value);
	if (!strcmp(name, "refstorage") && strcasecmp(value, "files"))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s keeps its refs as %.40s, which libgit2 "
			       "cannot read: git refs migrate "
			       "--ref-format=files",
			       dir, value);
	if (!strcmp(name, "partialclone"))
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s is a partial clone, and libgit2 cannot fetch "
			"what it lacks: clone it in full",
			dir);
	if (!strcmp(name, "objectformat") || !strcmp(name, "refstorage") ||
	    !strcmp(name, "noop") || !strcmp(name, "preciousobjects") ||
	    !strcmp(name, "worktreeconfig") ||
	    !strcmp(name, "relativeworktrees"))
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s uses the extension %.80s, which libgit2 cannot read",
		       dir, name);
}

static int
check_entries(const char *dir, const struct config *config, struct err *err)
{
	static const char prefix[] = "extensions.";
	const char *text = config_last(config, "core.repositoryformatversion");
	int64_t version = 0;

	if (text && units_parse_count(text, 0, 1000000, &version) < 0)
		version = 0;
	if (version > 1)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s has repository format %lld, and libgit2 "
			       "knows 0 and 1",
			       dir, (long long)version);
	for (size_t i = 0; i < config->count; i++) {
		const struct config_entry *entry = &config->items[i];
		const char *name = entry->key + sizeof(prefix) - 1;
		int ret;

		if (strncmp(entry->key, prefix, sizeof(prefix) - 1))
			continue;
		/* In format 0 git obeys some of them and ignores the rest. */
		if (!version && strcmp(name, "partialclone"))
			continue;
		ret = check_extension(dir, name, entry->value, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int
repo_check_format(const char *dir, struct err *err)
{
	char *path = file_join(dir, "config");
	struct config config = { 0 };
	struct problems problems = { 0 };
	struct buf text = BUF_INIT;
	int ret = 0;

	/* One that cannot be read fails in libgit2, with its own words. */
	if (!file_read(path, &text, MAX_CONFIG, NULL)) {
		config_parse(&config, buf_text(&text), text.len, path,
			     &problems);
		ret = check_entries(dir, &config, err);
	}
	problems_release(&problems);
	config_release(&config);
	buf_release(&text);
	free(path);
	return ret;
}

/* As git: ours, or, as root by sudo, the one's who called. */
static int
is_own(const char *path)
{
	const char *sudo = getenv("SUDO_UID");
	int64_t caller = -1;
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (st.st_uid == geteuid())
		return 1;
	return !geteuid() && sudo &&
	       !units_parse_count(sudo, 0, UINT32_MAX, &caller) &&
	       (int64_t)st.st_uid == caller;
}

struct safe {
	const char *path; /* without a final slash */
	size_t len;
	int found;
};

/* An empty value forgets the earlier ones, as git-config(1) says. */
static int
on_safe(const git_config_entry *entry, void *payload)
{
	struct safe *safe = payload;
	const char *value = entry->value ? entry->value : "";
	size_t len = strlen(value);

	if (!len)
		safe->found = 0;
	else if (!strcmp(value, "*"))
		safe->found = 1;
	else if (len > 2 && !strcmp(value + len - 2, "/*"))
		safe->found |= safe->len >= len - 1 &&
			       !strncmp(value, safe->path, len - 1);
	else
		safe->found |= !strncmp(value, safe->path, safe->len) &&
			       (!value[safe->len] ||
				!strcmp(value + safe->len, "/"));
	return 0;
}

int
repo_check_owner(git_repository *git, struct err *err)
{
	const char *work = git_repository_workdir(git);
	const char *path = work ? work : git_repository_path(git);
	struct safe safe = { .path = path, .len = strlen(path) };
	git_config *config = NULL;

	if (is_own(git_repository_path(git)) && (!work || is_own(work)))
		return 0;
	while (safe.len > 1 && path[safe.len - 1] == '/')
		safe.len--;
	/* The repository's own configuration has no say in this. */
	if (!git_config_open_default(&config))
		git_config_get_multivar_foreach(config, "safe.directory", NULL,
						on_safe, &safe);
	git_config_free(config);
	if (safe.found)
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "%.*s belongs to another user; if you trust it: git "
		       "config --global --add safe.directory %.*s",
		       (int)safe.len, path, (int)safe.len, path);
}
