#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/oid.h"
#include "runner/checkout.h"
#include "runner/objects.h"
#include "runner/tree.h"

struct fixture {
	char *cache;
	struct trees trees;
};

static int
setup(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));
	const char *dir = getenv("TMPDIR");

	fixture->cache = mem_text("%s/runner-tree-XXXXXX", dir ? dir : "/tmp");
	assert_non_null(mkdtemp(fixture->cache));
	assert_int_equal(trees_open(fixture->cache, &fixture->trees, NULL), 0);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	trees_close(&fixture->trees);
	file_remove_tree(fixture->cache, NULL);
	free(fixture->cache);
	free(fixture);
	return 0;
}

static struct oid
key_of(unsigned char number)
{
	struct oid key = { { number } };

	return key;
}

static int
count_trees(const struct fixture *fixture, const char *part)
{
	DIR *dir = opendir(fixture->trees.dir);
	struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.' &&
			 strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return count;
}

static void
put_file(int dir, const char *name, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, "hello", 5), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	io_close(&fd);
}

/* A kept tree of that key; not in use. */
static void
keep_one(struct fixture *fixture, unsigned char number, int64_t size_bytes)
{
	struct oid key = key_of(number);
	struct tree tree;

	assert_int_equal(trees_begin(&fixture->trees, &key, &tree, NULL), 0);
	put_file(tree.dir, "f", 0644);
	assert_int_equal(
		trees_keep(&fixture->trees, &key, size_bytes, &tree, NULL), 0);
	assert_int_equal(tree.kept, 1);
	assert_int_equal(faccessat(tree.dir, "f", R_OK, 0), 0);
	tree_release(&tree);
}

static void
test_kept_and_found(void **state)
{
	struct fixture *fixture = *state;
	struct oid key = key_of(1), other = key_of(2);
	struct tree tree;
	char *path;

	assert_int_equal(trees_find(&fixture->trees, &key, &tree, NULL), 0);
	keep_one(fixture, 1, 5);
	assert_int_equal(trees_find(&fixture->trees, &other, &tree, NULL), 0);
	assert_int_equal(trees_find(&fixture->trees, &key, &tree, NULL), 1);
	path = file_join(tree.path, "f");
	assert_true(file_exists(path));
	tree_release(&tree);
	assert_true(file_exists(path));
	free(path);
	tree_release(&tree);
}

static void
test_unfinished_trees_go(void **state)
{
	struct fixture *fixture = *state;
	struct oid key = key_of(1);
	struct tree one, two;

	assert_int_equal(trees_begin(&fixture->trees, &key, &one, NULL), 0);
	assert_int_equal(trees_begin(&fixture->trees, &key, &two, NULL), 0);
	assert_string_not_equal(one.path, two.path);
	put_file(one.dir, "f", 0644);
	tree_release(&one);
	assert_int_equal(count_trees(fixture, ".tmp."), 1);
	tree_release(&two);
	assert_int_equal(count_trees(fixture, ""), 0);
}

/* Two sessions build the same: the second keeps its own to itself. */
static void
test_two_keep_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct oid key = key_of(1);
	struct tree tree;

	assert_int_equal(trees_begin(&fixture->trees, &key, &tree, NULL), 0);
	keep_one(fixture, 1, 5);
	assert_int_equal(trees_keep(&fixture->trees, &key, 5, &tree, NULL), 0);
	assert_int_equal(tree.kept, 0);
	assert_true(file_exists(tree.path));
	tree_release(&tree);
	assert_int_equal(count_trees(fixture, ""), 1);
}

/* Another opening of the same cache, as another runner has it. */
static void
test_sweep_spares_what_is_in_use(void **state)
{
	struct fixture *fixture = *state;
	struct oid key = key_of(1);
	struct trees other;
	struct tree tree;
	char *left = file_join(fixture->trees.dir, "aa.tmp.1.0");
	char *inner = file_join(left, "t");

	assert_int_equal(file_make_dirs(inner, 0700, NULL), 0);
	assert_int_equal(trees_begin(&fixture->trees, &key, &tree, NULL), 0);
	assert_int_equal(trees_open(fixture->cache, &other, NULL), 0);
	assert_false(file_exists(left));
	assert_true(file_exists(tree.path));
	trees_close(&other);
	tree_release(&tree);
	free(inner);
	free(left);
}

