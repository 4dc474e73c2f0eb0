#ifndef HOOKS_RECEIVE_H
#define HOOKS_RECEIVE_H

#include "gate.h"
#include "gather.h"
#include "hooks/push.h"
#include "hooks/sideband.h"
#include "policy/pusher.h"
#include "report/report.h"

/*
 * pre-receive, from the lines that git gave to the decision.
 *
 * Every ref line becomes an update: gathered, then by its mode let through,
 * recalled or weighed. What has to be done once the refs have landed goes into
 * the journal before the hook ends, since a post-receive may never come.
 */
struct update {
	const struct push_line *line;
	struct ref_policy policy;
	struct gather gather;
	struct report report; /* of the tip, trailers applied */
	int has_report;
	int decided;         /* nothing is left to measure after the push */
	int late;            /* the budget did not suffice */
	const char *refusal; /* why it is refused, NULL: it is not; static */
};

struct receive {
	struct gate gate;
	struct push *push;
	struct sideband sideband;
	struct pusher pusher;
	struct update *updates;
	size_t count;
	int64_t start_ms;
};

/* 0: let the push through, 1: refuse it. Never anything else: what fails on
 * our side goes by the policy `failure`. */
int receive_run(struct receive *receive, const char *gitdir,
		const char *quarantine);
void receive_release(struct receive *receive);

/* For receive.c: what the pusher sees of a weighed update. */
void receive_show(struct receive *receive, struct update *update);

#endif
