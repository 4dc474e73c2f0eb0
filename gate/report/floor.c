#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "judge/noise.h"
#include "report/report.h"
#include "report/text.h"

enum { MAX_TEST = 72, MAX_METRIC = 18 };

void
report_add_floor(struct buf *buf, const struct report_floor *floor)
{
	if (floor->exact)
		buf_adds(buf, "never varies: any change is seen");
	else if (isfinite(floor->detectable))
		buf_addf(buf, "smallest detectable change %.2g %%",
			 floor->detectable * 100);
	if (floor->exact || floor->sessions >= NOISE_ENOUGH)
		return;
	buf_addf(buf, "%sstill being studied (%u of %d sessions)",
		 isfinite(floor->detectable) ? ", " : "", floor->sessions,
		 NOISE_ENOUGH);
}

void
report_add_floors(struct buf *buf, const struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_test *test = &report->tests[i];

		for (size_t j = 0; j < test->count; j++) {
			const struct report_metric *metric = &test->metrics[j];

			if (isnan(metric->floor.sd))
				continue;
			buf_adds(buf, "  ");
			buf_add_clean(buf, test->path, strlen(test->path),
				      MAX_TEST);
			buf_addc(buf, ' ');
			buf_add_clean(buf, metric->name, strlen(metric->name),
				      MAX_METRIC);
			buf_adds(buf, ": ");
			report_add_floor(buf, &metric->floor);
			buf_addc(buf, '\n');
		}
	}
}
