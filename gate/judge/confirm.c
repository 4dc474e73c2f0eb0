#include "judge/confirm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Evidence that a session at least has to give to what the other is sure of. */
#define E_AGREES 10

void
finding_of_look(const struct look *look, struct finding *finding)
{
	*finding = (struct finding){ .verdict = look_verdict(look),
				     .estimate = look->estimate,
				     .e_worse = look->e_worse,
				     .e_better = look->e_better,
				     .e_severe = look->e_severe,
				     .detectable = look->detectable,
				     .spread = look->spread,
				     .rounds = look->rounds,
				     .sessions = 1 };
}

/* What all rounds together say, as if they were of one session. */
static void
look_at_both(const struct rule *rule, struct rounds first, struct rounds second,
	     struct look *look)
{
	size_t count = first.count + second.count;
	struct pair *all = mem_new(count, sizeof(*all));

	if (first.count)
		memcpy(all, first.pairs, first.count * sizeof(*all));
	if (second.count)
		memcpy(all + first.count, second.pairs,
		       second.count * sizeof(*all));
	look_at(rule, all, count, look);
	free(all);
}

/* The pooled rounds suppose one shift. Where the sessions contradict each
 * other the interval is what covers both. */
static struct estimate
joined(const struct look *one, const struct look *two, const struct look *both)
{
	struct estimate a = one->estimate, b = two->estimate;
	struct estimate all = both->estimate;

	if (a.high >= b.low && b.high >= a.low)
		return all;
	all.low = fmin(a.low, b.low);
	all.high = fmax(a.high, b.high);
	return all;
}

/* Two e-values for the same thing: each sure, or, unless each has to be, both
 * for it and together as sure as that. */
static int
agree(double e, double f, double level, int alone)
{
	if (e >= level && f >= level)
		return 1;
	return !alone && fmin(e, f) >= E_AGREES && e * f >= level * level;
}

/* Of what was no alarm in the first session, or did not come again. */
static enum verdict
quiet_verdict(const struct look *one, const struct look *two,
	      const struct look *both)
{
	if (look_needs_confirmation(two))
		return VERDICT_UNDECIDED;
	/* The second session alone is free of the choice that brought it. */
	if (look_needs_confirmation(one))
		return look_verdict(two);
	return one->outlook == OUTLOOK_SAME ? VERDICT_PASS : look_verdict(both);
}

void
confirm(const struct rule *rule, struct rounds first, struct rounds second,
	int alone, struct finding *finding)
{
	double level = 1 / rule->alpha;
	struct look one, two, both;

	look_at(rule, first.pairs, first.count, &one);
	look_at(rule, second.pairs, second.count, &two);
	look_at_both(rule, first, second, &both);
	finding_of_look(&both, finding);
	finding->sessions = 2;
	finding->estimate = joined(&one, &two, &both);
	/* Independent e-values multiply. */
	finding->e_worse = one.e_worse * two.e_worse;
	finding->e_better = one.e_better * two.e_better;
	finding->e_severe = one.e_severe * two.e_severe;
	if (agree(one.e_worse, two.e_worse, level, alone)) {
		finding->verdict = agree(one.e_severe, two.e_severe, level,
					 alone)
					   ? VERDICT_SEVERE
					   : VERDICT_REGRESSED;
	} else if (agree(one.e_better, two.e_better, level, alone)) {
		finding->verdict = VERDICT_IMPROVED;
	} else {
		finding->unconfirmed = look_needs_confirmation(&one);
		finding->verdict = quiet_verdict(&one, &two, &both);
		if (finding->verdict == VERDICT_PASS &&
		    look_needs_confirmation(&one))
			finding->estimate = two.estimate;
	}
}

enum verdict
test_verdict(const struct rule *rules, const struct finding *findings,
	     size_t count)
{
	enum verdict worst = VERDICT_PASS;
	int any = 0;

	for (size_t i = 0; i < count; i++) {
		if (rules[i].secondary &&
		    findings[i].verdict == VERDICT_UNDECIDED)
			continue;
		worst = any ? verdict_worse(worst, findings[i].verdict)
			    : findings[i].verdict;
		any = 1;
	}
	return any ? worst : count ? VERDICT_UNDECIDED : VERDICT_UNWEIGHED;
}
