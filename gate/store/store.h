#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/oid.h"

/*
 * What the gate remembers: an LMDB environment in a directory of the
 * repository, DIR_STORE below $GIT_DIR. Nothing else sees lmdb.h.
 *
 * Everything happens inside store_read() or store_write(), which run a
 * function in a transaction. A transaction carries its first error: once an
 * operation failed, the later ones do nothing and return its code, and the
 * transaction is undone. So a caller may put ten records and look at the
 * result once. ERR_NOT_FOUND of a get, take, done or the like is an answer,
 * not a failure: the transaction goes on.
 *
 * Text, JSON and arrays that a callback is given are borrowed and die when it
 * returns; what an operation hands out by pointer belongs to the caller only
 * where it says so. Times are seconds since 1970 (UTC) and come from the
 * caller. Names (test paths, metrics, environments, dedup keys, groups) hold
 * 1 to STORE_MAX_NAME bytes, else the operation is ERR_LIMIT.
 *
 * A store is never used across fork(2): in a child every call fails. A process
 * opens a directory at most once at a time, and uses a store in one thread.
 */

enum { STORE_MAX_NAME = 480 };

struct store;
struct store_tx;

enum store_mode {
	STORE_READ,  /* an existing store; never writes to the data */
	STORE_SCAN,  /* the same, to go through all of it in order */
	STORE_WRITE, /* an existing store; migrates an older schema */
	STORE_CREATE /* makes directory and store where there is none */
};

/*
 * Open the store in dir. ERR_NOT_FOUND where there is none, ERR_VERSION when
 * a newer pacegate wrote it, ERR_SYSTEM with a message that says what to do.
 * Files get mode 0640, the directory 0750; where the directory above is
 * writable for its group (core.sharedRepository), 0660 and 0770.
 */
int store_open(struct store **store, const char *dir, enum store_mode mode,
	       struct err *err);

/* Accepts NULL. */
void store_close(struct store *store);

/* Grows with every write by anybody: what was read at one generation is still
 * so while the number is the same. 0 where it cannot be told. */
uint64_t store_generation(const struct store *store);

/* Schema version of this build. */
int store_schema(void);

/*
 * Runs inside a transaction; 0 commits, else all is undone. It may run again
 * from the start (the map grew), so it must start afresh each time and have no
 * effect outside the transaction that it cannot repeat.
 */
typedef int store_fn(struct store_tx *tx, void *data, struct err *err);

/*
 * Run fn in a transaction and commit; durable on disk on return. Returns what
 * fn returned, or the transaction's error. Nothing is stored unless it is 0.
 * A positive result of fn commits too and is returned.
 */
int store_write(struct store *store, store_fn *fn, void *data, struct err *err);

/* Run fn on a snapshot of the store; it sees nothing that comes later. */
int store_read(struct store *store, store_fn *fn, void *data, struct err *err);

/* The first error of the transaction, 0 for none. */
int store_tx_error(const struct store_tx *tx);

/* ---- names and environments: names.c ---- */

/* Remember what an environment is made of. doc is borrowed. */
int store_environment_put(struct store_tx *tx, const char *id,
			  const json_t *doc);

/* *doc belongs to the caller. ERR_NOT_FOUND. */
int store_environment_get(struct store_tx *tx, const char *id, json_t **doc);

/* Callbacks below return 0 to go on, 1 to stop (the walk is then 0), or a
 * negative code, which the walk returns. */
typedef int store_name_fn(void *data, const char *name);

/* All test paths that the store knows, in the order they came. */
int store_each_test(struct store_tx *tx, store_name_fn *fn, void *data);
int store_each_metric(struct store_tx *tx, store_name_fn *fn, void *data);
int store_each_environment(struct store_tx *tx, store_name_fn *fn, void *data);

/* Texts by name, for anything small: "note" records in meta. text NULL
 * removes it. */
int store_note_put(struct store_tx *tx, const char *name, const char *text);

/* *text belongs to the caller. ERR_NOT_FOUND. */
int store_note_get(struct store_tx *tx, const char *name, char **text);

/* ---- changes.c: what is new to who looked before ---- */

/* All tests, with the generation in which something of it was written last (0
 * where that is not known). An id never changes. */
typedef int store_test_fn(void *data, uint32_t id, const char *test,
			  uint64_t generation);
int store_test_each(struct store_tx *tx, store_test_fn *fn, void *data);

/* Those of one test, ERR_NOT_FOUND, and the generation of a commit's verdicts
 * (0: not known). */
int store_test_find(struct store_tx *tx, const char *test, uint32_t *id,
		    uint64_t *generation);
