#include "web/svg.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/units.h"
#include "web/html.h"

enum {
	SPARK_WIDTH = 120,
	SPARK_HEIGHT = 28,
	WIDTH = 900,
	HEIGHT = 260,
	LEFT = 100, /* room for the values' labels, large on a phone */
	PAD = 18,
	TRIALS_HEIGHT = 90,
	COURSE_HEIGHT = 160,
	SCALE = 20,    /* room for a scale below the plot */
	MAX_DOTS = 400 /* beyond, a line alone tells more */
};

struct range {
	double low, high;
};

static void
range_take(struct range *range, const double *values, size_t count)
{
	for (size_t i = 0; values && i < count; i++) {
		if (!isfinite(values[i]))
			continue;
		range->low = fmin(range->low, values[i]);
		range->high = fmax(range->high, values[i]);
	}
}

/* A flat line lies in the middle; a range without a value is 0 to 1. */
static void
range_settle(struct range *range)
{
	double span = range->high - range->low;

	if (!isfinite(span) || span < 0) {
		*range = (struct range){ 0, 1 };
		return;
	}
	if (span <= fabs(range->high) * 1e-6)
		span = fabs(range->high) > 0 ? fabs(range->high) * 0.02 : 1;
	else
		span = span * 0.06;
	range->low -= span;
	range->high += span;
}

static double
place(const struct range *range, double value, double height)
{
	return height * (1 - (value - range->low) / (range->high - range->low));
}

static double
step_of(size_t count, double width)
{
	return count > 1 ? width / (double)(count - 1) : 0;
}

static void
add_path(struct buf *buf, const double *values, size_t count,
	 const struct range *range, double left, double width, double top,
	 double height)
{
	double step = step_of(count, width);
	int pen = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i])) {
			pen = 0;
			continue;
		}
		buf_addf(buf, "%c%.1f %.1f", pen ? 'L' : 'M',
			 left + step * (double)i,
			 top + place(range, values[i], height));
		pen = 1;
	}
}

static void
begin(struct buf *buf, const char *class, int width, int height,
      const char *label)
{
	buf_addf(buf,
		 "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" "
		 "aria-label=\"",
		 class, width, height);
	html_text_cut(buf, label, 300);
	buf_adds(buf, "\">");
}

void
svg_spark(struct buf *buf, const double *values, size_t count,
	  const char *label)
{
	struct range range = { INFINITY, -INFINITY };

	range_take(&range, values, count);
	range_settle(&range);
	begin(buf, "spark", SPARK_WIDTH, SPARK_HEIGHT, label);
	buf_adds(buf, "<path d=\"");
	add_path(buf, values, count, &range, 2, SPARK_WIDTH - 4, 2,
		 SPARK_HEIGHT - 4);
	buf_adds(buf, "\"/></svg>");
}

static void
add_axis(struct buf *buf, const struct range *range, const char *unit,
	 double height)
{
	enum { LINES = 5 };

	for (int i = 0; i < LINES; i++) {
		double value = range->low +
			       (range->high - range->low) * i / (LINES - 1);
		double y = PAD + place(range, value, height);

		buf_addf(buf,
			 "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text "
			 "x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
			 LEFT, y, WIDTH - PAD, LEFT - 6, y + 4);
		html_value(buf, value, unit);
		buf_adds(buf, "</text>");
	}
}

/* Down along the highs, back along the lows; a point without an interval is as
 * wide as its value. */
static void
add_band(struct buf *buf, const struct svg_history *history,
	 const struct range *range, double width, double height)
{
	double step = step_of(history->count, width);
	int pen = 0;

	if (!history->lows || !history->highs)
		return;
	buf_adds(buf, "<path class=\"band\" d=\"");
	for (size_t k = 0; k < 2 * history->count; k++) {
		size_t i = k < history->count ? k : 2 * history->count - 1 - k;
		double end = k < history->count ? history->highs[i]
						: history->lows[i];

		if (!isfinite(end))
			end = history->values[i];
		if (!isfinite(end))
			continue;
		buf_addf(buf, "%c%.1f %.1f", pen ? 'L' : 'M',
			 LEFT + step * (double)i,
			 PAD + place(range, end, height));
		pen = 1;
	}
	buf_adds(buf, "Z\"/>");
}

