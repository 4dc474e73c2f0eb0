#ifndef GATE_WEIGH_H
#define GATE_WEIGH_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "judge/session.h"
#include "plan/plan.h"
#include "pool/pool.h"
#include "report/report.h"
#include "samples.h"

struct err;

/*
 * Weighing: a plan's first session, the judge's look after every round, the
 * confirmation of what it raises in a second session with fresh builds, and
 * the reports that come of it. Hooks, worker and `pacegate run` all weigh
 * through here. It reads no repository and writes no store: plan and rules
 * come in, reports and samples go out.
 */

struct weigh_progress {
	const char *what; /* "building baseline 1a2b3c4d5e", "round 7" */
	double share;     /* 0 to 1 of what is foreseen */
	int64_t left_ms;  /* at most, -1: not known */
};

/* How the tests of the plan are judged: one rule for a test's metric. */
struct weigh_rules {
	/* Fill threshold, severe and noise; data as given below. environment is
	 * NULL until the session has told where it runs. */
	void (*rule)(void *data, const char *test, const char *metric,
		     const char *environment, struct rule *rule);
	void *data;
};

struct weigh {
	struct pool_rules pool;
	enum slot_class class;
	struct weigh_rules rules;
	json_t *common; /* limits, sandbox, alternates, counter: spec members */
	int64_t deadline_ms; /* monotonic, -1: none */
	unsigned rounds;     /* cap of a session */
	int is_study;        /* use them, also where all is clear before */
	int more_rounds;     /* more of them for short tests that are unclear */
	void (*progress)(void *data, const struct weigh_progress *progress);
	void *progress_data;
	/* Asked between rounds: non-zero gives the slot up (ERR_BUSY). */
	int (*give_way)(void *data);
	/* Asked while it waits for a slot, and told once it has one. */
	int (*stopped)(void *data);
	void (*placed)(void *data, const char *where);
	/* Objects for a runner that has no access to the repository; NULL with
	 * alternates. Called when the spec was sent. */
	int (*send_objects)(void *data, struct session *session,
			    const struct plan *plan, struct err *err);
	void *objects_data;
};

/* One session's outcome. */
struct weigh_session {
	char *id;
	struct plan plan;
	size_t *from; /* index of each test in the first session's plan */
	struct samples samples;
	char *environment; /* its id, as the runner began; or NULL */
	json_t *end;       /* the runner's: environment and so on, or NULL */
	char *node;        /* of the pool that it ran on, NULL: this host */
	/* It confirms what ran on that node, borrowed; NULL: any will do. */
	const char *confirms;
	int64_t spent_ms;
	int complete; /* ran to its end: every test has enough or its cap */
	/* About how much the whole push claims, (commit, test, metric): the
	 * evidence wanted of an alarm grows with it. 0: what the plan says. */
	size_t claims;
};

struct weigh_result {
	struct report *reports; /* one a commit of the request, same order */
	size_t count;
	struct weigh_session *sessions; /* two at most of each class of tests */
	size_t session_count;
	int late; /* the deadline came before all was decided */
};

/*
 * Weigh what the request asks for. 0, also when tests fail or time runs out:
 * the reports say so. Negative: our own failure, nothing can be said; the
 * result is then empty. Release the result in any case.
 */
int weigh_run(const struct weigh *weigh, const struct plan_request *request,
	      struct weigh_result *result, struct err *err);
void weigh_release(struct weigh_result *result);

/* Where a session runs, as its runner said; NULL: not yet. */
const char *weigh_environment(const struct weigh_session *session);

/* The metrics of a test that are judged, in the order of report. */
void weigh_judged_metrics(const struct samples *samples, size_t test,
			  const struct directives *directives,
			  const struct sample_metric ***metrics, size_t *count);

/* For weigh_verdict.c: run one session of plan, which the session takes. */
int weigh_run_session(const struct weigh *weigh, struct plan *plan, int fresh,
		      double share_from, double share_to,
		      struct weigh_session *session, struct err *err);
void weigh_session_release(struct weigh_session *session);

/* The pairs of a metric at two revisions, for the judge; freed by the caller,
 * returns their number. */
size_t weigh_pairs(const struct samples *samples, size_t test,
		   const struct sample_metric *metric, size_t baseline,
		   size_t candidate, struct pair **pairs);

/* The rules of a test's judged metrics, freed by the caller. */
struct rule *weigh_test_rules(const struct weigh *weigh,
			      const struct weigh_session *session, size_t test,
			      const struct plan_test *planned,
			      const struct sample_metric *const *metrics,
			      size_t count);

#endif