uint64_t store_commit_generation(struct store_tx *tx, const struct oid *commit);

/* Count what a note says of a test as written to it. */
int store_test_changed(struct store_tx *tx, const char *test);

/* ---- samples.c ---- */

/* Values of one metric, a place a round; NaN where a round has none. */
struct store_values {
	const char *metric;
	const double *values;
	size_t count;
};

/* What one session measured of one test at one commit. */
struct store_sample {
	const char *test;
	const char *environment;
	const char *session;
	struct oid commit;
	int64_t time_s;
	const struct store_values *metrics;
	size_t metric_count;
	/* What one of its trials used over time, a place a point; the names
	 * begin with STORE_COURSE, so that no metric's do. */
	const struct store_values *course;
	size_t course_count;
};

#define STORE_COURSE '@'

/* The same (test, commit, environment, session) is replaced. */
int store_sample_put(struct store_tx *tx, const struct store_sample *sample);

typedef int store_sample_fn(void *data, const struct store_sample *sample);

/* By environment, then session. */
int store_sample_each(struct store_tx *tx, const char *test,
		      const struct oid *commit, store_sample_fn *fn,
		      void *data);

/* ---- series.c ---- */

/* One commit's summary in the history of a test. */
struct store_point {
	struct oid commit;
	double value;     /* in the metric's unit */
	double low, high; /* interval of the ratio to the baseline, 1 = same */
	double base;      /* the baseline's value in the same session */
	uint32_t trials;  /* of this commit */
	uint32_t flags;   /* the caller's */
	int64_t time_s;
};

/* Which history. */
struct store_series {
	const char *test;
	const char *metric;
	const char *environment;
};

/* order sorts along the history (say the first-parent count from the root);
 * the same order and commit replaces. */
int store_point_put(struct store_tx *tx, const struct store_series *series,
		    uint64_t order, const struct store_point *point);

/* A piece of a history; UINT64_MAX and 0 are no bounds. */
struct store_range {
	uint64_t from, to; /* order, both included */
	int newest_first;
	size_t limit; /* 0: all */
};

typedef int store_point_fn(void *data, uint64_t order,
			   const struct store_point *point);

/* A history that the store does not know is empty, not an error. */
int store_point_each(struct store_tx *tx, const struct store_series *series,
		     const struct store_range *range, store_point_fn *fn,
		     void *data);

typedef int store_series_fn(void *data, const struct store_series *series,
			    uint64_t last_order);

/* The histories that there are; test NULL: of all tests. */
int store_series_each(struct store_tx *tx, const char *test,
		      store_series_fn *fn, void *data);

/* ---- baselines.c ---- */

enum store_why {
	STORE_NEW,
	STORE_ACCEPTED,
	STORE_IMPROVED,
	STORE_RESET,
	STORE_DEFINITION,
	STORE_MANUAL,
	STORE_HELD
};

/* `new`, `accepted`, ... */
const char *store_why_text(enum store_why why);

struct store_baseline {
	struct oid commit; /* where the baseline really is */
	enum store_why why;
	char definition[41]; /* of the test there; "" when unknown */
	int64_t since_s;
};

/* The record that holds for test from commit on. */
int store_baseline_put(struct store_tx *tx, const char *test,
		       const struct oid *commit,
		       const struct store_baseline *baseline);

/* ERR_NOT_FOUND. */
int store_baseline_get(struct store_tx *tx, const char *test,
		       const struct oid *commit,
		       struct store_baseline *baseline);

int store_baseline_delete(struct store_tx *tx, const char *test,
			  const struct oid *commit);

typedef int store_baseline_fn(void *data, const char *test,
			      const struct oid *commit,
			      const struct store_baseline *baseline);

/* test NULL: of all tests. */
int store_baseline_each(struct store_tx *tx, const char *test,
			store_baseline_fn *fn, void *data);

/* ---- verdicts.c ---- */

/*
 * test "" is the commit as a whole, metric "" the test as a whole. doc is
 * borrowed; time_s is for store_expire(). Replaces.
 */
int store_verdict_put(struct store_tx *tx, const struct oid *commit,
		      const char *test, const char *metric, int64_t time_s,
		      const json_t *doc);

/* *doc belongs to the caller. ERR_NOT_FOUND. */
int store_verdict_get(struct store_tx *tx, const struct oid *commit,
		      const char *test, const char *metric, json_t **doc);

/* doc is borrowed: json_incref() keeps it. */
typedef int store_verdict_fn(void *data, const char *test, const char *metric,
			     json_t *doc);

int store_verdict_each(struct store_tx *tx, const struct oid *commit,
		       store_verdict_fn *fn, void *data);

