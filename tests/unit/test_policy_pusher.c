#include "policy_help.h"

#include "policy/keys.h"
#include "policy/pusher.h"

/* The environment of a test: NAME, VALUE, ..., NULL. */
static const char *const *environment;

static const char *
look_up(const char *name)
{
	for (const char *const *at = environment; at && *at; at += 2)
		if (!strcmp(at[0], name))
			return at[1];
	return NULL;
}

static struct pusher
identify(const char *host, const char *const *variables)
{
	struct pusher pusher;

	environment = variables;
	pusher_identify(&pusher, host, look_up);
	return pusher;
}

/* A pusher who sets every variable there is. */
static const char *const everything[] = { "GL_USERNAME",
					  "gitlab",
					  "GITEA_PUSHER_NAME",
					  "gitea",
					  "GITHUB_USER_LOGIN",
					  "github",
					  "BB_USER_NAME",
					  "bitbucket",
					  "GL_USER",
					  "gitolite",
					  "REMOTE_USER",
					  "http",
					  "USER",
					  "login",
					  NULL };

static void
believes_the_configured_host_alone(void **state)
{
	static const char *const hosts[][2] = {
		{ "gitlab", "gitlab" },       { "gitea", "gitea" },
		{ "forgejo", "gitea" },       { "github", "github" },
		{ "bitbucket", "bitbucket" }, { "gitolite", "gitolite" },
		{ "http", "http" },           { "none", "http" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hosts); i++)
		assert_string_equal(identify(hosts[i][0], everything).name,
				    hosts[i][1]);
	assert_string_equal(identify(NULL, everything).name, "http");
	assert_string_equal(identify("GitLab", everything).name, "gitlab");
	assert_string_equal(identify(NULL, everything + 12).name, "login");
	/* The host's own is missing: nobody, whatever else is set. */
	assert_string_equal(identify("gitlab", everything + 2).name, "");
	assert_string_equal(identify("http", everything + 12).name, "");
	assert_string_equal(identify(NULL, NULL).name, "");
}

static void
tells_a_web_merge(void **state)
{
	static const char *const web[] = { "GL_PROTOCOL",
					   "web",
					   "GITHUB_VIA",
					   "merge button",
					   "GITEA_PUSH_TRIGGER",
					   "pr-merge-to-base",
					   "BB_HOOK_TRIGGER_ID",
					   "pull-request-merge",
					   NULL };
	static const char *const edit[] = { "SSH_ORIGINAL_COMMAND",
					    "gitea-internal",
					    "GITHUB_VIA",
					    "blob#save",
					    "BB_HOOK_TRIGGER_ID",
					    "file-edit",
					    "GL_PROTOCOL",
					    "web",
					    NULL };
	static const char *const push[] = { "GL_PROTOCOL",
					    "ssh",
					    "GITHUB_VIA",
					    "",
					    "GITEA_PUSH_TRIGGER",
					    "",
					    "SSH_ORIGINAL_COMMAND",
					    "git-receive-pack 'a/b.git'",
					    "BB_HOOK_TRIGGER_ID",
					    "repo-push",
					    NULL };
	static const char *const hosts[] = { "gitlab", "github", "gitea",
					     "forgejo", "bitbucket" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		assert_true(identify(hosts[i], web).web);
		assert_true(identify(hosts[i], edit).web);
		assert_false(identify(hosts[i], push).web);
		assert_false(identify(hosts[i], NULL).web);
	}
	assert_false(identify("gitolite", web).web);
	assert_false(identify(NULL, web).web);
	/* GitLab's web shows no other lines. */
	assert_string_equal(identify("gitlab", web).web_mark, "GL-HOOK-ERR: ");
	assert_string_equal(identify("gitea", web).web_mark, "");
	assert_string_equal(identify(NULL, web).web_mark, "");
}

/* A deploy key is nobody's hand: it may not accept what its owner may. */
static void
a_deploy_key_is_not_its_owner(void **state)
{
	static const char *const gitea[] = { "GITEA_PUSHER_NAME", "owner",
					     "GITEA_DEPLOY_KEY_ID", "7", NULL };
	static const char *const person[] = { "GITEA_PUSHER_NAME", "ann",
					      "GITEA_DEPLOY_KEY_ID", "0",
					      NULL };
	static const char *const gitlab[] = { "GL_USERNAME", "", "GL_ID",
					      "key-7", NULL };

	(void)state;
	assert_string_equal(identify("gitea", gitea).name, PUSHER_DEPLOY_KEY);
	assert_string_equal(identify("forgejo", person).name, "ann");
	assert_string_equal(identify("gitlab", gitlab).name, "key-7");
}

static void
knows_the_repository_and_the_pull_request(void **state)
{
	static const char *const gitea[] = { "GITEA_PUSHER_EMAIL",
					     "a@b",
					     "GITEA_REPO_USER_NAME",
					     "team",
					     "GITEA_REPO_NAME",
					     "ssl",
					     "GITEA_PR_ID",
					     "900",
					     "GITEA_PR_INDEX",
					     "7",
					     NULL };
	struct pusher pusher = identify("gitea", gitea);

	(void)state;
	assert_string_equal(pusher.email, "a@b");
	assert_string_equal(pusher.owner, "team");
	assert_string_equal(pusher.project, "ssl");
	assert_string_equal(pusher.number, "7");
	assert_string_equal(identify("github", gitea).number, "");
	assert_string_equal(identify("none", gitea).project, "");
}

/* Every host that may be configured is known here: with one that is not, the
 * name would come from elsewhere. */
static void
knows_every_host(void **state)
{
	const struct key_row *row = key_find(SECTION_HOST, strlen(SECTION_HOST),
					     "type");
	char *words = strdup(row->words), *rest = NULL;

	(void)state;
	for (char *word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (strcmp(word, "none"))
			assert_string_equal(
				identify(word, everything + 12).name, "");
	free(words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_the_configured_host_alone),
		cmocka_unit_test(tells_a_web_merge),
		cmocka_unit_test(a_deploy_key_is_not_its_owner),
		cmocka_unit_test(knows_the_repository_and_the_pull_request),
		cmocka_unit_test(knows_every_host),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("policy_pusher", tests, NULL, NULL);
}
