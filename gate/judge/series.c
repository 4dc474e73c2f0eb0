#include "judge/series.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "judge/trace.h"

enum { LEAST_POINTS = 3 };

static void
describe(const struct trace *trace, const struct segment *a,
	 const struct segment *b, struct change *change)
{
	double z = segments_score(trace, a, b), size = b->level - a->level;
	double width = 1.96 * fabs(size) / z;

	*change = (struct change){ .at = trace->index[b->start],
				   .first = trace->index[b->first],
				   .last = trace->index[b->last],
				   .before = exp(a->level),
				   .after = exp(b->level),
				   .ratio = exp(size),
				   .low = exp(size - width),
				   .high = exp(size + width),
				   .score = z,
				   .passing = a->passing || b->passing };
}

void
changes_find(const double *values, size_t count, struct changes *changes)
{
	struct segments segments = { 0 };
	struct trace trace;

	*changes = (struct changes){ 0 };
	trace_init(&trace, values, count);
	if (trace.n >= LEAST_POINTS) {
		segments_find(&trace, &segments);
		changes->noise = trace.sigma;
		changes->items = mem_new(segments.count, sizeof(struct change));
		for (size_t i = 0; i + 1 < segments.count; i++)
			describe(&trace, &segments.items[i],
				 &segments.items[i + 1],
				 &changes->items[changes->count++]);
	}
	free(segments.items);
	trace_release(&trace);
}

void
changes_release(struct changes *changes)
{
	free(changes->items);
	*changes = (struct changes){ 0 };
}

static double
level_variance(const struct trace *trace, const struct segment *segment)
{
	return 1.06 * trace->sigma * trace->sigma /
	       (double)(segment->end - segment->start);
}

static void
describe_drift(const struct trace *trace, const struct segment *best,
	       const struct segment *newest, struct drift *drift)
{
	double variance = level_variance(trace, newest);

	drift->best = trace->index[best->start];
	drift->best_end = trace->index[best->end - 1] + 1;
	drift->newest = trace->index[newest->start];
	drift->level = exp(newest->level);
	drift->level_sd = sqrt(variance);
	drift->since_best_sd = sqrt(variance + level_variance(trace, best));
}

static void
compare_newest(const struct trace *trace, const struct segments *segments,
	       int higher_is_better, size_t reference, struct drift *drift)
{
	double sign = higher_is_better ? -1 : 1;
	double newest = segments->items[segments->count - 1].level;
	size_t best = 0;

	for (size_t i = 0; i < segments->count; i++) {
		const struct segment *segment = &segments->items[i];

		if (segment->passing)
			continue;
		if (sign * segment->level < sign * segments->items[best].level)
			best = i;
		if (trace->index[segment->start] <= reference)
			drift->since_reference = exp(newest - segment->level);
	}
	drift->since_best = exp(newest - segments->items[best].level);
	describe_drift(trace, &segments->items[best],
		       &segments->items[segments->count - 1], drift);
}

void
drift_find(const double *values, size_t count, int higher_is_better,
	   size_t reference, struct drift *drift)
{
	struct segments segments = { 0 };
	struct trace trace;

	*drift = (struct drift){ .since_best = 1,
				 .since_reference = 1,
				 .level = NAN };
	trace_init(&trace, values, count);
	if (trace.n >= LEAST_POINTS) {
		segments_find(&trace, &segments);
		compare_newest(&trace, &segments, higher_is_better, reference,
			       drift);
	}
	free(segments.items);
	trace_release(&trace);
}