static void
set_used(const struct fixture *fixture, unsigned char number, time_t when)
{
	const struct timespec times[2] = { { .tv_sec = when },
					   { .tv_sec = when } };
	struct oid key = key_of(number);
	char hex[OID_HEX + 1];
	char *path = file_join(fixture->trees.dir, oid_format(&key, hex));

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

/* Whatever room there is, what was not used for long goes. */
static void
test_eviction_by_age(void **state)
{
	struct fixture *fixture = *state;
	struct tree used, other;
	struct oid key = key_of(2);

	for (unsigned char i = 1; i <= 3; i++)
		keep_one(fixture, i, 1000);
	assert_int_equal(trees_find(&fixture->trees, &key, &used, NULL), 1);
	set_used(fixture, 1, 5000);
	set_used(fixture, 2, 5000);
	set_used(fixture, 3, 7000);
	trees_evict(&fixture->trees, 1000000, 6000);
	assert_int_equal(count_trees(fixture, ""), 2);
	key = key_of(1);
	assert_int_equal(trees_find(&fixture->trees, &key, &other, NULL), 0);
	trees_evict(&fixture->trees, 1000000, 8000);
	assert_int_equal(count_trees(fixture, ""), 1);
	tree_release(&used);
}

static void
test_eviction(void **state)
{
	struct fixture *fixture = *state;
	struct tree used, found;
	struct oid key;

	for (unsigned char i = 1; i <= 4; i++) {
		keep_one(fixture, i, 1000);
		set_used(fixture, i, 1000000 - i);
	}
	trees_evict(&fixture->trees, 4000, 0);
	assert_int_equal(count_trees(fixture, ""), 4);
	/* 4 was unused for longest, but somebody uses it now. */
	key = key_of(4);
	assert_int_equal(trees_find(&fixture->trees, &key, &used, NULL), 1);
	set_used(fixture, 4, 1);
	trees_evict(&fixture->trees, 2500, 0);
	assert_int_equal(count_trees(fixture, ""), 2);
	assert_true(file_exists(used.path));
	key = key_of(1);
	assert_int_equal(trees_find(&fixture->trees, &key, &found, NULL), 1);
	tree_release(&found);
	trees_evict(&fixture->trees, 0, 0);
	assert_int_equal(count_trees(fixture, ""), 1);
	tree_release(&used);
	trees_evict(&fixture->trees, 0, 0);
	assert_int_equal(count_trees(fixture, ""), 0);
}

static mode_t
mode_of(int dir, const char *name)
{
	struct stat info;

	assert_int_equal(fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW), 0);
	return info.st_mode & 07777;
}

