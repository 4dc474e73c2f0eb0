#include "gather_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "policy/pattern.h"

enum { MAX_TEST_FILE = 1 << 20, MAX_TOUCHED = 20000, MAX_TESTS = 4096 };

struct finder {
	struct gather *gather;
	const struct gather_input *input;
	const struct texts *patterns;
	const struct texts *ignore;
	const struct oid *tree, *base_tree; /* base_tree zero: none */
	int too_many;
};

static struct gather_test *
add_test(struct gather *gather, const char *path, const struct oid *blob,
	 unsigned mode)
{
	struct gather_test *test;

	MEM_GROW(gather->tests, gather->test_count, gather->test_cap);
	test = &gather->tests[gather->test_count++];
	*test = (struct gather_test){ .path = mem_copy_text(path),
				      .known_as = mem_copy_text(path),
				      .blob = *blob,
				      .mode = mode };
	directives_init(&test->directives);
	return test;
}

/* Something that was meant as a test and is no program. */
static void
warn_not_executable(struct finder *finder, const struct repo_file *file)
{
	struct buf text = BUF_INIT;
	struct oid before;
	unsigned mode = 0;

	/* Only of what this push brings: nobody wants to hear it every time. */
	if (!oid_is_zero(finder->base_tree) &&
	    !repo_file_at(finder->input->repo, finder->base_tree, file->path,
			  &before, &mode, NULL) &&
	    oid_equal(&before, &file->blob) && mode == file->mode)
		return;
	if (!repo_blob(finder->input->repo, &file->blob, MAX_TEST_FILE, &text,
		       NULL) &&
	    text.len > 2 && !memcmp(text.data, "#!", 2))
		problems_add(&finder->gather->problems, file->path,
			     "looks like a test and is not executable: git "
			     "update-index --chmod=+x %s",
			     file->path);
	buf_release(&text);
}

static int
on_file(void *data, const struct repo_file *file)
{
	struct finder *finder = data;

	if (!patterns_match(finder->patterns, file->path) ||
	    gather_find(finder->gather, file->path))
		return 0;
	if (file->mode != MODE_EXECUTABLE) {
		if (file->mode != MODE_LINK)
			warn_not_executable(finder, file);
		return 0;
	}
	if (finder->gather->test_count >= MAX_TESTS) {
		finder->too_many = 1;
		return 1;
	}
	add_test(finder->gather, file->path, &file->blob, file->mode);
	return 0;
}

/* A program that the build makes is named plainly and is not in the tree. */
static void
add_built_test(struct finder *finder, const char *path)
{
	static const struct oid none;
	struct oid blob;

	if (repo_file_at(finder->input->repo, finder->tree, path, &blob, NULL,
			 NULL) == ERR_NOT_FOUND &&
	    !gather_find(finder->gather, path))
		add_test(finder->gather, path, &none, MODE_EXECUTABLE);
}

static int
find_files(struct finder *finder, struct err *err)
{
	struct texts done = { 0 };
	int ret = 0;

	for (size_t i = 0; !ret && i < finder->patterns->count; i++) {
		const char *pattern = finder->patterns->items[i];
		char *prefix;

		if (*pattern == '!')
			continue;
		if (pattern_is_plain(pattern) &&
		    pattern[strlen(pattern) - 1] != '/')
			add_built_test(finder, pattern);
		prefix = mem_copy_bytes(pattern, pattern_prefix(pattern));
		if (!texts_has(&done, prefix)) {
			texts_add(&done, prefix);
			ret = repo_each_file(finder->input->repo, finder->tree,
					     prefix, on_file, finder, err);
		}
		free(prefix);
	}
	texts_release(&done);
	if (finder->too_many)
		problems_add(&finder->gather->problems, "tests",
			     "more than %d tests; only the first ones run",
			     MAX_TESTS);
	return ret;
}

static int
on_change(void *data, const struct repo_change *change)
{
	struct finder *finder = data;
	struct gather *gather = finder->gather;

	if (patterns_match(finder->ignore, change->path)) {
		gather->ignored = 1;
		return 0;
	}
	texts_add(&gather->touched, change->path);
	return gather->touched.count >= MAX_TOUCHED;
}

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
	const struct repo *repo = finder->input->repo;

	for (size_t i = 0; i < gather->trailers.count; i++) {
		struct trailer *trailer = &gather->trailers.items[i];

		if (trailer->kind == TRAILER_KIND_RENAME &&
		    !strcmp(trailer->to, test->path)) {
			trailer->used = 1;
			set_name(&test->known_as, trailer->test);
			return;
		}
	}
	for (size_t i = 0; test->is_new && i < gather->deleted.count; i++) {
		struct oid blob;

		if (!repo_file_at(repo, finder->base_tree,
				  gather->deleted.items[i], &blob, NULL,
				  NULL) &&
		    oid_equal(&blob, &test->blob)) {
			set_name(&test->known_as, gather->deleted.items[i]);
			return;
		}
	}
}

