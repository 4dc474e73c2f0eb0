#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "runner/formats.h"
#include "runner/spec.h"

#define OID_A "00112233445566778899aabbccddeeff00112233"
#define OID_B "ffeeddccbbaa99887766554433221100ffeeddcc"

static const char sound[] =
	"{\"pacegate\":1,\"session\":\"s1.a-b\",\"seed\":-7,\"fresh\":true,"
	"\"alternates\":[\"/r/objects\"],"
	"\"revisions\":[{\"label\":\"baseline 1a2b3c\",\"tree\":\"" OID_A "\","
	"\"overlay\":[{\"path\":\"perf/ssl\",\"blob\":\"" OID_B "\","
	"\"mode\":33261}],\"setup\":\"\",\"build\":\"make -s\"},"
	"{\"label\":\"b\",\"tree\":\"" OID_B "\"}],"
	"\"tests\":[{\"path\":\"perf/ssl\",\"revisions\":[1,0],"
	"\"timeout_ms\":60000,\"rounds\":60,\"warmup\":1,\"format\":\"tap\","
	"\"kind\":\"perf\",\"metrics\":[\"wall\",\"x\"],\"duration_ms\":0}],"
	"\"limits\":{\"memory_bytes\":268435456,\"processes\":64,"
	"\"cpu_ms\":60000,\"disk_bytes\":268435456,\"output_bytes\":1048576,"
	"\"files\":256,\"build_ms\":60000,\"session_ms\":600000},"
	"\"sandbox\":{\"root\":\"\",\"read\":[\"/opt/x\"],"
	"\"env\":{\"NAME\":\"a=b c\"}},\"counter\":\"none\"}";

static void
test_sound(void **state)
{
	struct spec spec = SPEC_INIT;
	struct err err = ERR_INIT;

	(void)state;
	if (spec_parse(sound, strlen(sound), &spec, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(spec.session, "s1.a-b");
	assert_true(spec.seed == (uint64_t)-7);
	assert_int_equal(spec.fresh, 1);
	assert_int_equal(spec.revision_count, 2);
	assert_null(spec.revisions[0].setup);
	assert_string_equal(spec.revisions[0].build, "make -s");
	assert_int_equal(spec.revisions[0].overlay[0].mode, 0100755);
	assert_null(spec.revisions[1].build);
	assert_int_equal(spec.tests[0].revisions[0], 1);
	assert_ptr_equal(spec.tests[0].format, format_find("tap"));
	assert_string_equal(spec.tests[0].metrics.items[1], "x");
	assert_int_equal(spec.limits.processes, 64);
	assert_string_equal(spec.sandbox.env.items[0], "NAME=a=b c");
	assert_int_equal(spec.counter, SPEC_COUNTER_NONE);
	spec_release(&spec);
	spec_release(&spec);
}

/* The sound spec with one part replaced is refused, and says where. */
struct breakage {
	const char *from, *to, *message;
};

static const struct breakage breakages[] = {
	{ "\"pacegate\":1", "\"pacegate\":2", "install the same release" },
	{ "\"pacegate\":1", "\"pacegate\":\"1\"", "member 'pacegate'" },
	{ "s1.a-b", "../x", "session" },
	{ "s1.a-b", "", "session" },
	{ "\"seed\":-7", "\"seed\":1.5", "member 'seed'" },
	{ "\"/r/objects\"", "\"r/objects\"", "alternates[0]" },
	{ "\"/r/objects\"", "7", "alternates[0]" },
	{ OID_A "\",", "00112233\",", "revisions[0]: member 'tree'" },
	{ "33261", "16384", "revisions[0]: overlay[0]: mode" },
	{ "\"path\":\"perf/ssl\",\"revisions\"",
	  "\"path\":\"a\\u0000b\",\"revisions\"", "bad JSON" },
	{ "[1,0]", "[1,2]", "revisions[1]: no revision's index" },
	{ "[1,0]", "[1,1]", "revisions[1]: no revision's index" },
	{ "[1,0]", "[-1]", "revisions[0]: no revision's index" },
	{ "[1,0]", "[]", "revisions: none" },
	{ "[1,0]", "[0,1,0]", "not short enough" },
	{ "\"timeout_ms\":60000", "\"timeout_ms\":0", "timeout_ms" },
	{ "\"rounds\":60", "\"rounds\":10001", "rounds" },
	{ "\"warmup\":1", "\"warmup\":-1", "warmup" },
	{ "\"duration_ms\":0", "\"duration_ms\":-1", "duration_ms" },
	{ "\"wall\",", "7,", "metrics[0]" },
	{ "\"processes\":64", "\"processes\":0", "limits: member 'processes'" },
	{ "\"processes\":64,", "", "limits: member 'processes'" },
	{ "\"/opt/x\"", "\"opt\"", "sandbox: read[0]" },
	{ "\"root\":\"\"", "\"root\":\"x\"", "sandbox: root" },
	{ "\"NAME\"", "\"NA=ME\"", "env: 'NA=ME'" },
	{ "\"NAME\"", "\"\"", "env: ''" },
	{ "\"none\"", "\"some\"", "counter" },
	{ "\"none\"}", "\"none\"", "bad JSON" },
	{ "\"fresh\":true", "\"seed\":true", "duplicate" },
};

static int
parse_broken(const struct breakage *row, struct spec *spec, struct err *err)
{
	const char *at = strstr(sound, row->from);
	struct buf text = BUF_INIT;
	int ret;

	assert_non_null(at);
	buf_add(&text, sound, (size_t)(at - sound));
	buf_adds(&text, row->to);
	buf_adds(&text, at + strlen(row->from));
	ret = spec_parse(text.data, text.len, spec, err);
	buf_release(&text);
	return ret;
}

static void
test_every_breakage_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(breakages) / sizeof(breakages[0]); i++) {
		const struct breakage *row = &breakages[i];
		struct spec spec = SPEC_INIT;
		struct err err = ERR_INIT;

		if (parse_broken(row, &spec, &err) >= 0)
			fail_msg("took %s", row->to);
		if (!strstr(err.text, row->message))
			fail_msg("'%s' lacks '%s'", err.text, row->message);
		spec_release(&spec);
	}
}

