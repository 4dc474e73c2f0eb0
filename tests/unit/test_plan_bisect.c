#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "plan/bisect.h"

enum { MOST = 400, MAX_PLACES = 9 };

/* Deterministic, and the same everywhere. */
static uint32_t
draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)*seed * below) >> 32);
}

/* A line with what is true of it. */
struct world {
	size_t count, culprit;
	unsigned char hole[MOST];
	unsigned char doubts[MOST]; /* answers of a commit that are unclear */
};

static enum bisect_found
ask(struct world *world, size_t at)
{
	if (world->hole[at])
		return BISECT_UNTESTABLE;
	if (world->doubts[at]) {
		world->doubts[at]--;
		return BISECT_UNCLEAR;
	}
	return at >= world->culprit ? BISECT_CHANGED : BISECT_UNCHANGED;
}

struct run {
	size_t rounds, asked;
	struct bisect_state state;
};

/* As many places at a time, all answers at once. */
static struct run
search(struct world *world, size_t places)
{
	struct run run = { 0 };
	struct bisect bisect;
	size_t next[MAX_PLACES];

	bisect_init(&bisect, world->count);
	bisect_answer(&bisect, world->count - 1, BISECT_CHANGED);
	for (;;) {
		size_t n = bisect_next(&bisect, NULL, places, next);

		if (!n)
			break;
		assert_true(n <= places);
		for (size_t i = 0; i < n; i++) {
			assert_true(!i || next[i] > next[i - 1]);
			assert_true(next[i] > 0 && next[i] < world->count - 1);
			bisect_answer(&bisect, next[i], ask(world, next[i]));
			run.asked++;
		}
		run.rounds++;
		assert_true(run.asked <= 2 * world->count);
	}
	bisect_look(&bisect, &run.state);
	assert_true(run.state.end != BISECT_ASKS);
	bisect_release(&bisect);
	return run;
}

static size_t
rounds_for(size_t commits, size_t places)
{
	size_t rounds = 0;

	for (size_t left = commits; left > 1; rounds++)
		left = (left + places) / (places + 1);
	return rounds;
}

static void
every_culprit_is_found(void **unused)
{
	(void)unused;
	for (size_t places = 1; places <= MAX_PLACES; places++)
		for (size_t count = 2; count < 70; count++)
			for (size_t at = 1; at < count; at++) {
				struct world world = {
					count, at, { 0 }, { 0 }
				};
				struct run run = search(&world, places);

				assert_int_equal(run.state.end, BISECT_FOUND);
				assert_int_equal(run.state.bad, at);
				assert_int_equal(run.state.good, at - 1);
				assert_true(run.rounds <=
					    rounds_for(count - 1, places));
			}
}

/* Whatever is asked, what comes out is true and as narrow as it can be. */
static void
holes_and_noise_never_make_it_lie(void **unused)
{
	uint32_t seed = 7;

	(void)unused;
	for (unsigned n = 0; n < 20000; n++) {
		struct world world = { 2 + draw(&seed, 60), 0, { 0 }, { 0 } };
		uint32_t bad = draw(&seed, 100);
		struct run run;

		world.culprit = 1 + draw(&seed, (uint32_t)world.count - 1);
		for (size_t i = 1; i + 1 < world.count; i++) {
			world.hole[i] = draw(&seed, 100) < bad / 2;
			world.doubts[i] = (unsigned char)draw(&seed, 3);
		}
		run = search(&world, 1 + draw(&seed, MAX_PLACES));
		assert_true(run.state.good < world.culprit);
		assert_true(run.state.bad >= world.culprit);
		if (run.state.end == BISECT_FOUND) {
			assert_int_equal(run.state.bad, world.culprit);
			continue;
		}
		assert_int_equal(run.state.end, BISECT_STRETCH);
		assert_true(run.state.holes > 0);
		if (run.state.holes < BISECT_MAX_HOLES)
			assert_int_equal(run.state.open, 0);
	}
}

/* A run of commits that do not build costs little as long as the change is
 * elsewhere. */
