#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "pool/engine.h"
#include "pool/features.h"
#include "pool/slurm_check.h"
#include "pool/slurm_jobs.h"
#include "pool/slurm_nodes.h"
#include "pool/slurm_said.h"

/*
 * The engine of a cluster: a session is one srun, whose stdin and stdout the
 * runner has on its node. How it works:
 *
 * - sinfo tells which nodes there are, so that what none of them has is said
 *   at once, and a confirmation goes to another node of the same class.
 * - Starts are throttled on this host: many at a time only get into each
 *   other's way. A start lasts until the runner says hello; one that waits in
 *   Slurm's queue is soon no trouble any more, and lets go.
 * - What srun says on stderr, and how Slurm says that the job ended, tell a
 *   node's failure from others. Nothing relies on srun to end its job.
 */

enum {
	TELL_MS = 1000,
	HOLD_MS = 1500,  /* of a start, while it waits in the queue */
	AGAIN_MS = 3000, /* until the controller is asked again */
	CONTROLLER_MS = 15 * 60000, /* that it may be away */
	SELF_TEST_MS = 120000,
	SAID_BYTES = 1 << 16
};

/* What a session asks for in Slurm's words. */
struct wish {
	struct slurm_nodes nodes;
	struct texts features, exclude;
};

static const char *
partition_of(const struct pool_rules *rules, enum slot_class class)
{
	if (class == SLOT_BACKGROUND && rules->slurm.background)
		return rules->slurm.background;
	return rules->slurm.partition;
}

static void
wish_release(struct wish *wish)
{
	slurm_nodes_release(&wish->nodes);
	texts_release(&wish->features);
	texts_release(&wish->exclude);
}

/* What every session asks for, and what this one does. */
static int
add_features(struct wish *wish, const struct pool_rules *rules,
	     const char *needs, struct err *err)
{
	const struct texts *constraint = rules->slurm.constraint;

	for (size_t i = 0; constraint && i < constraint->count; i++)
		if (features_add(&wish->features, constraint->items[i]) < 0)
			return err_set(err, ERR_INPUT,
				       "pacegate-pool.constraint = %s: write "
				       "names of features, such as x86,fast",
				       constraint->items[i]);
	if (features_add(&wish->features, needs) < 0)
		return err_set(err, ERR_INPUT, "needs=%s names no features",
			       needs);
	return 0;
}

static void
add_list(struct buf *text, const struct texts *items, char between)
{
	for (size_t i = 0; i < items->count; i++) {
		if (i)
			buf_addc(text, between);
		buf_adds(text, items->items[i]);
	}
}

static int
no_such_node(const struct pool_rules *rules, const struct texts *features,
	     enum slot_class class, struct err *err)
{
	const char *partition = partition_of(rules, class);
	struct buf list = BUF_INIT;

	add_list(&list, features, ',');
	err_set(err, ERR_NOT_FOUND,
		"it needs %s, which no node of %s%s has: see sinfo -o '%%N "
		"%%f'",
		buf_text(&list), partition ? "partition " : "Slurm",
		partition ? partition : "'s default partition");
	buf_release(&list);
	return ERR_NOT_FOUND;
}

/* Leave out what is to be avoided, unless nothing would be left; and keep to
 * the class of the node whose result is confirmed. */
static void
choose_nodes(struct wish *wish, const struct pool_request *request)
{
	const struct slurm_node *first =
		request->confirms
			? slurm_nodes_find(&wish->nodes, request->confirms)
			: NULL;
	struct texts but = { 0 };

	for (size_t i = 0; request->avoid && i < request->avoid->count; i++)
		texts_add(&but, request->avoid->items[i]);
	for (size_t i = 0; first && i < first->features.count; i++)
		features_add(&wish->features, first->features.items[i]);
	if (first && !texts_has(&but, first->name))
		texts_add(&but, first->name);
	if (but.count &&
	    slurm_nodes_count(&wish->nodes, &wish->features, &but, 1)) {
		wish->exclude = but;
		return;
	}
	texts_release(&but);
}

static int
make_wish(struct wish *wish, const struct pool_rules *rules,
	  const struct pool_request *request, struct err *err)
{
	const char *partition = partition_of(rules, request->class);
	int ret = slurm_nodes_read(&wish->nodes, partition, err);

	if (!ret)
		ret = add_features(wish, rules, request->needs, err);
	if (ret < 0)
		return ret;
	if (wish->nodes.is_shared)
		return err_set(
			err, ERR_UNSUPPORTED,
			"nodes of Slurm's partition %s may run several "
			"jobs at once, and nothing can be measured "
			"beside them: set OverSubscribe=EXCLUSIVE for it",
			partition ? partition : "(its default)");
	if (!slurm_nodes_count(&wish->nodes, &wish->features, NULL, 0))
		return no_such_node(rules, &wish->features, request->class,
				    err);
	choose_nodes(wish, request);
	return 0;
}

