#include "samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/protocol.h"
#include "judge/robust.h"
#include "plan/plan.h"

void
samples_init(struct samples *samples, const struct plan *plan)
{
	*samples = (struct samples){ .test_count = plan->test_count,
				     .revision_count = plan->revision_count };
	samples->tests = mem_new(plan->test_count, sizeof(*samples->tests));
	for (size_t i = 0; i < plan->test_count; i++) {
		samples->tests[i].trouble = mem_new(
			plan->revision_count,
			sizeof(*samples->tests[i].trouble));
		samples->tests[i].courses = mem_new(
			plan->revision_count,
			sizeof(*samples->tests[i].courses));
	}
	samples->build_why = mem_new(plan->revision_count, sizeof(char *));
	samples->build_log = mem_new(plan->revision_count, sizeof(char *));
}

static void
test_release(struct sample_test *test, size_t revisions)
{
	for (size_t i = 0; i < test->count; i++) {
		free(test->metrics[i].name);
		free(test->metrics[i].unit);
		free(test->metrics[i].values);
	}
	for (size_t i = 0; i < revisions; i++) {
		free(test->trouble[i].outcome);
		free(test->trouble[i].why);
		free(test->trouble[i].log);
		course_release(&test->courses[i]);
	}
	free(test->metrics);
	free(test->trouble);
	free(test->courses);
	free(test->unquiet);
	texts_release(&test->problems);
}

void
samples_release(struct samples *samples)
{
	for (size_t i = 0; i < samples->test_count; i++)
		test_release(&samples->tests[i], samples->revision_count);
	free(samples->tests);
	for (size_t i = 0; i < samples->revision_count; i++) {
		free(samples->build_why[i]);
		free(samples->build_log[i]);
	}
	free(samples->build_why);
	free(samples->build_log);
	*samples = (struct samples){ 0 };
}

static struct sample_metric *
find_metric(const struct sample_test *test, const char *name)
{
	for (size_t i = 0; i < test->count; i++)
		if (!strcmp(test->metrics[i].name, name))
			return &test->metrics[i];
	return NULL;
}

static struct sample_metric *
get_metric(struct sample_test *test, const char *name, const char *unit,
	   enum better better, int declared)
{
	struct sample_metric *metric = find_metric(test, name);

	if (metric)
		return metric;
	if (test->count >= 2 * PROTOCOL_MAX_VALUES)
		return NULL;
	MEM_GROW(test->metrics, test->count, test->cap);
	metric = &test->metrics[test->count++];
	*metric = (struct sample_metric){ .name = mem_copy_text(name),
					  .unit = mem_copy_text(unit),
					  .better = better,
					  .declared = declared };
	return metric;
}

static void
put_value(struct samples *samples, struct sample_metric *metric, size_t round,
	  size_t revision, double value)
{
	size_t width = samples->revision_count;

	if (round >= metric->rounds) {
		size_t rounds = round < 8 ? 16 : 2 * round;

		metric->values = mem_resize(metric->values, rounds * width,
					    sizeof(*metric->values));
		for (size_t i = metric->rounds * width; i < rounds * width; i++)
			metric->values[i] = NAN;
		metric->rounds = rounds;
	}
	metric->values[round * width + revision] = value;
}

static int
add_measured(struct samples *samples, struct sample_test *test, size_t round,
	     size_t revision, const json_t *metrics, struct err *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)metrics, name, value)
	{
		const struct metric_row *row = metric_find(name);
		struct sample_metric *metric;

		if (!row || !json_is_number(value))
			return err_set(err, ERR_PROTOCOL, "bad metric '%s'",
				       name);
		metric = get_metric(test, name, row->unit, row->better, 0);
		if (!metric)
			return err_set(err, ERR_PROTOCOL, "too many values");
		put_value(samples, metric, round, revision,
			  json_number_value(value));
	}
	return 0;
}

static int
add_declared(struct samples *samples, struct sample_test *test, size_t round,
	     size_t revision, const json_t *values, struct err *err)
{
	json_t *item;
	size_t i;

	json_array_foreach(values, i, item)
	{
		const char *name = NULL;
		struct sample_metric *metric;
		double value = 0;

		if (json_get_text(item, "name", &name, err) < 0 ||
		    json_get_number(item, "value", &value, err) < 0)
			return ERR_PROTOCOL;
		metric = get_metric(
			test, name, json_text_or(item, "unit", "1"),
			strcmp(json_text_or(item, "better", ""), "higher")
				? BETTER_LOWER
				: BETTER_HIGHER,
			1);
		if (!metric)
			return err_set(err, ERR_PROTOCOL, "too many values");
		put_value(samples, metric, round, revision, value);
	}
	return 0;
}

static void
note_problem(struct sample_test *test, const char *text)
{
	if (text && test->problems.count < PROTOCOL_MAX_TEXTS &&
	    !texts_has(&test->problems, text))
		texts_add(&test->problems, text);
}

static void
note_problems(struct sample_test *test, const json_t *problems)
{
	json_t *item;
	size_t i;

	json_array_foreach(problems, i, item)
	{
		note_problem(test, json_string_value(item));
	}
}

static void
note_trouble(struct sample_trouble *trouble, const char *outcome,
	     const json_t *trial)
{
	if (!trouble->bad++) {
		trouble->outcome = mem_copy_text(outcome);
		trouble->why = mem_copy_text(json_text_or(trial, "why", ""));
		trouble->log = mem_copy_text(json_text_or(trial, "log", ""));
	}
}

