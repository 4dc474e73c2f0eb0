#include "store_help.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int
put_note(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_note_put(tx, "greeting", data);
}

static int
get_note(struct store_tx *tx, void *data, struct err *err)
{
	char **text = data;

	(void)err;
	return store_note_get(tx, "greeting", text);
}

static void
test_create_and_reopen(void **state)
{
	struct fixture *fixture = *state;
	char note[] = "hello";
	char *text;

	fixture->store = open_store(fixture->dir, STORE_CREATE);
	must_write(fixture->store, put_note, note);
	store_close(fixture->store);
	fixture->store = open_store(fixture->dir, STORE_CREATE);
	must_read(fixture->store, get_note, &text);
	assert_string_equal(text, "hello");
	free(text);
	store_close(fixture->store);
	fixture->store = open_store(fixture->dir, STORE_READ);
	must_read(fixture->store, get_note, &text);
	assert_string_equal(text, "hello");
	free(text);
	assert_int_equal(store_write(fixture->store, put_note, note, NULL),
			 ERR_UNSUPPORTED);
}

static void
test_missing(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	struct store *store;

	assert_int_equal(store_open(&store, fixture->dir, STORE_READ, &err),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "pacegate install"));
	assert_int_equal(store_open(&store, fixture->dir, STORE_WRITE, &err),
			 ERR_NOT_FOUND);
	assert_null(store);
	assert_false(file_exists(fixture->dir));
	/* The directory above must be there. */
	assert_int_equal(store_open(&store, "/nonexistent/x/pacegate",
				    STORE_CREATE, &err),
			 ERR_NOT_FOUND);
}

static mode_t
mode_of(const char *dir, const char *name)
{
	char *path = file_join(dir, name);
	struct stat stat_buf;

	assert_int_equal(stat(path, &stat_buf), 0);
	free(path);
	return stat_buf.st_mode & 07777;
}

static void
test_permissions(void **state)
{
	struct fixture *fixture = *state;
	mode_t old = umask(077);

	assert_int_equal(chmod(fixture->root, 0755), 0);
	fixture->store = open_store(fixture->dir, STORE_CREATE);
	umask(old);
	assert_int_equal(mode_of(fixture->dir, "."), 0750);
	assert_int_equal(mode_of(fixture->dir, "data.mdb"), 0640);
	assert_int_equal(mode_of(fixture->dir, "lock.mdb"), 0640);
}

static void
test_permissions_shared(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(chmod(fixture->root, 02775), 0);
	fixture->store = open_store(fixture->dir, STORE_CREATE);
	assert_int_equal(mode_of(fixture->dir, "."), 02770);
	assert_int_equal(mode_of(fixture->dir, "data.mdb"), 0660);
	assert_int_equal(mode_of(fixture->dir, "lock.mdb"), 0660);
}

/* root installs into a repository of somebody else. */
static void
test_owner(void **state)
{
	struct fixture *fixture = *state;
	struct stat stat_buf;
	char *data;

	if (geteuid() != 0) {
		print_message("# not root: the owner is not tested\n");
		skip();
	}
	assert_int_equal(chown(fixture->root, 12345, 23456), 0);
	fixture->store = open_store(fixture->dir, STORE_CREATE);
	data = file_join(fixture->dir, "data.mdb");
	assert_int_equal(stat(data, &stat_buf), 0);
	free(data);
	assert_int_equal(stat_buf.st_uid, 12345);
	assert_int_equal(stat_buf.st_gid, 23456);
}

static void
write_schema(struct fixture *fixture, unsigned schema)
{
	const struct store_setup setup = { .map_bytes = 1 << 20,
					   .schema = schema };
	struct err err = ERR_INIT;

	must(store_open_setup(&fixture->store, fixture->dir, STORE_CREATE,
			      &setup, &err),
	     &err);
	store_close(fixture->store);
	fixture->store = NULL;
}

static void
test_newer_schema(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;

	write_schema(fixture, STORE_SCHEMA + 1);
	for (int mode = STORE_READ; mode <= STORE_CREATE; mode++) {
		assert_int_equal(store_open(&fixture->store, fixture->dir,
					    (enum store_mode)mode, &err),
				 ERR_VERSION);
		assert_null(fixture->store);
		assert_non_null(strstr(err.text, "update pacegate"));
	}
}

static int migrations_run;

static int
migrate_well(struct store_tx *tx, void *data, struct err *err)
{
	(void)data, (void)err;
	migrations_run++;
	return store_note_put(tx, "greeting", "migrated");
}