/* What a commit holds spoils one test or revision, not the session. */
static const struct breakage faults[] = {
	{ "\"path\":\"perf/ssl\",\"blob\"", "\"path\":\"../x\",\"blob\"",
	  "../x: a component '.' or '..'" },
	{ "\"path\":\"perf/ssl\",\"revisions\"",
	  "\"path\":\"/etc/passwd\",\"revisions\"", "an empty component" },
	{ "\"path\":\"perf/ssl\",\"revisions\"",
	  "\"path\":\"a/.GIT/b\",\"revisions\"", "component '.git'" },
	{ "\"tap\"", "\"tapx\"", "format=tapx is unknown, there are events, " },
};

static void
test_faults_spoil_their_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct spec spec = SPEC_INIT;
		struct err err = ERR_INIT;
		const char *fault;

		if (parse_broken(&faults[i], &spec, &err) < 0)
			fail_msg("%s", err.text);
		fault = i ? spec.tests[0].fault : spec.revisions[0].fault;
		assert_non_null(fault);
		assert_non_null(strstr(fault, faults[i].message));
		assert_true(!spec.tests[0].fault || !spec.revisions[0].fault);
		spec_release(&spec);
	}
}

/* No prefix of a sound spec is sound, nor does any of them leak or crash. */
static void
test_prefixes(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(sound) - 1; len++) {
		struct spec spec = SPEC_INIT;

		assert_true(spec_parse(sound, len, &spec, NULL) < 0);
		spec_release(&spec);
	}
}

/* Dropping or mistyping any member never crashes. */
static void
test_members(void **state)
{
	json_t *root = json_loads(sound, 0, NULL), *value;
	const char *name;
	void *next;

	(void)state;
	assert_non_null(root);
	json_object_foreach_safe(root, next, name, value)
	{
		json_t *kept = json_incref(value);
		char *copy = mem_copy_text(name);
		const json_t *others[] = { json_null(),     json_true(),
					   json_integer(3), json_string("x"),
					   json_array(),    json_object() };

		for (size_t i = 0; i < 6; i++) {
			struct spec spec = SPEC_INIT;
			char *text;

			json_object_set_new(root, copy,
					    (json_t *)(uintptr_t)others[i]);
			text = json_dumps(root, 0);
			(void)spec_parse(text, strlen(text), &spec, NULL);
			spec_release(&spec);
			free(text);
		}
		json_object_set_new(root, copy, kept);
		free(copy);
	}
	json_decref(root);
}

static void
test_paths(void **state)
{
	char long_name[300];
	struct buf deep = BUF_INIT;

	(void)state;
	memset(long_name, 'a', sizeof(long_name));
	long_name[255] = '\0';
	assert_null(spec_path_fault(long_name));
	long_name[255] = 'a';
	long_name[256] = '\0';
	assert_non_null(spec_path_fault(long_name));
	assert_null(spec_path_fault("a/b..c/...x/.gitignore/git"));
	assert_non_null(spec_path_fault(""));
	assert_non_null(spec_path_fault("/a"));
	assert_non_null(spec_path_fault("a/"));
	assert_non_null(spec_path_fault("a//b"));
	assert_non_null(spec_path_fault("./a"));
	assert_non_null(spec_path_fault("a/.."));
	assert_non_null(spec_path_fault(".gIt"));
	for (int i = 0; i < SPEC_MAX_DEPTH - 1; i++)
		buf_adds(&deep, "d/");
	buf_adds(&deep, "f");
	assert_null(spec_path_fault(buf_text(&deep)));
	buf_adds(&deep, "/g");
	assert_non_null(spec_path_fault(buf_text(&deep)));
	buf_release(&deep);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_every_breakage_is_named),
		cmocka_unit_test(test_faults_spoil_their_own),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_paths),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("runner_spec", tests, NULL, NULL);
}
