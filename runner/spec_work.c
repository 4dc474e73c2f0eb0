#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/protocol.h"
#include "runner/formats.h"
#include "runner/spec.h"
#include "runner/spec_read.h"

#include <string.h>

/* The work of a session: its revisions and its tests. */

/* *fault is set where the path may not be written to. */
static int
read_path(const json_t *object, char **path, char **fault, struct err *err)
{
	const char *text = NULL, *found;

	if (json_get_text(object, "path", &text, err) < 0)
		return err->code;
	found = spec_path_fault(text);
	if (found && !*fault)
		*fault = mem_text("%s: %s", text, found);
	*path = mem_copy_text(text);
	return 0;
}

static int
read_overlay(const json_t *item, struct spec_overlay *overlay, char **fault,
	     struct err *err)
{
	int64_t mode = 0;

	if (json_get_oid(item, "blob", &overlay->blob, err) < 0 ||
	    json_get_int(item, "mode", 0, 0177777, &mode, err) < 0)
		return err->code;
	if (mode != 0100644 && mode != 0100755 && mode != 0120000)
		return err_set(err, ERR_INPUT, "mode: not 33188, 33261, 40960");
	overlay->mode = (unsigned)mode;
	return read_path(item, &overlay->path, fault, err);
}

static int
read_overlays(const json_t *item, struct spec_revision *revision,
	      struct err *err)
{
	json_t *array = NULL;

	if (!json_object_get(item, "overlay"))
		return 0;
	if (json_get_array(item, "overlay", SPEC_MAX_OVERLAY, &array, err) < 0)
		return err->code;
	revision->overlay = mem_new(json_array_size(array),
				    sizeof(*revision->overlay));
	revision->overlay_count = json_array_size(array);
	for (size_t i = 0; i < revision->overlay_count; i++)
		if (read_overlay(json_array_get(array, i),
				 &revision->overlay[i], &revision->fault,
				 err) < 0)
			return err_context(err, "overlay[%zu]", i);
	return 0;
}

/* An optional shell command; "" is none. */
static int
read_command(const json_t *item, const char *name, char **command,
	     struct err *err)
{
	const char *text = json_text_or(item, name, "");

	if (strlen(text) > SPEC_MAX_COMMAND)
		return err_set(err, ERR_INPUT, "%s: more than %d bytes", name,
			       (int)SPEC_MAX_COMMAND);
	*command = *text ? mem_copy_text(text) : NULL;
	return 0;
}

static int
read_revision(const json_t *item, struct spec_revision *revision,
	      struct err *err)
{
	const char *label = NULL;

	if (json_get_text(item, "label", &label, err) < 0 ||
	    json_get_oid(item, "tree", &revision->tree, err) < 0 ||
	    read_command(item, "setup", &revision->setup, err) < 0 ||
	    read_command(item, "build", &revision->build, err) < 0)
		return err->code;
	if (strlen(label) > 256)
		return err_set(err, ERR_INPUT, "label: more than 256 bytes");
	revision->label = mem_copy_text(label);
	return read_overlays(item, revision, err);
}

int
spec_read_revisions(const json_t *root, struct spec *spec, struct err *err)
{
	json_t *array = NULL;

	if (json_get_array(root, "revisions", PROTOCOL_MAX_REVISIONS, &array,
			   err) < 0)
		return err->code;
	if (!json_array_size(array))
		return err_set(err, ERR_INPUT, "revisions: none");
	spec->revision_count = json_array_size(array);
	spec->revisions = mem_new(spec->revision_count,
				  sizeof(*spec->revisions));
	for (size_t i = 0; i < spec->revision_count; i++)
		if (read_revision(json_array_get(array, i), &spec->revisions[i],
				  err) < 0)
			return err_context(err, "revisions[%zu]", i);
	return 0;
}

static int
has_index(const struct spec_test *test, size_t count, size_t index)
{
	for (size_t i = 0; i < count; i++)
		if (test->revisions[i] == index)
			return 1;
	return 0;
}

