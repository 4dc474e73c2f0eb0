#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/repo_help.h"

/* A commit object as given, which git would not write by itself. */
static struct oid
write_commit(const char *repo, const char *printf_args)
{
	char *hex = sh("cd '%s'; tree=$(git write-tree); printf %s | "
		       "git hash-object -t commit --literally -w --stdin",
		       repo, printf_args);
	struct oid oid;

	assert_int_equal(oid_parse(&oid, hex), 0);
	free(hex);
	return oid;
}

static void
read_commit(const struct repo *repo, const struct oid *oid,
	    struct repo_commit *commit)
{
	struct err err = ERR_INIT;

	if (repo_commit_read(repo, oid, commit, &err) < 0)
		fail_msg("%s", err.text);
}

static void
test_read(void **state)
{
	struct repo_commit commit;
	struct repo *repo;
	struct oid oid;

	(void)state;
	run("init r; cd r; commit one; for b in a b c; do "
	    "git checkout -q -b $b main; commit on-$b; done;"
	    "git checkout -q main; commit two; merge a b c;"
	    "git tag octopus; printf '  \\n\\n  subject  \\r\\n\\r\\nbody "
	    "\\351\\n\\nPerf-Skip: a\\r\\n folded\\n' >../msg;"
	    "tick; git -c i18n.commitEncoding=ISO-8859-1 commit -q "
	    "--allow-empty --cleanup=verbatim -F ../msg "
	    "--author 'J\303\266rg <j@example.org>'");
	repo = open_repo("r");
	oid = oid_of("r", "octopus");
	read_commit(repo, &oid, &commit);
	assert_int_equal(commit.parent_count, 4);
	check_rev(&commit.first_parent, "r", "octopus^1");
	check_rev(&commit.parents[3], "r", "octopus^4");
	check_rev(&commit.tree, "r", "octopus^{tree}");
	assert_int_equal(commit.time_s, 1600000360);
	assert_string_equal(commit.author, "A U Thor");
	assert_string_equal(commit.email, "author@example.com");
	repo_commit_release(&commit);

	oid = oid_of("r", "main");
	read_commit(repo, &oid, &commit);
	assert_string_equal(commit.author, "J\303\266rg");
	assert_string_equal(commit.subject, "subject");
	/* Raw: not transcoded, not unfolded, not trimmed. */
	assert_string_equal(commit.message,
			    "  \n\n  subject  \r\n\r\nbody \351\n\nPerf-Skip: "
			    "a\r\n folded\n");
	assert_int_equal(commit.message_len, strlen(commit.message));
	repo_commit_release(&commit);
	repo_commit_release(&commit);
	repo_close(repo);
}

/* Git takes these without receive.fsckObjects; libgit2 does not parse some. */
static void
test_odd_headers(void **state)
{
	struct err err = ERR_INIT;
	struct repo_commit commit;
	struct repo *repo;
	struct oid oid;

	(void)state;
	run("init odd");
	repo = open_repo("odd");
	oid = write_commit("odd", "'tree %s\\nauthor nobody at all\\ncommitter "
				  "c <c@d> 77 +0000\\n\\nm' $tree");
	read_commit(repo, &oid, &commit);
	assert_string_equal(commit.author, "nobody at all");
	assert_string_equal(commit.email, "");
	assert_string_equal(commit.message, "m");
	assert_int_equal(commit.time_s, 77);
	repo_commit_release(&commit);

	oid = write_commit("odd", "'tree %s\\nauthor A\\033[31m\\351 <x>y> 1 "
				  "+0000\\ncommitter <> "
				  "99999999999999999999999 +0000\\nencoding "
				  "latin1\\nx-h a\\n b\\n\\na\\000b\\n' $tree");
	read_commit(repo, &oid, &commit);
	assert_string_equal(commit.author, "A\\x1b[31m\\xe9");
	assert_string_equal(commit.email, "x");
	assert_int_equal(commit.time_s, 0);
	assert_int_equal(commit.message_len, 4);
	assert_memory_equal(commit.message, "a\0b\n", 5);
	assert_string_equal(commit.subject, "a\\x00b");
	repo_commit_release(&commit);

	/* No message, no blank line, no people at all. */
	oid = write_commit("odd", "'tree %s\\n' $tree");
	read_commit(repo, &oid, &commit);
	assert_string_equal(commit.subject, "");
	assert_string_equal(commit.author, "");
	assert_int_equal(commit.message_len, 0);
	assert_int_equal(commit.parent_count, 0);
	repo_commit_release(&commit);

	oid = write_commit("odd", "'author a <b> 1 +0000\\n\\nno tree\\n'");
	assert_int_equal(repo_commit_read(repo, &oid, &commit, &err),
			 ERR_SYSTEM);
	assert_non_null(strstr(err.text, "broken"));
	repo_commit_release(&commit);
	memset(&oid, 0x42, sizeof(oid));
	assert_int_equal(repo_commit_read(repo, &oid, &commit, &err),
			 ERR_NOT_FOUND);
	repo_commit_release(&commit);
	repo_close(repo);
}

