#include "runner/counting.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "runner/control.h"
#include "runner/count.h"
#include "runner/counters.h"
#include "runner/rounds.h"
#include "runner/tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOWER = 60, MAX_MS = 600000 }; /* the gate waits 15 min for a word */

static int
has_count(const struct tally *tally)
{
	return !*tally->why && tally->first > 0;
}

int
counting_differs(const struct tally *base, const struct tally *tally)
{
	return has_count(base) && has_count(tally) &&
	       fabs(tally->first - base->first) > COUNTING_SAME * base->first;
}

/* By how much two counts of the same code differ, as a fraction. */
static double
spread(const struct tally *tally)
{
	return tally->again > 0
		       ? fabs(tally->again - tally->first) / tally->first
		       : 0;
}

void
counting_judge(const struct tally *base, struct tally *tally)
{
	double change, noise;

	if (!counting_differs(base, tally))
		return;
	change = fabs(tally->first - base->first) / base->first;
	noise = fmax(spread(base), spread(tally));
	if (noise * COUNTING_CLEAR > change)
		snprintf(tally->why, sizeof(tally->why),
			 "they vary by %.2g %% from run to run of the same "
			 "code, too much for a change of %.2g %%",
			 100 * noise, 100 * change);
}

static int64_t
patience_ms(const struct spec_test *test)
{
	return test->timeout_ms < MAX_MS / SLOWER ? test->timeout_ms * SLOWER
						  : MAX_MS;
}

enum spec_counter
counting_choose(enum spec_counter wanted, const struct sandbox *sandbox,
		struct err *why)
{
	int ret = 0;

	switch (wanted) {
	case SPEC_COUNTER_AUTO:
	case SPEC_COUNTER_PERF:
		wanted = SPEC_COUNTER_PERF;
		ret = counters_probe(counters_hardware, why);
		break;
	case SPEC_COUNTER_VALGRIND:
		ret = count_probe(sandbox, why);
		break;
	case SPEC_COUNTER_NONE:
		break;
	}
	return ret < 0 ? SPEC_COUNTER_NONE : wanted;
}

/* 1, 0 to stop. What fails is said in the tally. */
static int
count_once(const struct counting *counting, size_t test, size_t revision,
	   struct tally *tally)
{
	const struct spec_test *of = &counting->spec->tests[test];
	char *inside = file_join("/t", of->path);
	const char *const argv[] = { inside, NULL };
	const struct count_command command = {
		.tree = counting->built[revision].path,
		.argv = argv,
		.timeout_ms = patience_ms(of),
		.events = 1,
		.control = counting->control,
	};
	struct count_result result = { 0 };
	struct err err = ERR_INIT;

	if (count_run(counting->sandbox, &command, &result, &err) < 0)
		snprintf(result.why, sizeof(result.why), "%.500s", err.text);
	free(inside);
	if (result.stopped || control_check(counting->control))
		return 0;
	if (*result.why)
		memcpy(tally->why, result.why, sizeof(tally->why));
	else if (tally->first < 0)
		tally->first = result.instructions;
	else
		tally->again = result.instructions;
	return 1;
}

static int
count_all(const struct counting *counting, size_t test, struct tally *tallies)
{
	const struct spec_test *of = &counting->spec->tests[test];
	int more = 1;

	for (size_t i = 0; more && i < of->revision_count; i++)
		if (!counting->rounds->unusable[of->revisions[i]])
			more = count_once(counting, test, of->revisions[i],
					  &tallies[i]);
	return more;
}

/* The first of a test's revisions is what the others are held against. */
static int
count_again(const struct counting *counting, size_t test, struct tally *tallies)
{
	const struct spec_test *of = &counting->spec->tests[test];
	int more = 1;

	for (size_t i = 1; more && i < of->revision_count; i++) {
		if (!counting_differs(&tallies[0], &tallies[i]))
			continue;
		if (tallies[0].again < 0)
			more = count_once(counting, test, of->revisions[0],
					  &tallies[0]);
		if (more)
			more = count_once(counting, test, of->revisions[i],
					  &tallies[i]);
	}
	return more;
}

static int
count_test(const struct counting *counting, size_t test)
{
	const struct spec_test *of = &counting->spec->tests[test];
	struct tally *tallies = mem_new(of->revision_count, sizeof(*tallies));
	int ret;

	for (size_t i = 0; i < of->revision_count; i++)
		tallies[i].first = tallies[i].again = -1;
	ret = count_all(counting, test, tallies);
	if (ret > 0)
		ret = count_again(counting, test, tallies);
	for (size_t i = 0; ret > 0 && i < of->revision_count; i++) {
		if (i)
			counting_judge(&tallies[0], &tallies[i]);
		if (*tallies[i].why || tallies[i].first >= 0)
			ret = counting->report(counting->data, test,
					       of->revisions[i], &tallies[i]);
	}
	free(tallies);
	return ret;
}

int
counting_run(const struct counting *counting, struct err *err)
{
	int ret = 1;

	for (size_t i = 0; ret > 0 && i < counting->spec->test_count; i++)
		if (!counting->rounds->enough[i] &&
		    !counting->spec->tests[i].fault &&
		    !strcmp(counting->spec->tests[i].kind, "perf"))
			ret = count_test(counting, i);
	return ret < 0 ? err_set(err, ret, "the gate is gone") : ret;
}
