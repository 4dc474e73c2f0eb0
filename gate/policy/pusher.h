#ifndef POLICY_PUSHER_H
#define POLICY_PUSHER_H

/*
 * Who pushes, as the hosting service says: by its own variable alone, since a
 * pusher may set others (git's ssh transport passes some through).
 */
struct pusher {
	const char *name; /* borrowed from look_up, or "", as those below */
	const char *email;
	const char *owner, *project; /* of the repository: `owner/project`, or
					all of it in project */
	const char *number;          /* of the pull request that is merged */
	int web;              /* a merge or an edit in a browser: nobody sees
				 progress, and one line at most is shown */
	const char *web_mark; /* what that line has to begin with, or "" */
};

/* Who pushes where the host names but the owner of a deploy key. */
#define PUSHER_DEPLOY_KEY "a deploy key"

/*
 * host: the value of pacegate-host.type, NULL or "none" for a plain server;
 * look_up as getenv(3), answering USER with the login of the running uid.
 */
void pusher_identify(struct pusher *pusher, const char *host,
		     const char *(*look_up)(const char *name));

#endif
