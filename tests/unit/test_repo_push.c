#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/names.h"
#include "tests/unit/repo_help.h"

/*
 * Real pushes: this program is also the pre-receive hook (`--hook`), which
 * sees the push in its quarantine and writes down what gate/repo says of it,
 * a line a ref, for the test to compare.
 */

enum { HOOK_COMMITS = 4, HOOK_LIMIT = 50 };

static const char *const kinds[] = { "create", "forward", "forced", "delete",
				     "no-commit" };

static int
add_subject(const struct repo *repo, const struct oid *oid, struct buf *out,
	    struct err *err)
{
	struct repo_commit commit;
	int ret = repo_commit_read(repo, oid, &commit, err);

	if (!ret)
		buf_addf(out, " %s", commit.subject);
	repo_commit_release(&commit);
	return ret;
}

static int
hook_commit(void *data, const struct repo_commit *commit)
{
	buf_addf(data, " %s", commit->subject);
	return 0;
}

/* `REF kind [base:] selected... [of N] | all that it brings`. */
static int
describe(const struct repo *repo, const char *line, struct buf *out,
	 struct err *err)
{
	struct repo_update update = { 0 };
	struct oid old, new;
	int ret;

	if (oid_parse(&old, line) < 0 || oid_parse(&new, line + 41) < 0)
		return err_set(err, ERR_INPUT, "no ids");
	ret = repo_update_read(repo, &old, &new, HOOK_COMMITS, &update, err);
	if (ret < 0)
		goto out;
	buf_addf(out, "%s %s", line + 82, kinds[update.kind]);
	if (!oid_is_zero(&update.base)) {
		ret = add_subject(repo, &update.base, out, err);
		buf_addc(out, ':');
	}
	for (size_t i = 0; !ret && i < update.count; i++)
		ret = add_subject(repo, &update.commits[i], out, err);
	if (update.total > update.count)
		buf_addf(out, " of %zu", update.total);
	buf_adds(out, " |");
	if (!ret)
		ret = repo_each_update_commit(repo, &update, NULL, HOOK_LIMIT,
					      hook_commit, out, err);
	buf_addc(out, '\n');
out:
	repo_update_release(&update);
	return ret;
}

