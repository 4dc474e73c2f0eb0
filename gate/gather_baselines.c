#include "gather_tests.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "repo/oid_map.h"
#include "store/store.h"

/* Commits before the push that most records are near to, and how many in all
 * are looked at. */
enum { NEAR_BASELINES = 64, MAX_BASELINE_WALK = 20000 };

struct baseline_walk {
	struct gather *gather;
	const struct gather_input *input;
	unsigned char *open; /* tests that have records and are not resolved */
	size_t open_count;
	struct oid at;
	struct oid_map places; /* of commits further back */
	size_t nearest;
	struct oid found;
};

static int
note_record(void *data, const char *test, const struct oid *commit,
	    const struct store_baseline *baseline)
{
	(void)test;
	(void)commit;
	(void)baseline;
	*(int *)data = 1;
	return 1;
}

static void
open_tests(struct store_tx *tx, struct baseline_walk *walk)
{
	const struct gather *gather = walk->gather;

	walk->open_count = 0;
	for (size_t i = 0; i < gather->test_count; i++) {
		int known = 0;

		if (gather->tests[i].runs)
			store_baseline_each(tx, gather->tests[i].known_as,
					    note_record, &known);
		walk->open[i] = (unsigned char)known;
		walk->open_count += (size_t)known;
	}
}

static void
close_test(struct baseline_walk *walk, size_t test, const struct oid *baseline)
{
	walk->gather->tests[test].baseline = *baseline;
	walk->open[test] = 0;
	walk->open_count--;
}

static int
step_back(struct baseline_walk *walk)
{
	return repo_commit_parent(walk->input->repo, &walk->at, &walk->at, NULL,
				  NULL) == 0;
}

/* Commit by commit, each open test: the tips of pushes before hold them. */
static int
look_near(struct store_tx *tx, struct baseline_walk *walk)
{
	const struct gather *gather = walk->gather;

	for (size_t n = 0;
	     n < NEAR_BASELINES && walk->open_count && !oid_is_zero(&walk->at);
	     n++) {
		for (size_t i = 0; i < gather->test_count; i++) {
			struct store_baseline baseline;

			if (walk->open[i] &&
			    !store_baseline_get(tx, gather->tests[i].known_as,
						&walk->at, &baseline))
				close_test(walk, i, &baseline.commit);
		}
		if (!step_back(walk))
			return 0;
	}
	return 1;
}

static int
take_nearest(void *data, const char *test, const struct oid *commit,
	     const struct store_baseline *baseline)
{
	struct baseline_walk *walk = data;
	const size_t *place = oid_map_get(&walk->places, commit);

	(void)test;
	if (place && *place < walk->nearest) {
		walk->nearest = *place;
		walk->found = baseline->commit;
	}
	return 0;
}

/* A test that seldom runs has few records: each is looked up among the commits,
 * rather than each commit among the records of each test. */
static void
look_far(struct store_tx *tx, struct baseline_walk *walk)
{
	const struct gather *gather = walk->gather;

	for (size_t n = 0; n < MAX_BASELINE_WALK && !oid_is_zero(&walk->at);
	     n++) {
		oid_map_put(&walk->places, &walk->at, n);
		if (!step_back(walk))
			break;
	}
	for (size_t i = 0; i < gather->test_count; i++) {
		walk->nearest = SIZE_MAX;
		if (walk->open[i])
			store_baseline_each(tx, gather->tests[i].known_as,
					    take_nearest, walk);
		if (walk->open[i] && walk->nearest != SIZE_MAX)
			close_test(walk, i, &walk->found);
	}
	oid_map_release(&walk->places);
}

static int
walk_baselines(struct store_tx *tx, void *data, struct err *err)
{
	struct baseline_walk *walk = data;

	(void)err;
	walk->at = walk->gather->update.base;
	open_tests(tx, walk);
	if (look_near(tx, walk) && walk->open_count)
		look_far(tx, walk);
	return 0;
}

/* Where no record says better, the commit before the push. */
int
gather_baselines(struct gather *gather, const struct gather_input *input,
		 struct err *err)
{
	struct baseline_walk walk = { .gather = gather, .input = input };
	int ret = 0;

	for (size_t i = 0; i < gather->test_count; i++)
		gather->tests[i].baseline = gather->update.base;
	walk.open = mem_new(gather->test_count, 1);
	if (input->store && !oid_is_zero(&gather->update.base))
		ret = store_read(input->store, walk_baselines, &walk, err);
	free(walk.open);
	for (size_t i = 0; i < gather->test_count; i++)
		if (gather->tests[i].reset)
			gather->tests[i].baseline = (struct oid){ { 0 } };
	return ret;
}
