#include "store_help.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* Killed writers, two writers at once, a full disk. */

enum { NOTES = 20 };

/* The same number everywhere: whoever sees two of them saw half. */
static int
put_number(struct store_tx *tx, void *data, struct err *err)
{
	const int *number = data;
	char name[16], text[600];
	json_t *doc = doc_of(*number);

	(void)err;
	memset(text, '.', sizeof(text));
	snprintf(text, sizeof(text), "%08d%590s", *number, "");
	for (int i = 0; i < NOTES; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		store_note_put(tx, name, text);
	}
	store_ledger_add(tx, *number, "perf/a", doc);
	store_journal_add(tx, *number, doc, NULL);
	json_decref(doc);
	return 0;
}

static int
take_number(void *data, uint64_t id, const char *test, json_t *doc)
{
	(void)id, (void)test;
	*(int *)data = number_of(doc);
	return 1;
}

static int
get_number(struct store_tx *tx, void *data, struct err *err)
{
	int *number = data;
	struct store_counts counts;
	char name[16], *text;

	(void)err;
	*number = 0;
	store_ledger_each(tx, NULL, 1, take_number, number);
	assert_int_equal(store_count(tx, &counts), 0);
	assert_int_equal(counts.ledger, *number);
	assert_int_equal(counts.journal, *number);
	for (int i = 0; *number > 0 && i < NOTES; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(store_note_get(tx, name, &text), 0);
		assert_int_equal(atoi(text), *number);
		free(text);
	}
	return 0;
}

/* Writes from first on for ever and tells of each number that is stored. */
static void
write_for_ever(const char *dir, int first, int acknowledge)
{
	struct store *store = NULL;

	if (store_open(&store, dir, STORE_WRITE, NULL) < 0)
		_exit(1);
	for (int number = first;; number++)
		if (store_write(store, put_number, &number, NULL) < 0 ||
		    write(acknowledge, &number, sizeof(number)) !=
			    (ssize_t)sizeof(number))
			_exit(1);
}

static void
test_killed_writer(void **state)
{
	struct fixture *fixture = *state;
	int stored = 0;

	for (int round = 0; round < 25; round++) {
		int fds[2], status, acknowledged = stored, more;
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			write_for_ever(fixture->dir, stored + 1, fds[1]);
		close(fds[1]);
		for (int i = 0; i <= round % 7; i++)
			assert_int_equal(read(fds[0], &acknowledged,
					      sizeof(acknowledged)),
					 sizeof(acknowledged));
		/* Somewhere inside the next transaction. */
		usleep((useconds_t)(round * 37 % 400));
		assert_int_equal(kill(pid, SIGKILL), 0);
		while (read(fds[0], &more, sizeof(more)) == sizeof(more))
			acknowledged = more;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		close(fds[0]);
		/* Killed between the commit's last two steps, it becomes
		 * visible when the next writer cleans up: so look as one. */
		must_write(fixture->store, get_number, &stored);
		assert_true(stored == acknowledged ||
			    stored == acknowledged + 1);
	}
	assert_int_equal(store_verify(fixture->store, NULL, NULL, NULL, NULL),
			 0);
}

