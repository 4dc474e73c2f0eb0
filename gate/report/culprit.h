#ifndef REPORT_CULPRIT_H
#define REPORT_CULPRIT_H

#include <jansson.h>

#include "base/oid.h"

struct buf;
struct err;

/*
 * What a bisection found of a change: the commit that brought it, or how near
 * it came. Part of the report of the commit that the change was seen at.
 */
enum culprit_kind {
	CULPRIT_NONE,    /* nothing is known */
	CULPRIT_COMMIT,  /* this one brought it */
	CULPRIT_MERGE,   /* this merge did: no side of it has it alone */
	CULPRIT_STRETCH, /* one of some commits that cannot be told apart */
	CULPRIT_SPREAD   /* several did, none of them as much as counts */
};

struct report_culprit {
	enum culprit_kind kind;
	char *metric;
	struct oid commit;       /* of the first two kinds */
	char *author, *subject;  /* of that commit */
	struct oid good, bad;    /* after the one, and there at the other */
	double ratio, low, high; /* of the commit to the one before */
	unsigned commits;        /* of a stretch, bad included */
	unsigned untestable;     /* of them, as was tried */
	unsigned weighed;        /* commits that were */
	char *why;               /* of the last two kinds */
};

void report_culprit_release(struct report_culprit *culprit);

/* NULL where nothing is known. */
json_t *report_culprit_json(const struct report_culprit *culprit);

/* json NULL: nothing is known. */
int report_culprit_read(struct report_culprit *culprit, const json_t *json,
			struct err *err);

/* `brought by 1a2b3c4d5e (Ada: Faster lookup): +12 % cpu`; nothing where
 * nothing is known. */
void report_add_culprit(struct buf *buf, const struct report_culprit *culprit);

#endif
