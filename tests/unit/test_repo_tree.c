#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/repo_help.h"

static const struct oid zero;

static void
check_changes(const struct repo *repo, const char *name, const char *a,
	      const char *b)
{
	char *wanted = sh("cd '%s'; git -c core.quotePath=false diff-tree -r "
			  "--no-renames --raw --no-abbrev -z '%s' '%s' | "
			  "tr '\\000' '\\n' | sed -n "
			  "'/^:/{s/ [A-Z]$//;N;s/\\n/ /;p;}'",
			  name, a, b);
	struct oid old = oid_of(name, a), new = oid_of(name, b);
	struct buf got = BUF_INIT;
	struct err err = ERR_INIT;

	if (repo_each_change(repo, &old, &new, note_change, &got, &err) < 0)
		fail_msg("%s", err.text);
	if (got.len)
		got.data[--got.len] = '\0';
	assert_string_equal(buf_text(&got), wanted);
	free(wanted);
	buf_release(&got);
}

static void
test_files(void **state)
{
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;
	struct oid tree, blob;
	struct repo *repo;
	unsigned mode = 0;
	char *wanted;

	(void)state;
	run("init sub; (cd sub; commit s); init t; cd t; mkdir -p perf/deep d;"
	    "echo 1 >perf/one; chmod +x perf/one; echo 2 >perf/deep/two;"
	    "ln -s ../perf/one perf/link; echo 3 >d/three; echo 4 >perf.c;"
	    "printf x >\"d/new\nline\"; printf y >\"d/$(printf '\\351')\";"
	    "git -c protocol.file.allow=always submodule --quiet add "
	    "\"$PWD/../sub\" perf/sub; git add -A; commit all");
	repo = open_repo("t");
	tree = oid_of("t", "HEAD^{tree}");
	assert_int_equal(
		repo_each_file(repo, &tree, "perf/", note_file, &got, &err), 0);
	wanted = sh("cd t; git ls-tree -r HEAD perf/ | grep -v commit | "
		    "sed 's/ blob / /;s/\\t/ /'");
	got.data[got.len - 1] = '\0';
	assert_string_equal(got.data, wanted);
	assert_non_null(strstr(got.data, "120000"));
	free(wanted);
	buf_clear(&got);

	assert_int_equal(repo_each_file(repo, &tree, "", note_file, &got, &err),
			 0);
	assert_non_null(strstr(got.data, " d/new\nline\n"));
	assert_non_null(strstr(got.data, " d/\351\n"));
	assert_null(strstr(got.data, "perf/sub"));
	buf_clear(&got);
	/* No directory, a file, a submodule: no files. */
	for (const char *const *prefix =
		     (const char *const[]){ "none/", "perf.c/", "perf/sub/",
					    "perf/one/x/", NULL };
	     *prefix; prefix++)
		assert_int_equal(repo_each_file(repo, &tree, *prefix, note_file,
						&got, &err),
				 0);
	assert_int_equal(got.len, 0);

	assert_int_equal(
		repo_file_at(repo, &tree, "perf/one", &blob, &mode, &err), 0);
	assert_int_equal(mode, MODE_EXECUTABLE);
	check_rev(&blob, "t", "HEAD:perf/one");
	assert_int_equal(repo_blob(repo, &blob, 2, &got, &err), 0);
	assert_string_equal(got.data, "1\n");
	assert_int_equal(repo_blob(repo, &blob, 1, &got, &err), ERR_LIMIT);
	assert_int_equal(repo_blob(repo, &tree, 999, &got, &err),
			 ERR_NOT_FOUND);
	assert_int_equal(repo_blob(repo, &zero, 999, &got, &err),
			 ERR_NOT_FOUND);
	assert_string_equal(got.data, "1\n");
	assert_int_equal(
		repo_file_at(repo, &tree, "perf/link", &blob, &mode, &err), 0);
	assert_int_equal(mode, MODE_LINK);
	assert_int_equal(
		repo_file_at(repo, &tree, "perf/sub", &blob, &mode, &err), 0);
	assert_int_equal(mode, 0160000);
	assert_int_equal(repo_file_at(repo, &tree, "perf", &blob, &mode, &err),
			 0);
	assert_int_equal(mode, 0040000);
	assert_int_equal(repo_file_at(repo, &tree, "perf/", &blob, &mode, &err),
			 0);
	for (const char *const *path =
		     (const char *const[]){ "", "/", "/perf/one", "perf//one",
					    "perf/none", "perf/one/x",
					    "perf/sub/x", "PERF/one", NULL };
	     *path; path++)
		assert_int_equal(
			repo_file_at(repo, &tree, *path, &blob, NULL, NULL),
			ERR_NOT_FOUND);
	buf_release(&got);
	repo_close(repo);
}