/* Does anything that the push touches matter to this test? Files that are
 * tests themselves matter to themselves alone. */
static int
is_touched(const struct gather *gather, const struct gather_test *test)
{
	const struct directives *directives = &test->directives;

	for (size_t i = 0; i < gather->touched.count; i++) {
		const char *path = gather->touched.items[i];

		if (!strcmp(path, test->path) ||
		    texts_has(&directives->inputs, path))
			return 1;
		if (gather_find(gather, path) ||
		    texts_has(&gather->deleted, path))
			continue;
		if (!directives->affects.count ||
		    patterns_match(&directives->affects, path))
			return 1;
	}
	return 0;
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

static void
settle_test(struct finder *finder, struct gather_test *test)
{
	struct gather *gather = finder->gather;
	struct trailer *reset;
	struct oid before;

	read_directives(finder->input->repo,
			&gather->revisions[gather->update.count - 1]->config,
			test->path, &test->blob, &test->directives,
			&gather->problems);
	warn_loose(finder, test);
	gather_definition(finder->input->repo, finder->tree, test,
			  test->definition);
	test->is_new = oid_is_zero(finder->base_tree) ||
		       (!oid_is_zero(&test->blob) &&
			repo_file_at(finder->input->repo, finder->base_tree,
				     test->path, &before, NULL,
				     NULL) == ERR_NOT_FOUND);
	find_rename(finder, test);
	reset = trailers_find(&gather->trailers, TRAILER_KIND_RESET, test->path,
			      NULL);
	if (reset) {
		reset->used = 1;
		test->reset = reset->reason;
	}
	if (finder->input->only)
		test->runs = patterns_match(finder->input->only, test->path);
	else
		test->runs = test->is_new || test->reset ||
			     oid_is_zero(finder->base_tree) ||
			     is_spoken_of(gather, test) ||
			     is_touched(gather, test);
	gather->run_count += (size_t)test->runs;
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

	for (size_t i = 0; i < gather->deleted.count; i++) {
		const char *path = gather->deleted.items[i];
		int renamed = 0;

		for (size_t j = 0; j < gather->test_count; j++)
			renamed |= !strcmp(gather->tests[j].known_as, path);
		if (!renamed)
			problems_add(&gather->problems, path, "%s",
				     why_gone(finder, path));
	}
}

/* The tests that the base holds, as its own `tests` patterns say, and the tip
 * does not. */
static int
find_gone(struct finder *finder, const struct ref_policy *policy,
	  struct err *err)
{
	static const struct oid none;
	struct gather before = { 0 };
	struct tree_config config;
	struct finder old = { .gather = &before,
			      .input = finder->input,
			      .tree = finder->base_tree,
			      .base_tree = &none };
	int ret = gather_tree_config(finder->input->repo, finder->base_tree,
				     &config, NULL, err);

	old.patterns = config.tests.count ? &config.tests : policy->tests;
	if (!ret)
		ret = find_files(&old, err);
	for (size_t i = 0; !ret && i < before.test_count; i++)
		if (!gather_find(finder->gather, before.tests[i].path))
			texts_add(&finder->gather->deleted,
				  before.tests[i].path);
	tree_config_release(&config);
	gather_release(&before);
	return ret;
}

int
gather_tests(struct gather *gather, const struct gather_input *input,
	     const struct ref_policy *policy, struct err *err)
{
	const struct gather_revision *tip =
		gather->revisions[gather->update.count - 1];
	struct oid base_tree = { { 0 } };
	struct finder finder = { .gather = gather,
				 .input = input,
				 .ignore = policy->ignore,
				 .tree = &tip->facts.tree,
				 .base_tree = &base_tree };
	int ret = 0;

	finder.patterns = tip->config.tests.count ? &tip->config.tests
						  : policy->tests;
	if (!oid_is_zero(&gather->update.base))
		ret = repo_commit_parent(input->repo, &gather->update.base,
					 NULL, &base_tree, err);
	if (!ret)
		ret = find_files(&finder, err);
	if (!ret && !oid_is_zero(&base_tree))
		ret = find_gone(&finder, policy, err);
	if (!ret && gather->test_count)
		ret = repo_each_change(input->repo, &base_tree, finder.tree,
				       on_change, &finder, err);
	for (size_t i = 0; !ret && i < gather->test_count; i++)
		settle_test(&finder, &gather->tests[i]);
	if (!ret)
		warn_gone(&finder);
	return ret;
}