static void
a_run_of_holes_is_left_behind(void **unused)
{
	struct world world = { MOST, 390, { 0 }, { 0 } };
	struct run run;

	(void)unused;
	memset(world.hole + 120, 1, 180);
	run = search(&world, 1);
	assert_int_equal(run.state.end, BISECT_FOUND);
	assert_int_equal(run.state.bad, 390);
	assert_true(run.asked <= 14);
	world.culprit = 200;
	run = search(&world, 1);
	assert_int_equal(run.state.end, BISECT_STRETCH);
	assert_true(run.asked <= 2 * BISECT_MAX_HOLES + 20);
	assert_true(run.state.good < 120 && run.state.bad >= 300);
}

static void
the_last_step_counts(void **unused)
{
	struct bisect_state state;
	struct bisect bisect;

	(void)unused;
	bisect_init(&bisect, 10);
	bisect_answer(&bisect, 9, BISECT_CHANGED);
	bisect_answer(&bisect, 3, BISECT_CHANGED);
	bisect_answer(&bisect, 5, BISECT_UNCHANGED);
	bisect_answer(&bisect, 7, BISECT_CHANGED);
	bisect_look(&bisect, &state);
	assert_int_equal(state.good, 5);
	assert_int_equal(state.bad, 7);
	assert_int_equal(state.end, BISECT_ASKS);
	bisect_release(&bisect);
}

static void
the_last_commit_is_asked_first(void **unused)
{
	size_t next[4] = { 0 };
	struct bisect_state state;
	struct bisect bisect;

	(void)unused;
	bisect_init(&bisect, 9);
	assert_int_equal(bisect_next(&bisect, NULL, 1, next), 1);
	assert_int_equal(next[0], 8);
	assert_int_equal(bisect_next(&bisect, NULL, 2, next), 2);
	assert_int_equal(next[0], 4);
	assert_int_equal(next[1], 8);
	bisect_answer(&bisect, 8, BISECT_UNCHANGED);
	bisect_look(&bisect, &state);
	assert_int_equal(state.end, BISECT_NOTHING);
	bisect_answer(&bisect, 8, BISECT_UNTESTABLE);
	bisect_look(&bisect, &state);
	assert_int_equal(state.end, BISECT_UNSURE);
	bisect_release(&bisect);
	bisect_init(&bisect, 2);
	assert_int_equal(bisect_next(&bisect, NULL, 3, next), 1);
	assert_int_equal(next[0], 1);
	bisect_release(&bisect);
}

/* While one is being weighed, the free places take what that leaves. */
static void
what_is_asked_is_not_asked_again(void **unused)
{
	unsigned char asked[MOST] = { 0 };
	size_t next[4] = { 0 };
	struct bisect bisect;

	(void)unused;
	bisect_init(&bisect, 17);
	bisect_answer(&bisect, 16, BISECT_CHANGED);
	assert_int_equal(bisect_next(&bisect, asked, 1, next), 1);
	assert_int_equal(next[0], 8);
	asked[8] = 1;
	assert_int_equal(bisect_next(&bisect, asked, 2, next), 2);
	assert_int_equal(next[0], 4);
	assert_int_equal(next[1], 12);
	assert_int_equal(bisect_next(&bisect, asked, 0, next), 0);
	bisect_release(&bisect);
	bisect_init(&bisect, 3);
	bisect_answer(&bisect, 2, BISECT_CHANGED);
	memset(asked, 0, sizeof(asked));
	asked[1] = 1;
	assert_int_equal(bisect_next(&bisect, asked, 2, next), 0);
	bisect_release(&bisect);
}

static void
places_cut_evenly(void **unused)
{
	size_t next[4] = { 0 };
	struct bisect bisect;

	(void)unused;
	bisect_init(&bisect, 101);
	bisect_answer(&bisect, 100, BISECT_CHANGED);
	assert_int_equal(bisect_next(&bisect, NULL, 4, next), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(next[i], 20 * (i + 1));
	bisect_release(&bisect);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_culprit_is_found),
		cmocka_unit_test(holes_and_noise_never_make_it_lie),
		cmocka_unit_test(a_run_of_holes_is_left_behind),
		cmocka_unit_test(the_last_step_counts),
		cmocka_unit_test(the_last_commit_is_asked_first),
		cmocka_unit_test(what_is_asked_is_not_asked_again),
		cmocka_unit_test(places_cut_evenly),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("plan bisect", tests, NULL, NULL);
}
