#include "known.h"

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "gate.h"
#include "gather_tests.h"
#include "policy/pattern.h"
#include "policy/tree_config.h"
#include "repo/repo.h"

#define ANY_REF "refs/heads/HEAD"

struct known {
	struct texts *names;
	const struct texts *patterns;
};

static void
add(struct known *known, const char *name)
{
	if (!texts_has(known->names, name))
		texts_add(known->names, name);
}

static int
on_name(void *data, const char *name)
{
	add(data, name);
	return 0;
}

static int
read_store(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_each_test(tx, on_name, data);
}

static int
on_file(void *data, const struct repo_file *file)
{
	const struct known *known = data;

	if (file->mode == MODE_EXECUTABLE &&
	    patterns_match(known->patterns, file->path))
		add(data, file->path);
	return 0;
}

void
known_tests(const struct gate *gate, struct texts *names)
{
	struct known known = { .names = names };
	struct tree_config config = { 0 };
	struct ref_policy policy;
	struct oid head, tree;

	if (gate->store)
		store_read(gate->store, read_store, &known, NULL);
	policy_ref(gate->policy, ANY_REF, &policy);
	if (repo_resolve(gate->repo, "HEAD", &head, NULL) ||
	    repo_commit_parent(gate->repo, &head, NULL, &tree, NULL))
		return;
	gather_tree_config(gate->repo, &tree, &config, NULL, NULL);
	known.patterns = config.tests.count ? &config.tests : policy.tests;
	repo_each_file(gate->repo, &tree, "", on_file, &known, NULL);
	tree_config_release(&config);
}

int
known_suggest(const struct gate *gate, const char *test, struct err *err)
{
	struct texts names = { 0 };
	struct nearest near;
	size_t len = strlen(err->text), room = sizeof(err->text) - len;
	struct buf text = BUF_INIT;

	known_tests(gate, &names);
	nearest_init(&near, test);
	for (size_t i = 0; i < names.count; i++)
		nearest_add(&near, names.items[i]);
	if (near.best) {
		buf_adds(&text, ": did you mean ");
		buf_add_clean(&text, near.best, strlen(near.best), 200);
		buf_adds(&text, "?");
	} else if (!names.count) {
		buf_adds(&text, ": there are no tests at HEAD; `pacegate new "
				"perf/NAME` writes one");
	} else {
		buf_addf(&text, ": there %s ", names.count == 1 ? "is" : "are");
		for (size_t i = 0; i < names.count && i < 3; i++) {
			buf_adds(&text, i ? ", " : "");
			buf_add_clean(&text, names.items[i],
				      strlen(names.items[i]), 60);
		}
		if (names.count > 3)
			buf_addf(&text, " and %zu more", names.count - 3);
	}
	if (text.len < room)
		memcpy(err->text + len, text.data, text.len + 1);
	buf_release(&text);
	texts_release(&names);
	return err->code;
}

int
known_check(const struct gate *gate, const char *test, struct err *err)
{
	struct texts names = { 0 };
	int is_known;

	known_tests(gate, &names);
	is_known = texts_has(&names, test);
	texts_release(&names);
	if (is_known)
		return 0;
	err_set(err, ERR_NOT_FOUND, "there is no test %.200s", test);
	return known_suggest(gate, test, err);
}