static void
test_changes(void **state)
{
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;
	struct oid tree;
	struct repo *repo;

	(void)state;
	/* Names around the slash in git's order, and kinds that change. */
	run("init c; cd c; mkdir a b z; for f in a/1 a/2 a.c a-b ab b/x z/deep"
	    "; do echo $f >$f; done; git add -A; commit 0;"
	    "echo new >a/2; rm a.c; chmod +x ab; git add -A; commit 1;"
	    "git rm -q -r b; echo file >b; git add b; commit 2;"
	    "git rm -q b; mkdir b; echo x >b/x; ln -s ab l; git add -A; "
	    "commit 3; rm l; echo l >l; git mv a renamed; git add -A; commit 4;"
	    "git rm -q -r .; commit empty");
	repo = open_repo("c");
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 6; j++) {
			char a[32], b[32];

			snprintf(a, sizeof(a), "main~%d^{tree}", i);
			snprintf(b, sizeof(b), "main~%d^{tree}", j);
			check_changes(repo, "c", a, b);
		}
	tree = oid_of("c", "main~5^{tree}");
	assert_int_equal(
		repo_each_change(repo, &zero, &tree, note_change, &got, &err),
		0);
	assert_non_null(strstr(got.data, ":000000 100644 "
					 "0000000000000000000000000000000000000"
					 "000 "));
	assert_int_equal(repo_each_change(repo, &tree, &tree, NULL, NULL, &err),
			 0);
	buf_release(&got);
	repo_close(repo);
}

/* Random trees against git. */
static void
test_random_changes(void **state)
{
	struct repo *repo;

	(void)state;
	run("init rnd; cd rnd; awk 'BEGIN { srand(3); for (c = 0; c < 12; c++) "
	    "{ printf \"commit refs/heads/c%%d\\ncommitter a <b> %%d +0000\\n"
	    "data 1\\nx\\n\", c, 1600000000 + c; for (i = 0; i < 60; i++) { "
	    "n = int(rand() * 4) + 1; p = \"\"; for (d = 0; d < n; d++) p = p "
	    "(d ? \"/\" : \"\") substr(\"ab.-0/zA\", int(rand() * 5) + 1, 1) "
	    "substr(\"ab.-0\", int(rand() * 5) + 1, 1) \"q\"; "
	    "printf \"M %%s inline %%s\\ndata 1\\n%%d\\n\", "
	    "rand() < .2 ? \"100755\" : \"100644\", p, int(rand() * 4) } "
	    "printf \"\\n\" } }' | git fast-import --quiet");
	repo = open_repo("rnd");
	for (int i = 0; i < 12; i++) {
		char a[16], b[16];

		snprintf(a, sizeof(a), "c%d^{tree}", i);
		snprintf(b, sizeof(b), "c%d^{tree}", (i * 5 + 1) % 12);
		check_changes(repo, "rnd", a, b);
		run("cd rnd; test -n \"$(git diff-tree -r %s %s)\"", a, b);
	}
	repo_close(repo);
}

static int
end_at_three(void *data, const struct repo_change *change)
{
	(void)change;
	return ++*(int *)data == 3;
}

static int
end_file_at_three(void *data, const struct repo_file *file)
{
	(void)file;
	return ++*(int *)data == 3;
}

static int
count_file(void *data, const struct repo_file *file)
{
	(void)file;
	++*(int *)data;
	return 0;
}

static int
count_change(void *data, const struct repo_change *change)
{
	(void)change;
	++*(int *)data;
	return 0;
}

