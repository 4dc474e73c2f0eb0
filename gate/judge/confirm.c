#include "judge/confirm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

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

static struct pair *
joined(struct rounds first, struct rounds second)
{
	struct pair *all = mem_new(first.count + second.count, sizeof(*all));

	if (first.count)
		memcpy(all, first.pairs, first.count * sizeof(*all));
	if (second.count)
		memcpy(all + first.count, second.pairs,
		       second.count * sizeof(*all));
	return all;
}

void
confirm(const struct rule *rule, struct rounds first, struct rounds second,
	int alone, struct finding *finding)
{
	struct pair *all = joined(first, second);
	struct look one, two, both;

	(void)alone; /* the second session has to be clear on its own anyway */
	look_at(rule, first.pairs, first.count, &one);
	look_at(rule, second.pairs, second.count, &two);
	look_at(rule, all, first.count + second.count, &both);
	finding_of_look(&both, finding);
	finding->sessions = 2;
	/* Independent e-values multiply. */
	finding->e_worse = one.e_worse * two.e_worse;
	finding->e_better = one.e_better * two.e_better;
	finding->e_severe = one.e_severe * two.e_severe;
	if (!look_needs_confirmation(&one)) {
		finding->verdict = look_verdict(&both);
	} else if (one.outlook != two.outlook) {
		finding->unconfirmed = 1;
		finding->verdict = look_verdict(&two);
	} else if (one.outlook == OUTLOOK_BETTER) {
		finding->verdict = VERDICT_IMPROVED;
	} else {
		finding->verdict = one.severe && two.severe ? VERDICT_SEVERE
							    : VERDICT_REGRESSED;
	}
	free(all);
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
