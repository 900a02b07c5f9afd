// SPDX-License-Identifier: GPL-2.0
/* events_test - records of single stalls */
#include <kunit/test.h>

#include "../module/events.c"
#include "suites.h"

static int events_init(struct kunit *test)
{
	return stall_events_init();
}

static void events_exit(struct kunit *test)
{
	stall_events_exit();
}

static void add(u64 at_ns, u16 collector)
{
	struct stall_event event = { .at_ns = at_ns, .collector = collector };

	preempt_disable();
	stall_events_add(&event);
	preempt_enable();
}

static void newest_are_kept_and_losses_counted(struct kunit *test)
{
	struct stall_events_view view;
	u64 recorded, lost;
	unsigned int i;

	for (i = 1; i <= STALL_EVENTS_KEPT + 76; i++)
		add(i, 0);
	KUNIT_ASSERT_EQ(test, stall_events_read(&view), 0);
	KUNIT_EXPECT_EQ(test, view.nr, (unsigned int)STALL_EVENTS_KEPT);
	stall_events_count(&recorded, &lost);
	KUNIT_EXPECT_EQ(test, recorded, STALL_EVENTS_KEPT + 76ULL);
	KUNIT_EXPECT_EQ(test, lost, 76ULL);
	KUNIT_EXPECT_EQ(test, view.seen[view.nr - 1].event.at_ns,
			STALL_EVENTS_KEPT + 76ULL);
	for (i = 1; i < view.nr; i++)
		KUNIT_EXPECT_GE(test, view.seen[i].event.at_ns,
				view.seen[i - 1].event.at_ns);
	kvfree(view.seen);
}

static void reset_forgets_its_own_and_loses_none(struct kunit *test)
{
	struct stall_events_view view;
	u64 recorded, lost;

	add(1, 0);
	add(2, 1);
	add(3, 0);
	stall_events_forget(0);
	KUNIT_ASSERT_EQ(test, stall_events_read(&view), 0);
	KUNIT_EXPECT_EQ(test, view.nr, 1U);
	KUNIT_EXPECT_EQ(test, view.seen[0].event.at_ns, 2ULL);
	stall_events_count(&recorded, &lost);
	KUNIT_EXPECT_EQ(test, recorded, 3ULL);
	KUNIT_EXPECT_EQ(test, lost, 0ULL);
	kvfree(view.seen);
}

/* What a reset dropped is not lost, nor is what was lost before it. */
static void reset_forgets_losses_too(struct kunit *test)
{
	u64 recorded, lost;
	unsigned int i;

	migrate_disable();
	for (i = 1; i <= STALL_EVENTS_KEPT + 5; i++)
		add(i, 0);
	for (i = 1; i <= 7; i++)
		add(i, 1);
	migrate_enable();
	stall_events_count(&recorded, &lost);
	KUNIT_EXPECT_EQ(test, lost, 12ULL);
	stall_events_forget(0);
	stall_events_count(&recorded, &lost);
	KUNIT_EXPECT_EQ(test, recorded, STALL_EVENTS_KEPT + 12ULL);
	KUNIT_EXPECT_EQ(test, lost, 0ULL);
	stall_events_forget(1);
	stall_events_count(&recorded, &lost);
	KUNIT_EXPECT_EQ(test, lost, 0ULL);
}

static void record_being_written_is_left_out(struct kunit *test)
{
	struct stall_events_view view;

	preempt_disable();
	add(1, 0);
	add(2, 0);
	this_cpu_read(rings->events)[this_cpu_read(rings->head) - 1].number = 0;
	preempt_enable();
	KUNIT_ASSERT_EQ(test, stall_events_read(&view), 0);
	KUNIT_EXPECT_EQ(test, view.nr, 1U);
	kvfree(view.seen);
}

static struct kunit_case events_cases[] = {
	KUNIT_CASE(newest_are_kept_and_losses_counted),
	KUNIT_CASE(reset_forgets_its_own_and_loses_none),
	KUNIT_CASE(reset_forgets_losses_too),
	KUNIT_CASE(record_being_written_is_left_out),
	{}
};

struct kunit_suite stall_events_suite = {
	.name = "stallmeter_events",
	.init = events_init,
	.exit = events_exit,
	.test_cases = events_cases,
};
