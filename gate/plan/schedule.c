#include "plan/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* A table of items by what a push of a branch moved it from, or to. */
struct links {
	const struct schedule_item *items;
	size_t *slots; /* index + 1 of an item, 0: free */
	size_t size;   /* a power of two */
	int by_to;
};

struct planner {
	struct schedule_item *items;
	size_t count;
	const struct schedule_rules *rules;
	struct links next; /* those that wait and are due, by `from` */
	struct links kept; /* those that others wait for, by `to` */
	size_t *of_pusher; /* how many of each run */
	size_t running, leaving;
};

static int
is_push(const struct schedule_item *item)
{
	return item->class < CLASS_STUDY;
}

static int
waits(const struct schedule_item *item)
{
	return !item->running && item->due;
}

static const struct oid *
link_oid(const struct links *links, const struct schedule_item *item)
{
	return links->by_to ? &item->to : &item->from;
}

/* Where the item of that branch and oid is, or the free place for it. */
static size_t
links_place(const struct links *links, unsigned branch, const struct oid *oid)
{
	uint64_t hash = hash_add(HASH_START, &branch, sizeof(branch));
	size_t at;

	hash = hash_add(hash, oid->bytes, sizeof(oid->bytes));
	for (at = (size_t)hash & (links->size - 1); links->slots[at];
	     at = (at + 1) & (links->size - 1)) {
		const struct schedule_item *item =
			&links->items[links->slots[at] - 1];

		if (item->branch == branch &&
		    oid_equal(link_oid(links, item), oid))
			break;
	}
	return at;
}

static void
links_init(struct links *links, const struct planner *planner, int by_to)
{
	*links = (struct links){ planner->items, NULL, 16, by_to };
	while (links->size < 2 * planner->count)
		links->size *= 2;
	links->slots = mem_new(links->size, sizeof(*links->slots));
}

static void
links_add(struct links *links, size_t index)
{
	const struct schedule_item *item = &links->items[index];
	size_t at = links_place(links, item->branch, link_oid(links, item));

	links->slots[at] = index + 1;
}

static int
links_find(const struct links *links, unsigned branch, const struct oid *oid,
	   size_t *index)
{
	size_t found = links->slots[links_place(links, branch, oid)];

	*index = found - 1;
	return found != 0;
}

static void
planner_init(struct planner *planner)
{
	size_t pushers = 1;

	for (size_t i = 0; i < planner->count; i++)
		if (planner->items[i].pusher >= pushers)
			pushers = (size_t)planner->items[i].pusher + 1;
	planner->of_pusher = mem_new(pushers, sizeof(*planner->of_pusher));
	links_init(&planner->next, planner, 0);
	links_init(&planner->kept, planner, 1);
	for (size_t i = 0; i < planner->count; i++) {
		struct schedule_item *item = &planner->items[i];

		item->step = STEP_NONE;
		item->by = i;
		planner->running += item->running != 0;
		planner->leaving += item->running && item->leaving;
		if (item->running && is_push(item) && !item->blocks)
			planner->of_pusher[item->pusher]++;
		if (!item->branch)
			continue;
		if (waits(item))
			links_add(&planner->next, i);
		if (item->kept)
			links_add(&planner->kept, i);
	}
}

static void
planner_release(struct planner *planner)
{
	free(planner->next.slots);
	free(planner->kept.slots);
	free(planner->of_pusher);
}

/* The push before it on the branch has something to say of it first. */
static int
is_held(const struct planner *planner, const struct schedule_item *item)
{
	size_t before;

	return item->branch && !item->blocks &&
	       links_find(&planner->kept, item->branch, &item->from, &before) &&
	       &planner->items[before] != item;
}

static int
is_limited(const struct planner *planner, const struct schedule_item *item)
{
	return planner->rules->per_pusher && item->pusher && !item->blocks &&
	       is_push(item) &&
	       planner->of_pusher[item->pusher] >= planner->rules->per_pusher;
}

static size_t
free_slots(const struct planner *planner)
{
	return planner->running < planner->rules->capacity
		       ? planner->rules->capacity - planner->running
		       : 0;
}

/* More pushes wait than can start: the older ones of a branch are dropped for
 * the next one of it, as many as have to be, the oldest first. */
static size_t
overtake(struct planner *planner)
{
	size_t room = free_slots(planner), waiting = 0, dropped = 0;

	for (size_t i = 0; i < planner->count; i++)
		waiting += is_push(&planner->items[i]) &&
			   waits(&planner->items[i]);
	for (size_t i = 0; room && i < planner->count; i++) {
		struct schedule_item *item = &planner->items[i];
		size_t next;

		if (waiting - dropped <= room)
			break;
		if (item->running || item->kept || item->blocks ||
		    !item->branch || !is_push(item) ||
		    !links_find(&planner->next, item->branch, &item->to,
				&next) ||
		    planner->items[next].number <= item->number)
			continue;
		item->step = STEP_OVERTAKEN;
		item->by = next;
		dropped += (size_t)waits(item);
	}
	/* From the newest on, so that each finds where its next one ended. */
	for (size_t i = planner->count; i-- > 0;) {
		struct schedule_item *item = &planner->items[i];

		while (planner->items[item->by].step == STEP_OVERTAKEN)
			item->by = planner->items[item->by].by;
	}
	return dropped;
}

/* How many pushes could run, had they a slot; of them, how many block. */
struct lack {
	size_t pushes, blocking;
};

static struct lack
start(struct planner *planner)
{
	struct lack lack = { 0, 0 };
	size_t room = free_slots(planner);

	for (size_t i = 0; i < planner->count; i++) {
		struct schedule_item *item = &planner->items[i];

		if (!waits(item) || is_held(planner, item) ||
		    is_limited(planner, item))
			continue;
		if (room) {
			item->step = STEP_START;
			room--;
		} else if (item->blocks) {
			lack.blocking++;
		} else if (is_push(item)) {
			lack.pushes++;
		} else {
			break;
		}
		if (is_push(item) && !item->blocks)
			planner->of_pusher[item->pusher]++;
	}
	return lack;
}

/* The later in the queue, the sooner; of equals who has done the least. */
static int
gives_way_before(const struct schedule_item *a, const struct schedule_item *b)
{
	if (a->class != b->class)
		return a->class > b->class;
	return a->since_s > b->since_s;
}

static int
give_way(struct planner *planner, int to_blocking)
{
	struct schedule_item *best = NULL;

	for (size_t i = 0; i < planner->count; i++) {
		struct schedule_item *item = &planner->items[i];

		if (!item->running || item->leaving || item->blocks ||
		    item->step == STEP_GIVE_WAY ||
		    (!to_blocking && is_push(item)))
			continue;
		if (!best || gives_way_before(item, best))
			best = item;
	}
	if (best)
		best->step = STEP_GIVE_WAY;
	return best != NULL;
}

static void
preempt(struct planner *planner, const struct lack *lack)
{
	size_t leaving = planner->leaving;

	for (size_t i = 0; i < lack->blocking + lack->pushes; i++) {
		if (leaving)
			leaving--;
		else if (!give_way(planner, i < lack->blocking))
			break;
	}
}

void
schedule_plan(struct schedule_item *items, size_t count,
	      const struct schedule_rules *rules)
{
	struct planner planner = { .items = items,
				   .count = count,
				   .rules = rules };
	struct lack lack;

	planner_init(&planner);
	if (!overtake(&planner)) {
		lack = start(&planner);
		if (rules->preempt)
			preempt(&planner, &lack);
	}
	planner_release(&planner);
}
