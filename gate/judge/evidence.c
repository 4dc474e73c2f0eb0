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

static void
add_work(struct buf *buf, const struct finding *instructions)
{
	double ratio = instructions->estimate.ratio;
	double percent = fabs(ratio - 1) * 100;

	buf_addf(buf, "%.*f %% %s work", percent < 9.95 ? 1 : 0, percent,
		 ratio > 1 ? "more" : "less");
}

void
evidence_add_text(struct buf *buf, const struct finding *wall,
		  const struct finding *cpu, const struct finding *instructions)
{
	int by_cpu_is_sure = 0, by_wall_is_sure = 0;
	int by_cpu = direction(cpu, &by_cpu_is_sure);
	int by_wall = direction(wall, &by_wall_is_sure);
	int is_slower = (by_cpu ? by_cpu : by_wall) > 0;

	switch (evidence_kind(wall, cpu, instructions)) {
	case EVIDENCE_NONE:
	case EVIDENCE_TIME:
		return;
	case EVIDENCE_BOTH:
		add_work(buf, instructions);
		return;
	case EVIDENCE_WORK:
		add_work(buf, instructions);
		if (cpu ? by_cpu_is_sure : by_wall_is_sure)
			buf_adds(buf, ", same time");
		return;
	case EVIDENCE_LAYOUT:
		buf_addf(buf, "same work, %s: memory or layout?",
			 is_slower ? "slower" : "faster");
		return;
	case EVIDENCE_WAITING:
		buf_addf(buf, "same CPU time: it waits %s",
			 is_slower ? "longer" : "less");
		return;
	case EVIDENCE_CONFLICT:
		add_work(buf, instructions);
		buf_addf(buf, ", yet %s: memory or layout?",
			 is_slower ? "slower" : "faster");
		return;
	}
}
