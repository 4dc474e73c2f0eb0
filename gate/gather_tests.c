#include "gather_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "gather_find.h"
#include "gather_touch.h"
#include "policy/pattern.h"

enum { MAX_TEST_FILE = 1 << 20 };

void
gather_definition(const struct repo *repo, const struct oid *tree,
		  const struct gather_test *test, char definition[41])
{
	uint64_t hash = HASH_START;
	struct oid blob = { { 0 } };
	char hex[OID_HEX + 1];
	int found = !repo_file_at(repo, tree, test->path, &blob, NULL, NULL);

	for (size_t i = 0; i < test->directives.inputs.count; i++) {
		const char *path = test->directives.inputs.items[i];
		struct oid input = { { 0 } };

		if (!repo_file_at(repo, tree, path, &input, NULL, NULL))
			found = 1;
		hash = hash_add(hash, path, strlen(path));
		hash = hash_add(hash, input.bytes, OID_BYTES);
	}
	/* One that the build makes has no file: its name is all there is. */
	if (oid_is_zero(&test->blob))
		found = 1;
	oid_format(&blob, hex);
	if (found)
		snprintf(definition, 41, "%.24s%016llx", hex,
			 (unsigned long long)hash);
	else
		memset(definition, '0', 40);
	definition[40] = '\0';
}

static void
read_directives(const struct repo *repo, const struct tree_config *config,
		const char *path, const struct oid *blob,
		struct directives *directives, struct problems *problems)
{
	struct buf text = BUF_INIT;

	if (!oid_is_zero(blob) &&
	    !repo_blob(repo, blob, MAX_TEST_FILE, &text, NULL))
		directives_read(directives, buf_text(&text), text.len, path,
				problems);
	tree_config_apply(config, path, directives, problems);
	buf_release(&text);
}

int
gather_directives(const struct repo *repo, const struct oid *commit,
		  const char *path, struct directives *directives,
		  struct err *err)
{
	struct tree_config config = { 0 };
	struct oid tree, blob = { { 0 } };
	int ret = repo_commit_parent(repo, commit, NULL, &tree, err);

	if (!ret)
		ret = gather_tree_config(repo, &tree, &config, NULL, err);
	/* One that the build makes has no file. */
	if (!ret && repo_file_at(repo, &tree, path, &blob, NULL, NULL) < 0)
		blob = (struct oid){ { 0 } };
	if (!ret)
		read_directives(repo, &config, path, &blob, directives, NULL);
	tree_config_release(&config);
	return ret;
}

static void
set_name(char **name, const char *text)
{
	char *copy = mem_copy_text(text);

	free(*name);
	*name = copy;
}

/* An exact rename: the base held the same file under a name that is gone. */
static void
find_rename(struct finder *finder, struct gather_test *test)
{
	struct gather *gather = finder->gather;

	for (size_t i = 0; i < gather->trailers.count; i++) {
		struct trailer *trailer = &gather->trailers.items[i];

		if (trailer->kind == TRAILER_KIND_RENAME &&
		    !strcmp(trailer->to, test->path)) {
			trailer->used = 1;
			set_name(&test->known_as, trailer->test);
			return;
		}
	}
	for (size_t i = 0; test->is_new && i < gather->gone_count; i++) {
		if (!oid_is_zero(&test->blob) &&
		    oid_equal(&gather->gone[i].blob, &test->blob)) {
			set_name(&test->known_as, gather->gone[i].path);
			return;
		}
	}
}

/* A trailer that speaks of this test wants it weighed: a later push may accept
 * what an earlier one brought. */
static int
is_spoken_of(const struct gather *gather, const struct gather_test *test)
{
	for (size_t i = 0; i < gather->trailers.count; i++) {
		const struct trailer *trailer = &gather->trailers.items[i];

		if ((trailer->kind == TRAILER_KIND_ACCEPT ||
		     trailer->kind == TRAILER_KIND_EXPECT) &&
		    !strcmp(trailer->test, test->path))
			return 1;
	}
	return 0;
}

/* A directive that asks for less than the server does counts for nothing; its
 * author should know. */
