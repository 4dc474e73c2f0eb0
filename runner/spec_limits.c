#include "base/err.h"
#include "base/json.h"
#include "runner/spec.h"
#include "runner/spec_read.h"

#include <ctype.h>
#include <string.h>

/* The bounds of a session: limits, sandbox, counter, sampler. */

int
spec_read_limits(const json_t *root, struct spec *spec, struct err *err)
{
	const int64_t tib = INT64_C(1) << 40, week_ms = 604800000;
	struct spec_limits *limits = &spec->limits;
	const struct {
		const char *name;
		int64_t min, max, *value;
	} rows[] = {
		{ "memory_bytes", 1 << 20, tib, &limits->memory_bytes },
		{ "processes", 1, 1 << 20, &limits->processes },
		{ "cpu_ms", 1, week_ms, &limits->cpu_ms },
		{ "disk_bytes", 1 << 12, tib, &limits->disk_bytes },
		{ "output_bytes", 1, 1 << 30, &limits->output_bytes },
		{ "files", 8, 1 << 20, &limits->files },
		{ "build_ms", 1, week_ms, &limits->build_ms },
		{ "session_ms", 1, week_ms, &limits->session_ms },
	};
	json_t *object = NULL;

	if (json_get_object(root, "limits", &object, err) < 0)
		return err->code;
	limits->wall_ms = SPEC_MAX_TRIAL_MS;
	if (json_object_get(object, "wall_ms") &&
	    json_get_int(object, "wall_ms", 1, SPEC_MAX_TRIAL_MS,
			 &limits->wall_ms, err) < 0)
		return err_context(err, "limits");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (json_get_int(object, rows[i].name, rows[i].min, rows[i].max,
				 rows[i].value, err) < 0)
			return err_context(err, "limits");
	return 0;
}

/* Absolute and without a NUL, which jansson refuses. */
int
spec_read_paths(const json_t *object, const char *name, size_t max,
		struct texts *paths, struct err *err)
{
	json_t *array = NULL;

	if (!json_object_get(object, name))
		return 0;
	if (json_get_array(object, name, max, &array, err) < 0)
		return err->code;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *path = json_string_value(json_array_get(array, i));

		if (!path || path[0] != '/' || strlen(path) > SPEC_MAX_PATH)
			return err_set(err, ERR_INPUT,
				       "%s[%zu]: not an absolute path", name,
				       i);
		texts_add(paths, path);
	}
	return 0;
}

static int
variable_is_valid(const char *name)
{
	if (!isalpha((unsigned char)name[0]) && name[0] != '_')
		return 0;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return 0;
	return 1;
}

static int
read_env(const json_t *object, struct texts *env, struct err *err)
{
	json_t *members = json_object_get(object, "env");
	const char *name;
	json_t *value;

	if (!members)
		return 0;
	if (!json_is_object(members) ||
	    json_object_size(members) > SPEC_MAX_ENV)
		return err_set(err, ERR_INPUT, "env: not a small object");
	json_object_foreach(members, name, value)
	{
		const char *text = json_string_value(value);

		if (!variable_is_valid(name) || !text || strlen(text) > 32768)
			return err_set(err, ERR_INPUT,
				       "env: '%.40s' is no variable with a "
				       "text of at most 32768 bytes",
				       name);
		texts_addf(env, "%s=%s", name, text);
	}
	return 0;
}

int
spec_read_sandbox(const json_t *root, struct spec *spec, struct err *err)
{
	const json_t *object = json_object_get(root, "sandbox");
	const char *path = json_text_or(object, "root", "");
	const char *cache = json_text_or(object, "build_cache", "");

	if (object && !json_is_object(object))
		return err_set(err, ERR_INPUT, "sandbox: not an object");
	if (*path && (path[0] != '/' || strlen(path) > SPEC_MAX_PATH))
		return err_set(err, ERR_INPUT,
			       "sandbox: root: not an absolute path");
	if (*cache && (cache[0] != '/' || strlen(cache) > SPEC_MAX_PATH))
		return err_set(err, ERR_INPUT,
			       "sandbox: build_cache: not an absolute path");
	spec->sandbox.root = mem_copy_text(path);
	spec->sandbox.build_cache = mem_copy_text(cache);
	if (object && (spec_read_paths(object, "read", SPEC_MAX_READ,
				       &spec->sandbox.read, err) < 0 ||
		       read_env(object, &spec->sandbox.env, err) < 0))
		return err_context(err, "sandbox");
	return 0;
}

static const char *const counter_names[] = {
	[SPEC_COUNTER_AUTO] = "auto",
	[SPEC_COUNTER_PERF] = "perf",
	[SPEC_COUNTER_VALGRIND] = "valgrind",
	[SPEC_COUNTER_NONE] = "none",
};

const char *
spec_counter_name(enum spec_counter counter)
{
	return counter_names[counter];
}

int
spec_read_counter(const json_t *root, struct spec *spec, struct err *err)
{
	const size_t count = sizeof(counter_names) / sizeof(counter_names[0]);
	const char *name = json_text_or(root, "counter", "auto");

	for (size_t i = 0; i < count; i++)
		if (!strcmp(counter_names[i], name)) {
			spec->counter = (enum spec_counter)i;
			return 0;
		}
	return err_set(err, ERR_INPUT,
		       "counter: not auto, perf, valgrind or none");
}

int
spec_read_sampler(const json_t *root, struct spec *spec, struct err *err)
{
	spec->sample_ms = -1;
	if (!json_object_get(root, "sample_ms"))
		return 0;
	return json_get_int(root, "sample_ms", -1, SPEC_MAX_TRIAL_MS,
			    &spec->sample_ms, err);
}
