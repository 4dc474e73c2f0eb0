#include "gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/names.h"
#include "gather_tests.h"
#include "report/report.h"

enum {
	MAX_TREE_CONFIG = 1 << 20,
	MAX_TRAILERS = 1000,
	MANY_COMMITS = 1000, /* beyond it, with nothing before: an import, of
				which only the tip runs */
	MAX_BASELINE_WALK = 20000
};

int
gather_revision(struct gather *gather, const struct gather_input *input,
		const struct oid *commit, struct gather_revision **result,
		struct err *err)
{
	struct gather_revision *revision;
	int is_tip = oid_equal(commit, &gather->update.tip), ret;

	for (size_t i = 0; i < gather->revision_count; i++) {
		if (oid_equal(&gather->revisions[i]->facts.commit, commit)) {
			*result = gather->revisions[i];
			return 0;
		}
	}
	revision = mem_new(1, sizeof(*revision));
	MEM_GROW(gather->revisions, gather->revision_count,
		 gather->revision_cap);
	gather->revisions[gather->revision_count++] = revision;
	*result = revision;
	revision->facts.commit = *commit;
	ret = repo_commit_parent(input->repo, commit, NULL,
				 &revision->facts.tree, err);
	if (ret < 0)
		return ret;
	ret = gather_tree_config(input->repo, &revision->facts.tree,
				 &revision->config,
				 is_tip ? &gather->problems : NULL, err);
	if (ret < 0)
		return ret;
	revision->facts.build = revision->config.build;
	revision->facts.setup = revision->config.setup;
	return 0;
}

void
gather_commands(struct gather *gather, const struct ref_policy *policy)
{
	const struct plan_commit *tip;

	for (size_t i = 0; i < gather->revision_count; i++) {
		struct plan_commit *facts = &gather->revisions[i]->facts;

		if (!facts->build)
			facts->build = policy->build;
		if (!facts->setup)
			facts->setup = policy->setup;
	}
	tip = &gather->revisions[gather->update.count - 1]->facts;
	gather->request.overlay_build = tip->build;
	gather->request.overlay_setup = tip->setup;
}

static int
on_commit(void *data, const struct repo_commit *commit)
{
	struct gather *gather = data;

	trailers_read(&gather->trailers, commit->message, commit->message_len,
		      &commit->oid, &gather->problems);
	if (gather->trailers.count < MAX_TRAILERS)
		return 0;
	problems_add(&gather->problems, "trailers",
		     "more than %d in this push: only the newest count",
		     MAX_TRAILERS);
	return 1;
}

static int
read_trailers(struct gather *gather, const struct gather_input *input,
	      struct err *err)
{
	int ret;

	if (input->noted)
		return 0;
	ret = repo_each_update_commit(input->repo, &gather->update,
				      TRAILER_MENTION, UPDATE_MAX_WALK,
				      on_commit, gather, err);
	if (ret > 0)
		problems_add(&gather->problems, "trailers",
			     "only the newest %d commits of this push are read",
			     UPDATE_MAX_WALK);
	/* Newest first they come; the last one of a kind is to win. */
	for (size_t i = 0, j = gather->trailers.count; i + 1 < j; i++) {
		struct trailer swap = gather->trailers.items[i];

		gather->trailers.items[i] = gather->trailers.items[--j];
		gather->trailers.items[j] = swap;
	}
	for (size_t i = 0;
	     ret >= 0 && input->options && i < input->options->count; i++)
		trailers_read_option(&gather->trailers,
				     input->options->items[i],
				     &gather->problems);
	return ret < 0 ? ret : 0;
}

/* Those who are not named as accepters have no say in this. */
static void
drop_forbidden(struct gather *gather)
{
	struct trailers *trailers = &gather->trailers;
	size_t kept = 0;

	for (size_t i = 0; i < trailers->count; i++) {
		struct trailer *trailer = &trailers->items[i];

		if (trailer->kind == TRAILER_KIND_EXPECT ||
		    trailer->kind == TRAILER_KIND_RENAME) {
			trailers->items[kept++] = *trailer;
			continue;
		}
		problems_add(&gather->problems, "pacegate.accepters",
			     "perf.%s does not count: the pusher is not one of "
			     "those who may",
			     trailer_kind_name(trailer->kind));
		trailer_release(trailer);
	}
	trailers->count = kept;
}

