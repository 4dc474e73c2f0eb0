#include "report/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/columns.h"
#include "base/mem.h"
#include "base/units.h"

enum { EIGHTHS = 8 };

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The finite values of a piece, ascending; how many. */
static size_t
sorted(const double *values, size_t count, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (isfinite(values[i]))
			out[n++] = values[i];
	qsort(out, n, sizeof(double), compare);
	return n;
}

struct scale {
	double low, high;
};

static struct scale
find_scale(const struct plot *plot, double *scratch)
{
	size_t n = sorted(plot->values, plot->count, scratch);
	struct scale scale = { 0, 0 };
	double near, far, reach;

	if (!n)
		return scale;
	near = scratch[n / 20];
	far = scratch[n - 1 - n / 20];
	reach = far - near;
	scale.low = fmax(scratch[0], near - reach);
	scale.high = fmin(scratch[n - 1], far + reach);
	return scale;
}

/* Eighths of a block, 1 and up; 0 for a gap. */
static size_t
height(const struct scale *scale, double value, size_t rows)
{
	double most = (double)(rows * EIGHTHS), part = 0;

	if (!isfinite(value))
		return 0;
	if (scale->high > scale->low)
		part = (value - scale->low) / (scale->high - scale->low);
	part = fmin(1, fmax(0, part));
	return 1 + (size_t)(part * (most - 1) + 0.5);
}

/* What stands in front of the rows. */
struct labels {
	struct buf high, low;
	size_t width; /* 0: nothing */
};

static void
find_labels(const struct plot *plot, const struct scale *scale,
	    struct labels *labels)
{
	size_t low, high;

	*labels = (struct labels){ 0 };
	if (!plot->unit)
		return;
	units_add_value(&labels->high, scale->high, plot->unit);
	units_add_value(&labels->low, scale->low, plot->unit);
	low = columns_of(buf_text(&labels->low));
	high = columns_of(buf_text(&labels->high));
	labels->width = low > high ? low : high;
}

static void
add_label(struct buf *buf, const struct labels *labels, const char *text)
{
	if (!labels->width)
		return;
	columns_add(buf, text, labels->width, COLUMNS_RIGHT);
	buf_addc(buf, ' ');
}

static const char *
label_of_row(const struct labels *labels, size_t row, size_t rows)
{
	if (row + 1 == rows)
		return buf_text(&labels->high);
	return row ? "" : buf_text(&labels->low);
}

static void
add_row(struct buf *buf, const size_t *heights, size_t width, size_t base)
{
	static const char *const blocks[EIGHTHS + 1] = {
		" ",      "\u2581", "\u2582", "\u2583", "\u2584",
		"\u2585", "\u2586", "\u2587", "\u2588"
	};

	for (size_t i = 0; i < width; i++) {
		size_t above = heights[i] > base ? heights[i] - base : 0;

		buf_adds(buf, blocks[above < EIGHTHS ? above : EIGHTHS]);
	}
	buf_addc(buf, '\n');
}

static void
add_marks(struct buf *buf, const struct plot *plot, size_t width,
	  const struct labels *labels)
{
	char *line = mem_new(width + 1, 1);
	size_t used = 0;

	memset(line, ' ', width);
	for (size_t i = 0; i < plot->mark_count; i++) {
		size_t at = plot->marks[i] * width / plot->count;

		line[at] = '^';
		used = at + 1 > used ? at + 1 : used;
	}
	if (used) {
		add_label(buf, labels, "");
		buf_add(buf, line, used);
		buf_addc(buf, '\n');
	}
	free(line);
}

/* Columns: the points' own, or as many as there is room for, of several points
 * each. */
static size_t
find_width(const struct plot *plot, const struct labels *labels)
{
	size_t most = plot->width, stretch = plot->stretch ? plot->stretch : 1;

	if (labels->width)
		most = most > labels->width + 1 ? most - labels->width - 1 : 1;
	if (plot->count >= most)
		return most;
	if (stretch > most / plot->count)
		stretch = most / plot->count;
	return plot->count * stretch;
}

void
plot_add(struct buf *buf, const struct plot *plot)
{
	double *scratch;
	size_t *heights, width;
	struct labels labels;
	struct scale scale;

	if (!plot->count || !plot->width || !plot->rows)
		return;
	scratch = mem_new(plot->count, sizeof(double));
	scale = find_scale(plot, scratch);
	find_labels(plot, &scale, &labels);
	width = find_width(plot, &labels);
	heights = mem_new(width, sizeof(size_t));
	for (size_t i = 0; i < width; i++) {
		size_t from = i * plot->count / width;
		size_t to = (i + 1) * plot->count / width;
		size_t n;

		to = to > from ? to : from + 1;
		n = sorted(plot->values + from, to - from, scratch);
		heights[i] = height(&scale, n ? scratch[n / 2] : NAN,
				    plot->rows);
	}
	for (size_t row = plot->rows; row-- > 0;) {
		add_label(buf, &labels, label_of_row(&labels, row, plot->rows));
		add_row(buf, heights, width, row * EIGHTHS);
	}
	add_marks(buf, plot, width, &labels);
	buf_release(&labels.high);
	buf_release(&labels.low);
	free(heights);
	free(scratch);
}
