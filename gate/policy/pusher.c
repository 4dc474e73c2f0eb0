#include "policy/pusher.h"

#include <stddef.h>
#include <string.h>

/* Tells a change by web: the variable has the value, or any at all. */
struct web_sign {
	const char *variable, *value;
};

enum { MAX_SIGNS = 3 };

struct host_row {
	const char *host;
	const char *name;      /* variable that names the pusher */
	const char *otherwise; /* and where that says nothing */
	const char *key;       /* one that a deploy key sets, which pushes in
				  its owner's name; 0: none did */
	struct web_sign web[MAX_SIGNS];
	const char *mark; /* what the web wants before a line that it shows */
	/* Variables of the pusher's address, the repository, and the number of
	 * the pull request that is merged. */
	const char *email, *owner, *project, *number;
};

#define GITEA(host)                                                            \
	{                                                                      \
		host, "GITEA_PUSHER_NAME", "GITEA_PUSH_TRIGGER", NULL,         \
			"GITEA_PUSHER_EMAIL", "GITEA_REPO_USER_NAME",          \
			"GITEA_REPO_NAME", "GITEA_PR_INDEX"                    \
	}

/* Gitea's GITEA_PR_ID counts the pull requests of all repositories: it is not
 * the number that the API knows. */
static const struct host_row hosts[] = {
	/* GL_USERNAME is empty where a deploy key pushes; GL_ID names it. */
	{ .host = "gitlab",
	  .name = "GL_USERNAME",
	  .otherwise = "GL_ID",
	  .web = { { "GL_PROTOCOL", "web" } },
	  .mark = "GL-HOOK-ERR: ",
	  .project = "GL_PROJECT_PATH" },
	/* Its GITEA_PR_ID counts the pull requests of all repositories: it is
	 * not the number that the API knows. */
	{ .host = "gitea",
	  .name = "GITEA_PUSHER_NAME",
	  .key = "GITEA_DEPLOY_KEY_ID",
	  .web = { { "GITEA_PUSH_TRIGGER", NULL },
		   { "GITEA_INTERNAL_PUSH", "true" },
		   { "SSH_ORIGINAL_COMMAND", "gitea-internal" } },
	  .email = "GITEA_PUSHER_EMAIL",
	  .owner = "GITEA_REPO_USER_NAME",
	  .project = "GITEA_REPO_NAME",
	  .number = "GITEA_PR_INDEX" },
	{ .host = "github",
	  .name = "GITHUB_USER_LOGIN",
	  .web = { { "GITHUB_VIA", NULL } },
	  .project = "GITHUB_REPO_NAME" },
	{ .host = "bitbucket",
	  .name = "BB_USER_NAME",
	  .web = { { "BB_HOOK_TRIGGER_ID", "pull-request-merge" },
		   { "BB_HOOK_TRIGGER_ID", "file-edit" } } },
	{ .host = "gitolite", .name = "GL_USER" },
	{ .host = "http", .name = "REMOTE_USER" },
	/* It tells its hooks by arguments. */
	{ .host = "gerrit" },
	/* A plain server: the login is all there is, unless a web server has
	 * authenticated somebody. */
	{ .name = "REMOTE_USER", .otherwise = "USER" },
};

/* What a variable says; an empty one says nothing. */
static const char *
value_of(const char *(*look_up)(const char *name), const char *variable)
{
	const char *value = variable ? look_up(variable) : NULL;

	return value && *value ? value : NULL;
}

static const char *
text_of(const char *(*look_up)(const char *name), const char *variable)
{
	const char *value = value_of(look_up, variable);

	return value ? value : "";
}

static int
is_by_web(const struct host_row *row, const char *(*look_up)(const char *name))
{
	for (size_t i = 0; i < MAX_SIGNS; i++) {
		const char *value = value_of(look_up, row->web[i].variable);

		if (value &&
		    (!row->web[i].value || !strcmp(value, row->web[i].value)))
			return 1;
	}
	return 0;
}

void
pusher_identify(struct pusher *pusher, const char *host,
		const char *(*look_up)(const char *name))
{
	const struct host_row *row = hosts;
	const char *name, *key, *email = "";

	/* It has kept Gitea's names. */
	if (host && !strcasecmp(host, "forgejo"))
		host = "gitea";
	while (row->host && (!host || strcasecmp(row->host, host)))
		row++;
	name = value_of(look_up, row->name);
	if (!name)
		name = value_of(look_up, row->otherwise);
	key = value_of(look_up, row->key);
	/* Nor is its owner's address that of who pushes. */
	if (key && strcmp(key, "0"))
		name = PUSHER_DEPLOY_KEY;
	else
		email = text_of(look_up, row->email);
	*pusher = (struct pusher){ .name = name ? name : "",
				   .email = email,
				   .owner = text_of(look_up, row->owner),
				   .project = text_of(look_up, row->project),
				   .number = text_of(look_up, row->number),
				   .web = is_by_web(row, look_up),
				   .web_mark = row->mark ? row->mark : "" };
}
