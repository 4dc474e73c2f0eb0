#include "spec.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/protocol.h"
#include "plan/plan.h"
#include "policy/directive.h"

#include <stdlib.h>

enum { WARMUP = 1, TIMEOUT_MS = 60000 };

static json_t *
overlay_json(const struct plan *plan)
{
	json_t *files = json_array();

	for (size_t i = 0; i < plan->overlay_count; i++) {
		const struct plan_file *file = &plan->overlay[i];
		json_t *item = json_object();

		json_object_set_new(item, "path", json_text(file->path));
		json_object_set_new(item, "blob", json_oid(&file->blob));
		json_object_set_new(item, "mode", json_integer(file->mode));
		json_array_append_new(files, item);
	}
	return files;
}

static void
add_command(json_t *item, const char *name, const char *own,
	    const char *otherwise)
{
	const char *command = own ? own : otherwise;

	if (command)
		json_object_set_new(item, name, json_text(command));
}

static json_t *
revision_json(const struct plan *plan, size_t index)
{
	const struct plan_revision *revision = &plan->revisions[index];
	char hex[OID_HEX + 1], *label;
	json_t *item = json_object();

	label = mem_text("%s%s", oid_short(&revision->commit->commit, hex),
			 revision->overlaid ? " with the new tests" : "");
	json_object_set_new(item, "label", json_text(label));
	free(label);
	json_object_set_new(item, "tree", json_oid(&revision->commit->tree));
	if (revision->overlaid)
		json_object_set_new(item, "overlay", overlay_json(plan));
	add_command(item, "setup", revision->commit->setup,
		    revision->overlaid ? plan->overlay_setup : NULL);
	add_command(item, "build", revision->commit->build,
		    revision->overlaid ? plan->overlay_build : NULL);
	return item;
}

static json_t *
test_json(const struct plan_test *test, unsigned rounds)
{
	const struct directives *directives = test->directives;
	json_t *item = json_object(), *revisions = json_array();
	json_t *metrics = json_array();

	json_object_set_new(item, "path", json_text(test->path));
	for (size_t i = 0; i < test->count; i++)
		json_array_append_new(
			revisions,
			json_integer((json_int_t)test->revisions[i]));
	json_object_set_new(item, "revisions", revisions);
	json_object_set_new(item, "timeout_ms",
			    json_integer(spec_timeout_ms(directives)));
	json_object_set_new(
		item, "rounds",
		json_integer(directives->rounds ? directives->rounds : rounds));
	json_object_set_new(item, "warmup",
			    json_integer(directives->warmup >= 0
						 ? directives->warmup
						 : WARMUP));
	json_object_set_new(
		item, "format",
		json_text(directives->format ? directives->format : ""));
	json_object_set_new(item, "kind", json_text("perf"));
	for (size_t i = 0; i < directives->metrics.count; i++)
		json_array_append_new(metrics,
				      json_text(directives->metrics.items[i]));
	json_object_set_new(item, "metrics", metrics);
	json_object_set_new(item, "duration_ms",
			    json_integer(directives->duration_ms));
	return item;
}

int64_t
spec_timeout_ms(const struct directives *directives)
{
	return directives->timeout_ms ? directives->timeout_ms : TIMEOUT_MS;
}

json_t *
spec_of_plan(const struct plan *plan, const json_t *common, const char *session,
	     int64_t seed, int fresh, unsigned rounds)
{
	json_t *spec = json_object(), *revisions = json_array();
	json_t *tests = json_array();

	json_object_set_new(spec, "pacegate", json_integer(PROTOCOL_VERSION));
	json_object_set_new(spec, "session", json_text(session));
	json_object_set_new(spec, "seed", json_integer(seed));
	json_object_set_new(spec, "fresh", json_boolean(fresh));
	for (size_t i = 0; i < plan->revision_count; i++)
		json_array_append_new(revisions, revision_json(plan, i));
	json_object_set_new(spec, "revisions", revisions);
	for (size_t i = 0; i < plan->test_count; i++)
		json_array_append_new(tests,
				      test_json(&plan->tests[i], rounds));
	json_object_set_new(spec, "tests", tests);
	json_object_update_missing(spec, (json_t *)(uintptr_t)common);
	return spec;
}