static void
add_words(struct texts *words, const char *text)
{
	char *copy = mem_copy_text(text), *rest = NULL;

	for (char *word = strtok_r(copy, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest))
		texts_add(words, word);
	free(copy);
}

static void
add_joined(struct texts *words, const char *option, const struct texts *items,
	   char between)
{
	struct buf list = BUF_INIT;

	add_list(&list, items, between);
	if (items->count)
		texts_addf(words, "%s=%s", option, buf_text(&list));
	buf_release(&list);
}

/* The partition gives whole nodes: --exclusive would bind the step to one of
 * its CPUs. */
static void
add_srun(struct texts *words, const char *partition, const char *options)
{
	static const char *const always[] = {
		"srun",    "-Q",       "-N1", "-n1", "--cpu-bind=none",
		"--mem=0", "--chdir=/"
	};

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		texts_add(words, always[i]);
	if (partition)
		texts_addf(words, "--partition=%s", partition);
	if (options)
		add_words(words, options);
}

static void
command_line(struct texts *words, const struct pool_place *place,
	     const struct pool_request *request, const struct wish *wish)
{
	const struct pool_rules *rules = place->rules;
	struct buf comment = BUF_INIT;

	add_srun(words, partition_of(rules, request->class),
		 rules->slurm.options);
	texts_addf(words, "--job-name=%s", place->job);
	slurm_job_comment(&comment, rules->repository, request->commit);
	texts_addf(words, "--comment=%s", comment.data);
	buf_release(&comment);
	add_joined(words, "--constraint", &wish->features, '&');
	add_joined(words, "--exclude", &wish->exclude, ',');
	session_add_runner(words, &rules->session);
	if (rules->slots.cpus)
		texts_addf(words, "--cpus=%s", rules->slots.cpus);
}

/* A wait that is told of, and has its bounds. */
struct wait {
	const struct pool_request *request;
	int64_t start_ms, told_ms;
};

/* 0: wait on. */
static int
wait_more(struct wait *wait, const char *what, struct err *err)
{
	const struct pool_request *request = wait->request;
	int64_t now = clock_monotonic_ms(&clock_real);

	if (request->deadline_ms >= 0 && now >= request->deadline_ms)
		return err_set(err, ERR_TIMEOUT, "no node became free in time");
	if (!request->waiting || now - wait->told_ms < TELL_MS)
		return 0;
	wait->told_ms = now;
	if (request->waiting(request->data, what, now - wait->start_ms))
		return err_set(err, ERR_BUSY, "not waited for");
	return 0;
}

static int
tell_launch(void *data, int64_t waited_ms)
{
	const struct pool_request *request = data;

	return request->waiting &&
	       request->waiting(request->data, "waiting to start on a node",
				waited_ms);
}

/* Blocking sessions are few, and do not stand in line behind the others. */
static int
throttle(struct pool_place *place, const struct pool_request *request,
	 struct err *err)
{
	const struct slot_rules launches = {
		.lock_dir = place->rules->slots.lock_dir,
		.name = place->class == SLOT_BLOCKING ? "launch.blocking"
						      : "launch",
		.count = place->rules->slurm.launches
	};

	return slot_take(&place->slot, &launches, place->class,
			 request->deadline_ms, tell_launch,
			 (void *)(uintptr_t)request, err);
}

/* The runner's first message says that it runs, and where. */
static int
await_hello(struct pool_place *place, struct wait *wait, struct err *err)
{
	int64_t start = clock_monotonic_ms(&clock_real);
	int got = 0;

	while (!got) {
		int64_t now = clock_monotonic_ms(&clock_real);
		json_t *message = NULL;

		if (now - start > HOLD_MS)
			slot_give_back(&place->slot);
		got = session_next(place->session, now + TELL_MS / 2, &message,
				   err);
		if (got == ERR_TIMEOUT)
			got = wait_more(wait, "waiting for a node", err);
		else if (got == 0)
			got = place->ended = 1;
		else if (got > 0 &&
			 session_hello(message, &place->node, err) < 0)
			got = err->code;
		json_decref(message);
	}
	return got < 0 ? got : 0;
}