static void
test_early_end(void **state)
{
	struct err err = ERR_INIT;
	struct repo *repo;
	struct oid tree;
	int count = 0;

	(void)state;
	run("init e; cd e; mkdir -p a/b; for i in 1 2 3 4 5 6; do echo $i "
	    ">a/b/$i; done; git add -A; commit x");
	repo = open_repo("e");
	tree = oid_of("e", "main^{tree}");
	assert_int_equal(repo_each_change(repo, &zero, &tree, end_at_three,
					  &count, &err),
			 0);
	assert_int_equal(count, 3);
	count = 0;
	assert_int_equal(repo_each_file(repo, &tree, "", end_file_at_three,
					&count, &err),
			 0);
	assert_int_equal(count, 3);
	repo_close(repo);
}

/* What git takes without receive.fsckObjects. */
static void
test_hostile_trees(void **state)
{
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;
	struct oid tree, blob;
	struct repo *repo;
	unsigned mode;
	int count = 0;

	(void)state;
	run("init h; cd h; blob=$(echo x | git hash-object -w --stdin);"
	    "raw() { printf %%s $1 | sed 's/../\\\\x&/g'; };"
	    /* `..`, `.git`, and modes that nobody writes any more */
	    "bash -c 'printf \"100644 ..\\\\0'$(raw $blob)'100664 .git\\\\0'"
	    "$(raw $blob)'100775 old\\\\0'$(raw $blob)'\"' >../raw;"
	    "git update-ref refs/x/odd "
	    "$(git hash-object -t tree --literally -w ../raw);"
	    /* 10 to the power of 12 paths out of 13 objects */
	    "t=$(printf '100644 blob %%s\\tf\\n' $blob | git mktree);"
	    "for d in 1 2 3 4 5 6 7 8 9 10 11 12; do t=$(for i in 0 1 2 3 4 5 "
	    "6 7 8 9; do printf '040000 tree %%s\\t%%s\\n' $t $i; done | "
	    "git mktree); done; git update-ref refs/x/bomb $t;"
	    /* 300 directories deep */
	    "t=$(printf '100644 blob %%s\\tf\\n' $blob | git mktree);"
	    "d=0; while [ $d -lt 300 ]; do t=$(printf '040000 tree %%s\\td\\n' "
	    "$t | git mktree); d=$((d + 1)); done; git update-ref refs/x/deep "
	    "$t;"
	    /* a subtree that is not there */
	    "git update-ref refs/x/gone $(printf '040000 tree "
	    "1111111111111111111111111111111111111111\\tperf\\n' | "
	    "git mktree --missing)");
	repo = open_repo("h");
	tree = oid_of("h", "refs/x/odd");
	assert_int_equal(repo_each_file(repo, &tree, "", note_file, &got, &err),
			 0);
	assert_non_null(strstr(got.data, " ..\n"));
	assert_non_null(strstr(got.data, "100644 587be6b4c3f93f93c489c0111bba55"
					 "96147a26cb .git\n"));
	assert_non_null(strstr(got.data, "100755 587be6b4c3f93f93c489c0111bba55"
					 "96147a26cb old\n"));
	buf_clear(&got);

	tree = oid_of("h", "refs/x/bomb");
	assert_int_equal(
		repo_each_file(repo, &tree, "", count_file, &count, &err),
		ERR_LIMIT);
	assert_int_equal(err.fault, FAULT_PUSHER);
	assert_true(count > 0 && count <= REPO_MAX_FILES);
	err = (struct err)ERR_INIT;
	assert_int_equal(repo_each_change(repo, &zero, &tree, count_change,
					  &count, &err),
			 ERR_LIMIT);
	assert_int_equal(err.fault, FAULT_PUSHER);
	/* As objects it is small. */
	assert_int_equal(repo_each_object(repo, &tree, note_oid, &got, &err),
			 0);
	assert_int_equal(got.len, 14 * (OID_HEX + 1));
	buf_clear(&got);

	tree = oid_of("h", "refs/x/deep");
	assert_int_equal(
		repo_each_file(repo, &tree, "", count_file, &count, &err),
		ERR_LIMIT);
	assert_int_equal(repo_each_object(repo, &tree, note_oid, &got, &err),
			 ERR_LIMIT);
	assert_int_equal(repo_each_change(repo, &tree, &zero, count_change,
					  &count, &err),
			 ERR_LIMIT);

	/* A hole is an error, not "there is no such file". */
	tree = oid_of("h", "refs/x/gone");
	assert_int_equal(
		repo_file_at(repo, &tree, "perf/x", &blob, &mode, &err),
		ERR_SYSTEM);
	assert_int_equal(
		repo_each_file(repo, &tree, "perf/", count_file, &count, &err),
		ERR_SYSTEM);
	assert_int_equal(repo_each_object(repo, &tree, note_oid, &got, &err),
			 ERR_SYSTEM);
	assert_int_equal(
		repo_each_file(repo, &tree, "none/", count_file, &count, &err),
		0);
	buf_release(&got);
	repo_close(repo);
}

