#include "plan/plan.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

static size_t
add_revision(struct plan *plan, const struct plan_commit *commit, int overlaid,
	     int again)
{
	for (size_t i = 0; i < plan->revision_count; i++)
		if (oid_equal(&plan->revisions[i].commit->commit,
			      &commit->commit) &&
		    plan->revisions[i].overlaid == overlaid &&
		    plan->revisions[i].again == again)
			return i;
	MEM_GROW(plan->revisions, plan->revision_count, plan->revision_cap);
	plan->revisions[plan->revision_count] =
		(struct plan_revision){ commit, overlaid, again };
	return plan->revision_count++;
}

static struct plan_test *
add_test(struct plan *plan, const char *path,
	 const struct directives *directives, size_t room)
{
	struct plan_test *test;

	MEM_GROW(plan->tests, plan->test_count, plan->test_cap);
	test = &plan->tests[plan->test_count++];
	*test = (struct plan_test){ .path = path, .directives = directives };
	test->revisions = mem_new(room, sizeof(*test->revisions));
	return test;
}

static void
plan_one(struct plan *plan, const struct plan_request *request,
	 const struct plan_request_test *wanted)
{
	struct plan_test *test = add_test(plan, wanted->path,
					  wanted->directives,
					  request->commit_count + 1);

	if (wanted->baseline) {
		test->has_baseline = 1;
		test->revisions[test->count++] = add_revision(
			plan, wanted->baseline, wanted->changed,
			request->against_itself);
	}
	/* A changed test is compared at the tip only: to lay it over every
	 * commit in between would build each of them twice. */
	for (size_t i = 0; i < request->commit_count; i++)
		if (i + 1 == request->commit_count || !wanted->changed)
			test->revisions[test->count++] = add_revision(
				plan, &request->commits[i],
				request->laid_over && request->laid_over[i], 0);
}

void
plan_make(struct plan *plan, const struct plan_request *request)
{
	*plan = (struct plan){ .overlay = request->overlay,
			       .overlay_count = request->overlay_count,
			       .overlay_setup = request->overlay_setup,
			       .overlay_build = request->overlay_build };
	for (size_t i = 0; i < request->test_count; i++)
		plan_one(plan, request, &request->tests[i]);
}

void
plan_narrow(struct plan *plan, const struct plan *old,
	    const unsigned char *keep, const size_t *extra, size_t *from)
{
	*plan = (struct plan){ .overlay = old->overlay,
			       .overlay_count = old->overlay_count,
			       .overlay_setup = old->overlay_setup,
			       .overlay_build = old->overlay_build };
	for (size_t i = 0; i < old->test_count; i++) {
		const struct plan_test *was = &old->tests[i];
		struct plan_test *test;

		if (!keep[i])
			continue;
		from[plan->test_count] = i;
		test = add_test(plan, was->path, was->directives, was->count);
		test->has_baseline = was->has_baseline;
		for (size_t j = 0; j < was->count; j++) {
			size_t index = was->revisions[j];
			const struct plan_revision *revision =
				&old->revisions[index];

			if (j && j + 1 < was->count && index != extra[i])
				continue;
			test->revisions[test->count++] = add_revision(
				plan, revision->commit, revision->overlaid,
				revision->again);
		}
	}
}

void
plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->test_count; i++)
		free(plan->tests[i].revisions);
	free(plan->tests);
	free(plan->revisions);
	*plan = (struct plan){ 0 };
}

size_t
plan_test_tip(const struct plan_test *test)
{
	return test->revisions[test->count - 1];
}
