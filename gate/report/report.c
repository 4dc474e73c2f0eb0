#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
report_init(struct report *report, const struct oid *commit)
{
	*report = (struct report){ .commit = *commit,
				   .verdict = VERDICT_UNWEIGHED };
}

static void
metric_release(struct report_metric *metric)
{
	free(metric->name);
	free(metric->unit);
}

void
report_test_release(struct report_test *test)
{
	for (size_t i = 0; i < test->count; i++)
		metric_release(&test->metrics[i]);
	free(test->metrics);
	free(test->path);
	free(test->why);
	free(test->evidence);
	free(test->note);
	free(test->definition);
	free(test->log);
	free(test->accepted);
	report_culprit_release(&test->culprit);
	*test = (struct report_test){ 0 };
}

void
report_release(struct report *report)
{
	for (size_t i = 0; i < report->count; i++)
		report_test_release(&report->tests[i]);
	free(report->tests);
	report_drifts_release(&report->drifts);
	free(report->subject);
	free(report->author);
	free(report->email);
	free(report->ref);
	free(report->why);
	free(report->environment);
	free(report->machine);
	free(report->counter);
	free(report->sessions);
	*report = (struct report){ 0 };
}

const struct report_test *
report_find(const struct report *report, const char *path)
{
	for (size_t i = 0; i < report->count; i++)
		if (!strcmp(report->tests[i].path, path))
			return &report->tests[i];
	return NULL;
}

struct report_test *
report_test(struct report *report, const char *path)
{
	struct report_test *test;

	for (size_t i = 0; i < report->count; i++)
		if (!strcmp(report->tests[i].path, path))
			return &report->tests[i];
	MEM_GROW(report->tests, report->count, report->cap);
	test = &report->tests[report->count++];
	*test = (struct report_test){ .path = mem_copy_text(path),
				      .verdict = VERDICT_UNWEIGHED };
	return test;
}

struct report_metric *
report_test_metric(struct report_test *test, const char *name)
{
	struct report_metric *metric;

	for (size_t i = 0; i < test->count; i++)
		if (!strcmp(test->metrics[i].name, name))
			return &test->metrics[i];
	MEM_GROW(test->metrics, test->count, test->cap);
	metric = &test->metrics[test->count++];
	*metric = (struct report_metric){ .name = mem_copy_text(name),
					  .unit = mem_copy_text("1"),
					  .verdict = VERDICT_UNWEIGHED,
					  .severe = INFINITY,
					  .width = NAN,
					  .floor = { NAN, INFINITY, 0, 0 } };
	return metric;
}

void
report_conclude(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		struct report_test *test = &report->tests[i];

		if (!i)
			report->verdict = test->verdict;
		else
			report->verdict = verdict_worse(report->verdict,
							test->verdict);
	}
}

/* Of two that say the same, the one that is surer of it. */
static int
is_surer(const struct report_metric *a, const struct report_metric *b)
{
	if (!isfinite(b->ratio))
		return isfinite(a->ratio);
	return isfinite(a->ratio) &&
	       log(a->high / a->low) < log(b->high / b->low);
}

/* What stands for the test: a metric that says what the test says, before one
 * that was outvoted. */
static int
comes_first(const struct report_test *test, const struct report_metric *a,
	    const struct report_metric *b)
{
	int a_agrees = a->verdict == test->verdict;
	int b_agrees = b->verdict == test->verdict;

	if (a_agrees != b_agrees)
		return a_agrees;
	if (a->verdict == b->verdict)
		return is_surer(a, b);
	return verdict_worse(a->verdict, b->verdict) == a->verdict;
}

const struct report_metric *
report_main_metric(const struct report_test *test)
{
	const struct report_metric *best = NULL;

	for (size_t i = 0; i < test->count; i++)
		if (!best || comes_first(test, &test->metrics[i], best))
			best = &test->metrics[i];
	return best;
}

size_t
report_count(const struct report *report, enum verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < report->count; i++)
		count += report->tests[i].verdict == verdict;
	return count;
}

void
report_set(char **text, const char *new)
{
	char *copy = mem_copy_text(new);

	free(*text);
	*text = copy;
}

static int
test_order(const void *a, const void *b)
{
	const struct report_test *left = *(const struct report_test *const *)a;
	const struct report_test *right = *(const struct report_test *const *)b;

	if (left->verdict != right->verdict)
		return verdict_worse(left->verdict, right->verdict) ==
				       left->verdict
			       ? -1
			       : 1;
	return strcmp(left->path, right->path);
}

const struct report_test **
report_sorted_tests(const struct report *report)
{
	const struct report_test **tests = mem_new(report->count,
						   sizeof(*tests));

	for (size_t i = 0; i < report->count; i++)
		tests[i] = &report->tests[i];
	qsort(tests, report->count, sizeof(*tests), test_order);
	return tests;
}
