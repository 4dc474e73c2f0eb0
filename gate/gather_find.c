#include "gather_find.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "policy/pattern.h"

enum {
	MAX_TEST_FILE = 1 << 20,
	MAX_TOUCHED = 20000,
	MAX_TESTS = 4096,
	MAX_LOOKED_AT = 1000
};

static void
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
}

/* Something that was meant as a test and is no program. Only of what this push
 * brings: nobody wants to hear it every time. */
static void
warn_not_executable(struct finder *finder, const char *path,
		    const struct oid *blob, unsigned mode)
{
	struct buf text = BUF_INIT;

	if (mode == MODE_EXECUTABLE || mode == MODE_LINK ||
	    !patterns_match(finder->patterns, path) ||
	    finder->looked_at++ >= MAX_LOOKED_AT)
		return;
	if (!repo_blob(finder->input->repo, blob, MAX_TEST_FILE, &text, NULL) &&
	    text.len > 2 && !memcmp(text.data, "#!", 2))
		problems_add(&finder->gather->problems, path,
			     "looks like a test and is not executable: git "
			     "update-index --chmod=+x %s",
			     path);
	buf_release(&text);
}

static int
on_file(void *data, const struct repo_file *file)
{
	struct finder *finder = data;
	struct gather *gather = finder->gather;

	if (file->mode == MODE_EXECUTABLE &&
	    patterns_match(finder->patterns, file->path))
		add_test(gather, file->path, &file->blob, file->mode);
	else if (oid_is_zero(finder->base_tree))
		warn_not_executable(finder, file->path, &file->blob,
				    file->mode);
	return gather->test_count > MAX_TESTS;
}

/* Whether the walk that another pattern leads to comes by here as well. */
static int
is_covered(const struct texts *patterns, size_t index, size_t len)
{
	const char *prefix = patterns->items[index];

	for (size_t i = 0; i < patterns->count; i++) {
		const char *other = patterns->items[i];
		size_t other_len = pattern_prefix(other);

		if (*other != '!' &&
		    (other_len < len || (other_len == len && i < index)) &&
		    !strncmp(other, prefix, other_len))
			return 1;
	}
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	const struct gather_test *left = a, *right = b;

	return strcmp(left->path, right->path);
}

/* Overlapping patterns may have found one twice. */
static void
sort_tests(struct gather *gather)
{
	size_t kept = 0;

	if (!gather->test_count)
		return;
	qsort(gather->tests, gather->test_count, sizeof(*gather->tests),
	      by_path);
	for (size_t i = 0; i < gather->test_count; i++) {
		if (kept &&
		    !by_path(&gather->tests[kept - 1], &gather->tests[i]))
			gather_test_release(&gather->tests[i]);
		else
			gather->tests[kept++] = gather->tests[i];
	}
	gather->test_count = kept;
}

/* A program that the build makes is named plainly and is not in the tree. */
static int
is_built(const struct finder *finder, const struct oid *tree,
	 const char *pattern)
{
	struct oid blob;

	return pattern_is_plain(pattern) &&
	       pattern[strlen(pattern) - 1] != '/' &&
	       repo_file_at(finder->input->repo, tree, pattern, &blob, NULL,
			    NULL) == ERR_NOT_FOUND;
}

/* All tests of finder->tree, sorted. */
static int
find_files(struct finder *finder, struct err *err)
{
	static const struct oid none;
	const struct texts *patterns = finder->patterns;
	struct gather *gather = finder->gather;
	int ret = 0;

	for (size_t i = 0; !ret && i < patterns->count; i++) {
		const char *pattern = patterns->items[i];
		size_t len = pattern_prefix(pattern);
		char *prefix;

		if (*pattern == '!')
			continue;
		if (is_built(finder, finder->tree, pattern))
			add_test(gather, pattern, &none, MODE_EXECUTABLE);
		if (is_covered(patterns, i, len))
			continue;
		prefix = mem_copy_bytes(pattern, len);
		ret = repo_each_file(finder->input->repo, finder->tree, prefix,
				     on_file, finder, err);
		free(prefix);
	}
	if (gather->test_count > MAX_TESTS)
		problems_add(&gather->problems, "tests",
			     "more than %d tests; only the first ones run",
			     MAX_TESTS);
	while (gather->test_count > MAX_TESTS)
		gather_test_release(&gather->tests[--gather->test_count]);
	sort_tests(gather);
	return ret;
}