static int
put_and_wait(struct store_tx *tx, void *data, struct err *err)
{
	int number = 77;

	put_number(tx, &number, err);
	if (write(*(int *)data, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Dies with the write lock in its hands. */
static void
test_killed_inside(void **state)
{
	struct fixture *fixture = *state;
	int fds[2], status, number = 1;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *own = NULL;

		if (store_open(&own, fixture->dir, STORE_WRITE, NULL) == 0)
			store_write(own, put_and_wait, &fds[1], NULL);
		_exit(1);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	must_write(fixture->store, put_number, &number);
	must_read(fixture->store, get_number, &number);
	assert_int_equal(number, 1);
	close(fds[0]), close(fds[1]);
}

static int
read_and_wait(struct store_tx *tx, void *data, struct err *err)
{
	char *text;

	(void)err;
	store_note_get(tx, "n0", &text);
	if (write(*(int *)data, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static uint64_t
used_bytes(struct fixture *fixture)
{
	struct store_counts counts;

	assert_int_equal(
		store_verify(fixture->store, NULL, NULL, &counts, NULL), 0);
	return counts.size_bytes;
}

static int
rewrite(struct store_tx *tx, void *data, struct err *err)
{
	char *text = mem_new(100001, 1);

	(void)data, (void)err;
	memset(text, 'x', 100000);
	store_note_put(tx, "big", text);
	free(text);
	return 0;
}

/* A dead reader must not pin old pages for ever. */
static void
test_killed_reader(void **state)
{
	struct fixture *fixture = *state;
	int fds[2], status;
	uint64_t before;
	char byte;
	pid_t pid;

	must_write(fixture->store, rewrite, NULL);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *own = NULL;

		if (store_open(&own, fixture->dir, STORE_READ, NULL) == 0)
			store_read(own, read_and_wait, &fds[1], NULL);
		_exit(1);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[0]), close(fds[1]);
	store_close(fixture->store);
	fixture->store = open_store(fixture->dir, STORE_WRITE);
	before = used_bytes(fixture);
	for (int i = 0; i < 40; i++)
		must_write(fixture->store, rewrite, NULL);
	/* 40 copies would be 4 MB. */
	assert_true(used_bytes(fixture) < before + 1000000);
}

static int
add_job(struct store_tx *tx, void *data, struct err *err)
{
	json_t *doc = doc_of(1);

	(void)err;
	store_queue_add(tx, 1, data, 0, doc, NULL);
	json_decref(doc);
	return 0;
}

static int
take_job(struct store_tx *tx, void *data, struct err *err)
{
	struct store_job job;
	int rc = take_first(tx, data, 0, &job);

	(void)err;
	if (rc == 0)
		json_decref(job.doc);
	return rc;
}

enum { JOBS = 60 };

/* Adds its jobs, then takes as many of all as it gets; how many it got. */
static int
add_and_take(const char *dir, char who)
{
	char name[16];
	struct store *store = NULL;
	int got = 0;

	if (store_open(&store, dir, STORE_WRITE, NULL) < 0)
		return -1;
	for (int i = 0; i < JOBS; i++) {
		snprintf(name, sizeof(name), "%c%d", who, i);
		if (store_write(store, add_job, name, NULL) < 0)
			return -1;
	}
	name[1] = '\0';
	while (store_write(store, take_job, name, NULL) == 0)
		got++;
	store_close(store);
	return got;
}

static int
count_jobs(struct store_tx *tx, void *data, struct err *err)
{
	size_t waiting;

	(void)err;
	return store_queue_count(tx, &waiting, data);
}

/* Every job is taken once, whoever put it there. */
static void
test_two_processes(void **state)
{
	struct fixture *fixture = *state;
	int total = 0, status;
	size_t leased = 0;
	pid_t pids[2];

	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(add_and_take(fixture->dir, i ? 'b' : 'a'));
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		total += WEXITSTATUS(status);
	}
	assert_int_equal(total, 2 * JOBS);
	must_read(fixture->store, count_jobs, &leased);
	assert_int_equal(leased, 2 * JOBS);
}

/* What mdb_copy does. */
static struct store *
copy_of(struct fixture *fixture, const char *dir)
{
	struct err err = ERR_INIT;

	must(file_make_dirs(dir, 0750, &err), &err);
	assert_int_equal(mdb_env_copy(fixture->store->env, dir), MDB_SUCCESS);
	return open_store(dir, STORE_WRITE);
}

static struct store *
import_of_export(struct fixture *fixture, const char *dir)
{
	struct store *restored = open_store(dir, STORE_CREATE);
	struct err err = ERR_INIT;
	FILE *lines = tmpfile();

	assert_non_null(lines);
	must(store_export(fixture->store, lines, NULL, &err), &err);
	rewind(lines);
	must(store_import(restored, lines, NULL, &err), &err);
	fclose(lines);
	return restored;
}

/* Both ways of a backup, while somebody writes: each is of one moment. */
static void
test_backups(void **state)
{
	struct fixture *fixture = *state;
	char *dir = file_join(fixture->root, "backup");
	struct err err = ERR_INIT;
	int number = 0, fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		write_for_ever(fixture->dir, 1, fds[1]);
	for (int i = 0; i < 6; i++) {
		struct store *backup;
		int stored;

		assert_int_equal(read(fds[0], &number, sizeof(number)),
				 sizeof(number));
		backup = i % 2 ? copy_of(fixture, dir)
			       : import_of_export(fixture, dir);
		must(store_verify(backup, NULL, NULL, NULL, &err), &err);
		must_read(backup, get_number, &stored);
		assert_true(stored >= number);
		/* It can be worked with. */
		stored++;
		must_write(backup, put_number, &stored);
		must_read(backup, get_number, &stored);
		store_close(backup);
		must(file_remove_tree(dir, &err), &err);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[0]), close(fds[1]);
	free(dir);
}

/* Stopped in the middle of a write, as by a debugger or a full terminal. */
static int
stop_inside(struct store_tx *tx, void *data, struct err *err)
{
	(void)tx, (void)data, (void)err;
	raise(SIGSTOP);
	return 0;
}

static void
test_stopped_writer(void **state)
{
	struct fixture *fixture = *state;
	struct err err = ERR_INIT;
	char process[32];
	int status, number = 1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *own = open_store(fixture->dir, STORE_WRITE);

		_exit(store_write(own, stop_inside, NULL, NULL));
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	fixture->store->patience_ms = 300;
	assert_int_equal(store_write(fixture->store, put_number, &number, &err),
			 ERR_BUSY);
	snprintf(process, sizeof(process), "process %d (", (int)pid);
	assert_non_null(strstr(err.text, process));
	/* Reading needs no turn. */
	must_read(fixture->store, get_number, &number);
	assert_int_equal(number, 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	number = 1;
	must_write(fixture->store, put_number, &number);
}

static int
sleep_inside(struct store_tx *tx, void *data, struct err *err)
{
	(void)tx, (void)data, (void)err;
	clock_sleep_ms(40);
	return 0;
}

/* One who writes all the time, as an import does, lets others in between, and
 * waiting for it is no reason to give up. */
static void
test_turns(void **state)
{
	struct fixture *fixture = *state;
	int status, fds[2];
	char byte = 'x';
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *own = open_store(fixture->dir, STORE_WRITE);

		for (;;)
			if (store_write(own, sleep_inside, NULL, NULL) < 0 ||
			    write(fds[1], &byte, 1) != 1)
				_exit(1);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	for (int number = 1; number <= 10; number++)
		must_write(fixture->store, put_number, &number);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[0]), close(fds[1]);
}

/* In a process and a mount namespace of its own; 77: not possible here. */
static int
fill_disk(const char *dir)
{
	char *small = file_join(dir, "small");
	char *store_dir = file_join(small, "pacegate");
	struct store *store = NULL;
	struct err err = ERR_INIT;
	int number, stored = 0, rc = 0;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    file_make_dirs(small, 0750, NULL) < 0 ||
	    mount("none", small, "tmpfs", 0, "size=32k") < 0)
		return 77;
	/* Too small for a store at all. */
	if (store_open(&store, store_dir, STORE_CREATE, &err) != ERR_SYSTEM ||
	    !strstr(err.text, "disk full"))
		return 1;
	if (mount("none", small, "tmpfs", MS_REMOUNT, "size=400k") < 0)
		return 77;
	if (store_open(&store, store_dir, STORE_CREATE, &err) < 0)
		return 2;
	for (number = 1; number < 10000 && rc == 0; number++)
		rc = store_write(store, put_number, &number, &err);
	if (rc != ERR_SYSTEM || !strstr(err.text, "disk full"))
		return 3;
	/* What came before is whole, here and for whoever opens it now. */
	number -= 2;
	if (store_read(store, get_number, &stored, &err) < 0 ||
	    stored != number)
		return 4;
	store_close(store);
	if (store_open(&store, store_dir, STORE_WRITE, &err) < 0 ||
	    store_verify(store, NULL, NULL, NULL, &err) < 0 ||
	    store_read(store, get_number, &stored, &err) < 0 ||
	    stored != number)
		return 5;
	number++;
	if (store_write(store, put_number, &number, &err) != ERR_SYSTEM)
		return 6;
	/* Room again: it goes on without being opened anew. */
	if (mount("none", small, "tmpfs", MS_REMOUNT, "size=4m") < 0)
		return 77;
	if (store_write(store, put_number, &number, &err) < 0 ||
	    store_read(store, get_number, &stored, &err) < 0 ||
	    stored != number)
		return 7;
	store_close(store);
	free(small);
	free(store_dir);
	return 0;
}

static void
test_full_disk(void **state)
{
	struct fixture *fixture = *state;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fill_disk(fixture->root));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("# no mounts here: full disk not tested\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* Many pages in one write: the disk takes a part, which LMDB calls EIO. */
static int
put_long_note(struct store_tx *tx, void *data, struct err *err)
{
	enum { LONG = 100000 };
	char *text = mem_new(LONG + 1, 1), name[24];

	(void)err;
	memset(text, 'x', LONG);
	snprintf(name, sizeof(name), "long%d", *(int *)data);
	store_note_put(tx, name, text);
	free(text);
	return 0;
}

/* The last blocks of a small disk. */
static int
use_up(const char *dir)
{
	static const char block[4096];
	char *path = mem_text("%s/filler", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	free(path);
	if (fd < 0)
		return -1;
	while (write(fd, block, sizeof(block)) > 0)
		;
	return close(fd);
}

static int
fill_disk_at_length(const char *root)
{
	char *small = mem_text("%s/small", root);
	char *store_dir = mem_text("%s/store", small);
	char *lock = mem_text("%s/%s", store_dir, STORE_LOCK);
	struct err err = ERR_INIT;
	struct store *store = NULL;
	int rc = 0;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mkdir(small, 0700) < 0 ||
	    mount("none", small, "tmpfs", 0, "size=2m") < 0)
		return 77;
	if (store_open(&store, store_dir, STORE_CREATE, &err) < 0)
		return 2;
	for (int i = 0; rc == 0 && i < 100; i++)
		rc = store_write(store, put_long_note, &i, &err);
	if (rc != ERR_SYSTEM || !strstr(err.text, "disk full"))
		return 3;
	if (store_verify(store, NULL, NULL, NULL, &err) < 0)
		return 4;
	store_close(store);
	/* As after mdb_copy, with no room for a lock file: an error, not the
	 * SIGBUS of memory that has no block behind it. */
	if (unlink(lock) < 0)
		return 5;
	if (use_up(small) < 0)
		return 6;
	if (store_open(&store, store_dir, STORE_WRITE, &err) != ERR_SYSTEM ||
	    !strstr(err.text, "disk full"))
		return 7;
	/* Room again. */
	if (mount("none", small, "tmpfs", MS_REMOUNT, "size=4m") < 0)
		return 77;
	if (store_open(&store, store_dir, STORE_WRITE, &err) < 0 ||
	    store_verify(store, NULL, NULL, NULL, &err) < 0)
		return 8;
	store_close(store);
	free(lock);
	free(small);
	free(store_dir);
	return 0;
}

static void
test_full_disk_at_length(void **state)
{
	struct fixture *fixture = *state;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fill_disk_at_length(fixture->root));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("# no mounts here: full disk not tested\n");
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
		OPEN(test_killed_writer), OPEN(test_killed_inside),
		OPEN(test_killed_reader), OPEN(test_two_processes),
		EMPTY(test_full_disk),    EMPTY(test_full_disk_at_length),
		OPEN(test_backups),       OPEN(test_stopped_writer),
		OPEN(test_turns),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store_crash", tests, NULL, NULL);
}