/* All verdicts of a commit; none is fine. */
int store_verdict_delete(struct store_tx *tx, const struct oid *commit);

/* ---- queue.c ---- */

enum { STORE_MAX_CLASS = 15 };

/* A session that waits or runs. */
struct store_job {
	uint64_t id;    /* below 2^53 */
	unsigned class; /* 0 goes first; FIFO within */
	uint32_t tries; /* how often it was begun before, and failed */
	int64_t added_s;
	int64_t not_before_s;
	char key[STORE_MAX_NAME + 1];
	char owner[96]; /* text of proc_identify(); "" while it waits */
	int64_t leased_s;
	json_t *doc;
};

/*
 * Add a job. While one of the same key waits or runs, no second one is made
 * and the result is 1; a waiting one moves up if class is more urgent.
 * *id (may be NULL) is the job's either way. doc is borrowed.
 */
int store_queue_add(struct store_tx *tx, unsigned class, const char *key,
		    int64_t now_s, const json_t *doc, uint64_t *id);

/*
 * Lease a job. Its doc belongs to the caller. ERR_NOT_FOUND when it does not
 * wait, is not due yet, or is gone.
 */
int store_queue_take(struct store_tx *tx, uint64_t id, const char *owner,
		     int64_t now_s, struct store_job *job);

/* Remove a job. ERR_NOT_FOUND. */
int store_queue_done(struct store_tx *tx, uint64_t id);

/* Give a leased job back, not before that time. counts: it is a try more.
 * ERR_NOT_FOUND. */
int store_queue_requeue(struct store_tx *tx, uint64_t id, int64_t not_before_s,
			int counts);

/* Another doc for a job, which is borrowed. ERR_NOT_FOUND. */
int store_queue_note(struct store_tx *tx, uint64_t id, const json_t *doc);

/*
 * The newer job takes the older one's place in the queue, where that is the
 * better one, and the older one is gone. doc is the newer one's from now on,
 * borrowed. ERR_NOT_FOUND when either is gone.
 */
int store_queue_overtake(struct store_tx *tx, uint64_t old, uint64_t new,
			 const json_t *doc);

/* Rises from job to job as they come, within a class and without. */
uint64_t store_job_number(const struct store_job *job);

/* Leases whose owner is dead go back, tries + 1; *count of them (or NULL). */
int store_queue_recover(struct store_tx *tx, size_t *count);

typedef int store_job_fn(void *data, const struct store_job *job);

/* In the order in which they will be taken; job->doc is borrowed. */
int store_queue_each(struct store_tx *tx, store_job_fn *fn, void *data);

/* How many wait (due or not) and how many are leased. */
int store_queue_count(struct store_tx *tx, size_t *waiting, size_t *leased);

/* ---- journal.c ---- */

/* What became of a push that pre-receive let through; store_expire() drops old
 * dropped and done ones. */
enum store_state {
	STORE_PENDING = 1, /* unknown yet */
	STORE_LANDED,      /* the refs hold it */
	STORE_DROPPED,     /* they do not, and will not */
	STORE_DONE         /* all that follows from it is stored */
};

const char *store_state_text(enum store_state state);

struct store_entry {
	uint64_t id; /* sorts by time, below 2^53 */
	enum store_state state;
	int64_t changed_s;
	json_t *doc;
};

/* Note a push, pending. doc is borrowed. */
int store_journal_add(struct store_tx *tx, int64_t now_s, const json_t *doc,
		      uint64_t *id);

/* ERR_NOT_FOUND. */
int store_journal_set(struct store_tx *tx, uint64_t id, enum store_state state,
		      int64_t now_s);

typedef int store_entry_fn(void *data, const struct store_entry *entry);

/* The entries of one state, oldest first; entry->doc is borrowed. */
int store_journal_each(struct store_tx *tx, enum store_state state,
		       store_entry_fn *fn, void *data);

/* ---- outbox.c ---- */

/*
 * Messages for hosting services and people. Delivery is at least once, in
 * order within a group (service, commit, context), and a group's newest
 * message supersedes what was not delivered of it.
 */
struct store_message {
	uint64_t id;
	uint32_t tries;
	int refused; /* for good: kept to be seen, not tried again */
	int64_t added_s;
	int64_t next_s; /* not before */
	char key[STORE_MAX_NAME + 1];
	char group[STORE_MAX_NAME + 1];
	char owner[96]; /* who delivers it now; "" for nobody */
	char why[256];  /* what the last failure said */
	json_t *doc;
};

