#ifndef POLICY_HOSTS_H
#define POLICY_HOSTS_H

#include <stddef.h>

struct policy;
struct texts;

/*
 * Whom verdicts are told: hosting services, by mail, and programs. All texts
 * are borrowed from the policy; NULL means that nothing is set.
 */
enum comments { COMMENTS_NEVER, COMMENTS_CHANGES, COMMENTS_ALWAYS };

/* [pacegate-host], and [pacegate-host "NAME"] for each one more. */
struct host_policy {
	const char *name; /* "" for the section itself */
	const char *type, *url, *project, *token_file;
	const char *context, *pages, *ca_file, *proxy;
	enum comments comments;
};

/*
 * Those that verdicts are posted to: of a type that takes statuses, with a
 * token file. The number of them; freed by the caller. What a named one does
 * not say of context, comments, pages and certificates, the section itself
 * says; never where a token comes from or goes to.
 */
size_t policy_hosts(const struct policy *policy, struct host_policy **hosts);

/* Posts to one service at a time. */
unsigned policy_parallel(const struct policy *policy);

struct mail_policy {
	const char *url; /* NULL: no mail */
	const char *from, *domain, *password_file, *ca_file;
	const struct texts *to;
	int author, improvements;
};

void policy_mail(const struct policy *policy, struct mail_policy *result);

struct notify_policy {
	const char *command, *webhook, *secret_file, *ca_file;
};

void policy_notify(const struct policy *policy, struct notify_policy *result);

#endif
