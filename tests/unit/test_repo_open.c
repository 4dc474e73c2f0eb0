#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>

#include "policy/config.h"
#include "tests/unit/repo_help.h"

static int
open_code(const char *name, struct err *err)
{
	char *path = file_join(help_dir, name);
	struct repo *repo = (struct repo *)(uintptr_t)1;
	int ret;

	*err = (struct err)ERR_INIT;
	ret = repo_open(&repo, path, NULL, err);
	if (ret < 0)
		assert_null(repo);
	repo_close(repo);
	free(path);
	return ret;
}

static void
test_places(void **state)
{
	struct err err = ERR_INIT;
	struct repo *repo;
	char *path;

	(void)state;
	run("init --bare b.git; init w; cd w; mkdir -p a/b; commit one;"
	    "git worktree add -q ../linked; init --bare ../with:colon.git");
	repo = open_repo("b.git");
	path = file_join(help_dir, "b.git");
	assert_string_equal(repo_gitdir(repo), path);
	assert_null(repo_worktree(repo));
	assert_false(repo_is_shallow(repo));
	repo_close(repo);
	free(path);

	/* A work tree's root, its .git, and a linked one. */
	repo = open_repo("w");
	path = file_join(help_dir, "w/.git");
	assert_string_equal(repo_gitdir(repo), path);
	repo_close(repo);
	free(path);
	repo_close(open_repo("w/.git"));
	repo_close(open_repo("with:colon.git"));
	repo = open_repo("linked");
	assert_non_null(strstr(repo_gitdir(repo), "/w/.git/worktrees/linked"));
	repo_close(repo);

	path = file_join(help_dir, "w/a/b");
	assert_int_equal(repo_open_here(&repo, path, &err), 0);
	free(path);
	path = file_join(help_dir, "w");
	assert_string_equal(repo_worktree(repo), path);
	free(path);
	repo_close(repo);
	/* repo_open() does not go looking. */
	assert_int_equal(open_code("w/a/b", &err), ERR_NOT_FOUND);
	assert_int_equal(open_code("nowhere", &err), ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "nowhere"));
	repo_close(NULL);
}

/* The library's start is played a trick on: nothing of it may stay. */
static void
test_descriptor_limit_stays(void **state)
{
	struct rlimit before, after;

	(void)state;
	run("init --bare limit.git");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	repo_close(open_repo("limit.git"));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
	assert_true(before.rlim_cur == after.rlim_cur &&
		    before.rlim_max == after.rlim_max);
}

static void
test_formats(void **state)
{
	static const struct {
		const char *make;
		int code;
		const char *says;
	} cases[] = {
		{ "git init -q --bare --object-format=sha256 f",
		  ERR_UNSUPPORTED, "sha256" },
		{ "init --bare f; git -C f config core.repositoryformatversion "
		  "1; git -C f config extensions.refStorage reftable",
		  ERR_UNSUPPORTED, "reftable" },
		{ "init --bare f; git -C f config core.repositoryformatversion "
		  "1; git -C f config extensions.partialClone origin",
		  ERR_UNSUPPORTED, "partial clone" },
		{ "init --bare f; git -C f config core.repositoryformatversion "
		  "1; git -C f config extensions.fromTheFuture true",
		  ERR_UNSUPPORTED, "fromthefuture" },
		{ "init --bare f; git -C f config core.repositoryformatversion "
		  "7",
		  ERR_UNSUPPORTED, "format 7" },
		{ "init --bare f; git -C f config core.repositoryformatversion "
		  "1; git -C f config extensions.preciousObjects true;"
		  "git -C f config extensions.worktreeConfig true",
		  0, NULL },
		/* Words alone are no format. */
		{ "init --bare f; git -C f config remote.objectformat.url "
		  "sha256; git -C f config x.refstorage reftable",
		  0, NULL },
		{ "init --bare f; echo '[core' >>f/config", ERR_SYSTEM,
		  "config" },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run("rm -rf f; %s", cases[i].make);
		if (open_code("f", &err) != cases[i].code)
			fail_msg("case %zu: %d %s", i, err.code, err.text);
		if (cases[i].says && !strstr(err.text, cases[i].says))
			fail_msg("case %zu: %s", i, err.text);
	}
	run("rm -rf f; git init -q --object-format=sha256 f; mkdir f/d");
	{
		char *path = file_join(help_dir, "f/d");
		struct repo *repo;

		assert_int_equal(repo_open_here(&repo, path, &err),
				 ERR_UNSUPPORTED);
		assert_null(repo);
		free(path);
	}
}

