#include "judge/push.h"

#include <stdlib.h>

#include "base/mem.h"

static int
descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

size_t
e_bh(const double *e, size_t count, double fdr, int *keep)
{
	double *sorted = mem_new(count, sizeof(*sorted)), least = 0;
	size_t stand = 0, kept = 0;

	for (size_t i = 0; i < count; i++)
		sorted[i] = e[i];
	qsort(sorted, count, sizeof(*sorted), descending);
	for (size_t k = 1; k <= count; k++)
		if (sorted[k - 1] * (double)k >= (double)count / fdr)
			stand = k;
	if (stand)
		least = sorted[stand - 1];
	for (size_t i = 0; i < count; i++) {
		keep[i] = stand && e[i] >= least;
		kept += (size_t)keep[i];
	}
	free(sorted);
	return kept;
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

size_t
push_control(struct finding *findings, size_t count, double fdr)
{
	double *e = mem_new(count, sizeof(*e));
	int *keep = mem_new(count, sizeof(*keep));
	size_t taken = 0;

	for (size_t i = 0; i < count; i++)
		e[i] = evidence_of(&findings[i]);
	e_bh(e, count, fdr, keep);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] || !(e[i] > 0))
			continue;
		findings[i].verdict = VERDICT_UNDECIDED;
		taken++;
	}
	free(e);
	free(keep);
	return taken;
}
