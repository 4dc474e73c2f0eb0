/*
 * store: fills a store through the gate's own functions and measures it, for
 * store.sh and store-size. One figure a line: NAME VALUE. The same arguments
 * make the same store.
 *
 *	store fill DIR TESTS FIRST COMMITS     points, test by test as of an
 *import store pushes DIR TESTS FIRST COMMITS   points, a transaction a commit
 *	store wide DIR SERIES                  three points each
 *	store samples DIR TESTS COMMITS BATCH  sample sets, BATCH a transaction
 *	store sets DIR TESTS COMMITS BATCH     the same, not beside raw puts
 *	store read DIR TESTS POINTS            opening, a push's reads, a
 *history store wait DIR SECONDS                 a small write every 20 ms store
 *hold DIR SECONDS                 one snapshot held, or until killed
 */
#include <lmdb.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/store.h"

enum {
	START_S = 1700000000,
	COMMIT_S = 1800,
	METRICS = 4,
	TRIALS = 20,
	NEWEST = 50, /* points that a noise floor is learnt from */
	ROUNDS = 200
};

static const char *const metrics[METRICS] = { "wall", "cpu", "instructions",
					      "maxrss" };

static void
die(const struct err *err)
{
	fprintf(stderr, "store: %s\n", err->text);
	exit(3);
}

static double
now_s(void)
{
	return (double)clock_monotonic_ns(&clock_real) / 1e9;
}

static double
file_bytes(const char *dir)
{
	char *path = file_join(dir, "data.mdb");
	struct stat found;
	double bytes = stat(path, &found) ? 0 : (double)found.st_size;

	free(path);
	return bytes;
}

static struct store *
open_store(const char *dir)
{
	struct err err = ERR_INIT;
	struct store *store;

	if (store_open(&store, dir, STORE_CREATE, &err) < 0)
		die(&err);
	return store;
}

static void
must_write(struct store *store, store_fn *fn, void *data)
{
	struct err err = ERR_INIT;

	if (store_write(store, fn, data, &err) < 0)
		die(&err);
}

static void
must_read(struct store *store, store_fn *fn, void *data)
{
	struct err err = ERR_INIT;

	if (store_read(store, fn, data, &err) < 0)
		die(&err);
}

/* splitmix64. */
static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static double
uniform(uint64_t x)
{
	return (double)(mix(x) >> 11) / 9007199254740992.0;
}

static struct oid
commit_of(long number)
{
	struct oid oid;

	for (int i = 0; i < OID_BYTES; i++)
		oid.bytes[i] = (unsigned char)mix((uint64_t)(number * 20 + i));
	return oid;
}

static void
name_test(char name[64], long test)
{
	snprintf(name, 64, "perf/suite-%02ld/case-%ld", test / 100, test);
}

/* Tests and commits from first on. */
struct piece {
	long test, tests, commit, commits;
};

static struct store_point
make_point(long test, long metric, long commit, const struct oid *oid)
{
	uint64_t seed = (uint64_t)commit << 32 ^ (uint64_t)(test * 4 + metric);
	double base = 0.1 + 0.001 * (double)(test + metric);
	double ratio = 0.98 + 0.04 * uniform(seed);

	return (struct store_point){
		.commit = *oid,
		.value = base * ratio,
		.low = ratio - 0.01 * uniform(seed + 1),
		.high = ratio + 0.01 * uniform(seed + 2),
		.base = base * (0.99 + uniform(seed + 3) / 50),
		.trials = 8 + (uint32_t)(mix(seed + 4) % 24),
		.flags = (uint32_t)(mix(seed + 5) % 200000),
		.time_s = START_S + commit * COMMIT_S,
	};
}

static int
put_piece(struct store_tx *tx, void *data, struct err *err)
{
	const struct piece *piece = data;
	long series = piece->tests * METRICS;
	char test[64];

	(void)err;
	for (long i = 0; i < series * piece->commits; i++) {
		long t = piece->test + i / piece->commits / METRICS;
		long m = i / piece->commits % METRICS;
		long commit = piece->commit + i % piece->commits;
		const struct store_series history = { test, metrics[m],
						      "machine-a" };
		struct oid oid = commit_of(commit);
		struct store_point point = make_point(t, m, commit, &oid);

		name_test(test, t);
		if (store_point_put(tx, &history, (uint64_t)commit, &point) < 0)
			break;
	}
	return store_tx_error(tx);
}

