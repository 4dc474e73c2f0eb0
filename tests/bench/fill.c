/*
 * fill STORE COUNT SECONDS: put COUNT statuses into an outbox, as the worker
 * would, none of them due before SECONDS have passed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/store.h"

struct fill {
	long count;
	int64_t wait_s;
};

static int
add_one(struct store_tx *tx, long i)
{
	struct oid commit = { { 1 } };
	char hex[OID_HEX + 1], *group;
	json_t *doc;
	int ret;

	memcpy(commit.bytes + 8, &i, sizeof(i));
	group = mem_text("github status %s 0 pacegate",
			 oid_format(&commit, hex));
	doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kind", "status",
			"host", "", "commit", hex, "project", "ada/engine",
			"state", "passed", "title", "no test is slower");
	ret = store_outbox_add(tx, "passed 0", group, clock_wall_s(&clock_real),
			       doc, NULL);
	json_decref(doc);
	free(group);
	return ret;
}

static int
fill(struct store_tx *tx, void *data, struct err *err)
{
	const struct fill *job = data;
	int ret = 0;

	(void)err;
	for (long i = 0; i < job->count && ret >= 0; i++)
		ret = add_one(tx, i);
	if (ret >= 0 && job->wait_s > 0)
		ret = store_outbox_hold(tx, "github",
					clock_wall_s(&clock_real) + job->wait_s,
					"");
	return ret;
}

int
main(int argc, char **argv)
{
	struct store *store = NULL;
	struct err err = ERR_INIT;
	struct fill job;
	int ret;

	if (argc != 4)
		return 2;
	job.count = atol(argv[2]);
	job.wait_s = atol(argv[3]);
	ret = store_open(&store, argv[1], STORE_WRITE, &err);
	if (ret == 0)
		ret = store_write(store, fill, &job, &err);
	if (ret < 0)
		fprintf(stderr, "fill: %s\n", err.text);
	store_close(store);
	return ret < 0;
}
