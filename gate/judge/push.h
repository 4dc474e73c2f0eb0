#ifndef JUDGE_PUSH_H
#define JUDGE_PUSH_H

#include <stddef.h>

#include "judge/confirm.h"

/*
 * Many tests, many metrics, several commits: one push. The e-values of all its
 * hypotheses go through e-BH (Wang and Ramdas 2022): however they depend on
 * each other, the expected share of false ones among those that stand is at
 * most fdr. Count everything that was weighed, not only the alarms.
 */

/* Share of false findings of a push: regressions and improvements apart. */
#define PUSH_FDR 0.05

/*
 * Take back what e-BH does not let stand: regressed, severe and improved
 * findings become undecided; a severe one may become regressed. The e-value of
 * the verdict has to reach count / (fdr * number that stand). Returns how many
 * were taken back. The order of findings does not matter.
 */
size_t push_control(struct finding *findings, size_t count, double fdr);

/*
 * The evidence that each of the two sessions of a finding should reach, so that
 * it stands even if it is the only one among count hypotheses: for struct
 * rule's e_wanted. 245 for 3000, which is one round more than 100.
 */
double push_e_wanted(size_t count, double fdr);

/* e-BH itself: keep[i] says whether e[i] stands; returns how many do. */
size_t e_bh(const double *e, size_t count, double fdr, int *keep);

#endif
