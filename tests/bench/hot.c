/*
 * pacegate's own hot paths, for perf/: `hot judge|push|store`. Each sets up
 * what it needs in the working directory and then measures one span of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "judge/session.h"
#include "repo/repo.h"
#include "store/store.h"

static void
event(const char *word, const char *name)
{
	const char *path = getenv(ENV_EVENTS);
	FILE *file = path ? fopen(path, "a") : NULL;

	if (!file)
		return;
	setvbuf(file, NULL, _IOLBF, 0);
	fprintf(file, "%s %s t=%lld\n", word, name,
		(long long)clock_monotonic_ns(&clock_real));
	fclose(file);
}

static int
fail(const struct err *err)
{
	fprintf(stderr, "hot: %s\n", err->text);
	return 1;
}

/* Looks at 40 rounds of a noisy metric, as after each round of a session. */
static int
judge(void)
{
	enum { ROUNDS = 40, TIMES = 20 };
	struct rule rule = RULE_INIT;
	struct pair pairs[ROUNDS];
	uint64_t state = 1;
	double sum = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		pairs[i] = (struct pair){
			1e7, 1e7 * (1 + (double)(state >> 44) / 1e8), 0
		};
	}
	event("start", "looks");
	for (int i = 0; i < TIMES; i++) {
		for (size_t n = 1; n <= ROUNDS; n++) {
			struct look look;

			look_at(&rule, pairs, n, &look);
			sum += look.estimate.ratio;
		}
	}
	event("end", "looks");
	printf("%.6f\n", sum);
	return 0;
}

/* Reads what a push of 20 commits onto 2,000 brings. */
static int
push(void)
{
	enum { COMMITS = 2000, NEW = 20, TIMES = 50 };
	const char *init[] = { "git", "init", "-q", "--bare", "r.git", NULL };
	const char *import[] = { "git", "--git-dir=r.git", "fast-import",
				 "--quiet", NULL };
	struct proc_options options = { .argv = import, .out = -1, .err = 2 };
	struct err err = ERR_INIT;
	struct repo *repo = NULL;
	FILE *stream = tmpfile();
	struct oid tip, old;
	size_t sum = 0;
	pid_t pid = 0;

	if (!stream || chdir("/tmp") < 0 ||
	    proc_capture(init, NULL, NULL, 100, &err) < 0)
		return fail(&err);
	for (int i = 0; i < COMMITS; i++)
		fprintf(stream,
			"commit refs/heads/main\ncommitter A <a@b> %d +0000\n"
			"data 2\nm\n\nM 100644 inline src/%d\n"
			"data <<E\n%d\nE\n\n",
			1600000000 + i, i % 200, i);
	fflush(stream);
	rewind(stream);
	lseek(fileno(stream), 0, SEEK_SET);
	options.in = fileno(stream);
	if (proc_start(&options, &pid, &err) < 0 ||
	    proc_wait(pid, -1, NULL, &err) < 0 ||
	    repo_open(&repo, "r.git", NULL, &err) < 0 ||
	    repo_resolve(repo, "main", &tip, &err) < 0 ||
	    repo_resolve(repo, "main~20", &old, &err) < 0)
		return fail(&err);
	event("start", "updates");
	for (int i = 0; i < TIMES; i++) {
		struct repo_update update;

		if (repo_update_read(repo, &old, &tip, 8, &update, &err) < 0)
			return fail(&err);
		sum += update.total;
		repo_update_release(&update);
	}
	event("end", "updates");
	repo_close(repo);
	return sum == TIMES * NEW ? 0 : 1;
}

struct batch {
	int round;
	json_t *doc;
};

static int
put_batch(struct store_tx *tx, void *data, struct err *err)
{
	const struct batch *batch = data;

	(void)err;
	for (int i = 0; i < 100; i++) {
		struct store_series series = { "perf/x", "wall", "env" };
		struct store_point point = { .value = i, .trials = 10 };
		struct oid commit = { { 0 } };

		memcpy(commit.bytes, &batch->round, sizeof(batch->round));
		commit.bytes[19] = (unsigned char)i;
		point.commit = commit;
		store_point_put(tx, &series, (uint64_t)(batch->round * 100 + i),
				&point);
		store_verdict_put(tx, &commit, "perf/x", "", 1, batch->doc);
	}
	return store_tx_error(tx);
}

/* Stores 200 pushes of 100 points and verdicts. */
static int
store(void)
{
	struct batch batch = { .doc = json_pack("{s:s}", "verdict", "pass") };
	struct store *opened = NULL;
	struct err err = ERR_INIT;
	int ret = chdir("/tmp");

	if (!ret)
		ret = store_open(&opened, "/tmp/store", STORE_CREATE, &err);
	event("start", "writes");
	for (batch.round = 0; !ret && batch.round < 200; batch.round++)
		ret = store_write(opened, put_batch, &batch, &err);
	event("end", "writes");
	store_close(opened);
	json_decref(batch.doc);
	return ret ? fail(&err) : 0;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "judge"))
		return judge();
	if (!strcmp(what, "push"))
		return push();
	if (!strcmp(what, "store"))
		return store();
	fprintf(stderr, "usage: hot judge|push|store\n");
	return 2;
}
