/*
 * How it works: a batch of messages is leased in one transaction, which notes
 * the results of the batch before it too; then they are posted side by side.
 * A process that dies leaves leases of a dead owner, which go back: what it
 * had posted is posted again, and means the same. A status overwrites its
 * like, a comment finds itself by its key, a mail and a webhook have ids.
 *
 * A service that cannot be reached or asks for a pause has its lane held
 * (store.h), so that thousands of messages for it cost one batch of tries.
 */
#include "deliver.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "base/log.h"
#include "base/names.h"
#include "base/proc.h"
#include "deliver_send.h"
#include "gate.h"
#include "host/host.h"

enum {
	AHEAD = 128,       /* leased before their turn */
	MAX_PARCELS = 192, /* and what `parallel` allows at most */
	NOTE_MS = 1000,    /* until a result is noted at the latest */
	RUN_MS = 1000,
	MAX_TOLD = 50 /* failures in the log, of one run */
};

struct delivery {
	struct gate *gate;
	struct sender sender;
	struct targets targets;
	struct deliver_counts *counts;
	char owner[PROC_ID_SIZE];
	struct parcel parcels[MAX_PARCELS];
	struct store_message taken[MAX_PARCELS];
	size_t taken_count;
	size_t room;       /* for how many more */
	int64_t noted_ms;  /* when results were noted last */
	struct texts told; /* failures that the log has heard of */
};

static void
tell_result(struct delivery *delivery, const struct parcel *parcel)
{
	const struct host_result *result = &parcel->result;
	const char *group = parcel->message.group;
	char *same;

	switch (result->outcome) {
	case HOST_DELIVERED:
	case HOST_NOWHERE:
		delivery->counts->delivered++;
		log_event(LOG_INFO, "%.120s: delivered", group);
		break;
	case HOST_RETRY:
		delivery->counts->failed++;
		/* Thousands may wait for a service that is down for a day. */
		same = mem_text("%.*s: %s", (int)strcspn(group, " "), group,
				result->why);
		if (delivery->told.count < MAX_TOLD &&
		    !texts_has(&delivery->told, same)) {
			log_event(LOG_WARNING, "%s; again in %lld s", same,
				  (long long)result->wait_s);
			texts_add(&delivery->told, same);
		}
		free(same);
		break;
	case HOST_REFUSED:
		delivery->counts->refused++;
		log_event(LOG_WARNING, "%.120s: refused: %s%s%s", group,
			  result->why, *result->advice ? "; " : "",
			  result->advice);
		break;
	}
}

/* Between the outbox and what is on its way. */

static void
drop_taken(struct delivery *delivery)
{
	while (delivery->taken_count)
		json_decref(delivery->taken[--delivery->taken_count].doc);
}

static int
exchange(struct store_tx *tx, void *data, struct err *err)
{
	struct delivery *delivery = data;
	int ret = 0;

	(void)err;
	drop_taken(delivery);
	for (size_t i = 0; i < MAX_PARCELS; i++)
		if (delivery->parcels[i].step == STEP_ENDED)
			parcel_note(tx, &delivery->parcels[i]);
	if (delivery->room)
		ret = store_outbox_take(tx, delivery->owner,
					clock_wall_s(&clock_real),
					delivery->taken, delivery->room,
					&delivery->taken_count);
	return ret == ERR_NOT_FOUND ? store_tx_error(tx) : ret;
}

static struct parcel *
free_parcel(struct delivery *delivery)
{
	size_t i = 0;

	while (delivery->parcels[i].step != STEP_FREE)
		i++;
	return &delivery->parcels[i];
}

static void
clear_parcel(struct parcel *parcel)
{
	json_decref(parcel->message.doc);
	free(parcel->known_id);
	*parcel = (struct parcel){ .step = STEP_FREE };
}

/* The loop. */

static size_t
count_step(const struct delivery *delivery, enum step step)
{
	size_t count = 0;

	for (size_t i = 0; i < MAX_PARCELS; i++)
		count += delivery->parcels[i].step == step;
	return count;
}

/* Note what ended, and lease up to `wanted` more. 1 when there were as many. */
static int
turn_over(struct delivery *delivery, size_t wanted, struct err *err)
{
	int ret;

	delivery->room = wanted;
	ret = store_write(delivery->gate->store, exchange, delivery, err);
	if (ret < 0)
		return ret;
	for (size_t i = 0; i < MAX_PARCELS; i++) {
		if (delivery->parcels[i].step != STEP_ENDED)
			continue;
		tell_result(delivery, &delivery->parcels[i]);
		clear_parcel(&delivery->parcels[i]);
	}
	for (size_t i = 0; i < delivery->taken_count; i++) {
		struct parcel *parcel = free_parcel(delivery);

		parcel->message = delivery->taken[i];
		parcel->step = STEP_READY;
	}
	delivery->noted_ms = clock_monotonic_ms(&clock_real);
	ret = delivery->taken_count == wanted && wanted;
	delivery->taken_count = 0;
	return ret;
}

static void
start_ready(struct delivery *delivery, size_t most)
{
	size_t going = count_step(delivery, STEP_GOING);

	for (size_t i = 0; i < MAX_PARCELS && going < most; i++)
		if (delivery->parcels[i].step == STEP_READY) {
			parcel_send(&delivery->sender, &delivery->parcels[i]);
			going += delivery->parcels[i].step == STEP_GOING;
		}
}