/*
 * Add a message. When key is the last one of its group, delivered or not,
 * nothing is added and the result is 1. doc is borrowed.
 */
int store_outbox_add(struct store_tx *tx, const char *key, const char *group,
		     int64_t now_s, const json_t *doc, uint64_t *id);

/*
 * The oldest messages that are due, at most max, leased to owner; none of a
 * group that somebody delivers just now, nor two of one. Their docs belong to
 * the caller. ERR_NOT_FOUND when nothing is due.
 */
int store_outbox_take(struct store_tx *tx, const char *owner, int64_t now_s,
		      struct store_message *messages, size_t max,
		      size_t *count);

/*
 * A lane is the first word of a group: the service that the message goes to.
 * None of its messages is due before that time; 0 frees it.
 */
int store_outbox_hold(struct store_tx *tx, const char *lane, int64_t until_s,
		      const char *why);

/* Delivered. ERR_NOT_FOUND. */
int store_outbox_done(struct store_tx *tx, uint64_t id, int64_t now_s);

/* Not delivered: tries + 1, again at next_s. One that was superseded
 * meanwhile is dropped. ERR_NOT_FOUND. */
int store_outbox_fail(struct store_tx *tx, uint64_t id, int64_t next_s,
		      const char *why);

/* The service will never take it. ERR_NOT_FOUND. */
int store_outbox_refuse(struct store_tx *tx, uint64_t id, const char *why);

/* Try a refused or waiting one at once, tries = 0, its lane free. */
int store_outbox_resend(struct store_tx *tx, uint64_t id);

/*
 * Leases of dead owners go back; *count (or NULL). What the dead one sent may
 * still be on its way, and must not arrive after something newer: the lane is
 * held for STORE_CALM_S.
 */
enum { STORE_CALM_S = 5 };
int store_outbox_recover(struct store_tx *tx, int64_t now_s, size_t *count);

typedef int store_message_fn(void *data, const struct store_message *message);

/* Oldest first; message->doc is borrowed, next_s and why tell of holds too. */
int store_outbox_each(struct store_tx *tx, store_message_fn *fn, void *data);

/* When the next waiting one is due, holds regarded; ERR_NOT_FOUND when none
 * waits. */
int store_outbox_next(struct store_tx *tx, int64_t *next_s);

/* ---- ledger.c ---- */

/* Append, for ever. test "" when it is about none. doc is borrowed. */
int store_ledger_add(struct store_tx *tx, int64_t now_s, const char *test,
		     const json_t *doc);

/* id counts microseconds since 1970 (nearly); doc is borrowed. */
typedef int store_ledger_fn(void *data, uint64_t id, const char *test,
			    json_t *doc);

/* Newest first; test NULL: all, limit 0: all. */
int store_ledger_each(struct store_tx *tx, const char *test, size_t limit,
		      store_ledger_fn *fn, void *data);

/* ---- export.c, import.c, expire.c, verify.c ---- */

/* Records by table, for status and verify. */
struct store_counts {
	size_t tests, metrics, environments, samples, points, baselines,
		verdicts, jobs, journal, messages, ledger;
	uint64_t size_bytes; /* pages in use */
};

int store_count(struct store_tx *tx, struct store_counts *counts);

/*
 * Have fn called now and then while records are read or imported: how many so
 * far, and how many the store has. For a bar; nothing can be done with the
 * store in it.
 */
typedef void store_watch_fn(void *data, uint64_t seen, uint64_t total);
void store_watch(struct store *store, store_watch_fn *fn, void *data);

/*
 * Read every record. Calls fn(data, text) for each bad one (`series
 * 0000000100..: value of 12 bytes, not 68`) and goes on; the result is 0,
 * or ERR_INPUT when there was one.
 */
int store_verify(struct store *store, void (*fn)(void *data, const char *bad),
		 void *data, struct store_counts *counts, struct err *err);

/* One JSON line a record, of one snapshot. *lines may be NULL. */
int store_export(struct store *store, FILE *out, size_t *lines,
		 struct err *err);

/*
 * Read what store_export() wrote. Records of the same key are replaced, so
 * that importing twice changes nothing. In transactions of a few thousand
 * lines; an error (ERR_INPUT) names the line, *lines says how many are in.
 */
int store_import(struct store *store, FILE *in, size_t *lines, struct err *err);

struct store_expired {
	size_t samples, verdicts, journal, messages;
};

/*
 * Retention: drop raw samples, verdicts, finished journal entries and the
 * memory of messages from before that time. Series, baselines and the ledger
 * stay for ever.
 */
int store_expire(struct store *store, int64_t before_s,
		 struct store_expired *expired, struct err *err);

#endif