/*
 * A gated branch that is created where another one already is brings no new
 * commit, and yet must not be a way around the gate: its tip is weighed, or its
 * stored verdict recalled.
 */
static int
weigh_the_tip(struct gather *gather, const struct gather_input *input,
	      struct err *err)
{
	struct repo_update *update = &gather->update;
	int ret = repo_commit_parent(input->repo, &update->tip, &update->base,
				     NULL, err);

	if (ret < 0)
		return ret;
	free(update->commits);
	update->commits = mem_new(1, sizeof(*update->commits));
	update->commits[0] = update->tip;
	update->count = update->total = 1;
	return 0;
}

static int
read_commits(struct gather *gather, const struct gather_input *input,
	     const struct ref_policy *policy, struct err *err)
{
	struct repo_update *update = &gather->update;
	struct gather_revision *revision = NULL;
	int ret;

	if (input->noted)
		ret = gather_restore(gather, input->noted, err);
	else
		ret = repo_update_read(input->repo, &input->old, &input->new,
				       policy->commits, update, err);
	if (!ret && !update->count && update->kind == UPDATE_CREATE &&
	    (policy->mode == MODE_WAIT || policy->mode == MODE_RECALL))
		ret = weigh_the_tip(gather, input, err);
	if (ret < 0 || !update->count)
		return ret;
	if (update->total > MANY_COMMITS && oid_is_zero(&update->base)) {
		update->commits[0] = update->tip;
		update->count = 1;
	}
	gather->commits = mem_new(update->count, sizeof(*gather->commits));
	for (size_t i = 0; !ret && i < update->count; i++) {
		ret = repo_commit_read(input->repo, &update->commits[i],
				       &gather->commits[i], err);
		if (!ret)
			ret = gather_revision(gather, input,
					      &update->commits[i], &revision,
					      err);
	}
	return ret;
}

static void
add_overlay(struct gather *gather, const char *path, const struct oid *blob,
	    unsigned mode)
{
	for (size_t i = 0; i < gather->overlay_count; i++)
		if (!strcmp(gather->overlay[i].path, path))
			return;
	MEM_GROW(gather->overlay, gather->overlay_count, gather->overlay_cap);
	gather->overlay[gather->overlay_count++] =
		(struct plan_file){ path, *blob, mode };
}

void
gather_overlay(struct gather *gather, const struct gather_input *input,
	       const struct gather_test *test)
{
	const struct oid *tree =
		&gather->revisions[gather->update.count - 1]->facts.tree;

	if (!oid_is_zero(&test->blob))
		add_overlay(gather, test->path, &test->blob, test->mode);
	for (size_t i = 0; i < test->directives.inputs.count; i++) {
		const char *path = test->directives.inputs.items[i];
		struct oid blob;
		unsigned mode = 0;

		if (!repo_file_at(input->repo, tree, path, &blob, &mode, NULL))
			add_overlay(gather, path, &blob, mode);
	}
}

static int
compare_definition(struct gather *gather, const struct gather_input *input,
		   struct gather_test *test,
		   const struct gather_revision *revision)
{
	char there[41];

	gather_definition(input->repo, &revision->facts.tree, test, there);
	test->changed = strcmp(there, test->definition) != 0;
	if (test->changed)
		gather_overlay(gather, input, test);
	return 0;
}