static int
migrate_badly(struct store_tx *tx, void *data, struct err *err)
{
	(void)data;
	store_note_put(tx, "greeting", "half");
	return err_set(err, ERR_INPUT, "cannot migrate");
}

/* Two steps at once; a step that fails leaves the store as it was. */
static void
test_migration(void **state)
{
	struct fixture *fixture = *state;
	const struct migration good[] = { { STORE_SCHEMA, migrate_well },
					  { STORE_SCHEMA + 1, migrate_well } };
	const struct migration bad[] = { { STORE_SCHEMA, migrate_well },
					 { STORE_SCHEMA + 1, migrate_badly } };
	struct store_setup setup = { 1 << 20, STORE_SCHEMA + 2, bad, 2 };
	struct err err = ERR_INIT;
	char *text = NULL;

	write_schema(fixture, STORE_SCHEMA);
	assert_int_equal(store_open_setup(&fixture->store, fixture->dir,
					  STORE_WRITE, &setup, &err),
			 ERR_INPUT);
	fixture->store = open_store(fixture->dir, STORE_READ);
	assert_int_equal(store_read(fixture->store, get_note, &text, &err),
			 ERR_NOT_FOUND);
	store_close(fixture->store);

	setup.migrations = good;
	assert_int_equal(store_open_setup(&fixture->store, fixture->dir,
					  STORE_READ, &setup, &err),
			 ERR_VERSION);
	migrations_run = 0;
	must(store_open_setup(&fixture->store, fixture->dir, STORE_WRITE,
			      &setup, &err),
	     &err);
	assert_int_equal(migrations_run, 2);
	must_read(fixture->store, get_note, &text);
	assert_string_equal(text, "migrated");
	free(text);
	store_close(fixture->store);
	must(store_open_setup(&fixture->store, fixture->dir, STORE_WRITE,
			      &setup, &err),
	     &err);
	assert_int_equal(migrations_run, 2);
}

/* A worker of the old version that still runs must not write the new form. */
static void
test_schema_changes_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	const struct migration steps[] = { { STORE_SCHEMA, migrate_well } };
	const struct store_setup setup = { 1 << 20, STORE_SCHEMA + 1, steps,
					   1 };
	struct err err = ERR_INIT;
	int ready[2], go[2], status;
	char byte = 'x', note[] = "old form";
	pid_t pid;

	write_schema(fixture, STORE_SCHEMA);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *old = NULL;

		if (store_open(&old, fixture->dir, STORE_WRITE, NULL) < 0 ||
		    write(ready[1], &byte, 1) != 1 ||
		    read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(store_write(old, put_note, note, NULL) == ERR_VERSION
			      ? 0
			      : 2);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	must(store_open_setup(&fixture->store, fixture->dir, STORE_WRITE,
			      &setup, &err),
	     &err);
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
}

static void
test_not_a_database(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char *data = file_join(fixture->dir, "data.mdb");
	char junk[8192];

	memset(junk, 'j', sizeof(junk));
	must(file_make_dirs(fixture->dir, 0750, &err), &err);
	must(file_write(data, junk, sizeof(junk), 0640, &err), &err);
	assert_int_equal(
		store_open(&fixture->store, fixture->dir, STORE_WRITE, &err),
		ERR_INPUT);
	assert_non_null(strstr(err.text, "not a database"));
	free(data);
}

/* An interrupted creation leaves an empty file. */
/* Takes pages at the end and gives them back: they are never written. */
static int
put_and_take_long(struct store_tx *tx, void *data, struct err *err)
{
	char *text = mem_new(1, 400001);

	(void)data, (void)err;
	memset(text, 'x', 400000);
	store_note_put(tx, "long", text);
	free(text);
	return store_note_put(tx, "long", NULL);
}

static int
put_many_notes(struct store_tx *tx, void *data, struct err *err)
{
	char name[16], text[600];

	(void)data, (void)err;
	snprintf(text, sizeof(text), "%599s", "");
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		store_note_put(tx, name, text);
	}
	return store_tx_error(tx);
}

static int
count_all(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_count(tx, data);
}

static off_t
data_bytes(const struct fixture *fixture)
{
	char *data = file_join(fixture->dir, STORE_DATA);
	struct stat found;

	assert_int_equal(stat(data, &found), 0);
	free(data);
	return found.st_size;
}

