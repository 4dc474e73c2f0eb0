#include "runner/spec.h"
#include "base/err.h"
#include "base/json.h"
#include "base/names.h"
#include "runner/spec_read.h"

#include <stdlib.h>
#include <string.h>

/* Ids travel into file names and logs. */
static int
session_is_valid(const char *id)
{
	size_t len = strlen(id);

	return len && len <= 64 && id[0] != '.' &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static int
read_head(const json_t *root, struct spec *spec, struct err *err)
{
	const char *session = NULL;
	int64_t version = 0, seed = 0;

	if (json_get_int(root, "pacegate", 0, INT64_MAX, &version, err) < 0)
		return err->code;
	if (version != PROTOCOL_VERSION)
		return err_set(err, ERR_VERSION,
			       "the gate speaks version %lld of the session "
			       "protocol, this runner %d: install the same "
			       "release on both",
			       (long long)version, (int)PROTOCOL_VERSION);
	if (json_get_text(root, "session", &session, err) < 0 ||
	    json_get_int(root, "seed", INT64_MIN, INT64_MAX, &seed, err) < 0)
		return err->code;
	if (!session_is_valid(session))
		return err_set(err, ERR_INPUT, "session: not a session's id");
	spec->session = mem_copy_text(session);
	spec->seed = (uint64_t)seed;
	spec->fresh = json_bool_or(root, "fresh", 0);
	return 0;
}

int
spec_parse(const char *text, size_t len, struct spec *spec, struct err *err)
{
	struct err unwanted = ERR_INIT;
	json_t *root;
	int ret;

	err = err ? err : &unwanted;
	root = json_parse(text, len, err);
	if (!root)
		return err->code;
	if ((ret = read_head(root, spec, err)) < 0 ||
	    (ret = spec_read_paths(root, "alternates", SPEC_MAX_ALTERNATES,
				   &spec->alternates, err)) < 0 ||
	    (ret = spec_read_revisions(root, spec, err)) < 0 ||
	    (ret = spec_read_limits(root, spec, err)) < 0 ||
	    (ret = spec_read_tests(root, spec, err)) < 0 ||
	    (ret = spec_read_sandbox(root, spec, err)) < 0 ||
	    (ret = spec_read_counter(root, spec, err)) < 0 ||
	    (ret = spec_read_sampler(root, spec, err)) < 0)
		err_context(err, "spec");
	json_decref(root);
	return ret;
}

static void
release_revision(struct spec_revision *revision)
{
	for (size_t i = 0; i < revision->overlay_count; i++)
		free(revision->overlay[i].path);
	free(revision->overlay);
	free(revision->label);
	free(revision->setup);
	free(revision->build);
	free(revision->fault);
}

static void
release_test(struct spec_test *test)
{
	free(test->path);
	free(test->revisions);
	free(test->kind);
	free(test->fault);
	texts_release(&test->metrics);
}

void
spec_release(struct spec *spec)
{
	for (size_t i = 0; i < spec->revision_count; i++)
		release_revision(&spec->revisions[i]);
	for (size_t i = 0; i < spec->test_count; i++)
		release_test(&spec->tests[i]);
	free(spec->revisions);
	free(spec->tests);
	free(spec->session);
	free(spec->sandbox.root);
	free(spec->sandbox.build_cache);
	texts_release(&spec->alternates);
	texts_release(&spec->sandbox.read);
	texts_release(&spec->sandbox.env);
	*spec = (struct spec)SPEC_INIT;
}

const char *
spec_name_fault(const char *name, size_t len)
{
	if (!len)
		return "an empty component";
	if (len > 255)
		return "a component of more than 255 bytes";
	if (memchr(name, '/', len) || memchr(name, '\0', len))
		return "a slash or NUL in a component";
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return "a component '.' or '..'";
	if (len == 4 && !strncasecmp(name, ".git", 4))
		return "a component '.git'";
	return NULL;
}

const char *
spec_path_fault(const char *path)
{
	size_t depth = 0;

	if (strlen(path) > SPEC_MAX_PATH)
		return "more than 4095 bytes";
	for (const char *at = path;; depth++) {
		size_t len = strcspn(at, "/");
		const char *fault = spec_name_fault(at, len);

		if (fault)
			return fault;
		if (depth >= SPEC_MAX_DEPTH)
			return "more than 128 directories";
		if (!at[len])
			return NULL;
		at += len + 1;
	}
}