static int
hook_main(void)
{
	const char *log = getenv("HOOK_LOG"), *gitdir = getenv(ENV_GIT_DIR);
	struct texts dirs = { 0 };
	struct repo *repo = NULL;
	struct buf out = BUF_INIT;
	struct err err = ERR_INIT;
	char line[1024];
	int ret = repo_open(&repo, gitdir, getenv(ENV_GIT_QUARANTINE), &err);

	while (!ret && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		ret = describe(repo, line, &out, &err);
	}
	if (!ret)
		ret = repo_object_dirs(repo, &dirs, &err);
	/* A push that only deletes has none. */
	if (!ret && getenv(ENV_GIT_QUARANTINE) &&
	    !strstr(dirs.items[dirs.count - 1], "incoming"))
		ret = err_set(&err, ERR_INPUT, "the quarantine is not last");
	if (ret < 0)
		buf_addf(&out, "error: %s\n", err.text);
	if (file_write(log, buf_text(&out), out.len, 0644, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	texts_release(&dirs);
	buf_release(&out);
	repo_close(repo);
	return getenv("HOOK_REFUSES") ? 1 : 0;
}

/* An empty bare repository with the hook, and a clone to push from. */
static void
make_server(const char *name)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(len > 0);
	self[len] = '\0';
	run("rm -rf '%s' w; init --bare '%s';"
	    "printf '#!/bin/sh\\nexec \"%s\" --hook\\n' "
	    ">'%s/hooks/pre-receive'; chmod +x '%s/hooks/pre-receive';"
	    "init w; git -C w remote add origin \"$PWD/%s\"",
	    name, name, self, name, name, name);
}

/* Do something in the clone that ends in a push, and see what the hook saw; the
 * lines are sorted, since git promises no order of refs. */
static void
check_push(const char *script, const char *wanted)
{
	char *got, *log = file_join(help_dir, "log");

	setenv("HOOK_LOG", log, 1);
	/* Time goes on from one script to the next. */
	got = sh("now=$(cat now 2>/dev/null || echo 1600000000); rm -f log;"
		 "cd w; p() { git push -q \"$@\" origin 2>&1; };"
		 "{ %s; } >../said 2>&1 || { cat ../said >&2; cat ../said; "
		 "exit 1; }; echo $now >../now; LC_ALL=C sort "
		 "../log",
		 script);
	assert_string_equal(got, wanted);
	free(got);
	free(log);
}

#define PUSH "git push -q origin "

static void
test_branches(void **state)
{
	(void)state;
	make_server("server.git");
	/* The first push into an empty repository. */
	check_push("commit 1; commit 2; " PUSH "main",
		   "refs/heads/main create 1 2 | 2 1");
	check_push("commit 3; " PUSH "main",
		   "refs/heads/main forward 2: 3 | 3");
	check_push("for i in 4 5 6 7 8 9 10 11; do commit $i; done; " PUSH
		   "main",
		   "refs/heads/main forward 3: 5 7 9 11 of 8 | 11 10 9 8 7 6 5 "
		   "4");
	/* A new branch: back to what the server has. */
	check_push("git checkout -q -b b HEAD~2; commit b1; commit b2; " PUSH
		   "b",
		   "refs/heads/b create 9: b1 b2 | b2 b1");
	/* One that brings nothing. */
	check_push(PUSH "HEAD~1:refs/heads/again", "refs/heads/again create |");
	/* Commits that the server had on another branch are new to this one. */
	check_push("git checkout -q main; git merge -q b -m m1 --no-ff; " PUSH
		   "b:refs/heads/x main",
		   "refs/heads/main forward 11: m1 | m1 b2 b1\n"
		   "refs/heads/x create |");
	check_push("git checkout -q -b later; commit l1; commit l2; " PUSH
		   "later",
		   "refs/heads/later create m1: l1 l2 | l2 l1");
	check_push(PUSH "later:main",
		   "refs/heads/main forward m1: l1 l2 | l2 l1");
	check_push(PUSH ":again", "refs/heads/again delete |");
	check_push("git checkout -q main; git reset -q --hard origin/main; "
		   "git checkout -q b; git reset -q --hard HEAD~1; commit b2x;"
		   "commit b3x; " PUSH "-f b",
		   "refs/heads/b forced b1: b2x b3x | b3x b2x");
	check_push(PUSH "-f b~2:b", "refs/heads/b forced |");
}

static void
test_merges(void **state)
{
	(void)state;
	make_server("server.git");
	check_push("commit 1; commit 2; " PUSH "main",
		   "refs/heads/main create 1 2 | 2 1");
	/* An octopus whose branches are all new. */
	check_push("for b in a b c; do git checkout -q -b $b main; commit $b-1;"
		   "commit $b-2; done; git checkout -q main; commit 3; tick;"
		   "git merge -q -m O a b c; " PUSH "main",
		   "refs/heads/main forward 2: 3 O | O 3 c-2 c-1 b-2 b-1 a-2 "
		   "a-1");
	/* The server's tip as second parent: `git pull` and push. */
	check_push("git checkout -q -b mine main; commit mine;"
		   "git checkout -q main; commit theirs; " PUSH "main",
		   "refs/heads/main forward O: theirs | theirs");
	check_push("git checkout -q mine; tick; git merge -q -m P main; " PUSH
		   "mine:main",
		   "refs/heads/main forward O: mine P | P mine");
	/* The same when all of it was pushed elsewhere before. */
	check_push("git checkout -q -b m2; commit m2; git checkout -q main;"
		   "git reset -q --hard mine; commit t2; git checkout -q m2;"
		   "tick; git merge -q -m Q main; " PUSH "m2 main",
		   "refs/heads/m2 create P: m2 Q | Q t2 m2\n"
		   "refs/heads/main forward P: t2 | t2");
	check_push(PUSH "m2:main", "refs/heads/main forward P: m2 Q | Q m2");
	/* A second root. */
	check_push("git checkout -q --orphan o; commit r1; commit r2;"
		   "git checkout -q m2; tick; git merge -q -m R "
		   "--allow-unrelated-histories o; " PUSH "m2:main o",
		   "refs/heads/main forward Q: R | R r2 r1\n"
		   "refs/heads/o create r1 r2 | r2 r1");
}

static void
test_tags_and_odd_refs(void **state)
{
	(void)state;
	make_server("server.git");
	check_push(
		"echo f >f; git add f; commit 1; git tag light;"
		"git tag -m m t1; git tag -m m t2 t1;"
		"git tag -m m tree HEAD^{tree}; git tag -m m blob HEAD:f; " PUSH
		"--tags main",
		"refs/heads/main create 1 | 1\n"
		"refs/tags/blob no-commit |\n"
		"refs/tags/light create 1 | 1\n"
		"refs/tags/t1 create 1 | 1\n"
		"refs/tags/t2 create 1 | 1\n"
		"refs/tags/tree no-commit |");
	/* A tag on what is there; one that brings commits; a moved one. */
	check_push("git tag -m m v1; " PUSH "v1", "refs/tags/v1 create |");
	check_push("commit 2; git tag -m m v2; " PUSH "v2",
		   "refs/tags/v2 create 1: 2 | 2");
	check_push("commit 3; git tag -f -m m v2 >/dev/null; " PUSH "-f v2",
		   "refs/tags/v2 forward 2: 3 | 3");
	check_push(PUSH "HEAD:refs/notes/x", "refs/notes/x create |");
	/* Several at once, one of them a deletion, atomic. */
	check_push("git checkout -q -b n; commit n1; git checkout -q main;"
		   "commit 4; " PUSH "--atomic main n :light",
		   "refs/heads/main forward 1: 2 3 4 | 4 3 2\n"
		   "refs/heads/n create 3: n1 | n1\n"
		   "refs/tags/light delete |");
}

/* What a refused push left behind must not count as known. */
static void
test_refused(void **state)
{
	(void)state;
	make_server("server.git");
	check_push("commit 1; " PUSH "main", "refs/heads/main create 1 | 1");
	setenv("HOOK_REFUSES", "1", 1);
	check_push("commit 2; ! " PUSH "main",
		   "refs/heads/main forward 1: 2 | 2");
	check_push("! " PUSH "main:new", "refs/heads/new create 1: 2 | 2");
	unsetenv("HOOK_REFUSES");
	check_push(PUSH "main:new", "refs/heads/new create 1: 2 | 2");
}

/* Forks of forks, and a path that GIT_ALTERNATE_OBJECT_DIRECTORIES would cut
 * in two. */
static void
test_forks(void **state)
{
	(void)state;
	make_server("a:b.git");
	check_push("commit 1; commit 2; " PUSH "main",
		   "refs/heads/main create 1 2 | 2 1");
	run("git clone -q --bare --shared a:b.git middle.git;"
	    "git clone -q --bare --shared middle.git 'f:ork.git';"
	    "cp a:b.git/hooks/pre-receive 'f:ork.git/hooks'");
	check_push("git remote set-url origin \"$PWD/../f:ork.git\"; commit 3;"
		   "git repack -q -a -d; " PUSH "main main:other",
		   "refs/heads/main forward 2: 3 | 3\n"
		   "refs/heads/other create 2: 3 | 3");
	/* Large pushes are kept as a pack, small ones as loose objects. */
	check_push("git config --file '../f:ork.git/config' "
		   "receive.unpackLimit 1; commit 4; " PUSH "main",
		   "refs/heads/main forward 3: 4 | 4");
}

/* 10^5 commits at once: no hang, and no question to any ref. */
static void
test_import(void **state)
{
	char *log = file_join(help_dir, "log"), *got, *all;

	(void)state;
	make_server("server.git");
	setenv("HOOK_LOG", log, 1);
	run("cd w; awk 'BEGIN { for (i = 1; i <= 100100; i++) { "
	    "printf \"commit refs/heads/main\\ncommitter a <b> %%d +0000\\n"
	    "data %%d\\n%%d\\n\", 1600000000 + i, length(i), i; if (i == 1) "
	    "printf \"M 100644 inline f\\ndata 1\\nx\\n\"; printf \"\\n\" } }' "
	    "| git fast-import --quiet; git push -q origin main");
	got = sh("cut -d'|' -f1 log");
	/* The line is cut at its bound; the tip is in, a base is not known. */
	assert_string_equal(got, "refs/heads/main create 25100 50100 75100 "
				 "100100 of 100000 ");
	all = sh("cut -d'|' -f2 log | wc -w");
	assert_string_equal(all, "50");
	free(got);
	free(all);
	/* Onto what is there: a base it has. */
	run("cd w; git push -q origin main~100050:refs/heads/old;"
	    "git push -q origin :main 2>/dev/null || git -C ../server.git "
	    "update-ref -d refs/heads/main; git -C ../server.git reflog expire "
	    "--expire=all --all; git -C ../server.git -c gc.auto=0 prune;"
	    "git -C ../server.git repack -q -a -d; git push -q origin "
	    "main:old");
	got = sh("cut -d'|' -f1 log");
	assert_string_equal(got, "refs/heads/old forward 50: 25100 50100 75100 "
				 "100100 of 100000 ");
	free(got);
	free(log);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_merges),
		cmocka_unit_test(test_tags_and_odd_refs),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_import),
	};

	if (argc > 1 && !strcmp(argv[1], "--hook"))
		return hook_main();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("repo_push", tests, help_setup,
					   help_teardown);
}
