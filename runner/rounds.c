#include "runner/rounds.h"
#include "base/err.h"
#include "base/mem.h"
#include "runner/spec.h"

#include <stdlib.h>

void
rounds_init(struct rounds *rounds, const struct spec *spec)
{
	size_t pairs = 0;

	*rounds = (struct rounds){ .spec = spec, .warming = 1 };
	random_init(&rounds->random, spec->seed);
	for (size_t i = 0; i < spec->test_count; i++)
		pairs += spec->tests[i].revision_count;
	rounds->steps = mem_new(pairs, sizeof(*rounds->steps));
	rounds->enough = mem_new(spec->test_count, 1);
	rounds->unusable = mem_new(spec->revision_count, 1);
	rounds->failures = mem_new(spec->test_count, spec->revision_count);
}

void
rounds_release(struct rounds *rounds)
{
	free(rounds->steps);
	free(rounds->enough);
	free(rounds->unusable);
	free(rounds->failures);
	*rounds = (struct rounds){ 0 };
}

/* Trials of a test at each revision in the phase in hand. */
static int
cap(const struct rounds *rounds, size_t test)
{
	return rounds->warming ? rounds->spec->tests[test].warmup
			       : rounds->spec->tests[test].rounds;
}

static void
draw_test(struct rounds *rounds, size_t test)
{
	const struct spec_test *of = &rounds->spec->tests[test];
	size_t *order = mem_new(of->revision_count, sizeof(*order));
	size_t count = 0;

	for (size_t i = 0; i < of->revision_count; i++)
		if (!rounds->unusable[of->revisions[i]])
			order[count++] = of->revisions[i];
	random_shuffle(&rounds->random, order, count);
	for (size_t i = 0; i < count; i++)
		rounds->steps[rounds->step_count++] = (struct rounds_step){
			test, order[i], rounds->round, rounds->warming
		};
	free(order);
}

static void
draw_round(struct rounds *rounds)
{
	size_t total = rounds->spec->test_count, count = 0;
	size_t *order = mem_new(total, sizeof(*order));

	for (size_t i = 0; i < total; i++)
		if (!rounds->enough[i] && rounds->round < cap(rounds, i))
			order[count++] = i;
	random_shuffle(&rounds->random, order, count);
	rounds->at = rounds->step_count = 0;
	for (size_t i = 0; i < count; i++)
		draw_test(rounds, order[i]);
	rounds->begun = 1;
	free(order);
}

/* The next step of the round in hand that is still wanted, or NULL. */
static const struct rounds_step *
wanted_step(struct rounds *rounds)
{
	while (rounds->at < rounds->step_count) {
		const struct rounds_step *step = &rounds->steps[rounds->at++];

		if (!rounds->enough[step->test])
			return step;
	}
	return NULL;
}

enum rounds_next
rounds_next(struct rounds *rounds, struct rounds_step *step)
{
	for (;;) {
		const struct rounds_step *next;

		if (!rounds->begun)
			draw_round(rounds);
		next = wanted_step(rounds);
		if (next) {
			*step = *next;
			return ROUNDS_TRIAL;
		}
		rounds->begun = 0;
		if (rounds->step_count) {
			*step = (struct rounds_step){
				.round = rounds->round++,
				.warmup = rounds->warming
			};
			if (rounds->warming)
				continue;
			return ROUNDS_ROUND_DONE;
		}
		if (!rounds->warming)
			return ROUNDS_OVER;
		rounds->warming = rounds->round = 0;
	}
}

void
rounds_note(struct rounds *rounds, const struct rounds_step *step, int ok)
{
	unsigned char *failures =
		&rounds->failures[step->test * rounds->spec->revision_count +
				  step->revision];

	*failures = ok ? 0 : (unsigned char)(*failures + 1);
	if (*failures >= ROUNDS_MAX_FAILURES)
		rounds->enough[step->test] = 1;
}

int
rounds_set_enough(struct rounds *rounds, long long test)
{
	if (test < 0 || (size_t)test >= rounds->spec->test_count)
		return ERR_INPUT;
	rounds->enough[test] = 1;
	return 0;
}

void
rounds_drop_revision(struct rounds *rounds, size_t revision)
{
	rounds->unusable[revision] = 1;
}

int
rounds_wants_revision(const struct rounds *rounds, size_t revision)
{
	for (size_t i = 0; i < rounds->spec->test_count; i++) {
		const struct spec_test *test = &rounds->spec->tests[i];

		for (size_t j = 0; j < test->revision_count; j++)
			if (test->revisions[j] == revision &&
			    !rounds->enough[i])
				return 1;
	}
	return 0;
}
