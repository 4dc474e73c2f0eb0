#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stddef.h>

struct buf;

/*
 * A series drawn with block characters: the median of what falls into each
 * column, from the least value (an eighth of a block) to the largest. Values
 * that are not finite leave a gap. Outliers do not squeeze the rest: what lies
 * beyond three times the middle nine tenths is drawn at the edge.
 */
struct plot {
	const double *values;
	size_t count;
	size_t width;        /* columns at most, the scale's too */
	size_t stretch;      /* columns of a point at most; 0: 1 */
	const char *unit;    /* write least and largest value in front, as
				units_add_value() does; NULL: no scale */
	size_t rows;         /* lines */
	const size_t *marks; /* points to mark with ^ below, ascending */
	size_t mark_count;
};

void plot_add(struct buf *buf, const struct plot *plot);

#endif