/* Cut anywhere: told when it is opened, never a SIGBUS. */
static void
test_cut_short(void **state)
{
	struct fixture *fixture = *state;
	char *data = file_join(fixture->dir, STORE_DATA);
	struct err err = ERR_INIT;
	struct store_counts counts;
	off_t whole;
	int refused = 0;

	fixture->store = open_store(fixture->dir, STORE_CREATE);
	must_write(fixture->store, put_many_notes, NULL);
	for (int i = 0; i < 3; i++)
		must_write(fixture->store, put_and_take_long, NULL);
	must_read(fixture->store, count_all, &counts);
	store_close(fixture->store);
	whole = data_bytes(fixture);
	/* So this is no fault of the file. */
	assert_true(whole < (off_t)counts.size_bytes);
	fixture->store = open_store(fixture->dir, STORE_WRITE);
	must(store_verify(fixture->store, NULL, NULL, NULL, &err), &err);
	store_close(fixture->store);
	for (off_t size = whole - 1; size > 0; size -= 4096) {
		int rc;

		assert_int_equal(truncate(data, size), 0);
		rc = store_open(&fixture->store, fixture->dir, STORE_WRITE,
				&err);
		if (rc == 0)
			must(store_verify(fixture->store, NULL, NULL, NULL,
					  &err),
			     &err);
		else
			assert_true(rc == ERR_INPUT || rc == ERR_SYSTEM);
		refused += rc < 0 && strstr(err.text, "cut short") != NULL;
		store_close(fixture->store);
		fixture->store = NULL;
	}
	assert_true(refused > whole / 4096 / 2);
	free(data);
}

static void
test_empty_file(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char *data = file_join(fixture->dir, "data.mdb");
	char note[] = "hello";

	must(file_make_dirs(fixture->dir, 0750, &err), &err);
	must(file_write(data, "", 0, 0640, &err), &err);
	fixture->store = open_store(fixture->dir, STORE_WRITE);
	must_write(fixture->store, put_note, note);
	free(data);
}

static int
put_many(struct store_tx *tx, void *data, struct err *err)
{
	int *runs = data;
	char name[32], text[1024];

	(void)err;
	++*runs;
	memset(text, 't', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "note %d", i);
		store_note_put(tx, name, text);
	}
	return 0;
}

static int
count_notes(struct store_tx *tx, void *data, struct err *err)
{
	int *count = data;
	char name[32], *text;

	(void)err;
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "note %d", i);
		if (store_note_get(tx, name, &text) == 0 &&
		    strlen(text) == 1023)
			++*count;
		free(text);
	}
	return 0;
}

static void
open_tiny(struct fixture *fixture)
{
	const struct store_setup setup = { .map_bytes = 65536,
					   .schema = STORE_SCHEMA };
	struct err err = ERR_INIT;

	must(store_open_setup(&fixture->store, fixture->dir, STORE_CREATE,
			      &setup, &err),
	     &err);
}

/* Even the empty tables need more than this map. */
static void
test_growth(void **state)
{
	struct fixture *fixture = *state;
	int runs = 0, count = 0;

	open_tiny(fixture);
	must_write(fixture->store, put_many, &runs);
	assert_true(runs > 1);
	must_read(fixture->store, count_notes, &count);
	assert_int_equal(count, 3000);
	store_close(fixture->store);
	fixture->store = open_store(fixture->dir, STORE_READ);
	count = 0;
	must_read(fixture->store, count_notes, &count);
	assert_int_equal(count, 3000);
}

