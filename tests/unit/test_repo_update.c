#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/repo_help.h"

/* Updates without a quarantine: what worker and `pacegate run` ask for. */

static struct oid
oid_or_zero(const char *repo, const char *rev)
{
	struct oid oid = { { 0 } };

	return *rev ? oid_of(repo, rev) : oid;
}

/* `kind base first..tip of total`, in subjects; "" is the zero id. */
static void
check(const struct repo *repo, const char *name, const char *old,
      const char *new, size_t max, const char *wanted)
{
	struct oid from = oid_or_zero(name, old), to = oid_or_zero(name, new);
	struct repo_update update;
	struct repo_commit commit;
	struct buf got = BUF_INIT;
	struct err err = ERR_INIT;

	if (repo_update_read(repo, &from, &to, max, &update, &err) < 0)
		fail_msg("%s", err.text);
	switch (update.kind) {
	case UPDATE_CREATE:
		buf_adds(&got, "create");
		break;
	case UPDATE_FORWARD:
		buf_adds(&got, "forward");
		break;
	case UPDATE_FORCED:
		buf_adds(&got, "forced");
		break;
	case UPDATE_DELETE:
		buf_adds(&got, "delete");
		break;
	case UPDATE_NO_COMMIT:
		buf_adds(&got, "no commit");
		break;
	}
	if (!oid_is_zero(&update.base)) {
		assert_int_equal(
			repo_commit_read(repo, &update.base, &commit, &err), 0);
		buf_addf(&got, " %s:", commit.subject);
		repo_commit_release(&commit);
	}
	for (size_t i = 0; i < update.count; i++) {
		assert_int_equal(repo_commit_read(repo, &update.commits[i],
						  &commit, &err),
				 0);
		buf_addf(&got, " %s", commit.subject);
		repo_commit_release(&commit);
	}
	if (update.count != update.total)
		buf_addf(&got, " of %zu", update.total);
	if (update.count)
		check_oid(&update.commits[update.count - 1], &update.tip);
	assert_string_equal(buf_text(&got), wanted);
	buf_release(&got);
	repo_update_release(&update);
	repo_update_release(&update);
}