/* by_test: as an import brings them; else as pushes do. */
static void
run_fill(const char *dir, struct piece all, int by_test)
{
	struct store *store = open_store(dir);
	struct piece piece = all;
	long pieces = by_test ? all.tests : all.commits;
	double start = now_s(), worst = 0, before = file_bytes(dir);
	double points = (double)all.tests * METRICS * (double)all.commits;

	for (long i = 0; i < pieces; i++) {
		double begun = now_s();

		if (by_test)
			piece.test = all.test + i, piece.tests = 1;
		else
			piece.commit = all.commit + i, piece.commits = 1;
		must_write(store, put_piece, &piece);
		if (now_s() - begun > worst)
			worst = now_s() - begun;
	}
	printf("points %.0f\nseconds %.2f\npoints_per_s %.0f\n"
	       "worst_transaction_s %.3f\nbytes_per_new_point %.1f\n",
	       points, now_s() - start, points / (now_s() - start), worst,
	       (file_bytes(dir) - before) / points);
	store_close(store);
}

/* Short histories, a thousand tests a transaction. */
static void
run_wide(const char *dir, long series)
{
	struct store *store = open_store(dir);
	double start = now_s();

	for (long test = 0; test < series / METRICS; test += 1000) {
		struct piece piece = { test, 1000, 0, 3 };

		must_write(store, put_piece, &piece);
	}
	printf("seconds %.2f\nbytes_per_series %.1f\n", now_s() - start,
	       file_bytes(dir) / (double)series);
	store_close(store);
}

static int
put_samples(struct store_tx *tx, void *data, struct err *err)
{
	const struct piece *piece = data;
	double values[METRICS][TRIALS];
	struct store_values rows[METRICS];
	char test[64];

	(void)err;
	for (long t = piece->test; t < piece->test + piece->tests; t++) {
		struct store_sample sample = {
			.test = test,
			.environment = "machine-a",
			.session = "s-000123",
		};

		name_test(test, t);
		for (int m = 0; m < METRICS; m++) {
			rows[m] = (struct store_values){ metrics[m], values[m],
							 TRIALS };
			for (int i = 0; i < TRIALS; i++)
				values[m][i] = floor(
					2e7 *
					(1 + uniform((uint64_t)(t * 80 + i))));
		}
		sample.commit = commit_of(piece->commit);
		/* The place in order of coming, for the raw puts. */
		sample.time_s = piece->commit * 1000000 + t;
		sample.metrics = rows;
		sample.metric_count = METRICS;
		if (store_sample_put(tx, &sample) < 0)
			break;
	}
	return store_tx_error(tx);
}

/* The same records bare, in the order in which they came. */
struct raw {
	MDB_val key, value;
};

static int
compare_raw(const void *a, const void *b)
{
	const struct raw *left = a, *right = b;

	return memcmp(left->value.mv_data, right->value.mv_data, 8);
}

static void
must_lmdb(int result)
{
	if (result == MDB_SUCCESS)
		return;
	fprintf(stderr, "store: lmdb: %s\n", mdb_strerror(result));
	exit(3);
}

static MDB_env *
open_raw(const char *dir)
{
	MDB_env *env;

	must_lmdb(mdb_env_create(&env));
	must_lmdb(mdb_env_set_maxdbs(env, 32));
	must_lmdb(mdb_env_set_mapsize(env, (size_t)8 << 30));
	must_lmdb(mdb_env_open(env, dir, MDB_NOTLS, 0640));
	return env;
}