/* Another process makes the map larger than ours. */
static void
test_growth_elsewhere(void **state)
{
	struct fixture *fixture = *state;
	int count = 0, runs = 0, status;
	pid_t pid;

	open_tiny(fixture);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *other = NULL;

		if (store_open(&other, fixture->dir, STORE_WRITE, NULL) < 0)
			_exit(1);
		_exit(store_write(other, put_many, &runs, NULL) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	must_read(fixture->store, count_notes, &count);
	assert_int_equal(count, 3000);
	must_write(fixture->store, put_many, &runs);
}

static int
fail_after_put(struct store_tx *tx, void *data, struct err *err)
{
	(void)data;
	store_note_put(tx, "greeting", "never");
	return err_set(err, ERR_LIMIT, "enough");
}

static int
fail_inside(struct store_tx *tx, void *data, struct err *err)
{
	char *text;

	(void)data, (void)err;
	store_note_put(tx, "greeting", "never");
	assert_int_equal(store_note_put(tx, "", "empty name"), ERR_LIMIT);
	assert_int_equal(store_tx_error(tx), ERR_LIMIT);
	assert_int_equal(store_note_put(tx, "other", "later"), ERR_LIMIT);
	assert_int_equal(store_note_get(tx, "other", &text), ERR_LIMIT);
	return 0;
}

static int
commit_with_answer(struct store_tx *tx, void *data, struct err *err)
{
	(void)data, (void)err;
	store_note_put(tx, "greeting", "kept");
	return 7;
}

static void
test_undone(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char *text;

	assert_int_equal(
		store_write(fixture->store, fail_after_put, NULL, &err),
		ERR_LIMIT);
	assert_string_equal(err.text, "enough");
	assert_int_equal(store_write(fixture->store, fail_inside, NULL, &err),
			 ERR_LIMIT);
	assert_non_null(strstr(err.text, "empty name"));
	assert_int_equal(store_read(fixture->store, get_note, &text, &err),
			 ERR_NOT_FOUND);
	assert_int_equal(
		store_write(fixture->store, commit_with_answer, NULL, &err), 7);
	must_read(fixture->store, get_note, &text);
	assert_string_equal(text, "kept");
	free(text);
}

static int
nest(struct store_tx *tx, void *data, struct err *err)
{
	char note[] = "inner";

	(void)tx, (void)err;
	assert_int_equal(store_write(data, put_note, note, NULL), ERR_SYSTEM);
	assert_int_equal(store_read(data, put_note, note, NULL), ERR_SYSTEM);
	return 0;
}

static void
test_no_nesting(void **state)
{
	struct fixture *fixture = *state;

	must_write(fixture->store, nest, fixture->store);
}

static void
test_fork(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char note[] = "child", parent[] = "parent";
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		char *text;
		int w = store_write(fixture->store, put_note, note, &err);
		int r = store_read(fixture->store, get_note, &text, NULL);

		store_close(fixture->store);
		_exit(w == ERR_SYSTEM && r == ERR_SYSTEM &&
				      strstr(err.text, "fork")
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	must_write(fixture->store, put_note, parent);
}

static void
test_close_on_exec(void **state)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	char target[256], path[300];
	int seen = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%.20s",
			 entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (!strstr(target, ".mdb"))
			continue;
		seen++;
		assert_true(fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC);
	}
	closedir(dir);
	assert_true(seen >= 2);
}

/* The files of another user: without root's rights nothing can be opened. */
static void
test_unwritable(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	int status;
	pid_t pid;

	store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(chmod(fixture->root, 0755), 0);
	assert_int_equal(chmod(fixture->dir, 0555), 0);
	for (int i = 0; i < 2; i++) {
		char *path = file_join(fixture->dir,
				       i ? "lock.mdb" : "data.mdb");

		assert_int_equal(chmod(path, 0444), 0);
		free(path);
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(1);
		if (store_open(&fixture->store, fixture->dir, STORE_WRITE,
			       &err) != ERR_SYSTEM ||
		    !strstr(err.text, "permission denied"))
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(fixture->dir, 0755), 0);
}

/* A read-only file system: reading works, writing says why not. */
static void
test_read_only_mount(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char note[] = "hello", *text = NULL;
	int status;
	pid_t pid;

	must_write(fixture->store, put_note, note);
	store_close(fixture->store);
	fixture->store = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount(fixture->dir, fixture->dir, NULL, MS_BIND, NULL) <
			    0 ||
		    mount(NULL, fixture->dir, NULL,
			  MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
			_exit(77);
		if (store_open(&fixture->store, fixture->dir, STORE_WRITE,
			       &err) != ERR_SYSTEM ||
		    !strstr(err.text, "read-only"))
			_exit(1);
		if (store_open(&fixture->store, fixture->dir, STORE_READ,
			       &err) < 0 ||
		    store_read(fixture->store, get_note, &text, &err) < 0 ||
		    strcmp(text, "hello") != 0)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("# no mounts here: read-only not tested\n");
		skip();
	}
	assert_int_equal(status, 0);
}

#define EMPTY(test)                                                            \
	cmocka_unit_test_setup_teardown(test, setup_empty, teardown_store)
#define OPEN(test)                                                             \
	cmocka_unit_test_setup_teardown(test, setup_store, teardown_store)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EMPTY(test_create_and_reopen),
		EMPTY(test_missing),
		EMPTY(test_permissions),
		EMPTY(test_permissions_shared),
		EMPTY(test_owner),
		EMPTY(test_newer_schema),
		EMPTY(test_migration),
		EMPTY(test_schema_changes_meanwhile),
		EMPTY(test_not_a_database),
		EMPTY(test_cut_short),
		EMPTY(test_empty_file),
		EMPTY(test_growth),
		EMPTY(test_growth_elsewhere),
		OPEN(test_undone),
		OPEN(test_no_nesting),
		OPEN(test_fork),
		OPEN(test_close_on_exec),
		OPEN(test_unwritable),
		OPEN(test_read_only_mount),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store_open", tests, NULL, NULL);
}