static int
open_here_code(const char *name, struct err *err)
{
	char *path = file_join(help_dir, name);
	struct repo *repo;
	int ret = repo_open_here(&repo, path, err);

	repo_close(repo);
	free(path);
	return ret;
}

/* Somebody else's repository may carry a configuration that starts programs. */
static void
test_owner(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	run("init other; cd other; commit one");
	assert_int_equal(open_here_code("other", &err), 0);
	if (geteuid()) {
		/* cmocka's skip() prints `not ok`. */
		print_message("# only root can give a repository away\n");
		return;
	}
	run("chown -R 4321 other");
	assert_int_equal(open_here_code("other", &err), ERR_SYSTEM);
	assert_non_null(strstr(err.text, "belongs to another user"));
	assert_non_null(strstr(err.text, "safe.directory"));
	/* Its own word does not count. */
	run("git config -f other/.git/config safe.directory '*'");
	assert_int_equal(open_here_code("other", &err), ERR_SYSTEM);
	run("git config --global safe.directory \"$PWD/other\"");
	assert_int_equal(open_here_code("other", &err), 0);
	run("git config --global --replace-all safe.directory \"$PWD/oth\"");
	assert_int_equal(open_here_code("other", &err), ERR_SYSTEM);
	run("git config --global --replace-all safe.directory \"$PWD/*\"");
	assert_int_equal(open_here_code("other", &err), 0);
	run("git config --global --replace-all safe.directory '*'");
	assert_int_equal(open_here_code("other", &err), 0);
	run("git config --global --add safe.directory ''");
	assert_int_equal(open_here_code("other", &err), ERR_SYSTEM);
	/* As root by sudo, the caller's own. */
	setenv("SUDO_UID", "4321", 1);
	assert_int_equal(open_here_code("other", &err), 0);
	setenv("SUDO_UID", "4322", 1);
	assert_int_equal(open_here_code("other", &err), ERR_SYSTEM);
	unsetenv("SUDO_UID");
	/* A path that is named is trusted, as git trusts GIT_DIR. */
	assert_int_equal(open_code("other", &err), 0);
	run("rm .gitconfig");
}

static void
test_object_dirs(void **state)
{
	struct texts dirs = { 0 };
	struct err err = ERR_INIT;
	struct repo *repo;
	char *wanted;

	(void)state;
	run("init base; cd base; commit one; cd ..;"
	    "git clone -q --bare --shared base middle.git;"
	    "git clone -q --bare --shared middle.git 'f:ork.git';"
	    "printf '%%s\\n' '# a comment' '' ../../absent/objects "
	    "../../middle.git/objects >>'f:ork.git/objects/info/alternates'");
	repo = open_repo("f:ork.git");
	assert_int_equal(repo_object_dirs(repo, &dirs, &err), 0);
	wanted = sh("for d in f:ork.git middle.git base/.git; do "
		    "echo \"$PWD/$d/objects\"; done");
	{
		struct buf got = BUF_INIT;

		for (size_t i = 0; i < dirs.count; i++)
			buf_addf(&got, "%s%s", i ? "\n" : "", dirs.items[i]);
		assert_string_equal(buf_text(&got), wanted);
		buf_release(&got);
	}
	/* Objects of the deepest are found. */
	{
		struct oid head = oid_of("base", "HEAD"), parent, tree;

		assert_int_equal(
			repo_commit_parent(repo, &head, &parent, &tree, &err),
			0);
		assert_true(oid_is_zero(&parent));
	}
	texts_release(&dirs);
	free(wanted);
	repo_close(repo);
}