static void
test_seal(void **state)
{
	struct fixture *fixture = *state;
	const struct tree_owner owner = { geteuid(), getegid(),
					  geteuid() == 0 };
	struct oid key = key_of(1);
	int64_t size_bytes = 0;
	struct err err = ERR_INIT;
	struct tree tree;

	assert_int_equal(trees_begin(&fixture->trees, &key, &tree, NULL), 0);
	put_file(tree.dir, "plain", 0600);
	put_file(tree.dir, "program", 0700);
	put_file(tree.dir, "setuid", 06777);
	put_file(tree.dir, "closed", 0);
	assert_int_equal(mkdirat(tree.dir, "dir", 0777), 0);
	assert_int_equal(mkdirat(tree.dir, "dir/inner", 0777), 0);
	put_file(tree.dir, "dir/inner/f", 0666);
	assert_int_equal(fchmodat(tree.dir, "dir/inner", 0, 0), 0);
	assert_int_equal(mkfifoat(tree.dir, "fifo", 0666), 0);
	assert_int_equal(symlinkat("/etc", tree.dir, "link"), 0);
	if (tree_seal(tree.dir, &owner, 0, &size_bytes, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(mode_of(tree.dir, "plain"), 0644);
	assert_int_equal(mode_of(tree.dir, "program"), 0755);
	assert_int_equal(mode_of(tree.dir, "setuid"), 0755);
	assert_int_equal(mode_of(tree.dir, "closed"), 0644);
	assert_int_equal(mode_of(tree.dir, "dir"), 0755);
	assert_int_equal(mode_of(tree.dir, "dir/inner"), 0755);
	assert_int_equal(mode_of(tree.dir, "dir/inner/f"), 0644);
	assert_int_equal(faccessat(tree.dir, "fifo", F_OK, 0), -1);
	assert_int_equal(mode_of(tree.dir, "link"), 0777);
	assert_true(size_bytes >= 5 * 512);
	assert_int_equal(
		tree_seal(tree.dir, &owner, size_bytes - 1, &size_bytes, &err),
		ERR_LIMIT);
	assert_int_equal(err.fault, FAULT_TEST);
	tree_release(&tree);
}

static void
test_entries_of_a_tree_object(void **state)
{
	static const char sound[] = "100644 a\0"
				    "12345678901234567890"
				    "40000 b\0"
				    "12345678901234567890";
	static const char *const broken[] = { "100644",    "100644 ",
					      " a",        "x a",
					      "8 a",       "100644 a",
					      "77777777 a" };
	const char *at = sound, *end = sound + sizeof(sound) - 1;
	struct tree_entry entry;

	(void)state;
	assert_int_equal(checkout_next_entry(&at, end, &entry), 1);
	assert_int_equal(entry.mode, 0100644);
	assert_string_equal(entry.name, "a");
	assert_int_equal(checkout_next_entry(&at, end, &entry), 1);
	assert_int_equal(entry.mode, 040000);
	assert_int_equal(checkout_next_entry(&at, end, &entry), 0);
	at = sound;
	assert_int_equal(checkout_next_entry(&at, sound + 28, &entry),
			 ERR_INPUT);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		at = broken[i];
		assert_int_equal(
			checkout_next_entry(&at, at + strlen(at), &entry),
			ERR_INPUT);
	}
}

static void
test_objects_of_an_empty_cache(void **state)
{
	struct fixture *fixture = *state;
	struct texts alternates = { 0 };
	struct objects *objects = NULL;
	struct objects_pack *pack = NULL;
	struct buf buf = BUF_INIT;
	struct oid oid = key_of(1), hash;
	struct err err = ERR_INIT;
	char hex[OID_HEX + 1];

	assert_int_equal(
		objects_open(fixture->cache, &alternates, &objects, &err), 0);
	assert_int_equal(objects_has(objects, &oid), 0);
	assert_int_equal(
		objects_read(objects, &oid, OBJECT_BLOB, 9, &buf, &err),
		ERR_NOT_FOUND);
	assert_int_equal(objects_pack_begin(objects, &pack, &err), 0);
	assert_true(objects_pack_add(pack, "no pack, surely not", 19, &err) <
			    0 ||
		    objects_pack_commit(pack, &err) < 0);
	objects_pack_free(pack);
	objects_free(objects);
	texts_add(&alternates, "/nowhere/objects");
	assert_int_equal(
		objects_open(fixture->cache, &alternates, &objects, &err),
		ERR_SYSTEM);
	assert_non_null(strstr(err.text, "/nowhere/objects"));
	assert_null(objects);
	texts_release(&alternates);
	/* As `printf hello | git hash-object --stdin` says. */
	assert_int_equal(objects_hash("hello", 5, &hash, &err), 0);
	assert_string_equal(oid_format(&hash, hex),
			    "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
}

int
main(void)
{
#define WITH_CACHE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_CACHE(test_kept_and_found),
		WITH_CACHE(test_unfinished_trees_go),
		WITH_CACHE(test_two_keep_the_same),
		WITH_CACHE(test_sweep_spares_what_is_in_use),
		WITH_CACHE(test_eviction),
		WITH_CACHE(test_eviction_by_age),
		WITH_CACHE(test_seal),
		cmocka_unit_test(test_entries_of_a_tree_object),
		WITH_CACHE(test_objects_of_an_empty_cache),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_tree", tests, NULL, NULL);
}