static int
start(struct pool_place *place, const struct pool_request *request,
      const struct wish *wish, struct wait *wait, struct err *err)
{
	struct texts words = { 0 };
	struct buf job = BUF_INIT;
	int ret = throttle(place, request, err);

	if (ret < 0)
		return ret;
	slurm_job_name(&job, place->rules->repository, request->session);
	place->job = buf_take(&job);
	place->said = proc_memory_file(SAID_BYTES);
	if (place->said < 0)
		return err_errno(err, "memory for what srun says");
	command_line(&words, place, request, wish);
	ret = session_start(&place->session, &words, place->said, err);
	if (!ret)
		ret = await_hello(place, wait, err);
	slot_give_back(&place->slot);
	texts_release(&words);
	return ret;
}

/* 1 when nobody was there to ask for a node; all is then as before. */
static int
found_no_controller(struct pool_place *place)
{
	struct slurm_said said;
	int is_away;

	slurm_said_read(&said, place->said, -1);
	is_away = said.no_controller;
	slurm_said_release(&said);
	if (!is_away)
		return 0;
	session_end(place->session, NULL);
	place->session = NULL;
	place->ended = 0;
	io_close(&place->said);
	free(place->job);
	place->job = NULL;
	return 1;
}

/* 1 the runner runs, 0 Slurm's controller does not answer. */
static int
try_start(struct pool_place *place, const struct pool_request *request,
	  struct wait *wait, struct err *err)
{
	struct wish wish = { .nodes = { 0 } };
	int ret = make_wish(&wish, place->rules, request, err);
	int no_answer = ret == ERR_SYSTEM || ret == ERR_TIMEOUT;

	if (!ret)
		ret = start(place, request, &wish, wait, err);
	wish_release(&wish);
	if (no_answer || (!ret && place->ended && found_no_controller(place)))
		return 0;
	if (!ret && place->ended)
		return err_set(err, ERR_SYSTEM, "no runner was started");
	return ret < 0 ? ret : 1;
}

/* A controller that is started anew is back in a moment. */
static int
take(struct pool_place *place, const struct pool_rules *rules,
     const struct pool_request *request, const json_t *spec, struct err *err)
{
	int64_t now = clock_monotonic_ms(&clock_real);
	struct wait wait = { request, now, now };
	int got;

	(void)rules;
	while (!(got = try_start(place, request, &wait, err))) {
		if (clock_monotonic_ms(&clock_real) - wait.start_ms >
		    CONTROLLER_MS)
			return err_context(err, "Slurm");
		got = wait_more(&wait, "waiting for Slurm's controller", err);
		if (got < 0)
			return got;
		clock_sleep_ms(AGAIN_MS);
	}
	return got < 0 ? got : session_send(place->session, spec, err);
}

/* Whether another machine may do it: not the test's fault, nor the end of the
 * time that there was. */
static int
is_lost(const struct pool_place *place, int error, const struct err *err)
{
	if (err->fault != FAULT_OURS)
		return 0;
	if (error == ERR_TIMEOUT)
		return place->deadline_ms < 0 ||
		       clock_monotonic_ms(&clock_real) < place->deadline_ms;
	return error == ERR_SYSTEM || error == ERR_PROTOCOL ||
	       error == ERR_VERSION || error == ERR_LIMIT;
}

/* How the job's end reads, best words first. */
static void
add_why(struct buf *text, const struct slurm_said *said, int status)
{
	if (said->why)
		buf_adds(text, said->why);
	else if (WIFSIGNALED(status))
		buf_addf(text, "srun was ended by signal %d", WTERMSIG(status));
	else
		buf_addf(text,
			 "the runner ended too early, with exit %d: " FILE_LOG
			 " may say more",
			 WEXITSTATUS(status));
}

/* Of a session that ended in an error which is Slurm's or a node's. */
static int
explain(const struct pool_place *place, const struct slurm_said *said,
	int status, struct err *err)
{
	struct buf why = BUF_INIT;
	int ret = ERR_LOST;

	if (place->ended)
		add_why(&why, said, status);
	else
		buf_adds(&why, err->text);
	if (!place->node)
		ret = err_set(err, ERR_SYSTEM, "Slurm: %s", buf_text(&why));
	else if (said->preempted && place->class == SLOT_BACKGROUND)
		ret = err_set(err, ERR_BUSY, "gave way on node %s",
			      place->node);
	else
		err_set(err, ERR_LOST, "node %s: %s", place->node,
			buf_text(&why));
	buf_release(&why);
	return ret;
}

