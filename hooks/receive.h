#ifndef HOOKS_RECEIVE_H
#define HOOKS_RECEIVE_H

#include "gate.h"
#include "gather.h"
#include "hooks/push.h"
#include "hooks/screen.h"
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
	struct screen screen;
	struct pusher pusher;
	struct update *updates;
	size_t count;
	size_t current;  /* the update at work */
	size_t left_out; /* refs of the push that are too many to look at */
	const struct push_line *left_out_line; /* one that is refused for it */
	const char *left_out_refused;          /* why, or NULL; static */
	int64_t start_ms;
};

/* 0: let the push through, 1: refuse it. Never anything else: what fails on
 * our side goes by the policy `failure`. */
int receive_run(struct receive *receive, const char *gitdir,
		const char *quarantine);
void receive_release(struct receive *receive);

/* For receive.c, in show.c: what the pusher sees. */

/* How many lines of the screen are for what comes yet: the end, and what may
 * be refused, unless this is it. */
size_t receive_keep(const struct receive *receive, int is_bad);

/* A line, told to the log too. */
void receive_say(struct receive *receive, size_t keep, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void receive_show_problems(struct receive *receive,
			   const struct problems *problems);

/* A weighed update: table, verdict, what to do. */
void receive_show(struct receive *receive, const struct update *update);

/* Trailers that did nothing. */
void receive_show_unused(struct receive *receive, const struct update *update);

/* What is refused and why, and how much was not shown. */
void receive_show_end(struct receive *receive);

#endif
