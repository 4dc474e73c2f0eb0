#ifndef JUDGE_CONFIRM_H
#define JUDGE_CONFIRM_H

#include <stddef.h>

#include "judge/session.h"
#include "judge/verdict.h"

/*
 * An alarm of one session is only a suspicion. A second, independent session
 * (fresh build, other directory, other slot) has to show it again; both
 * together then give the finding.
 */

/* The rounds of one session; borrowed. */
struct rounds {
	const struct pair *pairs;
	size_t count;
};

struct finding {
	enum verdict verdict; /* pass, improved, regressed, severe, undecided */
	struct estimate estimate;           /* of both sessions together */
	double e_worse, e_better, e_severe; /* of both together */
	double detectable;                  /* as in struct look */
	double spread;
	size_t rounds;     /* of both */
	unsigned sessions; /* 1 or 2 */
	int unconfirmed;   /* the first session's alarm did not come again */
};

/* What one session alone says, when it needs no confirmation. A look that does
 * need it is undecided here: run the second session. */
void finding_of_look(const struct look *look, struct finding *finding);

/*
 * Both sessions together. A finding stands when each session is sure of it, or
 * when both speak for it and are together as sure as that; severe likewise.
 * alone: this metric changed without the one that should explain it (wall
 * without cpu), so each has to be sure. An alarm that does not come again is
 * unconfirmed: pass if the second session, which no alarm has chosen, says so,
 * else undecided. The estimate is that of all rounds; where the sessions
 * contradict each other its interval covers both.
 */
void confirm(const struct rule *rule, struct rounds first, struct rounds second,
	     int alone, struct finding *finding);

/*
 * One verdict of a test from the findings of its metrics: the worst, except
 * that an undecided `secondary` metric does not outweigh the primary ones.
 * NULL-safe for count 0: unweighed.
 */
enum verdict test_verdict(const struct rule *rules,
			  const struct finding *findings, size_t count);

#endif