/* Which node it was, where the runner did not come to say so. */
static void
find_node(struct pool_place *place)
{
	struct slurm_job job;

	if (!place->node && place->job &&
	    !slurm_job_find(place->job, &job, NULL) && *job.node)
		place->node = mem_copy_text(job.node);
}

/*
 * A job ends with its runner, which ends when nothing listens to it. One that
 * still waits, or whose node does not answer, has to be cancelled; and one
 * whose srun did not end well.
 */
static int
give_back(struct pool_place *place, int error, int ended, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct slurm_said said;
	int status = 0, lost, waits = place->session && !place->node;

	place->ended |= ended;
	if (!err)
		err = &ignored;
	lost = error < 0 && is_lost(place, error, err);
	if (lost)
		find_node(place);
	if (place->job && (waits || lost))
		slurm_job_cancel(place->job, NULL);
	session_end(place->session, &status);
	if (place->job && status && !waits && !lost)
		slurm_job_cancel(place->job, NULL);
	slurm_said_read(&said, place->said, place->rules->session.log_fd);
	if (lost && place->session)
		error = explain(place, &said, status, err);
	slurm_said_release(&said);
	slot_give_back(&place->slot);
	io_close(&place->said);
	return error;
}

/* Slurm itself makes room, by its partitions. */
static int
is_wanted(const struct pool_rules *rules)
{
	(void)rules;
	return 0;
}

static int
has(const struct pool_rules *rules, const struct texts *features,
    struct err *err)
{
	const char *partition = rules->slurm.partition;
	struct wish wish = { .nodes = { 0 } };
	int ret = slurm_nodes_read(&wish.nodes, partition, err);

	if (!ret)
		ret = add_features(&wish, rules, NULL, err);
	for (size_t i = 0; i < features->count; i++)
		features_add(&wish.features, features->items[i]);
	if (!ret && slurm_nodes_count(&wish.nodes, &wish.features, NULL, 0))
		ret = 1;
	else if (!ret)
		no_such_node(rules, &wish.features, SLOT_BLOCKING, err);
	wish_release(&wish);
	return ret;
}

/* On any node that is free within a moment. */
static json_t *
self_test(const struct pool_rules *rules, struct err *err)
{
	int64_t until = clock_monotonic_ms(&clock_real) + SELF_TEST_MS;
	struct session *session = NULL;
	struct slurm_said said;
	struct texts words = { 0 };
	json_t *answer = NULL;
	int fd = proc_memory_file(SAID_BYTES), got;

	add_srun(&words, rules->slurm.partition, rules->slurm.options);
	texts_add(&words, "--job-name=" PROGRAM_GATE "/doctor");
	texts_add(&words, "--immediate=10");
	texts_add(&words, rules->session.runner);
	texts_add(&words, "--self-test");
	got = session_start(&session, &words, fd, err);
	if (!got)
		got = session_next(session, until, &answer, err);
	session_end(session, NULL);
	slurm_said_read(&said, fd, -1);
	if (!got)
		err_set(err, ERR_SYSTEM, "%s",
			said.why ? said.why : "no runner was started");
	slurm_said_release(&said);
	texts_release(&words);
	io_close(&fd);
	return answer;
}

static int
recover(const struct pool_rules *rules, struct err *err)
{
	size_t count = 0;

	(void)rules;
	return slurm_jobs_reap(&count, err);
}

/* A node for each session, unless somebody said otherwise. */
static int
capacity(const struct pool_rules *rules, struct err *err)
{
	const char *partition = partition_of(rules, SLOT_BACKGROUND);
	struct wish wish = { .nodes = { 0 } };
	int ret = (int)rules->slurm.slots;

	if (ret)
		return ret;
	ret = slurm_nodes_read(&wish.nodes, partition, err);
	if (!ret)
		ret = add_features(&wish, rules, NULL, err);
	if (!ret)
		ret = (int)slurm_nodes_count(&wish.nodes, &wish.features, NULL,
					     1);
	wish_release(&wish);
	return ret;
}

static int
count_taken(const struct pool_rules *rules, struct err *err)
{
	return slurm_jobs_count(rules->repository, err);
}

const struct engine engine_slurm = {
	.name = "slurm",
	.take = take,
	.give_back = give_back,
	.is_wanted = is_wanted,
	.has = has,
	.check = slurm_check,
	.self_test = self_test,
	.recover = recover,
	.capacity = capacity,
	.count_taken = count_taken,
};