static size_t
read_raw(const char *dir, struct raw *raws, size_t max)
{
	MDB_env *env = open_raw(dir);
	MDB_cursor *cursor;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val key, value;
	size_t count = 0;

	must_lmdb(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
	must_lmdb(mdb_dbi_open(txn, "samples", 0, &dbi));
	must_lmdb(mdb_cursor_open(txn, dbi, &cursor));
	while (count < max && !mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		struct raw *raw = &raws[count++];

		raw->key.mv_size = key.mv_size;
		raw->key.mv_data = mem_copy_bytes(key.mv_data, key.mv_size);
		raw->value.mv_size = value.mv_size;
		raw->value.mv_data = mem_copy_bytes(value.mv_data,
						    value.mv_size);
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	qsort(raws, count, sizeof(*raws), compare_raw);
	return count;
}

static void
write_raw(MDB_env *env, const struct raw *raws, size_t count, size_t batch)
{
	for (size_t i = 0; i < count; i += batch) {
		MDB_txn *txn;
		MDB_dbi dbi;

		must_lmdb(mdb_txn_begin(env, NULL, 0, &txn));
		must_lmdb(mdb_dbi_open(txn, "samples", MDB_CREATE, &dbi));
		for (size_t k = i; k < count && k < i + batch; k++) {
			MDB_val key = raws[k].key, value = raws[k].value;

			must_lmdb(mdb_put(txn, dbi, &key, &value, 0));
		}
		must_lmdb(mdb_txn_commit(txn));
	}
}

static void
write_samples(struct store *store, long tests, long commit, long batch)
{
	for (long t = 0; t < tests; t += batch) {
		struct piece piece = { t, batch, commit, 1 };

		must_write(store, put_samples, &piece);
	}
}

static void
run_sets(const char *dir, long tests, long commits, long batch)
{
	struct store *store = open_store(dir);
	double start = now_s();

	for (long c = 0; c < commits; c++)
		write_samples(store, tests, c, batch);
	printf("seconds %.1f\n", now_s() - start);
	store_close(store);
}

/* Where a store holds everything, a second one and a raw one are filled with
 * the same in turns of a commit, since others use the machine too. */
static void
run_samples(const char *dir, long tests, long commits, long batch)
{
	char *again = mem_text("%s-again", dir),
	     *bare = mem_text("%s-raw", dir);
	size_t count = (size_t)(tests * commits);
	struct raw *raws = mem_new(count, sizeof(*raws));
	struct err err = ERR_INIT;
	double ours = 0, theirs = 0;
	struct store *store;
	MDB_env *env;

	run_sets(dir, tests, commits, tests);
	if (file_make_dirs(bare, 0750, &err) < 0)
		die(&err);
	count = read_raw(dir, raws, count);
	store = open_store(again);
	env = open_raw(bare);
	for (long c = 0; c < commits; c++) {
		double start = now_s(), middle;

		write_samples(store, tests, c, batch);
		middle = now_s();
		write_raw(env, raws + c * tests, (size_t)tests, (size_t)batch);
		ours += middle - start;
		theirs += now_s() - middle;
	}
	store_close(store);
	mdb_env_close(env);
	printf("sets %zu\nsets_per_s %.0f\nraw_per_s %.0f\nratio %.2f\n"
	       "bytes_per_set %.0f\nraw_bytes_per_set %.0f\n",
	       count, (double)count / ours, (double)count / theirs,
	       theirs / ours, file_bytes(again) / (double)count,
	       file_bytes(bare) / (double)count);
	for (size_t i = 0; i < count; i++) {
		free(raws[i].key.mv_data);
		free(raws[i].value.mv_data);
	}
	free(raws);
	free(again);
	free(bare);
}

/* What is read of a history, as the gate's callers keep it. */
struct history {
	struct store_series series;
	struct store_range range;
	struct store_point *points;
	size_t count;
};

static int
take_point(void *data, uint64_t order, const struct store_point *point)
{
	struct history *history = data;

	(void)order;
	history->points[history->count++] = *point;
	return 0;
}

static int
read_one(struct store_tx *tx, void *data, struct err *err)
{
	struct history *history = data;

	(void)err;
	history->count = 0;
	return store_point_each(tx, &history->series, &history->range,
				take_point, history);
}

static int
skip_baseline(void *data, const char *test, const struct oid *commit,
	      const struct store_baseline *baseline)
{
	(void)data, (void)test, (void)commit, (void)baseline;
	return 0;
}

/* Baselines and noise floors of some tests of a push. */
static int
read_push(struct store_tx *tx, void *data, struct err *err)
{
	const struct piece *piece = data;
	struct store_point points[NEWEST];
	char test[64];

	for (long t = piece->test; t < piece->test + piece->tests; t++) {
		name_test(test, t);
		store_baseline_each(tx, test, skip_baseline, NULL);
		for (int m = 0; m < METRICS; m++) {
			struct history history = { { test, metrics[m],
						     "machine-a" },
						   { 0, UINT64_MAX, 1, NEWEST },
						   points,
						   0 };

			if (read_one(tx, &history, err) < 0)
				return store_tx_error(tx);
		}
	}
	return 0;
}

static int
count_series(void *data, const struct store_series *series, uint64_t last)
{
	(void)series, (void)last;
	++*(size_t *)data;
	return 0;
}

static int
list_series(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	*(size_t *)data = 0;
	return store_series_each(tx, NULL, count_series, data);
}

static void
time_opening(const char *dir)
{
	double start = now_s();

	for (int i = 0; i < ROUNDS; i++)
		store_close(open_store(dir));
	printf("open_us %.0f\n", (now_s() - start) / ROUNDS * 1e6);
}

/* The best of many rounds each, in turns: others use the machine too. */
static void
time_history(struct store *store, const char *test, size_t points)
{
	struct history history = { { test, metrics[0], "machine-a" },
				   { 0, UINT64_MAX, 0, points },
				   mem_new(points, sizeof(*history.points)),
				   0 };
	void *copy = mem_new(points, sizeof(*history.points));
	double ours = 1e9, theirs = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now_s(), middle, end;

		must_read(store, read_one, &history);
		middle = now_s();
		memcpy(copy, history.points, points * sizeof(*history.points));
		/* A copy that nobody reads would not be made. */
		__asm__ volatile("" : : "r"(copy) : "memory");
		end = now_s();
		ours = middle - start < ours ? middle - start : ours;
		theirs = end - middle < theirs ? end - middle : theirs;
	}
	printf("history_points %zu\nhistory_us %.0f\nmemcpy_us %.0f\n"
	       "history_to_memcpy %.1f\n",
	       history.count, ours * 1e6, theirs * 1e6, ours / theirs);
	free(history.points);
	free(copy);
}

static void
run_read(const char *dir, long tests, long points)
{
	struct store *store;
	struct piece push = { 0, tests, 0, 0 };
	char test[64];
	double start;
	size_t series;

	time_opening(dir);
	store = open_store(dir);
	for (int warm = 0; warm < 2; warm++) {
		start = now_s();
		must_read(store, read_push, &push);
		printf("push_reads_%s_ms %.1f\n", warm ? "warm" : "first",
		       (now_s() - start) * 1e3);
	}
	for (int warm = 0; warm < 2; warm++) {
		start = now_s();
		must_read(store, list_series, &series);
		printf("list_%s_ms %.1f\n", warm ? "warm" : "first",
		       (now_s() - start) * 1e3);
	}
	printf("series %zu\n", series);
	name_test(test, tests / 2);
	time_history(store, test, (size_t)points);
	store_close(store);
}

static int
put_note(struct store_tx *tx, void *data, struct err *err)
{
	(void)data, (void)err;
	return store_note_put(tx, "bench", "x");
}

static int
compare_doubles(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* How long a push's write waits and takes while others write. */
static void
run_wait(const char *dir, long seconds)
{
	enum { EVERY_MS = 20 };
	struct store *store = open_store(dir);
	size_t max = (size_t)seconds * 1000 / EVERY_MS, count = 0;
	double *took = mem_new(max + 1, sizeof(*took));
	double end = now_s() + (double)seconds;

	while (count < max && now_s() < end) {
		double start = now_s();

		must_write(store, put_note, NULL);
		took[count++] = now_s() - start;
		clock_sleep_ms(EVERY_MS);
	}
	qsort(took, count, sizeof(*took), compare_doubles);
	printf("writes %zu\nwrite_p50_ms %.1f\nwrite_p99_ms %.1f\n"
	       "write_max_ms %.1f\n",
	       count, took[count / 2] * 1e3, took[count * 99 / 100] * 1e3,
	       took[count - 1] * 1e3);
	free(took);
	store_close(store);
}

static int
hold(struct store_tx *tx, void *data, struct err *err)
{
	size_t series;
	int rc = list_series(tx, &series, err);

	puts("reading");
	fflush(stdout);
	clock_sleep_ms(*(long *)data * 1000);
	return rc;
}

static void
run_hold(const char *dir, long seconds)
{
	struct store *store = open_store(dir);

	must_read(store, hold, &seconds);
	store_close(store);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	long args[3] = { 0 };

	for (int i = 3; i < argc && i < 6; i++)
		args[i - 3] = atol(argv[i]);
	if (!strcmp(what, "fill") || !strcmp(what, "pushes"))
		run_fill(argv[2],
			 (struct piece){ 0, args[0], args[1], args[2] },
			 !strcmp(what, "fill"));
	else if (!strcmp(what, "wide"))
		run_wide(argv[2], args[0]);
	else if (!strcmp(what, "samples") && args[2] > 0)
		run_samples(argv[2], args[0], args[1], args[2]);
	else if (!strcmp(what, "sets") && args[2] > 0)
		run_sets(argv[2], args[0], args[1], args[2]);
	else if (!strcmp(what, "read"))
		run_read(argv[2], args[0], args[1]);
	else if (!strcmp(what, "wait"))
		run_wait(argv[2], args[0]);
	else if (!strcmp(what, "hold"))
		run_hold(argv[2], args[0]);
	else
		return 2;
	return 0;
}
