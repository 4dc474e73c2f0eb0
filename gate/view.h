#ifndef GATE_VIEW_H
#define GATE_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "base/oid.h"
#include "line.h"
#include "view_rows.h"

struct err;
struct gate;
struct noise_book;
struct report_drift;
struct store_sample;

/*
 * What pages show, read out of store and repository as JSON documents, which
 * gate/web makes pages of and which readers may have as they are. Each is of
 * one snapshot. They belong to the caller; NULL and err where there is none.
 */
enum {
	VIEW_PAGE = 200, /* tests on one page of the overview */
	VIEW_DETAILS =
		50, /* tests of a commit with their trials, worst first */
	VIEW_STAMP = 48
};

struct view {
	struct gate *gate;
	char *name;          /* of the repository, for titles */
	struct line line;    /* of the branch that HEAD stands for */
	uint64_t line_epoch; /* another where commits have left the line */
	struct view_rows rows;
	/* The document made last, of what and of which stamp. */
	json_t *memo;
	char *memo_name, memo_stamp[VIEW_STAMP];
	/* Sessions: {id: {"commits": [hex], "environment": id}}, of this
	 * generation. */
	json_t *sessions;
	uint64_t sessions_generation;
};

void view_init(struct view *view, struct gate *gate);
void view_release(struct view *view);

/* Rows of tests as the store has them by now: some of those that changed, and
 * view->rows.is_behind where there are more, or all of them. */
int view_refresh(struct view *view, struct err *err);
int view_settle(struct view *view, struct err *err);

/* The line, as the repository has it by now; NULL: HEAD names no commit. */
const struct line *view_line(struct view *view);
/* What it was once: whether all of it still is there shows in line_epoch. */
void view_begin_line(struct view *view, const struct oid *tip);

/*
 * What a test's pages, a commit's, or any page is made of: the same text, the
 * same page. "" where that cannot be told.
 */
void view_stamp_test(struct view *view, const char *test,
		     char stamp[VIEW_STAMP]);
void view_stamp_commit(struct view *view, const struct oid *commit,
		       char stamp[VIEW_STAMP]);
void view_stamp(struct view *view, char stamp[VIEW_STAMP]);

/* How many pages the overview has. */
size_t view_pages(const struct view *view);

/* page counts from 1; beyond the last one is ERR_NOT_FOUND. */
json_t *view_overview(struct view *view, size_t page, struct err *err);
json_t *view_test(struct view *view, const char *test, struct err *err);
json_t *view_commit(struct view *view, const struct oid *commit,
		    struct err *err);
/* The sessions that a commit's verdict rests on: ids with blanks between, which
 * the caller frees; NULL for one that was not weighed. Cheaper than its page.
 */
char *view_sessions(struct view *view, const struct oid *commit);
/* a and b "": the newest release and HEAD. Largest changes first. */
json_t *view_compare(struct view *view, const char *a, const char *b,
		     struct err *err);
json_t *view_session(struct view *view, const char *id, struct err *err);
json_t *view_ledger(struct view *view, struct err *err);
/* For store_ledger_each(): adds an entry to data, an array. */
int view_take_entry(void *data, uint64_t id, const char *test, json_t *doc);

/* What is known by now of the noise between sessions, with a sentence of it.
 * Not inside a transaction. */
json_t *view_floor(const struct view *view, struct noise_book *noise,
		   const char *test, const char *metric,
		   const char *environment);

/* An alert of slow drift, with its sentence. */
json_t *view_drift(const struct report_drift *drift);

/* A sample's course by column, {"time": [...], "cpu": [...]}. */
json_t *view_course(const struct store_sample *sample);

/* Of all tests or one (test NULL or its path), newest first. */
json_t *view_feed(struct view *view, enum view_finding kind, const char *test,
		  struct err *err);

/* All findings of a test, of both kinds, newest first. */
json_t *view_findings(struct view *view, const char *test);

/* The newest verdict of the whole, or of one test. */
json_t *view_badge(struct view *view, const char *test, struct err *err);

/* The test whose slug this is, one that web_slug() cut too; the caller frees
 * it. ERR_NOT_FOUND. */
int view_find_test(struct view *view, const char *slug, char **test,
		   struct err *err);

/* Commits with a history, newest first: an array of {"commit", "time"}. */
json_t *view_commits(struct view *view, struct err *err);

#endif
