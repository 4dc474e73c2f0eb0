#include "policy/pusher.h"

#include <stddef.h>
#include <string.h>

struct host_row {
	const char *host;
	const char *name;      /* variable that names the pusher */
	const char *web;       /* variable that tells a merge by web */
	const char *web_value; /* NULL: any value */
};

static const struct host_row hosts[] = {
	{ "gitlab", "GL_USERNAME", "GL_PROTOCOL", "web" },
	{ "gitea", "GITEA_PUSHER_NAME", "GITEA_PUSH_TRIGGER", NULL },
	{ "forgejo", "GITEA_PUSHER_NAME", "GITEA_PUSH_TRIGGER", NULL },
	{ "github", "GITHUB_USER_LOGIN", "GITHUB_VIA", NULL },
	{ "bitbucket", "BB_USER_NAME", "BB_HOOK_TRIGGER_ID",
	  "pull-request-merge" },
	{ "gitolite", "GL_USER", NULL, NULL },
	{ "http", "REMOTE_USER", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

/* What a variable says; an empty one says nothing. */
static const char *
value_of(const char *(*look_up)(const char *name), const char *variable)
{
	const char *value = variable ? look_up(variable) : NULL;

	return value && *value ? value : NULL;
}

void
pusher_identify(struct pusher *pusher, const char *host,
		const char *(*look_up)(const char *name))
{
	const struct host_row *row = hosts;
	const char *name, *web;

	while (row->host && (!host || strcasecmp(row->host, host)))
		row++;
	if (row->host) {
		name = value_of(look_up, row->name);
	} else {
		/* A plain server: the login is all there is, unless a web
		 * server has authenticated somebody. */
		name = value_of(look_up, "REMOTE_USER");
		if (!name)
			name = value_of(look_up, "USER");
	}
	web = value_of(look_up, row->web);
	*pusher = (struct pusher){
		.name = name ? name : "",
		.web = web && (!row->web_value || !strcmp(web, row->web_value))
	};
}
