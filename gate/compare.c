#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "judge/robust.h"

/* One metric of one session at one of the two commits. */
struct part {
	char *session, *environment, *metric;
	double *values;
	size_t count;
};

struct parts {
	struct part *items;
	size_t count, cap;
};

struct walk {
	struct store_tx *tx;
	const struct oid *base, *commit;
	struct compare *compare;
	int ret;
};

static int
take_sample(void *data, const struct store_sample *sample)
{
	struct parts *parts = data;

	for (size_t i = 0; i < sample->metric_count; i++) {
		const struct store_values *from = &sample->metrics[i];
		struct part *part;

		MEM_GROW(parts->items, parts->count, parts->cap);
		part = &parts->items[parts->count++];
		*part = (struct part){
			.session = mem_copy_text(sample->session),
			.environment = mem_copy_text(sample->environment),
			.metric = mem_copy_text(from->metric),
			.values = mem_new(from->count, sizeof(double)),
			.count = from->count,
		};
		for (size_t k = 0; k < from->count; k++)
			part->values[k] = from->values[k];
	}
	return 0;
}

static void
parts_release(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		free(parts->items[i].session);
		free(parts->items[i].environment);
		free(parts->items[i].metric);
		free(parts->items[i].values);
	}
	free(parts->items);
	*parts = (struct parts){ 0 };
}

static double
median_of(const struct part *part)
{
	double *values = mem_new(part->count, sizeof(*values)), median;
	size_t count = 0;

	for (size_t i = 0; i < part->count; i++)
		if (isfinite(part->values[i]))
			values[count++] = part->values[i];
	median = count ? robust_median(values, count) : NAN;
	free(values);
	return median;
}

static enum better
better_of(const char *metric)
{
	const struct metric_row *row = metric_find(metric);

	return row ? row->better : BETTER_LOWER;
}

static int
is_counted(const char *metric)
{
	const struct metric_row *row = metric_find(metric);

	return row && row->counted;
}

/* Rounds that ran both. */
static void
estimate_pair(const struct part *base, const struct part *part,
	      struct compare_row *row)
{
	size_t most = base->count < part->count ? base->count : part->count;
	struct pair *pairs = mem_new(most, sizeof(*pairs));
	struct rule rule = RULE_INIT;
	struct look look;
	size_t count = 0;

	for (size_t i = 0; i < most; i++)
		if (isfinite(base->values[i]) && isfinite(part->values[i]))
			pairs[count++] = (struct pair){ base->values[i],
							part->values[i], 0 };
	rule.better = better_of(row->metric);
	/* A count that stands alone where others have rounds is valgrind's. */
	rule.counted = is_counted(row->metric);
	rule.once = rule.counted && count == 1 && most > 1;
	look_at(&rule, pairs, count, &look);
	row->rounds = count;
	row->estimate = look.estimate;
	free(pairs);
}

static int
is_side_by_side(const struct part *base, const struct part *part)
{
	return !strcmp(base->session, part->session) &&
	       !strcmp(base->environment, part->environment);
}

/* The base's part to hold this one against: of the same session, else the last
 * one of the same environment; NULL for none. */
static const struct part *
find_base(const struct parts *bases, const struct part *part)
{
	const struct part *best = NULL;

	for (size_t i = 0; i < bases->count; i++) {
		const struct part *base = &bases->items[i];

		if (strcmp(base->metric, part->metric) != 0 ||
		    strcmp(base->environment, part->environment) != 0)
			continue;
		best = base;
		if (is_side_by_side(base, part))
			break;
	}
	return best;
}

/* The row of the same (test, metric, environment), if there is one. */
static struct compare_row *
find_row(const struct compare *compare, const char *test,
	 const struct part *part)
{
	for (size_t i = compare->count; i-- > 0;) {
		struct compare_row *row = &compare->rows[i];

		if (strcmp(row->test, test) != 0)
			break;
		if (!strcmp(row->metric, part->metric) &&
		    !strcmp(row->environment, part->environment))
			return row;
	}
	return NULL;
}

/* More rounds side by side are the better row, then the newer session. */
static void
add_row(struct compare *compare, const char *test, const struct part *base,
	const struct part *part)
{
	struct compare_row row = { .metric = part->metric,
				   .estimate = { NAN, 0, INFINITY } };
	struct compare_row *old = find_row(compare, test, part);

	row.base = median_of(base);
	row.value = median_of(part);
	if (is_side_by_side(base, part))
		estimate_pair(base, part, &row);
	else if (row.base > 0 && row.value > 0)
		row.estimate.ratio = row.value / row.base;
	if (!isfinite(row.base) || !isfinite(row.value) ||
	    (old && old->rounds > row.rounds))
		return;
	if (!old) {
		MEM_GROW(compare->rows, compare->count, compare->cap);
		old = &compare->rows[compare->count++];
		old->test = mem_copy_text(test);
		old->metric = mem_copy_text(part->metric);
		old->environment = mem_copy_text(part->environment);
	}
	row.test = old->test;
	row.metric = old->metric;
	row.environment = old->environment;
	*old = row;
}

static int
compare_test(void *data, const char *test)
{
	struct walk *walk = data;
	struct parts bases = { 0 }, parts = { 0 };

	walk->ret = store_sample_each(walk->tx, test, walk->commit, take_sample,
				      &parts);
	if (!walk->ret && parts.count)
		walk->ret = store_sample_each(walk->tx, test, walk->base,
					      take_sample, &bases);
	for (size_t i = 0; !walk->ret && i < parts.count; i++) {
		const struct part *base = find_base(&bases, &parts.items[i]);

		if (base)
			add_row(walk->compare, test, base, &parts.items[i]);
	}
	parts_release(&bases);
	parts_release(&parts);
	return walk->ret < 0 ? walk->ret : 0;
}

int
compare_commits(struct store_tx *tx, const struct oid *base,
		const struct oid *commit, struct compare *compare)
{
	struct walk walk = { tx, base, commit, compare, 0 };

	return store_each_test(tx, compare_test, &walk);
}

json_t *
compare_json(const struct compare *compare)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < compare->count; i++) {
		const struct compare_row *row = &compare->rows[i];
		const struct metric_row *known = metric_find(row->metric);

		json_array_append_new(
			rows,
			json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:o, "
				  "s:o, s:o, s:I}",
				  "test", json_text(row->test), "metric",
				  json_text(row->metric), "environment",
				  row->environment, "unit",
				  known ? known->unit : "1", "better",
				  better_of(row->metric) == BETTER_HIGHER
					  ? "higher"
					  : "lower",
				  "base", json_num(row->base), "value",
				  json_num(row->value), "ratio",
				  json_num(row->estimate.ratio), "low",
				  json_num(row->estimate.low), "high",
				  json_num(row->estimate.high), "rounds",
				  (json_int_t)row->rounds));
	}
	return rows;
}

void
compare_release(struct compare *compare)
{
	for (size_t i = 0; i < compare->count; i++) {
		free(compare->rows[i].test);
		free(compare->rows[i].metric);
		free(compare->rows[i].environment);
	}
	free(compare->rows);
	*compare = (struct compare){ 0 };
}
