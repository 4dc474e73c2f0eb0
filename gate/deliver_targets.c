#include "deliver_targets.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/names.h"
#include "host/secret.h"
#include "policy/policy.h"

/* Load a secret where a file is named; *why gets what is in the way. */
static void
load(struct secret **secret, const char *path, const char *key, char **why)
{
	struct err err = ERR_INIT;

	if (path && secret_load(secret, path, &err) < 0)
		*why = mem_text("%s: %s", key, err.text);
}

/* What does not parse is known before anything is sent. */
static void
check_target(struct target *target)
{
	struct err err = ERR_INIT;

	if (!target->why && host_target_check(&target->host, &err) < 0)
		target->why = mem_copy_text(err.text);
}

static struct target *
add_target(struct targets *targets, const struct host_policy *policy)
{
	struct target *target = mem_new(1, sizeof(*target));

	target->policy = *policy;
	target->host = (struct host_target){ .url = policy->url,
					     .project = policy->project,
					     .context = policy->context,
					     .ca_file = policy->ca_file,
					     .proxy = policy->proxy };
	MEM_GROW(targets->hosts, targets->count, targets->cap);
	targets->hosts[targets->count++] = target;
	return target;
}

static void
add_host(struct targets *targets, const struct host_policy *policy)
{
	struct target *target = add_target(targets, policy);

	if (host_service_find(policy->type, &target->host.service) < 0)
		target->why = mem_text("pacegate-host.type: %s takes no "
				       "statuses",
				       policy->type);
	else
		load(&target->token, policy->token_file,
		     "pacegate-host.tokenFile", &target->why);
	target->host.token = target->token;
}

void
targets_init(struct targets *targets, const struct policy *policy)
{
	struct host_policy *hosts = NULL;
	size_t count = policy_hosts(policy, &hosts);

	*targets = (struct targets){ .policy = policy };
	for (size_t i = 0; i < count; i++)
		add_host(targets, &hosts[i]);
	free(hosts);
	policy_mail(policy, &targets->mail);
	if (targets->mail.url)
		load(&targets->mail_password, targets->mail.password_file,
		     "pacegate-mail.passwordFile", &targets->mail_why);
	targets->mailer =
		(struct host_mailer){ .url = targets->mail.url,
				      .secret = targets->mail_password,
				      .ca_file = targets->mail.ca_file };
	policy_notify(policy, &targets->notify);
	if (targets->notify.webhook)
		load(&targets->notify_secret, targets->notify.secret_file,
		     "pacegate-notify.secretFile", &targets->notify_why);
}

void
targets_release(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		struct target *target = targets->hosts[i];

		if (!target->shares_token)
			secret_free(target->token);
		free(target->project);
		free(target->context);
		free(target->why);
		free(target);
	}
	free(targets->hosts);
	secret_free(targets->mail_password);
	secret_free(targets->notify_secret);
	free(targets->mail_why);
	free(targets->notify_why);
	*targets = (struct targets){ 0 };
}

static int
is_here(const char *path, struct err *err)
{
	if (!path || strchr(path, '/') || getenv(ENV_CREDENTIALS))
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "'%s' is a credential: the unit with LoadCredential=%s "
		       "delivers, see INSTALL",
		       path, path);
}

int
targets_are_here(const struct policy *policy, struct err *err)
{
	struct host_policy *hosts = NULL;
	size_t count = policy_hosts(policy, &hosts);
	struct notify_policy notify;
	struct mail_policy mail;
	int ret = 0;

	policy_mail(policy, &mail);
	policy_notify(policy, &notify);
	for (size_t i = 0; i < count && !ret; i++)
		ret = is_here(hosts[i].token_file, err);
	if (!ret && mail.url)
		ret = is_here(mail.password_file, err);
	if (!ret && notify.webhook)
		ret = is_here(notify.secret_file, err);
	free(hosts);
	return ret;
}

static int
is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

struct target *
targets_find(struct targets *targets, const char *name, const char *project,
	     const char *context)
{
	struct target *like = NULL, *target;

	for (size_t i = 0; i < targets->count; i++) {
		target = targets->hosts[i];
		if (strcmp(target->policy.name, name))
			continue;
		like = like ? like : target;
		if ((target->policy.project ||
		     is_same(project, target->project)) &&
		    is_same(context, target->context)) {
			check_target(target);
			return target;
		}
	}
	if (!like)
		return NULL;
	/* Its project is what the service's hooks were told. */
	target = add_target(targets, &like->policy);
	target->host.service = like->host.service;
	target->host.token = target->token = like->token;
	target->shares_token = 1;
	target->why = mem_copy_text(like->why);
	if (!target->policy.project) {
		target->project = mem_copy_text(project);
		target->host.project = target->project;
	}
	if (context) {
		target->context = mem_copy_text(context);
		target->host.context = target->context;
	}
	check_target(target);
	return target;
}
