#ifndef GATE_DELIVER_TARGETS_H
#define GATE_DELIVER_TARGETS_H

#include <stddef.h>

#include "host/host.h"
#include "policy/hosts.h"

struct err;
struct policy;
struct secret;

/*
 * Where messages go, as the configuration says now, with the secrets that it
 * takes. Made by the process that delivers and by no other.
 */
struct target {
	struct host_policy policy; /* texts are the policy's */
	struct secret *token;
	struct host_target host;
	char *project; /* of a message that names its own, or NULL */
	char *context; /* likewise */
	int shares_token;
	char *why; /* why nothing can be sent; NULL: it can */
};

struct targets {
	const struct policy *policy;
	struct target **hosts;
	size_t count, cap;
	struct mail_policy mail;
	struct host_mailer mailer;
	struct secret *mail_password;
	char *mail_why; /* as why above; NULL: it can be sent */
	struct notify_policy notify;
	struct secret *notify_secret;
	char *notify_why;
};

/* Never fails: what is wrong with a target is kept there. Release it in any
 * case, after host_free(). */
void targets_init(struct targets *targets, const struct policy *policy);
void targets_release(struct targets *targets);

/*
 * ERR_UNSUPPORTED where a secret is a credential that systemd gives to the unit
 * of the worker alone, and this is another process: what it cannot send is not
 * to be refused for that.
 */
int targets_are_here(const struct policy *policy, struct err *err);

/* The host of that name with that project and that context (NULL: as
 * configured); NULL where none is configured any more. Borrowed until
 * targets_release(). */
struct target *targets_find(struct targets *targets, const char *name,
			    const char *project, const char *context);

#endif