/* Subjects of what an update brings, newest first. */
static void
check_each(const struct repo *repo, const char *name, const char *old,
	   const char *new, size_t limit, const char *wanted)
{
	struct oid from = oid_or_zero(name, old), to = oid_of(name, new);
	struct repo_update update;
	struct buf got = BUF_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(repo_update_read(repo, &from, &to, 8, &update, &err),
			 0);
	if (repo_each_update_commit(repo, &update, NULL, limit, note_commit,
				    &got, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < got.len; i++)
		if (got.data[i] == '\n')
			got.data[i] = i + 1 < got.len ? ' ' : '\0';
	assert_string_equal(buf_text(&got), wanted);
	buf_release(&got);
	repo_update_release(&update);
}

/*
 *   1 - 2 - 3 - 4 - M - 5      main     M merges s2
 *        \         /
 *         s1 ---- s2           side
 *   x1 - x2                    other (no common history)
 */
static void
make_history(void)
{
	run("init r; cd r; commit 1; commit 2; git checkout -q -b side; "
	    "commit s1; git checkout -q main; commit 3; git checkout -q side;"
	    "commit s2; git checkout -q main; commit 4; tick;"
	    "git merge -q --no-ff -m M side; commit 5;"
	    "git checkout -q --orphan other; commit x1; commit x2;"
	    "git checkout -q main; echo f >f; git add f;"
	    "git tag -m t atag main~1; git tag -m t ttree main^{tree}");
}

static void
test_kinds(void **state)
{
	struct repo *repo;

	(void)state;
	make_history();
	repo = open_repo("r");
	check(repo, "r", "main~1", "main", 8, "forward M: 5");
	check(repo, "r", "main~2", "main", 8, "forward 4: M 5");
	check(repo, "r", "main~4", "main", 8, "forward 2: 3 4 M 5");
	check(repo, "r", "main", "main", 8, "forward");
	check(repo, "r", "main", "", 8, "delete");
	check(repo, "r", "", "ttree", 8, "no commit");
	/* Old at a tag, old at a tree: a tag that was moved. */
	check(repo, "r", "atag", "main", 8, "forward M: 5");
	check(repo, "r", "ttree", "main", 1, "forward M: 5");
	/* The old tip is a merge's second parent. */
	check(repo, "r", "side", "main", 8, "forward 2: 3 4 M 5");
	check(repo, "r", "side~1", "main", 8, "forward 2: 3 4 M 5");
	/* Rewritten, rewound, unrelated. */
	check(repo, "r", "main~2", "side", 8, "forced 2: s1 s2");
	check(repo, "r", "main", "main~3", 8, "forced");
	check(repo, "r", "main", "other", 8, "forced x1 x2");
	repo_close(repo);
}

static void
test_selection(void **state)
{
	struct repo *repo;

	(void)state;
	run("init s; cd s; for i in 0 1 2 3 4 5 6 7 8 9 10; do commit $i; "
	    "done");
	repo = open_repo("s");
	check(repo, "s", "main~10", "main", 10,
	      "forward 0: 1 2 3 4 5 6 7 8 9 10");
	check(repo, "s", "main~10", "main", 5, "forward 0: 2 4 6 8 10 of 10");
	check(repo, "s", "main~10", "main", 3, "forward 0: 4 7 10 of 10");
	check(repo, "s", "main~10", "main", 1, "forward 0: 10 of 10");
	check(repo, "s", "main~10", "main", 0, "forward 0: 10 of 10");
	repo_close(repo);
}

static void
test_each_commit(void **state)
{
	struct repo *repo;

	(void)state;
	run("rm -rf r");
	make_history();
	repo = open_repo("r");
	/* The side branch of the merge is new to the ref as well. */
	check_each(repo, "r", "main~2", "main", 99, "5 M s2 s1");
	check_each(repo, "r", "main~1", "main", 99, "5");
	/* What the old tip holds is not, though it is not on the line. */
	check_each(repo, "r", "side", "main", 99, "5 M 4 3");
	check_each(repo, "r", "main", "side", 99, "");
	check_each(repo, "r", "main~2", "side", 99, "s2 s1");
	check_each(repo, "r", "main", "other", 99, "x2 x1");
	check_each(repo, "r", "main~2", "main", 2, "5 M");
	repo_close(repo);
}

/* A ref that was created, seen after it landed: its tip always counts. */
static void
test_created(void **state)
{
	struct repo *repo;

	(void)state;
	run("rm -rf r");
	make_history();
	run("cd r; git checkout -q -b topic side; commit n1; commit n2;"
	    "git checkout -q main; git tag -a -m x v1 topic;"
	    "git symbolic-ref refs/heads/alias refs/heads/topic");
	repo = open_repo("r");
	check(repo, "r", "", "topic", 8, "create s2: n1 n2");
	check(repo, "r", "", "topic~1", 8, "create s2: n1");
	/* The annotated tag at M is a ref like any other. */
	check(repo, "r", "", "main", 8, "create M: 5");
	check(repo, "r", "", "other", 8, "create x1 x2");
	/* All of it is in another branch: the tip alone. */
	check(repo, "r", "", "main~2", 8, "create 3: 4");
	check(repo, "r", "", "main~5", 8, "create 1");
	/* With the base that pre-receive found it is exact. */
	check(repo, "r", "side", "topic", 8, "forward s2: n1 n2");
	/* A broken ref must not stop it. */
	run("echo 1111111111111111111111111111111111111111 "
	    ">r/.git/refs/heads/broken");
	check(repo, "r", "", "topic", 8, "create s2: n1 n2");
	repo_close(repo);
}

/* History that was cut: no walk may fail for what is not there. */
static void
test_shallow(void **state)
{
	struct oid a, b;
	struct repo *repo;
	struct err err = ERR_INIT;

	(void)state;
	run("init full; cd full; for i in 1 2 3 4 5 6; do commit $i; done;"
	    "git checkout -q -b b main~1; commit b1; git checkout -q main;"
	    "cd ..; git clone -q --no-single-branch --depth 3 "
	    "\"file://$PWD/full\" cut; cd cut; git branch -q b origin/b");
	repo = open_repo("cut");
	assert_true(repo_is_shallow(repo));
	check(repo, "cut", "main~1", "main", 8, "forward 5: 6");
	check(repo, "cut", "b", "main", 8, "forced 5: 6");
	check(repo, "cut", "main~2", "b", 8, "forward 4: 5 b1");
	check_each(repo, "cut", "main~2", "main", 8, "6 5");
	a = oid_of("cut", "main~2");
	b = oid_of("cut", "b");
	assert_int_equal(repo_is_ancestor(repo, &a, &b, &err), 1);
	assert_int_equal(repo_is_ancestor(repo, &b, &a, &err), 0);
	repo_close(repo);
}

/* A missing commit is our failure, said with its id. */
static void
test_missing(void **state)
{
	struct repo_update update;
	struct err err = ERR_INIT;
	struct oid old, gone;
	struct repo *repo;

	(void)state;
	run("init m; cd m; commit 1");
	repo = open_repo("m");
	old = oid_of("m", "main");
	memset(&gone, 0xab, sizeof(gone));
	assert_true(repo_update_read(repo, &old, &gone, 8, &update, &err) < 0);
	assert_non_null(strstr(err.text, "ababababab"));
	repo_update_release(&update);
	assert_true(repo_update_read(repo, &gone, &old, 8, &update, &err) < 0);
	repo_update_release(&update);
	repo_close(repo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_each_commit),
		cmocka_unit_test(test_created),
		cmocka_unit_test(test_shallow),
		cmocka_unit_test(test_missing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("repo_update", tests, help_setup,
					   help_teardown);
}