static void
add_gone(struct gather *gather, const char *path, const struct oid *blob)
{
	struct gather_gone *gone;

	if (gather_find(gather, path) || gather->gone_count >= MAX_TESTS)
		return;
	MEM_GROW(gather->gone, gather->gone_count, gather->gone_cap);
	gone = &gather->gone[gather->gone_count++];
	*gone = (struct gather_gone){ mem_copy_text(path), *blob };
}

static int
on_change(void *data, const struct repo_change *change)
{
	struct finder *finder = data;
	struct gather *gather = finder->gather;
	struct gather_test *test = (struct gather_test *)(uintptr_t)gather_find(
		gather, change->path);
	int ignored = patterns_match(finder->ignore, change->path);

	if (test) {
		test->is_new = !change->old_mode;
		test->is_touched = !ignored;
	} else if (change->old_mode == MODE_EXECUTABLE &&
		   patterns_match(finder->old_patterns, change->path)) {
		add_gone(gather, change->path, &change->old_blob);
	}
	if (change->new_mode && !test)
		warn_not_executable(finder, change->path, &change->new_blob,
				    change->new_mode);
	if (ignored)
		gather->ignored = 1;
	else if (gather->touched.count < MAX_TOUCHED)
		texts_add(&gather->touched, change->path);
	else
		gather->touched_more = 1;
	return 0;
}

static int
texts_are_equal(const struct texts *a, const struct texts *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (strcmp(a->items[i], b->items[i]))
			return 0;
	return a->count == b->count;
}

/* Tests of the base that no pattern of the tip matches any more, whether their
 * files changed or not. */
static int
find_unmatched(struct finder *finder, struct err *err)
{
	static const struct oid none;
	struct gather before = { 0 };
	struct finder old = { .gather = &before,
			      .input = finder->input,
			      .patterns = finder->old_patterns,
			      .tree = finder->base_tree,
			      .base_tree = &none,
			      .looked_at = MAX_LOOKED_AT };
	int ret = find_files(&old, err);

	for (size_t i = 0; !ret && i < before.test_count; i++)
		add_gone(finder->gather, before.tests[i].path,
			 &before.tests[i].blob);
	gather_release(&before);
	return ret;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
gone_by_path(const void *a, const void *b)
{
	const struct gather_gone *left = a, *right = b;

	return strcmp(left->path, right->path);
}

/* One that was deleted and is not matched any more was found twice. */
static void
sort_gone(struct gather *gather)
{
	size_t kept = 0;

	if (!gather->gone_count)
		return;
	qsort(gather->gone, gather->gone_count, sizeof(*gather->gone),
	      gone_by_path);
	for (size_t i = 0; i < gather->gone_count; i++) {
		if (kept &&
		    !gone_by_path(&gather->gone[kept - 1], &gather->gone[i]))
			free(gather->gone[i].path);
		else
			gather->gone[kept++] = gather->gone[i];
	}
	gather->gone_count = kept;
}

/* What differs between base and tip. */
static int
compare(struct finder *finder, struct err *err)
{
	const struct texts *old = finder->old_patterns;
	struct gather *gather = finder->gather;
	struct err huge = ERR_INIT;
	static const struct oid none;
	int ret = repo_each_change(finder->input->repo, finder->base_tree,
				   finder->tree, on_change, finder, &huge);

	/* So much that it is not listed to its end. */
	if (ret == ERR_LIMIT) {
		gather->touched_more = 1;
		ret = 0;
	} else if (ret < 0 && err) {
		*err = huge;
	}
	if (!ret && !texts_are_equal(finder->patterns, old))
		ret = find_unmatched(finder, err);
	for (size_t i = 0; !ret && i < old->count; i++)
		if (is_built(finder, finder->base_tree, old->items[i]))
			add_gone(gather, old->items[i], &none);
	if (gather->touched.count)
		qsort(gather->touched.items, gather->touched.count,
		      sizeof(char *), by_name);
	sort_gone(gather);
	return ret;
}

int
gather_find_tests(struct finder *finder, struct err *err)
{
	struct gather *gather = finder->gather;
	int ret = find_files(finder, err);

	if (ret < 0)
		return ret;
	if (!oid_is_zero(finder->base_tree))
		return compare(finder, err);
	for (size_t i = 0; i < gather->test_count; i++)
		gather->tests[i].is_new = 1;
	return 0;
}