static void
warn_loose(struct finder *finder, const struct gather_test *test)
{
	struct test_policy policy;

	policy_test(finder->input->policy, finder->input->ref, test->path,
		    "wall", &policy);
	if (policy_tighten(&policy, &test->directives))
		problems_add(&finder->gather->problems, test->path,
			     "its threshold is looser than the server's, which "
			     "stands: only an admin can loosen it, with git "
			     "config pacegate-test.%s.threshold",
			     test->path);
}

/* Whether it runs whatever its directives say. */
static int
has_to_run(const struct finder *finder, const struct gather_test *test)
{
	const struct gather *gather = finder->gather;

	if (finder->input->only)
		return patterns_match(finder->input->only, test->path);
	return test->is_new || test->is_touched || test->reset ||
	       oid_is_zero(finder->base_tree) || is_spoken_of(gather, test);
}

/* Only of a test that may run is read what it says of itself: there may be a
 * thousand others, and a small push. */
static void
settle_test(struct finder *finder, const struct touch *touch,
	    struct gather_test *test)
{
	struct gather *gather = finder->gather;
	struct trailer *reset;

	find_rename(finder, test);
	reset = trailers_find(&gather->trailers, TRAILER_KIND_RESET, test->path,
			      NULL);
	if (reset) {
		reset->used = 1;
		test->reset = reset->reason;
	}
	test->runs = has_to_run(finder, test);
	if (!test->runs && (finder->input->only || touch_is_empty(touch)))
		return;
	read_directives(finder->input->repo,
			&gather->revisions[gather->update.count - 1]->config,
			test->path, &test->blob, &test->directives,
			&gather->problems);
	warn_loose(finder, test);
	if (!test->runs)
		test->runs = touch_matters(touch, &test->directives);
	if (!test->runs)
		return;
	gather_definition(finder->input->repo, finder->tree, test,
			  test->definition);
	gather->run_count++;
}

/* Why a test of the base is none any more. */
static const char *
why_gone(const struct finder *finder, const char *path)
{
	struct oid blob;
	unsigned mode = 0;

	if (repo_file_at(finder->input->repo, finder->tree, path, &blob, &mode,
			 NULL) < 0)
		return "is deleted by this push, and weighed no more";
	if (mode != MODE_EXECUTABLE)
		return "is not executable any more, and weighed no more";
	return "matches none of the `tests` patterns any more, and is weighed "
	       "no more";
}

/* A test that has gone hides what it would have shown, so that is said. */
static void
warn_gone(struct finder *finder)
{
	struct gather *gather = finder->gather;

	for (size_t i = 0; i < gather->gone_count; i++) {
		const char *path = gather->gone[i].path;
		int renamed = 0;

		for (size_t j = 0; j < gather->test_count; j++)
			renamed |= !strcmp(gather->tests[j].known_as, path);
		if (!renamed)
			problems_add(&gather->problems, path, "%s",
				     why_gone(finder, path));
	}
}

int
gather_tests(struct gather *gather, const struct gather_input *input,
	     const struct ref_policy *policy, struct err *err)
{
	const struct gather_revision *tip =
		gather->revisions[gather->update.count - 1];
	struct oid base_tree = { { 0 } };
	struct tree_config old_config = { 0 };
	struct finder finder = { .gather = gather,
				 .input = input,
				 .ignore = policy->ignore,
				 .tree = &tip->facts.tree,
				 .base_tree = &base_tree };
	struct touch touch = { 0 };
	int ret = 0;

	if (!oid_is_zero(&gather->update.base))
		ret = repo_commit_parent(input->repo, &gather->update.base,
					 NULL, &base_tree, err);
	if (!ret && !oid_is_zero(&base_tree))
		ret = gather_tree_config(input->repo, &base_tree, &old_config,
					 NULL, err);
	finder.patterns = tip->config.tests.count ? &tip->config.tests
						  : policy->tests;
	finder.old_patterns = old_config.tests.count ? &old_config.tests
						     : policy->tests;
	if (!ret)
		ret = gather_find_tests(&finder, err);
	if (!ret)
		touch_init(&touch, gather);
	for (size_t i = 0; !ret && i < gather->test_count; i++)
		settle_test(&finder, &touch, &gather->tests[i]);
	if (!ret)
		warn_gone(&finder);
	touch_release(&touch);
	tree_config_release(&old_config);
	return ret;
}