static int
read_test_revisions(const json_t *item, const struct spec *spec,
		    struct spec_test *test, struct err *err)
{
	json_t *array = NULL;

	if (json_get_array(item, "revisions", spec->revision_count, &array,
			   err) < 0)
		return err->code;
	if (!json_array_size(array))
		return err_set(err, ERR_INPUT, "revisions: none");
	test->revision_count = json_array_size(array);
	test->revisions = mem_new(test->revision_count,
				  sizeof(*test->revisions));
	for (size_t i = 0; i < test->revision_count; i++) {
		const json_t *number = json_array_get(array, i);
		json_int_t index = json_integer_value(number);

		if (!json_is_integer(number) || index < 0 ||
		    (size_t)index >= spec->revision_count ||
		    has_index(test, i, (size_t)index))
			return err_set(err, ERR_INPUT,
				       "revisions[%zu]: no revision's index, "
				       "each once",
				       i);
		test->revisions[i] = (size_t)index;
	}
	return 0;
}

static char *
unknown_format(const char *name)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "format=%s is unknown, there are ", name);
	for (size_t i = 0; format_rows[i].name; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", format_rows[i].name);
	return buf_take(&text);
}

static void
read_format(const json_t *item, struct spec_test *test)
{
	const char *name = json_text_or(item, "format", "");

	test->format = *name ? format_find(name) : NULL;
	if (*name && !test->format && !test->fault)
		test->fault = unknown_format(name);
}

static int
read_metrics(const json_t *item, struct spec_test *test, struct err *err)
{
	json_t *array = NULL;

	if (!json_object_get(item, "metrics"))
		return 0;
	if (json_get_array(item, "metrics", SPEC_MAX_METRICS, &array, err) < 0)
		return err->code;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *name = json_string_value(json_array_get(array, i));

		if (!name)
			return err_set(err, ERR_INPUT,
				       "metrics[%zu]: not a metric's name", i);
		texts_add(&test->metrics, name);
	}
	return 0;
}

static int
read_test(const json_t *item, const struct spec *spec, struct spec_test *test,
	  struct err *err)
{
	int64_t rounds = 0, warmup = 0;
	const char *kind = json_text_or(item, "kind", "perf");

	if (read_path(item, &test->path, &test->fault, err) < 0 ||
	    read_test_revisions(item, spec, test, err) < 0 ||
	    json_get_int(item, "timeout_ms", 1, INT64_MAX, &test->timeout_ms,
			 err) < 0 ||
	    json_get_int(item, "rounds", 1, PROTOCOL_MAX_ROUNDS, &rounds, err) <
		    0 ||
	    json_get_int(item, "warmup", 0, SPEC_MAX_WARMUP, &warmup, err) <
		    0 ||
	    read_metrics(item, test, err) < 0)
		return err->code;
	read_format(item, test);
	test->duration_ms = json_int_or(item, "duration_ms", 0);
	if (test->duration_ms < 0)
		return err_set(err, ERR_INPUT, "duration_ms: negative");
	test->is_bounded = test->timeout_ms > spec->limits.wall_ms;
	if (test->is_bounded)
		test->timeout_ms = spec->limits.wall_ms;
	if (strlen(kind) > 32)
		return err_set(err, ERR_INPUT, "kind: more than 32 bytes");
	test->kind = mem_copy_text(kind);
	test->rounds = (int)rounds;
	test->warmup = (int)warmup;
	return 0;
}

int
spec_read_tests(const json_t *root, struct spec *spec, struct err *err)
{
	json_t *array = NULL;

	if (json_get_array(root, "tests", PROTOCOL_MAX_TESTS, &array, err) < 0)
		return err->code;
	if (!json_array_size(array))
		return err_set(err, ERR_INPUT, "tests: none");
	spec->test_count = json_array_size(array);
	spec->tests = mem_new(spec->test_count, sizeof(*spec->tests));
	for (size_t i = 0; i < spec->test_count; i++)
		if (read_test(json_array_get(array, i), spec, &spec->tests[i],
			      err) < 0)
			return err_context(err, "tests[%zu]", i);
	return 0;
}