static int
make_request(struct gather *gather, const struct gather_input *input,
	     const struct ref_policy *policy, struct err *err)
{
	struct plan_request *request = &gather->request;
	size_t n = 0;

	gather->plan_tests = mem_new(gather->run_count,
				     sizeof(*gather->plan_tests));
	for (size_t i = 0; i < gather->test_count; i++) {
		struct gather_test *test = &gather->tests[i];
		struct gather_revision *revision = NULL;
		struct plan_request_test *wanted;
		int ret = 0;

		if (!test->runs)
			continue;
		if (!oid_is_zero(&test->baseline))
			ret = gather_revision(gather, input, &test->baseline,
					      &revision, err);
		if (ret < 0)
			return ret;
		if (revision)
			compare_definition(gather, input, test, revision);
		wanted = &gather->plan_tests[n++];
		wanted->path = test->path;
		wanted->directives = &test->directives;
		wanted->baseline = revision ? &revision->facts : NULL;
		wanted->changed = test->changed;
	}
	gather_commands(gather, policy);
	gather->plan_commits = mem_new(gather->update.count,
				       sizeof(*gather->plan_commits));
	for (size_t i = 0; i < gather->update.count; i++)
		gather->plan_commits[i] = gather->revisions[i]->facts;
	request->commits = gather->plan_commits;
	request->commit_count = gather->update.count;
	request->tests = gather->plan_tests;
	request->test_count = n;
	request->overlay = gather->overlay;
	request->overlay_count = gather->overlay_count;
	return 0;
}

static int
gather_facts(struct gather *gather, const struct gather_input *input,
	     const struct ref_policy *policy, struct err *err)
{
	int ret = read_commits(gather, input, policy, err);

	gather->outcome = GATHER_NOTHING;
	if (ret < 0 || !gather->update.count)
		return ret;
	ret = read_trailers(gather, input, err);
	if (!input->may_accept && !input->noted)
		drop_forbidden(gather);
	if (!ret)
		ret = gather_tests(gather, input, policy, err);
	if (ret < 0)
		return ret;
	if (trailers_find(&gather->trailers, TRAILER_KIND_SKIP, NULL, NULL))
		gather->outcome = GATHER_SKIPPED;
	else if (!gather->test_count)
		gather->outcome = GATHER_NO_TESTS;
	else if (!gather->run_count)
		gather->outcome = GATHER_UNTOUCHED;
	else
		gather->outcome = GATHER_WEIGH;
	if (gather->outcome != GATHER_WEIGH || input->facts_only)
		return 0;
	ret = gather_baselines(gather, input, err);
	return ret < 0 ? ret : make_request(gather, input, policy, err);
}

int
gather_update(struct gather *gather, const struct gather_input *input,
	      struct err *err)
{
	struct ref_policy policy;
	int ret;

	*gather = (struct gather){ .ref = mem_copy_text(input->ref) };
	policy_ref(input->policy, input->ref, &policy);
	ret = gather_facts(gather, input, &policy, err);
	if (ret < 0)
		err_context(err, "%s", input->ref);
	return ret;
}

int
gather_tree_config(const struct repo *repo, const struct oid *tree,
		   struct tree_config *config, struct problems *problems,
		   struct err *err)
{
	struct buf text = BUF_INIT;
	struct oid blob;
	int ret;

	*config = (struct tree_config){ 0 };
	ret = repo_file_at(repo, tree, FILE_TREE_CONFIG, &blob, NULL, NULL);
	if (!ret)
		ret = repo_blob(repo, &blob, MAX_TREE_CONFIG, &text, err);
	if (!ret)
		tree_config_read(config, buf_text(&text), text.len,
				 FILE_TREE_CONFIG, problems);
	buf_release(&text);
	return ret == ERR_NOT_FOUND ? 0 : ret;
}

void
gather_test_release(struct gather_test *test)
{
	free(test->path);
	free(test->known_as);
	directives_release(&test->directives);
}

void
gather_release(struct gather *gather)
{
	for (size_t i = 0; gather->commits && i < gather->update.count; i++)
		repo_commit_release(&gather->commits[i]);
	for (size_t i = 0; i < gather->revision_count; i++) {
		tree_config_release(&gather->revisions[i]->config);
		free(gather->revisions[i]);
	}
	for (size_t i = 0; i < gather->test_count; i++)
		gather_test_release(&gather->tests[i]);
	for (size_t i = 0; i < gather->gone_count; i++)
		free(gather->gone[i].path);
	free(gather->ref);
	free(gather->commits);
	free(gather->revisions);
	free(gather->tests);
	free(gather->overlay);
	free(gather->plan_commits);
	free(gather->plan_tests);
	free(gather->laid_over);
	texts_release(&gather->touched);
	free(gather->gone);
	trailers_release(&gather->trailers);
	problems_release(&gather->problems);
	repo_update_release(&gather->update);
	*gather = (struct gather){ 0 };
}