static void
test_peel_and_resolve(void **state)
{
	struct err err = ERR_INIT;
	struct repo *repo;
	struct oid oid, commit;

	(void)state;
	run("init p; cd p; echo x >f; git add f; commit one; commit two;"
	    "git tag light; git tag -m a t1; git tag -m b t2 t1;"
	    "git tag -m c ttree HEAD^{tree}; git tag -m d tblob HEAD:f;"
	    "git tag ltree HEAD^{tree};"
	    "printf 'object %%s\\ntype commit\\ntag x\\n\\nm\\n' "
	    "1111111111111111111111111111111111111111 >../t; git update-ref "
	    "refs/tags/dangling $(git hash-object -t tag --literally -w ../t)");
	repo = open_repo("p");
	oid = oid_of("p", "t2");
	assert_int_equal(repo_peel(repo, &oid, &commit, &err), 0);
	check_rev(&commit, "p", "main");
	oid = oid_of("p", "main");
	assert_int_equal(repo_peel(repo, &oid, &commit, &err), 0);
	check_oid(&commit, &oid);
	for (const char *const *rev =
		     (const char *const[]){ "ttree", "tblob", "ltree", NULL };
	     *rev; rev++) {
		oid = oid_of("p", *rev);
		assert_int_equal(repo_peel(repo, &oid, &commit, &err),
				 ERR_NOT_FOUND);
	}
	/* What is missing is a broken repository, not "no commit". */
	oid = oid_of("p", "refs/tags/dangling");
	assert_int_equal(repo_peel(repo, &oid, &commit, &err), ERR_SYSTEM);

	for (const char *const *rev =
		     (const char *const[]){ "main", "HEAD", "light", "t2",
					    "HEAD~0", "refs/heads/main", NULL };
	     *rev; rev++) {
		assert_int_equal(repo_resolve(repo, *rev, &commit, &err), 0);
		check_rev(&commit, "p", "main");
	}
	assert_int_equal(repo_resolve(repo, "HEAD~1", &commit, &err), 0);
	check_rev(&commit, "p", "main~1");
	for (const char *const *rev =
		     (const char *const[]){ "nothing", "HEAD~9", "HEAD:f",
					    "ttree", "main..light", "", NULL };
	     *rev; rev++)
		assert_int_equal(repo_resolve(repo, *rev, &commit, &err),
				 ERR_NOT_FOUND);
	assert_int_equal(repo_ref(repo, "refs/heads/main", &oid, &err), 0);
	check_rev(&oid, "p", "main");
	assert_int_equal(repo_ref(repo, "HEAD", &oid, &err), 0);
	assert_int_equal(repo_ref(repo, "refs/heads/none", &oid, &err),
			 ERR_NOT_FOUND);
	run("git -C p pack-refs --all");
	assert_int_equal(repo_ref(repo, "refs/tags/light", &oid, &err), 0);
	check_rev(&oid, "p", "main");
	repo_close(repo);
}

/* Random histories with clocks that lie, against git's own answer. */
static void
test_ancestors(void **state)
{
	struct err err = ERR_INIT;
	struct repo *repo;
	char *tips, *pairs, *rest = NULL;
	size_t yes = 0, no = 0;

	(void)state;
	tips = sh("init g; cd g; tree=$(git write-tree); seed=7; "
		  "rnd() { seed=$(( (seed * 1103515245 + 12345) %% "
		  "2147483648 )); r=$((seed / 65536 %% $1)); };"
		  "i=0; while [ $i -lt 40 ]; do p=; "
		  "if [ $i -gt 0 ]; then rnd 3; n=$r; rnd $i; "
		  "eval p=\"\\\"-p \\$c$r\\\"\"; [ $n -gt 0 ] || { q=$r; rnd "
		  "$i; [ $q = $r ] || eval p=\"\\\"\\$p -p \\$c$r\\\"\"; }; "
		  "rnd 9; [ $r -gt 0 ] || p=; fi; rnd 5000; "
		  "t=$((1600000000 + i * 60 + r - 2500)); "
		  "eval c$i=$(GIT_COMMITTER_DATE=\"$t +0000\" "
		  "git commit-tree -m $i $p $tree); "
		  "eval git update-ref refs/heads/b$i \\$c$i; "
		  "i=$((i + 1)); done; git for-each-ref "
		  "--format='%%(objectname)'");
	free(tips);
	pairs = sh("cd g; for a in $(seq 0 3 39); do for b in $(seq 0 39); do "
		   "git merge-base --is-ancestor b$a b$b && r=1 || r=0; "
		   "echo $(git rev-parse b$a b$b) $r; done; done");
	repo = open_repo("g");
	for (char *line = strtok_r(pairs, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct oid a, b;
		int wanted = line[2 * OID_HEX + 2] == '1';

		assert_int_equal(oid_parse(&a, line), 0);
		assert_int_equal(oid_parse(&b, line + OID_HEX + 1), 0);
		if (repo_is_ancestor(repo, &a, &b, &err) != wanted)
			fail_msg("%s", line);
		yes += (size_t)wanted;
		no += (size_t)!wanted;
	}
	assert_true(yes > 20 && no > 20);
	free(pairs);

	/* What is reachable from one and not from the other, as a set. */
	for (int i = 0; i < 39; i++) {
		char from[8], to[8], *wanted, *got_sorted;
		struct buf got = BUF_INIT;
		struct oid tip, stop;

		snprintf(to, sizeof(to), "b%d", 39 - i);
		snprintf(from, sizeof(from), "b%d", (i * 7) % 40);
		tip = oid_of("g", to);
		stop = oid_of("g", from);
		assert_int_equal(repo_each_commit(repo, &tip, &stop, 1000,
						  note_commit, &got, &err),
				 0);
		wanted = sh("cd g; git log --format=%%s %s ^%s | sort -n", to,
			    from);
		got_sorted = sh("sort -n <<'END'\n%sEND\n", buf_text(&got));
		assert_string_equal(got_sorted, wanted);
		free(wanted);
		free(got_sorted);
		buf_release(&got);
	}
	repo_close(repo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_odd_headers),
		cmocka_unit_test(test_peel_and_resolve),
		cmocka_unit_test(test_ancestors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("repo_commit", tests, help_setup,
					   help_teardown);
}
