/* The plot of a history, with what happened to it marked. */
#include "web/history.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "web/html.h"
#include "web/svg.h"

struct drawing {
	double *values, *lows, *highs;
	struct svg_mark *marks;
	char **labels; /* of the marks */
	char **tips;
	size_t count, mark_count;
};

static char *
tip_of(const json_t *point, const char *unit)
{
	struct buf tip = BUF_INIT;

	buf_addf(&tip, "%.10s  ", json_text_or(point, "commit", ""));
	units_add_value(&tip, json_number_or(point, "value", NAN), unit);
	if (json_bool_or(point, "backfilled", 0))
		buf_adds(&tip, "  backfilled");
	buf_addf(&tip, "  %s: %s", json_text_or(point, "author", ""),
		 json_text_or(point, "subject", ""));
	return buf_take(&tip);
}

/* Ends of the ratio's interval, in the metric's own unit; too few trials have
 * none, written as 0 to infinity. */
static double
scaled(const json_t *point, const char *end)
{
	if (json_number_or(point, "low", 0) <= 0 ||
	    !isfinite(json_number_or(point, "high", INFINITY)))
		return NAN;
	return json_number_or(point, end, NAN) *
	       json_number_or(point, "base", NAN);
}

static char *
change_label(const json_t *change)
{
	struct buf label = BUF_INIT;

	units_add_change(&label, json_number_or(change, "ratio", 1));
	buf_addf(&label, " by %.10s", json_text_or(change, "commit", ""));
	return buf_take(&label);
}

static void
add_mark(struct drawing *drawing, size_t at, const char *class, char *label)
{
	drawing->labels[drawing->mark_count] = label;
	drawing->marks[drawing->mark_count++] =
		(struct svg_mark){ .at = at, .class = class, .label = label };
}

static void
read_marks(struct drawing *drawing, const json_t *history)
{
	const json_t *changes = json_object_get(history, "changes"), *item;
	const json_t *epochs = json_object_get(history, "epochs");
	const json_t *bases = json_object_get(history, "baselines");
	size_t most = json_array_size(changes) + json_array_size(epochs) +
		      json_array_size(bases);
	size_t i;

	drawing->marks = mem_new(most, sizeof(*drawing->marks));
	drawing->labels = mem_new(most, sizeof(*drawing->labels));
	json_array_foreach(changes, i, item)
	{
		int rose = json_number_or(item, "ratio", 1) > 1;

		add_mark(drawing, (size_t)json_int_or(item, "at", 0),
			 rose == html_is_higher(history) ? "better" : "worse",
			 change_label(item));
	}
	json_array_foreach(epochs, i, item)
	{
		add_mark(drawing, (size_t)json_int_or(item, "at", 0), "epoch",
			 mem_text("new epoch: %s",
				  json_text_or(item, "why", "")));
	}
	json_array_foreach(bases, i, item)
	{
		add_mark(drawing, (size_t)json_int_or(item, "at", 0),
			 "baseline",
			 mem_text("baseline: %s",
				  json_text_or(item, "why", "")));
	}
}

static void
drawing_read(struct drawing *drawing, const json_t *history)
{
	const json_t *points = json_object_get(history, "points"), *point;
	size_t count = json_array_size(points), i;

	*drawing = (struct drawing){ .count = count };
	drawing->values = mem_new(count, sizeof(double));
	drawing->lows = mem_new(count, sizeof(double));
	drawing->highs = mem_new(count, sizeof(double));
	drawing->tips = mem_new(count, sizeof(char *));
	json_array_foreach(points, i, point)
	{
		drawing->values[i] = json_number_or(point, "value", NAN);
		drawing->lows[i] = scaled(point, "low");
		drawing->highs[i] = scaled(point, "high");
		drawing->tips[i] = tip_of(point,
					  json_text_or(history, "unit", "1"));
	}
	read_marks(drawing, history);
}

static void
drawing_release(struct drawing *drawing)
{
	for (size_t i = 0; i < drawing->count; i++)
		free(drawing->tips[i]);
	for (size_t i = 0; i < drawing->mark_count; i++)
		free(drawing->labels[i]);
	free(drawing->tips);
	free(drawing->labels);
	free(drawing->marks);
	free(drawing->values);
	free(drawing->lows);
	free(drawing->highs);
}

/* What the lines across the plot are, as far as there are any. */
static void
add_legend(struct buf *buf, const json_t *history)
{
	static const struct {
		const char *member, *text;
	} rows[] = { { "changes", "solid line: change point" },
		     { "epochs", "dashed: another definition of the test" },
		     { "baselines", "dotted: the baseline moved" } };
	const char *between = "<p class=\"quiet legend\">";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!json_array_size(json_object_get(history, rows[i].member)))
			continue;
		buf_addf(buf, "%s%s", between, rows[i].text);
		between = "; ";
	}
	if (*between == ';')
		buf_adds(buf, "</p>\n");
}

void
web_history_plot(struct buf *buf, const json_t *doc, const json_t *history,
		 size_t at)
{
	char *label = mem_text("history of %s, %s: %lld commits",
			       json_text_or(doc, "test", ""),
			       json_text_or(history, "metric", ""),
			       (long long)json_int_or(history, "count", 0));
	struct drawing drawing;
	struct svg_history plot;

	drawing_read(&drawing, history);
	plot = (struct svg_history){
		.values = drawing.values,
		.lows = drawing.lows,
		.highs = drawing.highs,
		.count = drawing.count,
		.marks = drawing.marks,
		.mark_count = drawing.mark_count,
		.unit = json_text_or(history, "unit", "1"),
		.label = label,
		.tips = (const char *const *)drawing.tips,
	};
	buf_addf(buf, "<figure class=\"plot\" data-history=\"%zu\">\n", at);
	svg_history(buf, &plot);
	buf_adds(buf, "</figure>\n");
	drawing_release(&drawing);
	free(label);
	add_legend(buf, history);
}