const struct gather_test *
gather_find(const struct gather *gather, const char *path)
{
	size_t from = 0, to = gather->test_count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int order = strcmp(path, gather->tests[mid].path);

		if (!order)
			return &gather->tests[mid];
		if (order < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return NULL;
}

void
gather_describe(const struct gather *gather, struct report *report)
{
	report_set(&report->ref, gather->ref);
	for (size_t i = 0; gather->commits && i < gather->update.count; i++) {
		const struct repo_commit *commit = &gather->commits[i];

		if (!oid_equal(&commit->oid, &report->commit))
			continue;
		report_set(&report->subject, commit->subject);
		report_set(&report->author, commit->author);
		report_set(&report->email, commit->email);
	}
	for (size_t i = 0; i < report->count; i++) {
		const struct gather_test *test = gather_find(
			gather, report->tests[i].path);

		if (test)
			report_set(&report->tests[i].definition,
				   test->definition);
		if (test && test->reset)
			report_set(&report->tests[i].why, test->reset);
	}
}

static const char *
short_ref(const char *ref)
{
	return strncmp(ref, "refs/heads/", 11) ? ref : ref + 11;
}

static void
add_counts(const struct gather *gather, struct buf *buf)
{
	const struct repo_update *update = &gather->update;
	const struct oid *baseline = NULL;
	char hex[OID_HEX + 1];
	int several = 0;

	buf_addf(buf, "%s%zu commit%s",
		 update->total >= UPDATE_MAX_WALK ? "at least " : "",
		 update->total, update->total == 1 ? "" : "s");
	if (update->count < update->total && update->count == 1)
		buf_adds(buf, " (only the tip is weighed)");
	else if (update->count < update->total)
		buf_addf(buf, " (%zu of them are weighed)", update->count);
	buf_addf(buf, ", %zu test%s", gather->run_count,
		 gather->run_count == 1 ? "" : "s");
	for (size_t i = 0; i < gather->test_count; i++) {
		const struct gather_test *test = &gather->tests[i];

		if (!test->runs || oid_is_zero(&test->baseline))
			continue;
		several |= baseline && !oid_equal(baseline, &test->baseline);
		baseline = &test->baseline;
	}
	if (several)
		buf_adds(buf, " against several baselines");
	else if (baseline)
		buf_addf(buf, " against %s", oid_short(baseline, hex));
	else if (gather->plan_tests)
		buf_adds(buf, ", the first of their kind");
}

static void
add_skip_reason(const struct trailers *trailers, struct buf *buf)
{
	for (size_t i = trailers->count; i-- > 0;) {
		const struct trailer *trailer = &trailers->items[i];

		if (trailer->kind != TRAILER_KIND_SKIP)
			continue;
		buf_adds(buf, ": ");
		buf_add_clean(buf, trailer->reason, strlen(trailer->reason),
			      100);
		return;
	}
}

void
gather_add_reason(const struct gather *gather, struct buf *buf)
{
	switch (gather->outcome) {
	case GATHER_WEIGH:
		return;
	case GATHER_NOTHING:
		buf_adds(buf, "nothing new to weigh");
		return;
	case GATHER_NO_TESTS:
		buf_adds(buf, "no performance tests in this tree");
		return;
	case GATHER_UNTOUCHED:
		buf_addf(buf, "nothing to weigh: %s",
			 gather->touched.count ? "no test depends on what "
						 "changed"
			 : gather->ignored     ? "only ignored files changed"
					       : "no file changed");
		return;
	case GATHER_SKIPPED:
		buf_adds(buf, "not weighed: " TRAILER_SKIP);
		add_skip_reason(&gather->trailers, buf);
		return;
	}
}

void
gather_add_text(const struct gather *gather, struct buf *buf)
{
	const char *ref = short_ref(gather->ref);

	buf_add_clean(buf, ref, strlen(ref), 80);
	buf_adds(buf, ": ");
	if (gather->outcome == GATHER_WEIGH)
		add_counts(gather, buf);
	else
		gather_add_reason(gather, buf);
}
