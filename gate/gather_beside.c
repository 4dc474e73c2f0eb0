#include "gather_beside.h"

#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gather_tests.h"

/* The facts of the test, at the commit that it is taken from. */
static int
gather_definition_of(struct gather *gather, const struct gather_input *input,
		     const struct gather_beside *beside, struct err *err)
{
	struct gather_input facts = *input;
	struct texts only = { 0 };
	char hex[OID_HEX + 1];
	json_t *note;
	int ret;

	oid_format(&beside->definition, hex);
	note = json_pack("{s:i, s:s, s:s, s:i, s:[s], s:[]}", "kind",
			 UPDATE_FORWARD, "tip", hex, "base", hex, "total", 1,
			 "commits", hex, "trailers");
	texts_add(&only, beside->test);
	facts.noted = note;
	facts.only = &only;
	facts.options = NULL;
	facts.facts_only = 1;
	ret = gather_update(gather, &facts, err);
	json_decref(note);
	texts_release(&only);
	return ret;
}

/* Whether the test's files have to be laid over a commit. */
static int
differs(struct gather *gather, const struct gather_input *input,
	const struct gather_test *test, const struct gather_revision *revision)
{
	char there[41];

	gather_definition(input->repo, &revision->facts.tree, test, there);
	if (!strcmp(there, test->definition))
		return 0;
	gather_overlay(gather, input, test);
	return 1;
}

static int
make_request(struct gather *gather, const struct gather_input *input,
	     const struct gather_beside *beside, struct gather_test *test,
	     struct err *err)
{
	struct gather_revision *baseline = NULL, *commit = NULL;
	struct plan_request *request = &gather->request;
	struct ref_policy policy;
	int ret = gather_revision(gather, input, &beside->baseline, &baseline,
				  err);

	if (!ret)
		ret = gather_revision(gather, input, &beside->commit, &commit,
				      err);
	if (ret < 0)
		return ret;
	gather->laid_over = mem_new(1, 1);
	gather->laid_over[0] = (unsigned char)differs(gather, input, test,
						      commit);
	test->changed = differs(gather, input, test, baseline);
	test->baseline = beside->baseline;
	policy_ref(input->policy, input->ref, &policy);
	gather_commands(gather, &policy);
	gather->plan_commits = mem_new(1, sizeof(*gather->plan_commits));
	gather->plan_commits[0] = commit->facts;
	gather->plan_tests = mem_new(1, sizeof(*gather->plan_tests));
	gather->plan_tests[0] =
		(struct plan_request_test){ .path = test->path,
					    .directives = &test->directives,
					    .baseline = &baseline->facts,
					    .changed = test->changed };
	request->commits = gather->plan_commits;
	request->commit_count = 1;
	request->tests = gather->plan_tests;
	request->test_count = 1;
	request->overlay = gather->overlay;
	request->overlay_count = gather->overlay_count;
	request->laid_over = gather->laid_over;
	return 0;
}

/* What is weighed is the commit, wherever its test comes from. */
static int
be_about(struct gather *gather, const struct gather_input *input,
	 const struct gather_beside *beside, struct err *err)
{
	repo_commit_release(&gather->commits[0]);
	gather->update.tip = gather->update.commits[0] = beside->commit;
	gather->update.base = beside->baseline;
	return repo_commit_read(input->repo, &beside->commit,
				&gather->commits[0], err);
}

int
gather_beside(struct gather *gather, const struct gather_input *input,
	      const struct gather_beside *beside, struct err *err)
{
	struct gather_test *test = NULL;
	char hex[OID_HEX + 1];
	int ret = gather_definition_of(gather, input, beside, err);

	for (size_t i = 0; !ret && i < gather->test_count; i++) {
		gather->tests[i].runs = !strcmp(gather->tests[i].path,
						beside->test);
		if (gather->tests[i].runs)
			test = &gather->tests[i];
	}
	if (!ret && !test)
		ret = err_set(err, ERR_NOT_FOUND, "there is no test %s at %s",
			      beside->test,
			      oid_short(&beside->definition, hex));
	if (!ret)
		ret = make_request(gather, input, beside, test, err);
	if (!ret)
		ret = be_about(gather, input, beside, err);
	gather->run_count = 1;
	gather->outcome = GATHER_WEIGH;
	return ret;
}