static void
check_hooks_dir(const char *repo)
{
	char *path = file_join(help_dir, repo), *dir = NULL;
	/* git answers from where the hooks run: the repository's directory. */
	char *wanted = sh("cd '%s' && cd \"$(git rev-parse --git-dir)\" && "
			  "git rev-parse --path-format=absolute --git-path "
			  "hooks",
			  repo);
	struct err err = ERR_INIT;

	if (repo_hooks_dir(path, &dir, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(dir, wanted);
	free(dir);
	free(wanted);
	free(path);
}

static void
test_hooks_dir(void **state)
{
	char *dir = NULL;
	struct err err = ERR_INIT;

	(void)state;
	run("init --bare h.git; init h");
	check_hooks_dir("h.git");
	check_hooks_dir("h");
	run("mkdir -p 'central hooks'; for r in h.git h; do git -C $r config "
	    "core.hooksPath \"$PWD/central hooks\"; done");
	check_hooks_dir("h.git");
	check_hooks_dir("h");
	run("for r in h.git h; do git -C $r config core.hooksPath custom; "
	    "done");
	check_hooks_dir("h.git");
	check_hooks_dir("h");
	run("for r in h.git h; do git -C $r config core.hooksPath '~/own'; "
	    "done");
	check_hooks_dir("h.git");
	run("git -C h.git config --unset core.hooksPath; git config --global "
	    "core.hooksPath /srv/hooks");
	check_hooks_dir("h.git");
	run("rm .gitconfig");
	assert_int_equal(repo_hooks_dir("/nowhere", &dir, &err), ERR_NOT_FOUND);
	assert_null(dir);
}

static void
check_config(const struct config *config, const char *const *wanted)
{
	struct buf got = BUF_INIT;
	size_t i;

	for (i = 0; i < config->count && wanted[i]; i++) {
		const struct config_entry *entry = &config->items[i];
		const char *slash = entry->file ? strrchr(entry->file, '/')
						: NULL;

		buf_clear(&got);
		buf_addf(&got, "%s=%s %s:%d", entry->key, entry->value,
			 slash ? slash + 1 : "-", entry->line);
		assert_string_equal(buf_text(&got), wanted[i]);
	}
	assert_int_equal(i, config->count);
	assert_null(wanted[i]);
	buf_release(&got);
}

static void
test_config(void **state)
{
	static const char *const located[] = {
		"pacegate.mode=recall .gitconfig:2",
		"pacegate.threshold=5% extra:2",
		"pacegate.mode=wait .gitconfig:5",
		"pacegate.mode=report config:2",
		"pacegate.ignore=*.md config:3",
		"pacegate.ignore=docs config:4",
		"pacegate.ignore=*.md config:5",
		"pacegate.refs/heads/Main.mode=wait config:7",
		"pacegate-test.perf/ssl*:maxrss.severe=never config:9",
		"pacegate-host.comments=true config:11",
		NULL
	};
	static const char *const worktree[] = {
		"pacegate.mode=recall -:0",
		"pacegate.threshold=5% -:0",
		"pacegate.mode=wait -:0",
		"pacegate.mode=report -:0",
		"pacegate.ignore=*.md -:0",
		"pacegate.ignore=docs -:0",
		"pacegate.ignore=*.md -:0",
		"pacegate.refs/heads/Main.mode=wait "
		"-:0",
		"pacegate-test.perf/ssl*:maxrss.severe=never -:0",
		"pacegate-host.comments=true -:0",
		"pacegate.mode=off -:0",
		NULL
	};
	struct config config = { 0 };
	struct err err = ERR_INIT;
	struct repo *repo;

	(void)state;
	run("init --bare c.git; cat >.gitconfig <<-'END'\n"
	    "[pacegate]\n\tmode = recall\n[include]\n\tpath = extra\n"
	    "[pacegate] mode = wait\nEND\n"
	    "printf '[pacegate]\\nthreshold = 5%%%%\\n' >extra\n"
	    "cat >c.git/config <<-'END'\n"
	    "[PaceGate]\n\tMode = report\n\tignore = *.md\n\tignore = docs\n"
	    "\tignore = *.md\n[pacegate \"refs/heads/Main\"]\n\tmode = wait\n"
	    "[pacegate-test \"perf/ssl*:maxrss\"]\n\tsevere = never\n"
	    "[pacegate-host]\n\tcomments\n[user]\n\tname = x\nEND\n");
	repo = open_repo("c.git");
	if (repo_config(repo, &config, 1, &err) < 0)
		fail_msg("%s", err.text);
	check_config(&config, located);
	config_release(&config);
	repo_close(repo);

	run("git -C c.git config core.repositoryformatversion 1;"
	    "git -C c.git config extensions.worktreeConfig true;"
	    "printf '[pacegate]\\nmode = off\\n' >c.git/config.worktree");
	repo = open_repo("c.git");
	assert_int_equal(repo_config(repo, &config, 0, &err), 0);
	check_config(&config, worktree);
	config_release(&config);
	repo_close(repo);
	run("rm .gitconfig extra");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_descriptor_limit_stays),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_object_dirs),
		cmocka_unit_test(test_hooks_dir),
		cmocka_unit_test(test_config),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("repo_open", tests, help_setup,
					   help_teardown);
}