static void
note_round(struct sample_test *test, size_t round, const json_t *marks)
{
	if (round >= test->rounds) {
		test->unquiet = mem_resize(test->unquiet, round + 1, 1);
		memset(test->unquiet + test->rounds, 0,
		       round + 1 - test->rounds);
		test->rounds = round + 1;
	}
	if (json_array_size(marks))
		test->unquiet[round] = 1;
}

int
samples_add_trial(struct samples *samples, const json_t *trial, struct err *err)
{
	int64_t index = 0, revision = 0, round = 0;
	struct sample_test *test;
	const char *outcome = NULL;

	if (json_get_int(trial, "test", 0, (int64_t)samples->test_count - 1,
			 &index, err) < 0 ||
	    json_get_int(trial, "revision", 0,
			 (int64_t)samples->revision_count - 1, &revision,
			 err) < 0 ||
	    json_get_int(trial, "round", 0, PROTOCOL_MAX_ROUNDS, &round, err) <
		    0 ||
	    json_get_text(trial, "outcome", &outcome, err) < 0)
		return err ? err->code = ERR_PROTOCOL : ERR_PROTOCOL;
	test = &samples->tests[index];
	note_problems(test, json_object_get(trial, "problems"));
	if (json_object_get(trial, "left"))
		note_problem(test, "it left processes behind, which were "
				   "killed: end them, or wait for them");
	if (strcmp(outcome, OUTCOME_OK)) {
		note_trouble(&test->trouble[revision], outcome, trial);
		return 0;
	}
	if (json_bool_or(trial, "warmup", 0))
		return 0;
	test->trouble[revision].good++;
	note_round(test, (size_t)round, json_object_get(trial, "marks"));
	if (add_measured(samples, test, (size_t)round, (size_t)revision,
			 json_object_get(trial, "metrics"), err) < 0)
		return ERR_PROTOCOL;
	return add_declared(samples, test, (size_t)round, (size_t)revision,
			    json_object_get(trial, "values"), err);
}

/* Which test and revision a message is of. */
static int
find_place(const struct samples *samples, const json_t *body,
	   struct sample_test **test, size_t *revision, struct err *err)
{
	int64_t index = 0, number = 0;

	if (json_get_int(body, "test", 0, (int64_t)samples->test_count - 1,
			 &index, err) < 0 ||
	    json_get_int(body, "revision", 0,
			 (int64_t)samples->revision_count - 1, &number,
			 err) < 0)
		return ERR_PROTOCOL;
	*test = &samples->tests[index];
	*revision = (size_t)number;
	return 0;
}

int
samples_add_course(struct samples *samples, const json_t *course,
		   struct err *err)
{
	struct sample_test *test = NULL;
	size_t revision = 0;

	if (find_place(samples, course, &test, &revision, err) < 0)
		return ERR_PROTOCOL;
	return course_take(&test->courses[revision], course, err);
}

int
samples_add_count(struct samples *samples, const json_t *count, struct err *err)
{
	const struct metric_row *row = metric_find("instructions");
	struct sample_metric *metric;
	struct sample_test *test = NULL;
	size_t revision = 0;
	double value = 0;

	if (find_place(samples, count, &test, &revision, err) < 0)
		return ERR_PROTOCOL;
	if (json_object_get(count, "why")) {
		char *text = mem_text("no instruction counts: %s",
				      json_text_or(count, "why", ""));

		note_problem(test, text);
		free(text);
		return 0;
	}
	if (json_get_number(count, "instructions", &value, err) < 0)
		return ERR_PROTOCOL;
	metric = get_metric(test, row->name, row->unit, row->better, 0);
	if (!metric)
		return err_set(err, ERR_PROTOCOL, "too many values");
	metric->once = 1;
	put_value(samples, metric, 0, revision, value);
	return 0;
}

int
samples_add_phase(struct samples *samples, const json_t *phase, struct err *err)
{
	int64_t revision = 0;

	if (json_get_int(phase, "revision", 0,
			 (int64_t)samples->revision_count - 1, &revision,
			 err) < 0)
		return ERR_PROTOCOL;
	if (strcmp(json_text_or(phase, "status", ""), "failed"))
		return 0;
	free(samples->build_why[revision]);
	free(samples->build_log[revision]);
	samples->build_why[revision] = mem_copy_text(
		json_text_or(phase, "why", "failed"));
	samples->build_log[revision] = mem_copy_text(
		json_text_or(phase, "log", ""));
	return 0;
}

const struct sample_metric *
samples_metric(const struct samples *samples, size_t test, const char *name)
{
	return find_metric(&samples->tests[test], name);
}

double
samples_value(const struct samples *samples, const struct sample_metric *metric,
	      size_t round, size_t revision)
{
	if (round >= metric->rounds)
		return NAN;
	return metric->values[round * samples->revision_count + revision];
}

double
samples_median(const struct samples *samples,
	       const struct sample_metric *metric, size_t revision,
	       unsigned *count)
{
	double *values = mem_new(metric->rounds, sizeof(*values)), median = NAN;
	size_t n = 0;

	for (size_t i = 0; i < metric->rounds; i++) {
		double value = samples_value(samples, metric, i, revision);

		if (!isnan(value))
			values[n++] = value;
	}
	if (n)
		median = robust_median(values, n);
	free(values);
	*count = (unsigned)n;
	return median;
}
