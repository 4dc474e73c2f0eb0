#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "plan/schedule.h"

/* A push that waits: of a pusher, on a branch, from a commit to another. */
static struct schedule_item
push(unsigned number, unsigned branch, unsigned from, unsigned to)
{
	struct schedule_item item = { .class = CLASS_PUSH,
				      .number = number,
				      .pusher = 1,
				      .branch = branch,
				      .due = 1 };

	item.from.bytes[0] = (unsigned char)from;
	item.to.bytes[0] = (unsigned char)to;
	return item;
}

static struct schedule_item
idle(unsigned class, unsigned number)
{
	return (struct schedule_item){ .class = class,
				       .number = number,
				       .due = 1 };
}

static struct schedule_item
running(struct schedule_item item, int64_t since_s)
{
	item.running = 1;
	item.due = 0;
	item.since_s = since_s;
	return item;
}

/* `.` waits or goes on, `s` starts, `o` is overtaken, `g` gives way. */
static void
check(struct schedule_item *items, size_t count, struct schedule_rules rules,
      const char *wanted)
{
	char steps[32] = "";

	assert_true(count < sizeof(steps));
	schedule_plan(items, count, &rules);
	for (size_t i = 0; i < count; i++)
		steps[i] = ".sog"[items[i].step];
	assert_string_equal(steps, wanted);
}

#define CHECK(items, wanted, ...)                                              \
	check(items, sizeof(items) / sizeof(*(items)),                         \
	      (struct schedule_rules){ __VA_ARGS__ }, wanted)

static void
test_order(void **state)
{
	struct schedule_item items[] = { push(1, 1, 1, 2), push(2, 2, 1, 3),
					 idle(CLASS_STUDY, 3),
					 idle(CLASS_BACKFILL, 4) };

	(void)state;
	CHECK(items, "....", .capacity = 0);
	CHECK(items, "s...", .capacity = 1);
	CHECK(items, "sss.", .capacity = 3);
	CHECK(items, "ssss", .capacity = 9);
	items[0].due = 0;
	CHECK(items, ".s..", .capacity = 1);
}

static void
test_overtaking(void **state)
{
	struct schedule_item items[] = { push(1, 1, 1, 2), push(2, 2, 1, 9),
					 push(3, 1, 2, 3), push(4, 1, 3, 4) };

	(void)state;
	/* As long as there are no slots at all there is no need. */
	CHECK(items, "....", .capacity = 0);
	CHECK(items, "o.o.", .capacity = 1);
	assert_int_equal(items[0].by, 3);
	assert_int_equal(items[2].by, 3);
	/* No more than have to be. */
	CHECK(items, "o...", .capacity = 3);
	assert_int_equal(items[0].by, 2);
	CHECK(items, "ssss", .capacity = 4);
	/* One that waits for a later time is overtaken, and overtakes none. */
	items[0].due = 0;
	CHECK(items, "o.o.", .capacity = 1);
	items[0].due = 1;
	items[3].due = 0;
	CHECK(items, "o...", .capacity = 1);
	assert_int_equal(items[0].by, 2);
}

static void
test_no_overtaking(void **state)
{
	struct schedule_item items[] = { push(1, 1, 1, 2), push(2, 1, 2, 3) };

	(void)state;
	items[0].blocks = 1;
	CHECK(items, "s.", .capacity = 1);
	items[0].blocks = 0;
	items[0].kept = 1;
	CHECK(items, "s.", .capacity = 1);
	/* What it has to say is said first. */
	CHECK(items, "s.", .capacity = 2);
	items[0] = running(items[0], 0);
	CHECK(items, "..", .capacity = 2);
	/* One that runs is not overtaken. */
	items[0].kept = 0;
	CHECK(items, ".s", .capacity = 2);
	/* Another branch, or none. */
	items[0] = push(1, 2, 1, 2);
	CHECK(items, "s.", .capacity = 1);
	items[0] = push(1, 0, 1, 2);
	items[1] = push(2, 0, 2, 3);
	CHECK(items, "s.", .capacity = 1);
}

/* A branch that was moved back and forth. */
static void
test_circle(void **state)
{
	struct schedule_item items[] = { push(1, 1, 1, 2), push(2, 1, 2, 1),
					 push(3, 1, 1, 2) };

	(void)state;
	CHECK(items, "oo.", .capacity = 1);
	assert_int_equal(items[0].by, 2);
	assert_int_equal(items[1].by, 2);
}

static void
test_limit(void **state)
{
	struct schedule_item items[] = { running(push(1, 1, 1, 2), 0),
					 push(2, 2, 1, 3), push(3, 3, 1, 4),
					 push(4, 4, 1, 5),
					 idle(CLASS_STUDY, 5) };

	(void)state;
	items[3].pusher = 2;
	CHECK(items,
	      "..."
	      "ss",
	      .capacity = 5, .per_pusher = 1);
	CHECK(items, ".s.ss", .capacity = 5, .per_pusher = 2);
	/* Whom nobody knows shares no limit. */
	items[1].pusher = items[2].pusher = 0;
	CHECK(items, ".ssss", .capacity = 5, .per_pusher = 1);
}

static void
test_preemption(void **state)
{
	struct schedule_item items[] = { push(1, 1, 1, 2),
					 running(idle(CLASS_STUDY, 2), 50),
					 running(idle(CLASS_BACKFILL, 3), 10),
					 running(idle(CLASS_BACKFILL, 4), 20) };

	(void)state;
	CHECK(items, "....", .capacity = 3);
	/* The last in the queue, and of those the youngest. */
	CHECK(items, "...g", .capacity = 3, .preempt = 1);
	/* One that leaves already is as good. */
	items[2].leaving = 1;
	CHECK(items, "....", .capacity = 3, .preempt = 1);
	/* Pushes give way to those alone that somebody waits for. */
	items[1] = running(push(2, 2, 1, 3), 50);
	items[2] = running(push(3, 3, 1, 3), 10);
	items[3] = running(push(4, 4, 1, 3), 20);
	CHECK(items, "....", .capacity = 3, .preempt = 1);
	items[0].blocks = 1;
	CHECK(items, ".g..", .capacity = 3, .preempt = 1);
	items[1].blocks = items[2].blocks = items[3].blocks = 1;
	CHECK(items, "....", .capacity = 3, .preempt = 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_overtaking),
		cmocka_unit_test(test_no_overtaking),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_preemption),
	};

	return cmocka_run_group_tests_name("plan_schedule", tests, NULL, NULL);
}