static void
add_marks(struct buf *buf, const struct svg_history *history, double width,
	  double height)
{
	double step = step_of(history->count, width);

	for (size_t i = 0; i < history->mark_count; i++) {
		const struct svg_mark *mark = &history->marks[i];
		/* Between the last point of old and the first of new. */
		double x = LEFT + step * ((double)mark->at - 0.5);

		buf_addf(buf,
			 "<path class=\"mark %s\" d=\"M%.1f %dV%.1f\"><title>",
			 mark->class, fmax(x, LEFT), PAD, PAD + height);
		html_text_cut(buf, mark->label, 300);
		buf_adds(buf, "</title></path>");
	}
}

static void
add_dots(struct buf *buf, const struct svg_history *history,
	 const struct range *range, double width, double height)
{
	double step = step_of(history->count, width);

	if (history->count > MAX_DOTS)
		return;
	for (size_t i = 0; i < history->count; i++) {
		if (!isfinite(history->values[i]))
			continue;
		buf_addf(buf, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\">",
			 LEFT + step * (double)i,
			 PAD + place(range, history->values[i], height));
		if (history->tips && history->tips[i]) {
			buf_adds(buf, "<title>");
			html_text_cut(buf, history->tips[i], 300);
			buf_adds(buf, "</title>");
		}
		buf_adds(buf, "</circle>");
	}
}

void
svg_history(struct buf *buf, const struct svg_history *history)
{
	struct range range = { INFINITY, -INFINITY };
	double width = WIDTH - LEFT - PAD, height = HEIGHT - 2 * PAD;

	range_take(&range, history->values, history->count);
	range_settle(&range);
	begin(buf, "history", WIDTH, HEIGHT, history->label);
	buf_addf(buf,
		 "<defs><clipPath id=\"in\"><rect x=\"%d\" y=\"%d\" "
		 "width=\"%.0f\" height=\"%.0f\"/></clipPath></defs>",
		 LEFT, PAD, width, height);
	add_axis(buf, &range, history->unit, height);
	buf_adds(buf, "<g clip-path=\"url(#in)\">");
	add_band(buf, history, &range, width, height);
	buf_adds(buf, "</g><path class=\"line\" d=\"");
	add_path(buf, history->values, history->count, &range, LEFT, width, PAD,
		 height);
	buf_adds(buf, "\"/>");
	add_marks(buf, history, width, height);
	add_dots(buf, history, &range, width, height);
	buf_adds(buf, "</svg>");
}

static void
add_row(struct buf *buf, const double *values, size_t count,
	const struct range *range, const char *class, double y)
{
	double width = WIDTH - LEFT - PAD;

	for (size_t i = 0; i < count; i++) {
		double share = (values[i] - range->low) /
			       (range->high - range->low);

		if (!isfinite(values[i]))
			continue;
		/* Neighbours one above the other, so that none is hidden. */
		buf_addf(buf,
			 "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" "
			 "r=\"3.5\"/>",
			 class, LEFT + width * share,
			 y + (double)(i % 4) * 4 - 6);
	}
}

/* Along the bottom: both ends and the middle. */
static void
add_scale(struct buf *buf, const struct range *range, const char *unit, int y)
{
	static const char *const anchors[] = { "start", "middle", "end" };

	for (int i = 0; i < 3; i++) {
		double x = LEFT + (WIDTH - LEFT - PAD) * i / 2.0;

		buf_addf(buf, "<text x=\"%.0f\" y=\"%d\" text-anchor=\"%s\">",
			 x, y, anchors[i]);
		html_value(buf, range->low + (range->high - range->low) * i / 2,
			   unit);
		buf_adds(buf, "</text>");
	}
}

