#ifndef GATE_GATE_H
#define GATE_GATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "policy/config.h"
#include "policy/policy.h"
#include "policy/problem.h"
#include "pool/pool.h"
#include "store/store.h"
#include "weigh.h"

struct err;
struct gather;
struct repo;

/*
 * What hooks, worker and commands share: one repository with its configuration
 * and its store, and the steps that join them.
 */
struct gate {
	struct repo *repo;
	struct config config;
	struct policy *policy;
	struct problems problems; /* of the server's configuration */
	struct store *store;      /* NULL until gate_open_store() */
};

#define GATE_INIT                                                              \
	{                                                                      \
		0                                                              \
	}

/* Repository and configuration. path NULL: the one that the working directory
 * lies in. */
int gate_open(struct gate *gate, const char *path, const char *quarantine,
	      struct err *err);
int gate_open_store(struct gate *gate, enum store_mode mode, struct err *err);
void gate_close(struct gate *gate);

/* Below the repository; freed by the caller. */
char *gate_path(const struct gate *gate, const char *name);

/* Take the lock of that name below the repository, until *fd is closed: 1, or
 * 0 where another process has it. */
int gate_lock(const struct gate *gate, const char *name, int *fd,
	      struct err *err);

/* The pool as configured, without what a session alone needs; texts are
 * borrowed from the policy. */
void gate_pool(const struct gate *gate, struct pool_rules *rules);

/* What the pool's machines call the runner; NULL: this one has none. Freed by
 * the caller. */
char *gate_runner(const struct gate *gate);

/* A session in the background should make room: somebody waits for a slot. */
int gate_is_wanted(const struct gate *gate);

/* End what sessions on the pool left behind whose process was killed. */
void gate_recover_pool(const struct gate *gate);

struct gate_run {
	enum slot_class class;
	int64_t deadline_ms; /* monotonic, -1: none */
	int unrecorded;      /* the store is read alone */
	int samples_alone;   /* what was measured is stored, no verdict */
	void (*progress)(void *data, const struct weigh_progress *progress);
	int (*give_way)(void *data);
	int (*stopped)(void *data); /* asked while it waits for a slot */
	/* It has one: `slot 0`. */
	void (*placed)(void *data, const char *where);
	void *data;
};

/*
 * Weigh what was gathered, on this host's pool, and store samples and verdicts
 * of every commit (store NULL: nothing). The reports are what was measured;
 * trailers have not spoken yet.
 */
int gate_weigh(struct gate *gate, const struct gather *gather,
	       const struct gate_run *run, struct weigh_result *result,
	       struct err *err);

/* One session of a study: the rounds of the request, both sides built afresh,
 * nothing stored. A session that was begun is to be released. */
int gate_study(struct gate *gate, const struct gather *gather,
	       const struct plan_request *request, const struct gate_run *run,
	       struct weigh_session *session, struct err *err);

/* One session of what was gathered, as a push's first one and without any
 * that confirms: for values, which say nothing by themselves. */
int gate_measure(struct gate *gate, const struct gather *gather,
		 const struct gate_run *run, struct weigh_session *session,
		 struct err *err);

/*
 * What the store already knows of the tip, or of the branch that it merges
 * where that has the same files: 1 when every test that would run has a verdict
 * that still holds (same baseline, definition, threshold), else 0. The report
 * is filled with what there is.
 */
int gate_recall(struct gate *gate, const struct gather *gather,
		struct report *report, struct err *err);

/* Store a session's trials. A commit that tests were laid over is not itself,
 * so only with laid_over: where it has no such test of its own. */
void gate_put_samples(struct store_tx *tx, const struct weigh_session *session,
		      int64_t now_s, int laid_over);

/* Put a commit's report into the store, or get it: ERR_NOT_FOUND. */
int gate_put_report(struct store_tx *tx, const struct report *report);
/* Put its tests beside what is known of others of the commit. */
int gate_add_report(struct store_tx *tx, const struct report *report,
		    struct err *err);
int gate_get_report(struct store_tx *tx, const struct oid *commit,
		    struct report *report, struct err *err);

#endif
