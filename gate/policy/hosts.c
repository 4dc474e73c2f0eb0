#include "policy/hosts.h"

#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "policy/keys.h"
#include "policy/policy.h"
#include "policy/settings.h"

/* name "": the section itself. own: it is not taken from there. */
static const char *
value_of(const struct policy *policy, const char *name, const char *key,
	 int own)
{
	const struct setting *setting = settings_find(
		policy, SECTION_HOST, key, *name ? name : NULL, NULL, NULL);

	if (setting && own && *name && !setting->pattern)
		setting = NULL;
	if (setting)
		return *setting->value ? setting->value : NULL;
	return key_find(SECTION_HOST, strlen(SECTION_HOST), key)->initial;
}

static enum comments
comments_of(const char *word)
{
	if (!strcasecmp(word, "never"))
		return COMMENTS_NEVER;
	return strcasecmp(word, "always") ? COMMENTS_CHANGES : COMMENTS_ALWAYS;
}

static void
read_host(const struct policy *policy, const char *name,
	  struct host_policy *host)
{
	*host = (struct host_policy){
		.name = name,
		.type = value_of(policy, name, "type", 1),
		.url = value_of(policy, name, "url", 1),
		.project = value_of(policy, name, "project", 1),
		.token_file = value_of(policy, name, "tokenFile", 1),
		.context = value_of(policy, name, "context", 0),
		.pages = value_of(policy, name, "pages", 0),
		.ca_file = value_of(policy, name, "caFile", 0),
		.proxy = value_of(policy, name, "proxy", 0),
		.comments = comments_of(value_of(policy, name, "comments", 0))
	};
}

static int
takes_posts(const struct host_policy *host)
{
	static const char *const others[] = { "none", "http", "gitolite" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcasecmp(host->type, others[i]))
			return 0;
	return host->token_file != NULL;
}

struct hosts {
	struct host_policy *items;
	size_t count, cap;
};

static void
add_host(const struct policy *policy, struct hosts *hosts, const char *name)
{
	struct host_policy host;

	for (size_t i = 0; i < hosts->count; i++)
		if (!strcmp(hosts->items[i].name, name))
			return;
	read_host(policy, name, &host);
	if (!takes_posts(&host))
		return;
	MEM_GROW(hosts->items, hosts->count, hosts->cap);
	hosts->items[hosts->count++] = host;
}

size_t
policy_hosts(const struct policy *policy, struct host_policy **result)
{
	struct hosts hosts = { 0 };

	add_host(policy, &hosts, "");
	for (size_t i = 0; i < policy->count; i++) {
		const struct setting *setting = &policy->settings[i];

		if (setting->pattern &&
		    !strcmp(setting->row->section, SECTION_HOST))
			add_host(policy, &hosts, setting->pattern);
	}
	*result = hosts.items;
	return hosts.count;
}

unsigned
policy_parallel(const struct policy *policy)
{
	int64_t count = 1;

	(void)units_parse_count(policy_text(policy, SECTION_HOST, "parallel"),
				1, 64, &count);
	return (unsigned)count;
}

void
policy_mail(const struct policy *policy, struct mail_policy *result)
{
	static const struct texts nobody;
	const struct texts *to = settings_list(policy, SECTION_MAIL, "to",
					       NULL);

	*result = (struct mail_policy){
		.url = policy_text(policy, SECTION_MAIL, "url"),
		.from = policy_text(policy, SECTION_MAIL, "from"),
		.domain = policy_text(policy, SECTION_MAIL, "domain"),
		.password_file = policy_text(policy, SECTION_MAIL,
					     "passwordFile"),
		.ca_file = policy_text(policy, SECTION_MAIL, "caFile"),
		.to = to ? to : &nobody,
		.author = policy_is_true(policy, SECTION_MAIL, "author"),
		.improvements = policy_is_true(policy, SECTION_MAIL,
					       "improvements")
	};
}

void
policy_notify(const struct policy *policy, struct notify_policy *result)
{
	const char *section = SECTION_NOTIFY;

	*result = (struct notify_policy){
		.command = policy_text(policy, section, "command"),
		.webhook = policy_text(policy, section, "webhook"),
		.secret_file = policy_text(policy, section, "secretFile"),
		.ca_file = policy_text(policy, section, "caFile")
	};
}
