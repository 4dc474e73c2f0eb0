#ifndef JUDGE_VERDICT_H
#define JUDGE_VERDICT_H

/*
 * What the gate says of (commit, test, metric), of a test, of a commit.
 * Ordered: what stands later is worse, and of several the worst one names the
 * whole. Stored by name, so that the order may change.
 */
enum verdict {
	VERDICT_PASS,     /* no change beyond the threshold, and that is sure */
	VERDICT_IMPROVED, /* better beyond the threshold, confirmed */
	VERDICT_NEW,      /* first baseline: nothing to compare with */
	VERDICT_ACCEPTED, /* a regression under a valid trailer */
	VERDICT_UNDECIDED, /* too noisy to say within the cap */
	VERDICT_UNWEIGHED, /* not measured */
	VERDICT_FAILURE,   /* our own failure */
	VERDICT_BROKEN,    /* build or test fails here, not at the baseline */
	VERDICT_REGRESSED, /* worse beyond the threshold, confirmed */
	VERDICT_SEVERE     /* worse beyond `severe`, confirmed */
};

enum { VERDICT_COUNT = VERDICT_SEVERE + 1 };

/* "pass", "regressed", ...: the words of DESIGN.md. Static. */
const char *verdict_name(enum verdict verdict);

/* 0, or -1 for a word that is no verdict. */
int verdict_from_name(const char *name, enum verdict *verdict);

/* The worse of two: of metrics for a test, of tests for a commit. */
enum verdict verdict_worse(enum verdict a, enum verdict b);

/* True for what a trailer can accept: regressed and severe. */
int verdict_is_regression(enum verdict verdict);

#endif
