#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/proc.h"
#include "pool/engine.h"
#include "pool/features.h"

/* The engine of one machine: a slot is a share of its CPUs. */

static int
tell_slot(void *data, int64_t waited_ms)
{
	const struct pool_request *request = data;

	return request->waiting(request->data, "waiting for a slot", waited_ms);
}

static void
command_line(struct texts *words, const struct session_rules *rules,
	     const struct slot *slot)
{
	if (rules->launch) {
		char *copy = mem_copy_text(rules->launch), *rest = NULL;

		for (char *word = strtok_r(copy, " \t", &rest); word;
		     word = strtok_r(NULL, " \t", &rest))
			texts_add(words, word);
		free(copy);
	}
	session_add_runner(words, rules);
	texts_addf(words, "--slot=%u", slot->index);
	if (slot->cpus[0])
		texts_addf(words, "--cpus=%s", slot->cpus);
}

static int
take(struct pool_place *place, const struct pool_rules *rules,
     const struct pool_request *request, const json_t *spec, struct err *err)
{
	struct texts words = { 0 };
	int ret = pool_has(rules, request->needs, err);

	if (ret <= 0)
		return ret < 0 ? ret
			       : err_set(err, ERR_NOT_FOUND, "%s", err->text);
	ret = slot_take(&place->slot, &rules->slots, request->class,
			request->deadline_ms,
			request->waiting ? tell_slot : NULL,
			(void *)(uintptr_t)request, err);

	if (ret < 0)
		return ret;
	snprintf(place->where, sizeof(place->where), "slot %u",
		 place->slot.index);
	command_line(&words, &rules->session, &place->slot);
	ret = session_start(&place->session, &words, rules->session.log_fd,
			    err);
	if (!ret)
		ret = session_send(place->session, spec, err);
	texts_release(&words);
	return ret;
}

/* What a runner that ended too early did not say itself. */
static int
explain_end(int status, struct err *err)
{
	if (WIFSIGNALED(status))
		return err_set(
			err, ERR_SYSTEM,
			"the runner ended too early, by signal %d: " FILE_LOG
			" may say more",
			WTERMSIG(status));
	return err_set(err, ERR_SYSTEM,
		       "the runner ended too early, with exit %d: " FILE_LOG
		       " may say more",
		       WEXITSTATUS(status));
}

static int
give_back(struct pool_place *place, int error, int ended, struct err *err)
{
	int status = 0;

	session_end(place->session, &status);
	slot_give_back(&place->slot);
	return ended ? explain_end(status, err) : error;
}

static int
is_wanted(const struct pool_rules *rules)
{
	return slot_is_wanted(&rules->slots);
}

static int
has(const struct pool_rules *rules, const struct texts *features,
    struct err *err)
{
	struct texts here = { 0 };
	int ret = 1;

	for (size_t i = 0; rules->features && i < rules->features->count; i++)
		features_add(&here, rules->features->items[i]);
	for (size_t i = 0; ret && i < features->count; i++)
		if (!texts_has(&here, features->items[i]))
			ret = err_set(err, 0,
				      "it needs %s, which this machine is not "
				      "said to have: pacegate-pool.features",
				      features->items[i]);
	texts_release(&here);
	return ret;
}

static void
check(const struct pool_rules *rules, const struct pool_check *checking)
{
	const struct slot_rules *slots = &rules->slots;
	struct err err = ERR_INIT;
	char cpus[256];

	if (slot_cpus(slots->cpus, 0, slots->count, cpus, sizeof(cpus), &err) <
		    0 ||
	    slot_count_taken(slots, &err) < 0)
		pool_tell(checking, "bad", "%s", err.text);
	else
		pool_tell(checking, "ok", "%u, the first on CPUs %s",
			  slots->count, *cpus ? cpus : "of any kind");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		pool_tell(checking, "note",
			  "this machine has one CPU: the gate and the tests "
			  "share it, and wall times are noisier for it");
}

/* It answers also where it fails. */
static json_t *
self_test(const struct pool_rules *rules, struct err *err)
{
	const char *argv[] = { rules->session.runner, "--self-test", NULL };
	struct buf text = BUF_INIT;
	json_t *answer;
	int ret = proc_capture(argv, NULL, &text, 1 << 20, err);

	answer = json_parse(buf_text(&text), text.len, ret ? NULL : err);
	buf_release(&text);
	return answer;
}

/* A slot's lock goes with its holder. */
static int
recover(const struct pool_rules *rules, struct err *err)
{
	(void)rules;
	(void)err;
	return 0;
}

static int
capacity(const struct pool_rules *rules, struct err *err)
{
	(void)err;
	return (int)rules->slots.count;
}

static int
count_taken(const struct pool_rules *rules, struct err *err)
{
	return slot_count_taken(&rules->slots, err);
}

const struct engine engine_local = {
	.name = "local",
	.take = take,
	.give_back = give_back,
	.is_wanted = is_wanted,
	.has = has,
	.check = check,
	.self_test = self_test,
	.recover = recover,
	.capacity = capacity,
	.count_taken = count_taken,
};
