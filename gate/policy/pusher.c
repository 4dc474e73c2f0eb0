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
};

static const struct host_row hosts[] = {
	/* GL_USERNAME is empty where a deploy key pushes; GL_ID names it. */
	{ .host = "gitlab",
	  .name = "GL_USERNAME",
	  .otherwise = "GL_ID",
	  .web = { { "GL_PROTOCOL", "web" } },
	  .mark = "GL-HOOK-ERR: " },
	{ .host = "gitea",
	  .name = "GITEA_PUSHER_NAME",
	  .key = "GITEA_DEPLOY_KEY_ID",
	  .web = { { "GITEA_PUSH_TRIGGER", NULL },
		   { "GITEA_INTERNAL_PUSH", "true" },
		   { "SSH_ORIGINAL_COMMAND", "gitea-internal" } } },
	{ .host = "github",
	  .name = "GITHUB_USER_LOGIN",
	  .web = { { "GITHUB_VIA", NULL } } },
	{ .host = "bitbucket",
	  .name = "BB_USER_NAME",
	  .web = { { "BB_HOOK_TRIGGER_ID", "pull-request-merge" },
		   { "BB_HOOK_TRIGGER_ID", "file-edit" } } },
	{ .host = "gitolite", .name = "GL_USER" },
	{ .host = "http", .name = "REMOTE_USER" },
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
	const char *name, *key;

	/* It has kept Gitea's names. */
	if (host && !strcasecmp(host, "forgejo"))
		host = "gitea";
	while (row->host && (!host || strcasecmp(row->host, host)))
		row++;
	name = value_of(look_up, row->name);
	if (!name)
		name = value_of(look_up, row->otherwise);
	key = value_of(look_up, row->key);
	if (key && strcmp(key, "0"))
		name = PUSHER_DEPLOY_KEY;
	*pusher = (struct pusher){ .name = name ? name : "",
				   .web = is_by_web(row, look_up),
				   .web_mark = row->mark ? row->mark : "" };
}
