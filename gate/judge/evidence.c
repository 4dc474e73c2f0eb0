#include "judge/evidence.h"

#include <math.h>
#include <stddef.h>

#include "base/buf.h"
#include "judge/confirm.h"

/* 1 more, -1 less, 0 the same or not sure; *sure when it is the same. */
static int
direction(const struct finding *finding, int *sure)
{
	*sure = 0;
	if (!finding)
		return 0;
	if (finding->verdict == VERDICT_IMPROVED ||
	    verdict_is_regression(finding->verdict))
		return finding->estimate.ratio > 1 ? 1 : -1;
	*sure = finding->verdict == VERDICT_PASS;
	return 0;
}

enum evidence
evidence_kind(const struct finding *wall, const struct finding *cpu,
	      const struct finding *instructions)
{
	int cpu_same = 0, wall_same = 0, work_same = 0;
	int by_cpu = direction(cpu, &cpu_same);
	int by_wall = direction(wall, &wall_same);
	int by_work = direction(instructions, &work_same);
	int time = by_cpu ? by_cpu : by_wall;

	if (!time && !by_work)
		return EVIDENCE_NONE;
	if (!time)
		return EVIDENCE_WORK;
	if (by_work)
		return by_work == time ? EVIDENCE_BOTH : EVIDENCE_CONFLICT;
	if (!by_cpu && cpu_same)
		return EVIDENCE_WAITING;
	return work_same ? EVIDENCE_LAYOUT : EVIDENCE_TIME;
}

void
evidence_add_text(struct buf *buf, const struct finding *wall,
		  const struct finding *cpu, const struct finding *instructions)
{
	int sure = 0;
	const struct finding *time = direction(cpu, &sure) ? cpu : wall;
	double work = instructions
			      ? fabs(instructions->estimate.ratio - 1) * 100
			      : 0;

	switch (evidence_kind(wall, cpu, instructions)) {
	case EVIDENCE_NONE:
	case EVIDENCE_TIME:
		return;
	case EVIDENCE_BOTH:
	case EVIDENCE_WORK:
		buf_addf(buf, "%.*f %% %s work", work < 10 ? 1 : 0, work,
			 instructions->estimate.ratio > 1 ? "more" : "less");
		return;
	case EVIDENCE_LAYOUT:
		buf_addf(buf, "same work, %s: memory or layout?",
			 time->estimate.ratio > 1 ? "slower" : "faster");
		return;
	case EVIDENCE_WAITING:
		buf_adds(buf, "same CPU time: it waits");
		return;
	case EVIDENCE_CONFLICT:
		buf_adds(buf, "time and work moved in opposite directions");
		return;
	}
}
