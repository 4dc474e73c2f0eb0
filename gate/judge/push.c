#include "judge/push.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static int
descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* What an e-value has to reach to stand; INFINITY when none does. */
static double
bar(const double *e, size_t count, double fdr)
{
	double *sorted = mem_new(count, sizeof(*sorted));
	size_t stand = 0;

	for (size_t i = 0; i < count; i++)
		sorted[i] = e[i] > 0 ? e[i] : 0; /* NAN says nothing */
	qsort(sorted, count, sizeof(*sorted), descending);
	for (size_t k = 1; k <= count; k++)
		if (sorted[k - 1] * (double)k * fdr >= (double)count)
			stand = k;
	free(sorted);
	return stand ? (double)count / (fdr * (double)stand) : INFINITY;
}

size_t
e_bh(const double *e, size_t count, double fdr, int *keep)
{
	double least = bar(e, count, fdr) * (1 - 1e-12);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		keep[i] = e[i] >= least;
		kept += (size_t)keep[i];
	}
	return kept;
}

double
push_e_wanted(size_t count, double fdr)
{
	return sqrt((double)count / fdr);
}

static double
evidence_of(const struct finding *finding)
{
	switch (finding->verdict) {
	case VERDICT_SEVERE:
	case VERDICT_REGRESSED:
		return finding->e_worse;
	case VERDICT_IMPROVED:
		return finding->e_better;
	case VERDICT_PASS:
	case VERDICT_NEW:
	case VERDICT_ACCEPTED:
	case VERDICT_UNDECIDED:
	case VERDICT_UNWEIGHED:
	case VERDICT_FAILURE:
	case VERDICT_BROKEN:
		break;
	}
	return 0;
}

/* Any set of claims of which each reaches the bar of their number has a bounded
 * rate of false ones, so a severe claim may be made that reaches it too. */
size_t
push_control(struct finding *findings, size_t count, double fdr)
{
	double *e = mem_new(count, sizeof(*e)), least;
	size_t taken = 0;

	for (size_t i = 0; i < count; i++)
		e[i] = evidence_of(&findings[i]);
	least = bar(e, count, fdr) * (1 - 1e-12);
	for (size_t i = 0; i < count; i++) {
		struct finding *finding = &findings[i];

		if (!(e[i] > 0))
			continue;
		if (e[i] < least) {
			finding->verdict = VERDICT_UNDECIDED;
			taken++;
		} else if (finding->verdict == VERDICT_SEVERE &&
			   finding->e_severe < least) {
			finding->verdict = VERDICT_REGRESSED;
			taken++;
		}
	}
	free(e);
	return taken;
}