struct oids {
	struct oid *items;
	size_t count, cap;
};

static int
keep_oid(void *data, const struct oid *oid)
{
	struct oids *oids = data;

	MEM_GROW(oids->items, oids->count, oids->cap);
	oids->items[oids->count++] = *oid;
	return 0;
}

/* What a runner elsewhere gets is enough to check out both trees. */
static void
test_pack(void **state)
{
	struct err err = ERR_INIT;
	struct buf pack = BUF_INIT, got = BUF_INIT;
	struct oids oids = { 0 };
	struct oid trees[2];
	struct repo *repo;
	char *path, *wanted, *sorted;

	(void)state;
	run("init k; cd k; mkdir -p a/b same; seq 9999 >a/b/big; echo 1 "
	    ">same/f; ln -s f same/l; cp same/f copy; git add -A; commit 1;"
	    "seq 10000 >a/b/big; git add -A; commit 2");
	repo = open_repo("k");
	trees[0] = oid_of("k", "main~1^{tree}");
	trees[1] = oid_of("k", "main^{tree}");
	assert_int_equal(
		repo_each_object_of(repo, trees, 2, keep_oid, &oids, &err), 0);
	for (size_t i = 0; i < oids.count; i++)
		note_oid(&got, &oids.items[i]);
	wanted = sh("cd k; for t in main~1 main; do git rev-parse $t^{tree}; "
		    "git ls-tree -r -t $t | cut -d' ' -f3 | cut -f1; done | "
		    "sort -u");
	sorted = sh("sort <<'END'\n%sEND\n", got.data);
	assert_string_equal(sorted, wanted);
	free(sorted);
	free(wanted);

	buf_adds(&pack, "kept");
	if (repo_pack(repo, oids.items, oids.count, &pack, &err) < 0)
		fail_msg("%s", err.text);
	assert_memory_equal(pack.data, "keptPACK", 8);
	path = file_join(help_dir, "pack");
	assert_int_equal(
		file_write(path, pack.data + 4, pack.len - 4, 0644, &err), 0);
	free(path);
	run("a=$(git -C k rev-parse main~1^{tree}) b=$(git -C k rev-parse "
	    "main^{tree}); init --bare got.git; cd got.git; git unpack-objects "
	    "-q <../pack; git ls-tree -r $a >/dev/null; mkdir ../out; "
	    "git --work-tree=../out read-tree $b; git --work-tree=../out "
	    "checkout-index -a; cmp ../out/a/b/big ../k/a/b/big;"
	    "git cat-file -e $a:a/b/big");
	/* One that is not there fails and leaves no half a pack. */
	memset(&trees[0], 0x11, sizeof(trees[0]));
	assert_true(repo_pack(repo, trees, 2, &got, &err) < 0);
	buf_clear(&got);
	assert_int_equal(repo_pack(repo, NULL, 0, &got, &err), 0);
	free(oids.items);
	buf_release(&got);
	buf_release(&pack);
	repo_close(repo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_early_end),
		cmocka_unit_test(test_hostile_trees),
		cmocka_unit_test(test_pack),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("repo_tree", tests, help_setup,
					   help_teardown);
}
