#include "cmd/install_layout.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/install.h"
#include "policy/keys.h"
#include "repo/repo.h"

#define COMMON "/hooks/common/"

/* What the link at path says, or NULL. */
static char *
link_target(const char *path)
{
	char target[4096];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	return len > 0 ? mem_copy_bytes(target, (size_t)len) : NULL;
}

/* gitolite links its own `update`, and what lies in LOCAL_CODE, into every
 * repository's hooks. */
static int
is_link_to_common(const char *hooks, const char *name)
{
	char *path = file_join(hooks, name), *target = link_target(path);
	int is = target && strstr(target, COMMON) != NULL;

	free(target);
	free(path);
	return is;
}

static int
is_gitolite(const char *gitdir, const char *hooks)
{
	(void)gitdir;
	return is_link_to_common(hooks, "update");
}

/* Its own hook is one of those that its driver runs; Forgejo kept the name. */
static int
is_gitea(const char *gitdir, const char *hooks)
{
	char *own = file_join(hooks, "pre-receive.d/gitea");
	int is = file_exists(own);

	(void)gitdir;
	free(own);
	return is;
}

/* Storage by hash, the directory for server hooks, or what older versions
 * wrote into the configuration. */
static int
is_gitlab(const char *gitdir, const char *hooks)
{
	const char *get[] = { "--get", "gitlab.fullpath", NULL };
	char *custom = file_join(gitdir, "custom_hooks");
	int is = strstr(gitdir, "/@hashed/") || file_exists(custom) ||
		 !install_git_config(gitdir, get, NULL, NULL);

	(void)hooks;
	free(custom);
	return is;
}

static const struct layout_row {
	const char *type;
	int (*is_it)(const char *gitdir, const char *hooks);
	const char *hooks;   /* below the repository; NULL: git's own */
	const char *drop_in; /* name in NAME.d/; NULL: the hook itself */
} rows[] = {
	{ "gitolite", is_gitolite, NULL, NULL },
	{ "gitea", is_gitea, NULL, "pacegate" },
	{ "gitlab", is_gitlab, "custom_hooks", "pacegate" },
};

/* An admin who said what it is knows better than any sign. */
static int
is_said_otherwise(const char *said, const char *type)
{
	if (said && !strcasecmp(said, "forgejo"))
		said = "gitea";
	return said && strcasecmp(said, type) != 0;
}

int
layout_find(struct layout *layout, const char *gitdir, struct err *err)
{
	const char *get[] = { "--get", SECTION_HOST ".type", NULL };
	char *said = NULL;
	int ret;

	*layout = (struct layout){ 0 };
	ret = repo_hooks_dir(gitdir, &layout->hooks, err);
	install_git_config(gitdir, get, &said, NULL);
	for (size_t i = 0; !ret && i < sizeof(rows) / sizeof(*rows); i++) {
		if (is_said_otherwise(said, rows[i].type) ||
		    !rows[i].is_it(gitdir, layout->hooks))
			continue;
		layout->type = rows[i].type;
		layout->drop_in = rows[i].drop_in;
		if (rows[i].hooks) {
			free(layout->hooks);
			layout->hooks = file_join(gitdir, rows[i].hooks);
		}
		break;
	}
	free(said);
	return ret;
}

int
layout_check(const struct layout *layout, const char *name, struct err *err)
{
	/* `gitolite setup` would put its link back over whatever is there. */
	if (layout->type && !strcmp(layout->type, "gitolite") &&
	    is_link_to_common(layout->hooks, name))
		return err_set(err, ERR_INPUT,
			       "%s/%s is gitolite's link to a hook of all "
			       "repositories, and gitolite would put it back: "
			       "see gitolite in pacegate-deploy(7)",
			       layout->hooks, name);
	return 0;
}

void
layout_release(struct layout *layout)
{
	free(layout->hooks);
	*layout = (struct layout){ 0 };
}
