#include "report/accept.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "policy/trailer.h"
#include "report/report.h"

static void
say_narrow(struct texts *lines, const struct report_test *test,
	   const struct report_metric *metric, const struct trailer *trailer)
{
	struct buf text = BUF_INIT;

	buf_adds(&text, TRAILER_ACCEPT " for ");
	buf_add_clean(&text, test->path, strlen(test->path), 80);
	buf_addf(&text, " %s is too narrow: ", metric->name);
	units_add_change(&text, metric->ratio);
	buf_adds(&text, " was measured, ");
	units_add_change(&text, trailer->bound);
	buf_adds(&text, " is allowed");
	texts_add(lines, buf_text(&text));
	buf_release(&text);
}

/* The least change that the interval allows: a regression is beyond its bound
 * when that is sure, as with everything that the gate refuses. */
static double
least_change(const struct report_metric *metric)
{
	double end = metric->better == BETTER_HIGHER ? metric->high
						     : metric->low;

	return end > 0 && isfinite(end) ? end : metric->ratio;
}

static void
accept_test(struct report_test *test, struct trailers *trailers,
	    struct texts *lines)
{
	int standing = 0, accepted = 0;

	for (size_t i = 0; i < test->count; i++) {
		struct report_metric *metric = &test->metrics[i];
		struct trailer *trailer;

		if (!verdict_is_regression(metric->verdict))
			continue;
		trailer = trailers_find(trailers, TRAILER_KIND_ACCEPT,
					test->path, metric->name);
		if (trailer && trailer_covers(trailer, metric->better,
					      least_change(metric))) {
			trailer->used = 1;
			metric->measured = metric->verdict;
			metric->verdict = VERDICT_ACCEPTED;
			report_set(&test->accepted, trailer->reason);
			accepted = 1;
			continue;
		}
		standing = 1;
		if (trailer) {
			trailer->narrow = 1;
			say_narrow(lines, test, metric, trailer);
		}
	}
	if (accepted && !standing)
		test->verdict = VERDICT_ACCEPTED;
}

static void
check_claim(const struct report_test *test, struct trailer *trailer,
	    struct texts *lines)
{
	for (size_t i = 0; i < test->count; i++) {
		const struct report_metric *metric = &test->metrics[i];
		struct buf text = BUF_INIT;
		int met;

		if (strcasecmp(trailer->metric, metric->name) ||
		    !isfinite(metric->ratio))
			continue;
		trailer->used = 1;
		/* Met when what was claimed, or more, is within the interval.
		 */
		met = trailer->bound <= 1 ? metric->low <= trailer->bound
					  : metric->high >= trailer->bound;
		buf_addf(&text, "expected of ");
		buf_add_clean(&text, test->path, strlen(test->path), 80);
		buf_addf(&text, " %s: ", metric->name);
		units_add_change(&text, trailer->bound);
		buf_adds(&text, ", measured: ");
		units_add_change(&text, metric->ratio);
		buf_adds(&text, met ? ": met" : ": unmet");
		texts_add(lines, buf_text(&text));
		buf_release(&text);
	}
}

void
report_accept(struct report *report, struct trailers *trailers,
	      struct texts *lines)
{
	for (size_t i = 0; i < report->count; i++)
		accept_test(&report->tests[i], trailers, lines);
	for (size_t i = 0; i < trailers->count; i++) {
		struct trailer *trailer = &trailers->items[i];
		const struct report_test *test;

		if (trailer->kind != TRAILER_KIND_EXPECT)
			continue;
		test = report_find(report, trailer->test);
		if (test)
			check_claim(test, trailer, lines);
	}
	report_conclude(report);
}