void
svg_trials(struct buf *buf, const struct svg_trials *trials)
{
	struct range range = { INFINITY, -INFINITY };

	range_take(&range, trials->base, trials->base_count);
	range_take(&range, trials->value, trials->value_count);
	range_settle(&range);
	begin(buf, "trials", WIDTH, TRIALS_HEIGHT, trials->label);
	buf_addf(buf,
		 "<text x=\"%d\" y=\"24\" text-anchor=\"end\">before</text>"
		 "<text x=\"%d\" y=\"54\" text-anchor=\"end\">now</text>",
		 LEFT - 6, LEFT - 6);
	add_row(buf, trials->base, trials->base_count, &range, "base", 22);
	add_row(buf, trials->value, trials->value_count, &range, "value", 52);
	add_scale(buf, &range, trials->unit, TRIALS_HEIGHT - 8);
	buf_adds(buf, "</svg>");
}

static void
add_side(struct buf *buf, const struct svg_side *side, const char *class,
	 const struct range *times, const struct range *values)
{
	double width = WIDTH - LEFT - PAD;
	double height = COURSE_HEIGHT - 2 * PAD - SCALE;
	int pen = 0;

	buf_addf(buf, "<path class=\"%s\" d=\"", class);
	for (size_t i = 0; i < side->count; i++) {
		if (!isfinite(side->values[i]) || !isfinite(side->times[i])) {
			pen = 0;
			continue;
		}
		buf_addf(buf, "%c%.1f %.1f", pen ? 'L' : 'M',
			 LEFT + width - place(times, side->times[i], width),
			 PAD + place(values, side->values[i], height));
		pen = 1;
	}
	buf_adds(buf, "\"/>");
}

void
svg_course(struct buf *buf, const struct svg_course *course)
{
	const struct svg_side *base = &course->base, *value = &course->value;
	/* Both begin at nothing. */
	struct range times = { 0, 1 }, values = { 0, 1 };

	range_take(&times, base->times, base->count);
	range_take(&times, value->times, value->count);
	range_take(&values, base->values, base->count);
	range_take(&values, value->values, value->count);
	begin(buf, "course", WIDTH, COURSE_HEIGHT, course->label);
	add_axis(buf, &values, course->unit, COURSE_HEIGHT - 2 * PAD - SCALE);
	add_side(buf, base, "base", &times, &values);
	add_side(buf, value, "value", &times, &values);
	add_scale(buf, &times, "ns", COURSE_HEIGHT - 8);
	buf_adds(buf, "</svg>");
}

static const char *
badge_colour(const char *class)
{
	static const struct {
		const char *class, *colour;
	} colours[] = { { "pass", "#1a7f37" },      { "improved", "#1a7f37" },
			{ "new", "#0969da" },       { "accepted", "#8a5a00" },
			{ "regressed", "#b42318" }, { "severe", "#b42318" },
			{ "broken", "#b42318" } };

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (!strcmp(colours[i].class, class))
			return colours[i].colour;
	return "#57606a";
}

void
svg_badge(struct buf *buf, const char *left, const char *right,
	  const char *class)
{
	int first = 14 + 7 * (int)strlen(left);
	int second = 14 + 7 * (int)strlen(right);

	buf_addf(buf,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		 "height=\"20\" role=\"img\" aria-label=\"",
		 first + second);
	html_text_cut(buf, left, 60);
	buf_adds(buf, ": ");
	html_text_cut(buf, right, 60);
	buf_addf(buf,
		 "\"><rect width=\"%d\" height=\"20\" rx=\"3\" "
		 "fill=\"#444c56\"/><rect x=\"%d\" width=\"%d\" height=\"20\" "
		 "rx=\"3\" fill=\"%s\"/><g fill=\"#fff\" font-size=\"12\" "
		 "font-family=\"sans-serif\" text-anchor=\"middle\"><text "
		 "x=\"%d\" y=\"14\">",
		 first + second, first, second, badge_colour(class), first / 2);
	html_text_cut(buf, left, 60);
	buf_addf(buf, "</text><text x=\"%d\" y=\"14\">", first + second / 2);
	html_text_cut(buf, right, 60);
	buf_adds(buf, "</text></g></svg>\n");
}
