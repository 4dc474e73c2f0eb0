#ifndef WEB_SVG_H
#define WEB_SVG_H

#include <stddef.h>

struct buf;

/*
 * Plots as SVG, drawn by the server: they need no script, take their colours
 * from the page's style sheet, and carry a label for those who cannot see them.
 */

/* A small line of a test's newest values; not finite ones leave a gap. */
void svg_spark(struct buf *buf, const double *values, size_t count,
	       const char *label);

struct svg_mark {
	size_t at;         /* index of the point */
	const char *class; /* "worse", "better", "epoch", "baseline" */
	const char *label; /* shown on hover */
};

/* A history: values with a band from low to high, marks at change points. */
struct svg_history {
	const double *values, *lows, *highs; /* lows and highs may be NULL */
	size_t count;
	const struct svg_mark *marks;
	size_t mark_count;
	const char *unit;
	const char *label;
	const char *const *tips; /* one for each point, or NULL */
};

void svg_history(struct buf *buf, const struct svg_history *history);

/* Two rows of points, one a trial: of the baseline and of the commit. */
struct svg_trials {
	const double *base, *value;
	size_t base_count, value_count;
	const char *unit;
	const char *label;
};

void svg_trials(struct buf *buf, const struct svg_trials *trials);

/* What a trial of each side used over time, laid over each other. */
struct svg_side {
	const double *times, *values; /* ns since its start */
	size_t count;
};

struct svg_course {
	struct svg_side base, value;
	const char *unit;
	const char *label;
};

void svg_course(struct buf *buf, const struct svg_course *course);

/* A badge: `perf | pass`. class names its colour. */
void svg_badge(struct buf *buf, const char *left, const char *right,
	       const char *class);

#endif