/* Where nobody answers or a limit is met, the rest of the lane need not try. An
 * error of the service may be about that one message. */
static void
end_lane(struct delivery *delivery, const struct parcel *failed)
{
	int is_limit = failed->result.status == 403 ||
		       failed->result.status == 429;
	const char *lane = failed->message.group;
	size_t len = strcspn(lane, " ") + 1;

	for (size_t i = 0; i < MAX_PARCELS; i++) {
		struct parcel *parcel = &delivery->parcels[i];

		if (parcel->step != STEP_READY ||
		    strncmp(parcel->message.group, lane, len) != 0)
			continue;
		parcel->result = failed->result;
		if (!is_limit && parcel->result.wait_s > PARCEL_MAX_HOLD_S)
			parcel->result.wait_s = PARCEL_MAX_HOLD_S;
		parcel->step = STEP_ENDED;
	}
}

static void
collect(struct delivery *delivery)
{
	struct host_result result;

	while (host_take(delivery->sender.host, &result)) {
		struct parcel *parcel = result.tag;

		parcel->result = result;
		parcel->step = STEP_ENDED;
		if (result.outcome == HOST_RETRY &&
		    parcel_holds_lane(&result) && result.status < 500)
			end_lane(delivery, parcel);
	}
}

/* A command takes its time: posts that are in flight must not wait for it. */
static void
run_commands(struct delivery *delivery, int (*stopped)(void))
{
	for (size_t i = 0; i < MAX_PARCELS; i++)
		if (delivery->parcels[i].step == STEP_COMMAND &&
		    !(stopped && stopped()))
			parcel_run_command(&delivery->sender,
					   &delivery->parcels[i]);
}

/*
 * One commit to the disk takes as long as many posts: messages are leased ahead
 * of their turn, and results are noted when nothing is ready any more, or a
 * second has passed.
 */
static int
exchange_if_due(struct delivery *delivery, int *more, struct err *err)
{
	size_t going = count_step(delivery, STEP_GOING);
	size_t waiting = count_step(delivery, STEP_COMMAND);
	size_t ready = count_step(delivery, STEP_READY), wanted;
	int ret;

	if (ready &&
	    clock_monotonic_ms(&clock_real) < delivery->noted_ms + NOTE_MS)
		return 0;
	if (!going && !waiting && !ready)
		*more = 1;
	wanted = *more && ready + waiting < AHEAD ? AHEAD - ready - waiting : 0;
	ret = turn_over(delivery, wanted, err);
	if (ret >= 0 && wanted)
		*more = ret;
	return ret < 0 ? ret : 0;
}

static int
deliver_locked(struct delivery *delivery, int (*stopped)(void), struct err *err)
{
	size_t most = policy_parallel(delivery->gate->policy);
	int more = 1, ret = 0;

	while (ret >= 0 && !(stopped && stopped())) {
		if (!count_step(delivery, STEP_GOING) &&
		    !count_step(delivery, STEP_READY))
			run_commands(delivery, stopped);
		ret = exchange_if_due(delivery, &more, err);
		if (ret < 0)
			break;
		start_ready(delivery, most);
		if (count_step(delivery, STEP_GOING)) {
			ret = host_run(delivery->sender.host, RUN_MS, err);
			collect(delivery);
		} else if (!count_step(delivery, STEP_COMMAND) &&
			   !count_step(delivery, STEP_ENDED) &&
			   !count_step(delivery, STEP_READY)) {
			break;
		}
	}
	return ret < 0 ? ret : 0;
}

static int
recover(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_outbox_recover(tx, clock_wall_s(&clock_real), data);
}

int
deliver_run(struct gate *gate, int (*stopped)(void),
	    struct deliver_counts *counts, struct err *err)
{
	struct host_limits limits = { .in_flight = policy_parallel(
					      gate->policy) };
	struct delivery *delivery = mem_new(1, sizeof(*delivery));
	size_t recovered = 0;
	int fd = -1, ret;

	*counts = (struct deliver_counts){ 0 };
	ret = targets_are_here(gate->policy, err);
	if (!ret)
		ret = gate_lock(gate, FILE_DELIVER_LOCK, &fd, err);
	counts->busy = !ret;
	if (ret <= 0)
		goto out;
	delivery->gate = gate;
	delivery->sender.store = gate->store;
	delivery->sender.targets = &delivery->targets;
	delivery->counts = counts;
	proc_identify(delivery->owner);
	targets_init(&delivery->targets, gate->policy);
	delivery->sender.host = host_new(&limits, err);
	ret = delivery->sender.host
		      ? store_write(gate->store, recover, &recovered, err)
		      : ERR_SYSTEM;
	if (!ret)
		ret = deliver_locked(delivery, stopped, err);
	host_free(delivery->sender.host);
	for (size_t i = 0; i < MAX_PARCELS; i++)
		clear_parcel(&delivery->parcels[i]);
	targets_release(&delivery->targets);
	texts_release(&delivery->told);
out:
	io_close(&fd);
	free(delivery);
	return ret < 0 ? ret : 0;
}

static int
read_next(struct store_tx *tx, void *data, struct err *err)
{
	(void)err;
	return store_outbox_next(tx, data);
}

int
deliver_next(const struct gate *gate, int64_t *next_s, struct err *err)
{
	int ret = store_read(gate->store, read_next, next_s, err);

	return ret == ERR_NOT_FOUND ? 0 : ret < 0 ? ret : 1;
}
