#ifndef TESTS_STORE_HELP_H
#define TESTS_STORE_HELP_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/env.h"
#include "store/store.h"

/* A store in a directory of its own for each test of the store. */
struct fixture {
	char *root; /* mkdtemp, stands for the repository */
	char *dir;  /* the store, below it */
	struct store *store;
};

static inline void
must(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, err->text);
}

static inline struct store *
open_store(const char *dir, enum store_mode mode)
{
	struct err err = ERR_INIT;
	struct store *store = NULL;

	must(store_open(&store, dir, mode, &err), &err);
	return store;
}

static inline void
must_write(struct store *store, store_fn *fn, void *data)
{
	struct err err = ERR_INIT;

	must(store_write(store, fn, data, &err), &err);
}

static inline void
must_read(struct store *store, store_fn *fn, void *data)
{
	struct err err = ERR_INIT;

	must(store_read(store, fn, data, &err), &err);
}

static inline void
fixture_init(struct fixture *fixture)
{
	const char *tmp = getenv("TMPDIR");

	fixture->root = mem_text("%s/pacegate-store-XXXXXX",
				 tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(fixture->root));
	fixture->dir = file_join(fixture->root, "pacegate");
	fixture->store = NULL;
}

static inline void
fixture_release(struct fixture *fixture)
{
	struct err err = ERR_INIT;

	store_close(fixture->store);
	must(file_remove_tree(fixture->root, &err), &err);
	free(fixture->root);
	free(fixture->dir);
}

/* For cmocka: an open, empty store. */
static inline int
setup_store(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));

	fixture_init(fixture);
	fixture->store = open_store(fixture->dir, STORE_CREATE);
	*state = fixture;
	return 0;
}

static inline int
setup_empty(void **state)
{
	struct fixture *fixture = mem_new(1, sizeof(*fixture));

	fixture_init(fixture);
	*state = fixture;
	return 0;
}

static inline int
teardown_store(void **state)
{
	fixture_release(*state);
	free(*state);
	return 0;
}

/* A commit whose bytes are all the same but for its number. */
static inline struct oid
commit_of(unsigned number)
{
	struct oid oid;

	memset(oid.bytes, 0x5a, sizeof(oid.bytes));
	for (int i = 0; i < 4; i++)
		oid.bytes[i] = (unsigned char)(number >> 8 * (3 - i));
	return oid;
}

struct first_job {
	int64_t now_s;
	uint64_t id;
	int found;
};

static inline int
on_first_job(void *data, const struct store_job *job)
{
	struct first_job *first = data;

	if (job->owner[0] || job->not_before_s > first->now_s)
		return 0;
	first->id = job->id;
	first->found = 1;
	return 1;
}

/* Lease the first job that waits and is due. */
static inline int
take_first(struct store_tx *tx, const char *owner, int64_t now_s,
	   struct store_job *job)
{
	struct first_job first = { .now_s = now_s };
	int rc = store_queue_each(tx, on_first_job, &first);

	if (rc < 0)
		return rc;
	return first.found ? store_queue_take(tx, first.id, owner, now_s, job)
			   : ERR_NOT_FOUND;
}

/* {"n": number} */
static inline json_t *
doc_of(int number)
{
	json_t *doc = json_object();

	json_object_set_new(doc, "n", json_integer(number));
	return doc;
}

static inline int
number_of(const json_t *doc)
{
	return (int)json_int_or(doc, "n", -1);
}

#endif
